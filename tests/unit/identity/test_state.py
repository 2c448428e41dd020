"""The states of an eID: every transition there could be, allowed or refused."""

from __future__ import annotations

from itertools import product

import pytest

from hkeid.identity.state import EidState, allowed_transitions, check_transition
from hkeid.kernel.errors import Refused

APPLICANT, ACTIVE, UPGRADED, SUSPENDED, REVOKED = EidState

ALLOWED = {
    (APPLICANT, ACTIVE),  # a device is bound
    (ACTIVE, UPGRADED),  # the chip was read
    (UPGRADED, ACTIVE),  # the upgrade lapsed
    (ACTIVE, SUSPENDED),
    (UPGRADED, SUSPENDED),
    (SUSPENDED, ACTIVE),
    (SUSPENDED, UPGRADED),
    *((state, REVOKED) for state in EidState if state is not REVOKED),
}


@pytest.mark.parametrize(("old", "new"), list(product(EidState, repeat=2)))
def test_transitions(old: EidState, new: EidState) -> None:
    assert (new in allowed_transitions(old)) == ((old, new) in ALLOWED)
    if (old, new) in ALLOWED:
        check_transition(old, new)
        return
    with pytest.raises(Refused) as refused:
        check_transition(old, new)
    assert refused.value.reason == "eid_transition_not_allowed"


def test_revoked_is_for_good() -> None:
    assert allowed_transitions(REVOKED) == frozenset()


def test_who_may_log_in() -> None:
    assert {state for state in EidState if state.may_log_in} == {ACTIVE, UPGRADED}

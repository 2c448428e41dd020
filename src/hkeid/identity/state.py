"""The states of an eID and the transitions between them."""

from __future__ import annotations

from enum import StrEnum

from hkeid.kernel.errors import Refused


class EidState(StrEnum):
    """Life of an eID.

    ``applicant`` (no authenticator bound yet) → ``active`` → ``upgraded`` (eID+) → ``suspended``
    (and back) → ``revoked`` (for good).
    """

    APPLICANT = "applicant"
    ACTIVE = "active"
    UPGRADED = "upgraded"
    SUSPENDED = "suspended"
    REVOKED = "revoked"

    @property
    def may_log_in(self) -> bool:
        """Whether a resident in this state can be authenticated to a relying party."""
        return self in (EidState.ACTIVE, EidState.UPGRADED)


_ALLOWED: dict[EidState, frozenset[EidState]] = {
    EidState.APPLICANT: frozenset({EidState.ACTIVE, EidState.REVOKED}),
    EidState.ACTIVE: frozenset({EidState.UPGRADED, EidState.SUSPENDED, EidState.REVOKED}),
    EidState.UPGRADED: frozenset({EidState.ACTIVE, EidState.SUSPENDED, EidState.REVOKED}),
    EidState.SUSPENDED: frozenset({EidState.ACTIVE, EidState.UPGRADED, EidState.REVOKED}),
    EidState.REVOKED: frozenset(),
}


def allowed_transitions(state: EidState) -> frozenset[EidState]:
    """Where an eID in ``state`` may go next."""
    return _ALLOWED[state]


def check_transition(old: EidState, new: EidState) -> None:
    """Let an allowed transition pass.

    :raises hkeid.kernel.errors.Refused: reason ``eid_transition_not_allowed``.
    """
    if new not in _ALLOWED[old]:
        raise Refused("eid_transition_not_allowed", detail=f"{old.value} to {new.value}")

"""The ladder: what compares how, what a login reaches, how it relates to other scales."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import pytest

from hkeid.identity.assurance import Acr, acr_reached, lowest, parse_acr_values
from hkeid.identity.assurance_mapping import MAPPING, mapping_table

EID, BOUND, PLUS, ATTESTED = Acr

# Every case there is. BE: the key may be copied to other devices; att: attestation verified.
#   proofed,  UV,   BE,    att
REACHED: dict[tuple[Acr, bool, bool, bool], Acr | None] = {
    **dict.fromkeys(product(Acr, [False], [False, True], [False, True])),
    **dict.fromkeys(product(Acr, [True], [True], [False, True]), EID),
    **dict.fromkeys(product([EID, BOUND], [True], [False], [False, True]), BOUND),
    **dict.fromkeys(product([PLUS, ATTESTED], [True], [False], [False]), PLUS),
    **dict.fromkeys(product([PLUS, ATTESTED], [True], [False], [True]), ATTESTED),
}


def test_the_table_is_exhaustive() -> None:
    assert len(REACHED) == 4 * 2 * 2 * 2


@pytest.mark.parametrize(("case", "reached"), REACHED.items())
def test_what_a_login_reaches(case: tuple[Acr, bool, bool, bool], reached: Acr | None) -> None:
    proofed, user_verified, backup_eligible, attestation_verified = case
    assert (
        acr_reached(
            proofed,
            user_verified=user_verified,
            backup_eligible=backup_eligible,
            attestation_verified=attestation_verified,
        )
        is reached
    )


def test_it_never_exceeds_what_the_person_was_proved_by() -> None:
    for (proofed, *_), reached in REACHED.items():
        if reached is not None and reached.at_least(PLUS):
            assert proofed.at_least(PLUS)


def test_the_order() -> None:
    assert [acr.rung for acr in Acr] == [0, 1, 2, 3]
    assert all(a.at_least(b) == (a.rung >= b.rung) for a, b in product(Acr, repeat=2))
    assert lowest([PLUS, BOUND, ATTESTED]) is BOUND
    assert lowest([]) is None


def test_acr_values_keep_their_order_and_lose_the_unknown() -> None:
    assert parse_acr_values("urn:x urn:hkeid:acr:eid-plus  urn:hkeid:acr:eid") == (PLUS, EID)
    assert parse_acr_values("") == ()


def test_the_mapping_covers_the_ladder_and_never_falls() -> None:
    assert tuple(MAPPING) == tuple(Acr)
    levels = [(entry.ial, entry.aal, entry.level_of_assurance) for entry in MAPPING.values()]
    for below, above in pairwise(levels):
        assert all(a <= b for a, b in zip(below, above, strict=True))


def test_synced_and_unattested_keys_are_never_aal3() -> None:
    """SP 800-63B-4 §2.3: AAL3 wants a non-exportable key in hardware."""
    assert [acr for acr, entry in MAPPING.items() if entry.aal == 3] == [ATTESTED]


def test_no_rung_claims_ial3_because_a_kiosk_may_be_unattended() -> None:
    """SP 800-63A-4: IAL3 is on site and attended."""
    assert {entry.ial for entry in MAPPING.values()} == {2}


def test_the_documentation_shows_this_table() -> None:
    document = Path(__file__).parents[3] / "docs/reference/assurance.md"
    again = "python -c \"from hkeid.identity.assurance_mapping import mapping_table; print(mapping_table(), end='')\""
    assert mapping_table() in document.read_text("utf-8"), f"paste the output of: {again}"

"""The ladder of assurance: ``acr`` values and how they compare.

``acr`` (OpenID Connect Core §2) says how well the person and the login were proved. The ladder is
total, so "at least" is one comparison; no back door may report more than it proved (law 7).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Acr(StrEnum):
    """The four rungs, lowest first."""

    EID = "urn:hkeid:acr:eid"
    EID_BOUND = "urn:hkeid:acr:eid-bound"
    EID_PLUS = "urn:hkeid:acr:eid-plus"
    EID_PLUS_ATTESTED = "urn:hkeid:acr:eid-plus-attested"

    @property
    def rung(self) -> int:
        """Position on the ladder, 0 is the lowest."""
        return _RUNGS[self]

    def at_least(self, other: Acr) -> bool:
        """Whether this rung is as high as ``other`` or higher."""
        return _RUNGS[self] >= _RUNGS[other]


_RUNGS = {acr: rung for rung, acr in enumerate(Acr)}


def parse_acr_values(text: str) -> tuple[Acr, ...]:
    """The known values of an ``acr_values`` parameter, in order of preference.

    Unknown values are left out: the parameter is a voluntary request (OpenID Connect Core §3.1.2.1).
    """
    known = {acr.value: acr for acr in Acr}
    return tuple(known[word] for word in text.split(" ") if word in known)


def lowest(values: Iterable[Acr]) -> Acr | None:
    """The least demanding of ``values``: reaching it satisfies a request for any of them."""
    return min(values, key=lambda acr: acr.rung, default=None)


def _proved_by_chip(proofed: Acr) -> bool:
    """Whether identity proofing read and verified the card's chip (the two upper rungs)."""
    return proofed.at_least(Acr.EID_PLUS)


def acr_reached(
    proofed: Acr, *, user_verified: bool, backup_eligible: bool, attestation_verified: bool
) -> Acr | None:
    """The rung that a login with a passkey reaches; None when it reaches none.

    Two things are proved apart from each other: the person, at registration, and the login, by the
    authenticator. The rungs ``eid`` and ``eid-bound`` ask the same of the person, as do
    ``eid-plus`` and ``eid-plus-attested``; within each pair the authenticator decides.

    :param proofed: the resident's rung of identity proofing; either of a pair will do.
    :param user_verified: UV flag of this assertion.
    :param backup_eligible: BE flag of the credential: it may be copied to other devices.
    :param attestation_verified: its attestation was verified against a trusted root.
    """
    if not user_verified:
        return None
    if backup_eligible:
        return Acr.EID
    if not _proved_by_chip(proofed):
        return Acr.EID_BOUND
    return Acr.EID_PLUS_ATTESTED if attestation_verified else Acr.EID_PLUS

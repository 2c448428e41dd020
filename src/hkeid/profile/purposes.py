"""What a relying party wants data for: purposes as its registration says, one question each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from hkeid.doors.relying_party import (
    DIRECT_MARKETING,
    LOGIN_PURPOSE,
    DirectMarketing,
    RelyingParty,
)
from hkeid.profile.claims import CLAIMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """One purpose of a relying party, with the claims that serve it.

    :ivar id: the purpose in the consent ledger.
    :ivar name: of the form, by BCP 47 tag; empty for others.
    :ivar recipient: to whom the form is passed on, by BCP 47 tag; empty: to nobody.
    :ivar reasons: why, by claim and BCP 47 tag; known claims only, in the order of pages.
    :ivar voluntary: claims that may be withheld.
    :ivar longest: how long an agreement lasts at most, or None: until it is withdrawn.
    :ivar standing: whether there is an agreement that lasts; else it is asked each time.
    :ivar marketing: what would be advertised, or None.
    """

    id: str
    name: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, Mapping[str, str]]
    voluntary: frozenset[str]
    longest: timedelta | None = None
    standing: bool = True
    marketing: DirectMarketing | None = None
    recipient: Mapping[str, str] = field(default_factory=dict)

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims, in the order of pages."""
        return tuple(self.reasons)

    @property
    def is_form(self) -> bool:
        """Whether it is a form."""
        return self.id not in (LOGIN_PURPOSE, DIRECT_MARKETING)


def purpose_of(client: RelyingParty, purpose: str) -> Purpose | None:
    """The purpose as the client registered it, or None: it did not."""
    if purpose == LOGIN_PURPOSE:
        return _login(client)
    if purpose == DIRECT_MARKETING:
        return _marketing(client.direct_marketing)
    for form in client.forms:
        if form.id == purpose:
            return Purpose(
                id=form.id,
                name=form.name,
                reasons={claim: form.purpose for claim in CLAIMS if claim in form.claims},
                voluntary=frozenset(form.voluntary),
                longest=None if form.keeps_for is None else timedelta(days=form.keeps_for),
                standing=form.keeps_for is not None,
                recipient=form.recipient,
            )
    return None


def purposes_of(client: RelyingParty) -> tuple[Purpose, ...]:
    """All purposes that the client registered: logins, its forms, direct marketing."""
    ids = (LOGIN_PURPOSE, *(form.id for form in client.forms), DIRECT_MARKETING)
    return tuple(found for one in ids if (found := purpose_of(client, one)) is not None)


def _login(client: RelyingParty) -> Purpose:
    reasons = {
        claim: client.claims[claim]
        for claim in CLAIMS
        if claim in client.claims and any(client.claims[claim].values())
    }
    return Purpose(
        id=LOGIN_PURPOSE,
        reasons=reasons,
        voluntary=frozenset(client.voluntary_claims) & set(reasons),
    )


def _marketing(marketing: DirectMarketing | None) -> Purpose | None:
    """Nothing of it is ever required: it is no condition of anything (Cap. 486 s.35E)."""
    if marketing is None:
        return None
    reasons = {claim: marketing.goods for claim in CLAIMS if claim in marketing.claims}
    return Purpose(
        id=DIRECT_MARKETING, reasons=reasons, voluntary=frozenset(reasons), marketing=marketing
    )

"""Who comes in at a front door, as pages and the consent ledger see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

LOGIN_PURPOSE: Final = ""
"""Purpose of what a relying party registered as ``claims``: asked for when somebody logs in."""

DIRECT_MARKETING: Final = "direct_marketing"
"""Purpose of direct marketing (Cap. 486 Part 6A); no form has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataForm:
    """A form that a relying party fills from what residents agree to: one purpose, some claims.

    :ivar id: lower-case ASCII word; the purpose in the consent ledger.
    :ivar name: what the form is called, by BCP 47 tag.
    :ivar purpose: what its data is used for, by BCP 47 tag; the resident reads it before agreeing.
    :ivar required: claims without which the form cannot be filled.
    :ivar voluntary: claims that may be left out.
    :ivar keeps_for: days that a standing consent lasts at most, or None: there is no standing consent,
        and the form is filled once each time.
    :ivar recipient: to whom the relying party passes the form on, by BCP 47 tag (Cap. 486 DPP1: classes of
        transferees); empty: to nobody.
    """

    id: str
    name: Mapping[str, str]
    purpose: Mapping[str, str]
    required: tuple[str, ...] = ()
    voluntary: tuple[str, ...] = ()
    keeps_for: int | None = None
    recipient: Mapping[str, str] = field(default_factory=dict)

    @property
    def claims(self) -> tuple[str, ...]:
        """All claims of the form."""
        return self.required + self.voluntary


class MarketingChannel(StrEnum):
    """How direct marketing reaches a resident (Cap. 486 s.35A: by mail, fax, e-mail, calls …)."""

    EMAIL = "email"
    SMS = "sms"
    TELEPHONE = "telephone"
    POST = "post"
    APP = "app"
    """Messages in the relying party's own application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectMarketing:
    """What a relying party wants to advertise, how, and with which data (Cap. 486 s.35C).

    :ivar goods: kinds of goods and services, by BCP 47 tag.
    :ivar claims: kinds of personal data that it would use.
    """

    goods: Mapping[str, str]
    channels: tuple[MarketingChannel, ...]
    claims: tuple[str, ...]


class RelyingParty(Protocol):
    """A registered service, whatever it speaks. :class:`hkeid.op.records.Client` is one."""

    @property
    def id(self) -> str:
        """By which the consent ledger knows it."""
        ...

    @property
    def name(self) -> Mapping[str, str]:
        """Display name by BCP 47 tag."""
        ...

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where its logins go."""
        ...

    @property
    def post_logout_redirect_uris(self) -> tuple[str, ...]:
        """Where its logouts go."""
        ...

    @property
    def sector_identifier(self) -> str:
        """Under which pairwise subjects are made."""
        ...

    @property
    def claims(self) -> Mapping[str, Mapping[str, str]]:
        """Personal claims it may ask for, each with the reason shown to the resident."""
        ...

    @property
    def voluntary_claims(self) -> tuple[str, ...]:
        """Those of them that the resident may withhold and still be served."""
        ...

    @property
    def forms(self) -> tuple[DataForm, ...]:
        """Forms that it fills, each a purpose of its own."""
        ...

    @property
    def direct_marketing(self) -> DirectMarketing | None:
        """What it would advertise to residents who agree, or None: nothing."""
        ...

    @property
    def client_uri(self) -> str | None:
        """Its home page."""
        ...

    @property
    def policy_uri(self) -> str | None:
        """Its privacy policy."""
        ...

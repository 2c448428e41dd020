"""Accounts that a service has already, and the eIDs that lead to them: what the service brings.

An eID leads to one account, and an account has one eID of an issuer. A second one would be a quiet way in that
stays open behind the owner's back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import Instant
from hkeid.rp.web import is_local_path


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLink:
    """An eID that leads to an account.

    :ivar sub: the resident at this service, as in the ID token.
    :ivar account: what the service calls the account; it never changes and is never given to somebody else.
    """

    issuer: str
    sub: str = field(repr=False)
    account: str
    linked_at: Instant


class EventKind(StrEnum):
    """What became of an attempt."""

    LINKED = "linked"
    REFUSED = "refused"
    UNLINKED = "unlinked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent:
    """For the service's audit trail, and for telling the account's owner.

    :ivar reason: ``confirmed`` or ``confirmed_and_matched`` when linked; ``after_eid_login`` or
        ``after_account_login`` when unlinked; else the rule that refused (:mod:`hkeid.rp.link_refusals`, or that of
        a failed login).
    :ivar sub: None where no eID login came to its end.
    :ivar acr: how well that login was proved.
    """

    kind: EventKind
    reason: str
    at: Instant
    account: str
    issuer: str
    sub: str | None = field(default=None, repr=False)
    acr: str | None = None


class PutLink(StrEnum):
    """What became of :meth:`AccountLinks.put`."""

    MADE = "made"
    """This call made the link."""
    STANDS = "stands"
    """The very same link was there already; its date stands."""
    EID_TAKEN = "eid_taken"
    """This eID leads to another account."""
    ACCOUNT_TAKEN = "account_taken"
    """Another eID leads to this account."""


class AccountLinks(Protocol):
    """The service's own table of links. :mod:`hkeid.testing.account_links_contract` proves an implementation."""

    def find(self, issuer: str, sub: str) -> AccountLink | None:
        """The link of an eID, or None."""
        ...

    def of_account(self, account: str) -> Sequence[AccountLink]:
        """The links of an account, at most one for each issuer."""
        ...

    def put(self, link: AccountLink, event: AccountEvent) -> PutLink:
        """Make the link unless its eID or its account has one, in one conditional statement (law 1).

        ``event`` is recorded in the same transaction, and only by the call that made the link (law 5).
        """
        ...

    def remove(self, link: AccountLink, event: AccountEvent) -> bool:
        """Remove the link of this issuer, ``sub`` and account; False when it is not there (any more).

        ``event`` is recorded in the same transaction, and only by the call that removed the link.
        """
        ...

    def record(self, event: AccountEvent) -> None:
        """Record what changed nothing: a refusal."""
        ...


_NUMBER = "hkic_number"
_NAMES = frozenset({"name", "family_name", "given_name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A verified value that must agree with what the service knows of the account, before a link is made.

    :ivar claims: what the resident is asked to release: ``hkic_number``, or ``birthdate`` and a name. A claim that
        residents write themselves (an e-mail address, a telephone number) or a name alone proves nobody.
    :ivar agrees: called with the account and the released values, by wire name.
    :raises ConfigurationError: ``match_by_email_alone``: no verified value among the claims; ``match_too_weak``: a name
        or a date of birth alone.
    """

    claims: tuple[str, ...]
    agrees: Callable[[str, Mapping[str, Any]], bool]

    def __post_init__(self) -> None:
        names = {claim.partition("#")[0] for claim in self.claims}
        verified = names & {_NUMBER, "birthdate", *_NAMES}
        if not verified:
            raise ConfigurationError(
                "match_by_email_alone",
                detail=f"{sorted(names)} is nothing that was verified; match hkic_number, or birthdate and name",
            )
        if _NUMBER not in names and not ("birthdate" in names and names & _NAMES):
            raise ConfigurationError(
                "match_too_weak",
                detail=f"{sorted(verified)} fits many; add hkic_number or birthdate",
            )

    def released(self, claims: Mapping[str, Any]) -> dict[str, Any] | None:
        """The values to compare, or None where the resident did not release them all."""
        found = {name: value for name, value in claims.items() if name in self._wire(claims)}
        plain = {name.partition("#")[0] for name, value in found.items() if value}
        return found if plain >= {claim.partition("#")[0] for claim in self.claims} else None

    def _wire(self, claims: Mapping[str, Any]) -> frozenset[str]:
        wanted = {claim.partition("#")[0] for claim in self.claims}
        return frozenset(name for name in claims if name.partition("#")[0] in wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkingPolicy:
    """What a service decides about linking.

    :ivar account_login: path of the service's own login page; the kits add ``next``, the page to come back to, and
        ``again=1`` where the visitor must log in anew although logged in.
    :ivar has_other_login: whether an account can be entered without eID: has a password that works, say.
    :ivar account_name: what the account is called on pages; its own visitor alone sees it.
    :ivar match: a verified value that must agree.
    :ivar acr: the lowest rung of the login that links (law 7); None: that of all logins.
    :ivar notify: tells the account's owner, on another way than this browser, that it was linked or unlinked.
    :raises ConfigurationError: ``account_login_not_local``.
    """

    links: AccountLinks
    account_login: str
    has_other_login: Callable[[str], bool]
    account_name: Callable[[str], str] = str
    match: Match | None = None
    acr: str | None = None
    notify: Callable[[AccountEvent], None] | None = None

    def __post_init__(self) -> None:
        if not is_local_path(self.account_login):
            raise ConfigurationError(
                "account_login_not_local", detail="a path of this service, such as /login"
            )

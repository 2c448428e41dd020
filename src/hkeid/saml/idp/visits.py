"""A login as one HTTP request sees it."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.doors import interactions
from hkeid.doors.interactions import Approved, ConsentGiven, InteractionKind
from hkeid.identity.authentication import SessionView
from hkeid.kernel.instants import Instant, from_epoch_microseconds
from hkeid.saml.idp.records import IdentityProviderTransaction
from hkeid.saml.idp.trust import Peer, TrustedRequest
from hkeid.saml.idp.wanted import Wanted
from hkeid.saml.messages import MessageReason, MessageRefused, NameIdFormat

RECORD_KIND = "saml_idp_interaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A wanted login as one HTTP request sees it.

    :ivar began: when the first interaction began; an authentication since then is a fresh one.
    :ivar stale: the authentication that was there then: never a fresh one.
    :ivar done: interactions that are behind.
    :ivar used: digest of the interaction that this request completes, or None.
    :ivar approved: the form that the resident sent with it, or None.
    """

    wanted: Wanted
    peer: Peer
    session: SessionView | None
    browser: str | None
    now: Instant
    began: Instant
    stale: Instant | None
    done: frozenset[InteractionKind] = frozenset()
    used: bytes | None = None
    approved: Approved | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A human is needed."""

    kind: InteractionKind
    claims: tuple[str, ...] = ()
    fresh: bool = False


OUTCOMES: dict[InteractionKind, type[ConsentGiven | Approved]] = {
    InteractionKind.CONSENT: ConsentGiven,
    InteractionKind.APPROVAL: Approved,
}
"""Questions to one resident in one session, with what answers them."""


class Replayed(MessageRefused):
    """The request was answered before: the service expects no second answer."""


def or_passive(wanted: Wanted, ask: Ask) -> Ask:
    """saml-core §3.4.1: with IsPassive nothing is shown."""
    if wanted.is_passive:
        raise MessageRefused(MessageReason.PASSIVE)
    return ask


def finish(tx: IdentityProviderTransaction, used: bytes | None, now: Instant) -> None:
    """Use up the interaction that led here, if one did."""
    if used is not None:
        interactions.use_up(RECORD_KIND, tx.single_use, used, now)


def moment(value: int | None) -> Instant | None:
    """A moment of a record."""
    return None if value is None else from_epoch_microseconds(value)


def bare(trusted: TrustedRequest) -> Wanted:
    """Enough of a request that was not understood to answer it."""
    return Wanted(
        entity_id=trusted.peer.service.entity_id,
        request_id=trusted.request.id,
        acs=trusted.acs.location,
        acs_binding=trusted.acs.binding,
        relay_state=trusted.relay_state,
        name_id_format=NameIdFormat.TRANSIENT,
    )

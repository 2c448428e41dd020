"""A journey as one HTTP request sees it, and what its interactions may come to."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.identity.authentication import SessionView
from hkeid.kernel.instants import Instant
from hkeid.oidc.errors import ErrorCode
from hkeid.op import interactions
from hkeid.op.authorization.decisions import Journey
from hkeid.op.clients import KnownClient
from hkeid.op.interactions import Approved, ConsentGiven, InteractionKind
from hkeid.op.records import ProviderTransaction

DECLINED_AS = {
    ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS.value: ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS,
    ErrorCode.LOGIN_REQUIRED.value: ErrorCode.LOGIN_REQUIRED,
    # What an identity provider behind the hub said, where the client had named it.
    ErrorCode.TEMPORARILY_UNAVAILABLE.value: ErrorCode.TEMPORARILY_UNAVAILABLE,
    ErrorCode.SERVER_ERROR.value: ErrorCode.SERVER_ERROR,
}


OUTCOMES: dict[InteractionKind, type[ConsentGiven | Approved]] = {
    InteractionKind.CONSENT: ConsentGiven,
    InteractionKind.APPROVAL: Approved,
}
"""Questions to one resident in one session, with what answers them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A journey as one HTTP request sees it.

    :ivar browser: what ties requests to the browser, or None.
    :ivar used: digest of the interaction that this request completes, or None.
    :ivar approved: what the resident approved with it, or None.
    """

    journey: Journey
    known: KnownClient
    session: SessionView | None
    browser: str | None
    now: Instant
    used: bytes | None = None
    approved: Approved | None = None


def stale_since(session: SessionView | None, now: Instant) -> Instant | None:
    """When the present session was authenticated; None where that is this very moment."""
    at = None if session is None else session.authentication.authenticated_at
    return None if at == now else at


def finish(tx: ProviderTransaction, visit: Visit) -> None:
    """Use up the interaction that led here, if one did."""
    if visit.used is not None:
        interactions.use_up(tx.single_use, visit.used, visit.now)

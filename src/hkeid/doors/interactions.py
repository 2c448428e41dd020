"""Interactions: "a human is needed" as a value, and the single-use record behind it. The same for every door.

Whoever serves the human shows the page that the kind asks for, and comes back with an outcome. A
record belongs to one browser and is used up by the first outcome: a page that is submitted twice
counts once.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from hkeid.doors.relying_party import RelyingParty
from hkeid.doors.sealing import open_members, seal_members
from hkeid.identity.authentication import AuthenticationRequest, SessionView
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import AlreadyUsed, Expired, NotFound, Refused
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret, secret_digest
from hkeid.ports.storage import Lost, SingleUse, SingleUseRecord, Vanished, Won

Detail = Mapping[str, Any]
"""An authorization detail (RFC 9396 §2)."""


class InteractionKind(StrEnum):
    """What the human is needed for."""

    LOGIN = "login"
    SELECT_ACCOUNT = "select_account"
    CONSENT = "consent"
    APPROVAL = "approval"
    LOGOUT = "logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """A step that only a human can take.

    :ivar id: goes through the browser; good for one outcome.
    :ivar client: who asks, or None (a logout that names no client).
    :ivar request: what the hub is asked for (LOGIN, SELECT_ACCOUNT), else None.
    :ivar claims: personal claims to ask about (CONSENT).
    :ivar detail: the authorization detail to be approved (APPROVAL), else None.
    :ivar confirmation: the four characters that the client shows too (APPROVAL), or None.
    :ivar session: the present session, or None.
    :ivar names_resident: the client learns who the resident is to it; False: a request that logs nobody in.
    :ivar ask: False: nothing needs to be shown (a LOGOUT whose ``id_token_hint`` belongs to the
        present session); end the session and resume with ``LogoutConfirmed`` at once.
    """

    id: str = field(repr=False)
    kind: InteractionKind
    client: RelyingParty | None
    request: AuthenticationRequest | None = None
    claims: tuple[str, ...] = ()
    detail: Detail | None = field(default=None, repr=False)
    confirmation: str | None = None
    ui_locales: tuple[str, ...] = ()
    session: SessionView | None = None
    expires_at: Instant
    ask: bool = True
    names_resident: bool = True


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """LOGIN, SELECT_ACCOUNT: the browser now has the session that is given to ``resume``."""


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """CONSENT: the resident has decided, and the decisions are recorded (refusals are decisions)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """APPROVAL: the resident approved the authorization detail.

    :ivar detail: the detail as it was granted, perhaps with more in it (RFC 9396 §7.1).
    :ivar authorisation: what proves the approval to the API that acts upon it; sealed into the code and
        then into the access token, so that nobody reads it in the store. None: nothing of the kind.
    :ivar expires_at: the access token is good no longer than this; None: as others are.
    :ivar lasting: a refresh token may give the detail again, never the authorisation; else it was approved
        for one access token, and there is no refresh token.
    """

    detail: Detail = field(repr=False)
    authorisation: Secret | None = None
    expires_at: Instant | None = None
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class Declined:
    """LOGIN, SELECT_ACCOUNT, CONSENT, APPROVAL: the resident turned back.

    :ivar reason: a short word for the audit trail. ``unmet_authentication_requirements`` (the wanted
        rung cannot be reached), ``login_required``, ``temporarily_unavailable`` and ``server_error``
        become that error; everything else ``access_denied``.
    """

    reason: str = "resident_declined"


@dataclass(frozen=True, slots=True)
class LogoutConfirmed:
    """LOGOUT: the session has been ended."""


@dataclass(frozen=True, slots=True)
class LogoutDeclined:
    """LOGOUT: the resident stays signed in."""


Outcome = LoggedIn | ConsentGiven | Approved | Declined | LogoutConfirmed | LogoutDeclined


def new_record(
    record_kind: str,
    interaction_id: str,
    browser: str,
    payload: Mapping[str, Any],
    now: Instant,
    lifetime: timedelta,
    *,
    private: Mapping[str, Any] | None = None,
    nonce: bytes = b"",
) -> SingleUseRecord:
    """The record of a new interaction, bound to ``browser``.

    :param record_kind: of the door: one door's interactions are none of another's.
    :param private: members that only who has ``interaction_id`` reads.
    :param nonce: 12 random bytes, where there are such.
    """
    sealed = "" if private is None else seal_members(interaction_id, dict(private), nonce)
    bound = {**payload, "browser": secret_digest(browser).hex(), "private": sealed}
    return SingleUseRecord(
        kind=record_kind,
        digest=secret_digest(interaction_id),
        payload=canonical_json.dumps(bound),
        created_at=now,
        expires_at=now + lifetime,
    )


def read_record(
    record_kind: str, single_use: SingleUse, interaction_id: str, browser: str | None, now: Instant
) -> tuple[SingleUseRecord, dict[str, Any]]:
    """The record and its payload, if this browser may still use it.

    :raises NotFound: ``interaction_unknown``.
    :raises Refused: ``interaction_other_browser``.
    :raises AlreadyUsed: ``interaction_used``.
    :raises Expired: ``interaction_expired``.
    """
    record = single_use.look(record_kind, secret_digest(interaction_id))
    if record is None:
        raise NotFound("interaction_unknown")
    payload = canonical_json.loads_object(record.payload)
    binding = secret_digest(browser).hex() if browser is not None else ""
    if not hmac.compare_digest(binding, payload["browser"]):
        raise Refused("interaction_other_browser")
    if record.used_at is not None:
        raise AlreadyUsed("interaction_used")
    if now >= record.expires_at or record.revoked_at is not None:
        raise Expired("interaction_expired")
    payload["private"] = open_members(interaction_id, payload.get("private", ""))
    return record, payload


def use_up(record_kind: str, single_use: SingleUse, digest: bytes, now: Instant) -> None:
    """Use an interaction up, or say why not.

    :raises AlreadyUsed: ``interaction_used``: another submission was faster.
    :raises Expired: ``interaction_expired``.
    """
    match single_use.use_up(record_kind, digest, now):
        case Won():
            return
        case Lost():
            raise AlreadyUsed("interaction_used")
        case Vanished():
            raise Expired("interaction_expired")

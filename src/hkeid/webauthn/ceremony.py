"""The server-side record of a ceremony: one challenge, one browser, one purpose, one use (law 1).

The record is used up *before* the answer is verified, in a transaction of its own, so that a failed
attempt burns it as well and two answers to one challenge can never both count.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

from hkeid.audit.events import AuditTrail
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import ConfigurationError, HkeidError
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.storage import AttemptBudgets, Lost, SingleUse, SingleUseRecord, Store, Won
from hkeid.webauthn.errors import (
    CeremonyAlreadyUsed,
    CeremonyExpired,
    CeremonyRefused,
    CeremonyUnknown,
)
from hkeid.webauthn.events import CeremonyMisused

SINGLE_USE_KIND = "webauthn_ceremony"
"""``SingleUseRecord.kind`` of ceremonies."""

_BUDGET = "ceremony_misuse"
_MISUSES = 1000
_MISUSE_WINDOW = timedelta(minutes=15)


class CeremonyKind(StrEnum):
    """What a ceremony is for; an answer to one kind never serves as another."""

    ACTIVATE = "activate"
    LOGIN = "login"
    STEP_UP = "step_up"
    ADD_DEVICE = "add_device"
    REGISTER = "register"
    """A passkey for somebody whose identity was just proved."""
    CONFIRM = "confirm"
    """The first use of that passkey."""
    OFFICER_ENROL = "officer_enrol"
    OFFICER_LOGIN = "officer_login"
    OFFICER_STEP_UP = "officer_step_up"
    UPGRADE = "upgrade"
    """The resident confirms an upgrade to eID+."""
    SIGN = "sign"
    """The resident approves signatures; the challenge covers what is signed."""

    @property
    def registers(self) -> bool:
        """Whether it makes a new credential (``create()``) rather than uses one (``get()``)."""
        return self in _REGISTERING


_REGISTERING = frozenset(
    {
        CeremonyKind.ACTIVATE,
        CeremonyKind.ADD_DEVICE,
        CeremonyKind.OFFICER_ENROL,
        CeremonyKind.REGISTER,
    }
)


class CeremonyTransaction(Protocol):
    """What ceremonies need of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def audit(self) -> AuditTrail: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """A ceremony under way.

    :ivar id: random reference that the page sends back; the store keeps its digest only.
    :ivar binding: SHA-256 of the value that ties it to one browser.
    :ivar resident_id: the resident it is for, or None (a login that begins with nobody known).
    :ivar user_handle: the user handle given to the authenticator, or None (authentication).
    :ivar allowed: credential ids that may answer; empty means any discoverable one.
    :ivar context: what the caller wants back: ids and short words, never personal data.
    """

    id: str = field(repr=False)
    kind: CeremonyKind
    challenge: bytes = field(repr=False)
    binding: bytes = field(repr=False)
    resident_id: str | None
    user_handle: bytes | None = field(repr=False)
    allowed: tuple[bytes, ...]
    context: Mapping[str, str]
    created_at: Instant
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class CeremonyStart:
    """What the page needs.

    :ivar id: ceremony id to send back with the answer.
    :ivar options: argument of ``PublicKeyCredential.parseCreationOptionsFromJSON()`` or
        ``parseRequestOptionsFromJSON()`` (WebAuthn L3 §5.1.9, §5.1.10).
    """

    id: str = field(repr=False)
    options: dict[str, Any] = field(repr=False)


def binding_digest(binding: str) -> bytes:
    """What is kept of the browser-binding value."""
    return secret_digest(binding)


def keep(tx: CeremonyTransaction, ceremony: Ceremony) -> None:
    """Put a new ceremony into the store.

    :raises hkeid.kernel.errors.HkeidError: ``ceremony_id_repeated`` - chance has failed.
    """
    record = SingleUseRecord(
        kind=SINGLE_USE_KIND,
        digest=secret_digest(ceremony.id),
        payload=canonical_json.dumps(_payload(ceremony)),
        created_at=ceremony.created_at,
        expires_at=ceremony.expires_at,
    )
    if not tx.single_use.put(record):
        raise HkeidError("ceremony_id_repeated")


def claim_ceremony(
    store: Store[CeremonyTransaction],
    ceremony_id: str,
    *,
    kinds: Collection[CeremonyKind],
    binding: str,
    now: Instant,
) -> Ceremony:
    """Use up a ceremony, in a transaction of its own, before its answer is looked at.

    Whatever is wrong with the claim, the ceremony is spent by it: a retry begins a new one.
    A replay, another browser's claim and a claim for another purpose leave an audit record, within
    a budget.

    :param kinds: kinds that the calling endpoint serves.
    :param binding: the browser-binding value of the request.
    :raises CeremonyRefused: ``ceremony_unknown``, ``ceremony_expired``, ``ceremony_used``,
        ``ceremony_other_kind``, ``ceremony_other_browser``.
    """
    with store.transaction() as tx:
        outcome = tx.single_use.use_up(SINGLE_USE_KIND, secret_digest(ceremony_id), now)
        if isinstance(outcome, Won):
            ceremony = _restore(ceremony_id, outcome.record)
            refusal = _misuse(ceremony, kinds, binding)
        elif isinstance(outcome, Lost):
            ceremony = _restore(ceremony_id, outcome.record)
            refusal = CeremonyAlreadyUsed("ceremony_used")
        elif outcome.record is None or outcome.record.revoked_at is not None:
            raise CeremonyUnknown("ceremony_unknown")
        else:
            raise CeremonyExpired("ceremony_expired")
        if refusal is not None and _may_be_recorded(tx, ceremony, now):
            tx.audit.append(
                CeremonyMisused(
                    kind=ceremony.kind.value,
                    resident_id=ceremony.resident_id,
                    reason=refusal.reason,
                )
            )
    # Only now: an exception inside the transaction would give the ceremony back.
    if refusal is not None:
        raise refusal
    return ceremony


def _may_be_recorded(tx: CeremonyTransaction, ceremony: Ceremony, now: Instant) -> bool:
    """A budget per resident, and one for all ceremonies of nobody known: anybody can begin those and
    misuse them without end, and the audit trail never shrinks.
    """
    subject = secret_digest(ceremony.resident_id or "")
    spent = tx.budgets.spend(_BUDGET, subject, limit=_MISUSES, window=_MISUSE_WINDOW, now=now)
    return spent.allowed


def _misuse(
    ceremony: Ceremony, kinds: Collection[CeremonyKind], binding: str
) -> CeremonyRefused | None:
    if ceremony.kind not in kinds:
        return CeremonyRefused("ceremony_other_kind")
    if not hmac.compare_digest(ceremony.binding, binding_digest(binding)):
        return CeremonyRefused("ceremony_other_browser")
    return None


def check_kind(ceremony: Ceremony, *, registers: bool) -> None:
    """A ceremony begun for ``create()`` is not answered with ``get()``, nor the other way round.

    :raises CeremonyRefused: ``ceremony_other_kind``.
    """
    if ceremony.kind.registers is not registers:
        raise CeremonyRefused("ceremony_other_kind")


def require_kind(kind: CeremonyKind, *, registers: bool) -> None:
    """Let a program that mixes the kinds up fail at once.

    :raises ConfigurationError: ``ceremony_other_kind``.
    """
    if kind.registers is not registers:
        raise ConfigurationError("ceremony_other_kind", detail=kind.value)


def _payload(ceremony: Ceremony) -> dict[str, Any]:
    handle = ceremony.user_handle
    return {
        "kind": ceremony.kind.value,
        "challenge": base64url.encode(ceremony.challenge),
        "binding": base64url.encode(ceremony.binding),
        "resident": ceremony.resident_id,
        "handle": None if handle is None else base64url.encode(handle),
        "allowed": [base64url.encode(credential_id) for credential_id in ceremony.allowed],
        "context": dict(ceremony.context),
    }


def _restore(ceremony_id: str, record: SingleUseRecord) -> Ceremony:
    kept = canonical_json.loads_object(record.payload)
    handle = kept["handle"]
    return Ceremony(
        id=ceremony_id,
        kind=CeremonyKind(kept["kind"]),
        challenge=base64url.decode(kept["challenge"]),
        binding=base64url.decode(kept["binding"]),
        resident_id=kept["resident"],
        user_handle=None if handle is None else base64url.decode(handle),
        allowed=tuple(base64url.decode(credential_id) for credential_id in kept["allowed"]),
        context=kept["context"],
        created_at=record.created_at,
        expires_at=record.expires_at,
    )

"""Beginning a ceremony: the record kept and the options sent (WebAuthn L3 §5.4, §5.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from hkeid.kernel import base64url
from hkeid.kernel.instants import Instant
from hkeid.ports.surroundings import Random
from hkeid.residents.records import Credential
from hkeid.webauthn.ceremony import (
    Ceremony,
    CeremonyKind,
    CeremonyStart,
    CeremonyTransaction,
    binding_digest,
    keep,
    require_kind,
)
from hkeid.webauthn.policy import WebAuthnPolicy

_CHALLENGE_LENGTH = 32

REQUESTED_AT_REGISTRATION = frozenset({"credProps"})
"""Extensions that registration options ask for: whether the credential is discoverable."""

REQUESTED_AT_AUTHENTICATION: frozenset[str] = frozenset()
"""Extensions that request options ask for: none."""


class Holder(Protocol):
    """Whose credential is made: a resident or an officer."""

    @property
    def id(self) -> str: ...
    @property
    def user_handle(self) -> bytes: ...


def begin_registration(
    tx: CeremonyTransaction,
    policy: WebAuthnPolicy,
    *,
    kind: CeremonyKind,
    resident: Holder,
    account_name: str,
    display_name: str,
    exclude: Iterable[Credential],
    binding: str,
    context: Mapping[str, str] | None = None,
    now: Instant,
    random: Random,
) -> CeremonyStart:
    """Begin making a credential: discoverable, user-verifying (§7.1 steps 1-2).

    :param kind: one that makes a credential.
    :param resident: who will hold it: a resident or an officer.
    :param account_name: tells accounts apart in the passkey chooser; shown, not stored here. Never
        an identity-card number (§14.4.2).
    :param display_name: the person's name as the chooser shows it; shown, not stored here.
    :param exclude: the resident's credentials, so that one device holds one of them.
    :param binding: the browser-binding value of the request.
    :param context: given back by :func:`hkeid.webauthn.claim_ceremony`; no personal data.
    :raises hkeid.kernel.errors.ConfigurationError: ``ceremony_other_kind``.
    """
    require_kind(kind, registers=True)
    ceremony = _new(
        policy, kind, binding, context, now, random, resident.id, resident.user_handle, ()
    )
    keep(tx, ceremony)
    selection: dict[str, Any] = {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": _user_verification(policy),
    }
    if policy.attachment is not None:
        selection["authenticatorAttachment"] = policy.attachment
    options = {
        "rp": {"id": policy.rp_id, "name": policy.rp_name},
        "user": {
            "id": base64url.encode(resident.user_handle),
            "name": account_name,
            "displayName": display_name,
        },
        "challenge": base64url.encode(ceremony.challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in policy.algorithms],
        "timeout": policy.lifetime // timedelta(milliseconds=1),
        "excludeCredentials": [_descriptor(credential) for credential in exclude],
        "authenticatorSelection": selection,
        "hints": list(policy.hints),
        "attestation": policy.attestation,
        "extensions": {"credProps": True},
    }
    return CeremonyStart(id=ceremony.id, options=options)


def begin_authentication(
    tx: CeremonyTransaction,
    policy: WebAuthnPolicy,
    *,
    kind: CeremonyKind,
    binding: str,
    allow: Iterable[Credential] = (),
    resident_id: str | None = None,
    challenge: bytes | None = None,
    context: Mapping[str, str] | None = None,
    now: Instant,
    random: Random,
) -> CeremonyStart:
    """Begin using a credential (§7.2 steps 1-2).

    :param kind: one that uses a credential.
    :param binding: the browser-binding value of the request.
    :param allow: credentials that may answer; none means any discoverable one.
    :param resident_id: only this resident may answer, where one is known already.
    :param challenge: a digest that covers what is approved and at least 32 bytes of chance; chance
        alone unless given (§13.4.3).
    :param context: given back by :func:`hkeid.webauthn.claim_ceremony`; no personal data.
    :raises hkeid.kernel.errors.ConfigurationError: ``ceremony_other_kind``.
    """
    require_kind(kind, registers=False)
    allowed = tuple(allow)
    ids = tuple(credential.id for credential in allowed)
    ceremony = _new(policy, kind, binding, context, now, random, resident_id, None, ids)
    if challenge is not None:
        ceremony = replace(ceremony, challenge=challenge)
    keep(tx, ceremony)
    options = {
        "challenge": base64url.encode(ceremony.challenge),
        "rpId": policy.rp_id,
        "timeout": policy.lifetime // timedelta(milliseconds=1),
        "userVerification": _user_verification(policy),
        "allowCredentials": [_descriptor(credential) for credential in allowed],
        "hints": list(policy.hints),
    }
    return CeremonyStart(id=ceremony.id, options=options)


def _new(
    policy: WebAuthnPolicy,
    kind: CeremonyKind,
    binding: str,
    context: Mapping[str, str] | None,
    now: Instant,
    random: Random,
    resident_id: str | None,
    user_handle: bytes | None,
    allowed: tuple[bytes, ...],
) -> Ceremony:
    return Ceremony(
        id=random.token(),
        kind=kind,
        challenge=random.token_bytes(_CHALLENGE_LENGTH),
        binding=binding_digest(binding),
        resident_id=resident_id,
        user_handle=user_handle,
        allowed=allowed,
        context=dict(context or {}),
        created_at=now,
        expires_at=now + policy.lifetime,
    )


def _user_verification(policy: WebAuthnPolicy) -> str:
    return "required" if policy.user_verification else "preferred"


def _descriptor(credential: Credential) -> dict[str, Any]:
    """§5.8.3 ``PublicKeyCredentialDescriptorJSON``."""
    descriptor: dict[str, Any] = {"type": "public-key", "id": base64url.encode(credential.id)}
    if credential.transports:
        descriptor["transports"] = list(credential.transports)
    return descriptor

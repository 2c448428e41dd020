"""Verifying an authentication assertion (WebAuthn L3 §7.2), step by step and in order.

Step numbers are those of the editor's draft of 2026-07-30.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hkeid.residents.records import Credential, CredentialStatus
from hkeid.webauthn.authenticator_data import (
    BE,
    BS,
    UV,
    AuthenticatorData,
    parse_authenticator_data,
)
from hkeid.webauthn.beginning import REQUESTED_AT_AUTHENTICATION
from hkeid.webauthn.ceremony import Ceremony, check_kind
from hkeid.webauthn.client_data import check_client_data, parse_client_data
from hkeid.webauthn.errors import CeremonyRefused, MalformedResponse
from hkeid.webauthn.flags import (
    check_backup_flags,
    check_extensions,
    check_rp_id,
    check_user_present,
    check_user_verified,
)
from hkeid.webauthn.policy import WebAuthnPolicy
from hkeid.webauthn.public_key import load_public_key, signature_is_valid
from hkeid.webauthn.response import AssertionResponse, ResponseInput, parse_assertion


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedAssertion:
    """What an assertion proved.

    :ivar sign_count: new counter; for ``CredentialRepository.record_use``.
    :ivar backed_up: BS flag now.
    :ivar user_verified: UV flag; always true where policy requires it.
    :ivar extensions: authenticator extension outputs (signed).
    """

    credential_id: bytes
    sign_count: int
    backed_up: bool
    user_verified: bool
    extensions: Mapping[str, Any]


def verify_assertion(
    response: ResponseInput,
    ceremony: Ceremony,
    credential: Credential,
    user_handle: bytes,
    policy: WebAuthnPolicy,
) -> VerifiedAssertion:
    """Verify the answer to ``navigator.credentials.get()``.

    The caller has claimed the ceremony, has found the credential by
    :func:`hkeid.webauthn.presented_credential_id`, and records the outcome with
    ``CredentialRepository.record_use`` (which also settles two answers at once).

    :param user_handle: user handle of the resident to whom ``credential`` belongs.
    :raises MalformedResponse: one reason per fault of form.
    :raises CeremonyRefused: one reason per rule; ``counter_regressed`` is a sign of a copied key.
    """
    check_kind(ceremony, registers=False)
    answer = parse_assertion(response)
    check_credential(answer, ceremony, credential, policy)
    check_user_handle(answer, ceremony, user_handle)
    client_data = parse_client_data(answer.client_data_json)
    check_client_data(client_data, policy, type_="webauthn.get", challenge=ceremony.challenge)
    data = parse_authenticator_data(answer.authenticator_data, field="response.authenticatorData")
    check_no_attested_data(data)
    check_rp_id(data, policy)
    check_user_present(data)
    check_user_verified(data, policy)
    check_backup_flags(data)
    check_backup_eligibility(data, credential)
    check_signature(answer, client_data.digest, credential)
    check_counter(data, credential)
    check_extensions(answer.extensions, data.extensions, REQUESTED_AT_AUTHENTICATION, policy)
    return VerifiedAssertion(
        credential_id=credential.id,
        sign_count=data.sign_count,
        backed_up=bool(data.flags & BS),
        user_verified=bool(data.flags & UV),
        extensions=data.extensions,
    )


def check_credential(
    answer: AssertionResponse, ceremony: Ceremony, credential: Credential, policy: WebAuthnPolicy
) -> None:
    """Steps 5-6: the credential is one that was asked for, is the record at hand, belongs to the
    resident the ceremony is for, and is alive.
    """
    if ceremony.allowed and answer.id not in ceremony.allowed:
        raise CeremonyRefused("credential_not_allowed")
    if answer.id != credential.id:
        raise CeremonyRefused("credential_mismatch")
    if ceremony.resident_id is not None and credential.resident_id != ceremony.resident_id:
        raise CeremonyRefused("resident_mismatch")
    if credential.rp_id != policy.rp_id:
        raise CeremonyRefused("rp_id_mismatch")
    if credential.status is not CredentialStatus.ACTIVE:
        raise CeremonyRefused("credential_not_active", detail=credential.status.value)


def check_user_handle(answer: AssertionResponse, ceremony: Ceremony, user_handle: bytes) -> None:
    """Step 6: a user handle that comes is the owner's; where nobody was known before, it comes."""
    if answer.user_handle is None:
        if ceremony.resident_id is None:
            raise CeremonyRefused("user_handle_missing")
    elif not hmac.compare_digest(answer.user_handle, user_handle):
        raise CeremonyRefused("user_handle_mismatch")


def check_no_attested_data(data: AuthenticatorData) -> None:
    """§6.1: attested credential data has no place in an assertion."""
    if data.attested is not None:
        raise MalformedResponse("attested_data_unexpected", field="response.authenticatorData")


def check_backup_eligibility(data: AuthenticatorData, credential: Credential) -> None:
    """Step 19: BE is what it was at registration; it may never change (§6.1.3)."""
    if bool(data.flags & BE) is not credential.backup_eligible:
        raise CeremonyRefused("be_changed")


def check_signature(answer: AssertionResponse, digest: bytes, credential: Credential) -> None:
    """Steps 20-21: the signature over authenticator data and client data hash is the credential's."""
    key = load_public_key(credential.public_key)
    message = answer.authenticator_data + digest
    if key.algorithm != credential.algorithm or not signature_is_valid(
        key, answer.signature, message
    ):
        raise CeremonyRefused("signature_invalid")


def check_counter(data: AuthenticatorData, credential: Credential) -> None:
    """Step 22 and §6.1.1: a counter in use grows; zero on both sides means there is none."""
    if data.sign_count == 0 and credential.sign_count == 0:
        return
    if data.sign_count <= credential.sign_count:
        raise CeremonyRefused("counter_regressed")

"""Registering a new credential (WebAuthn L3 §7.1), step by step and in order.

Step numbers are those of the editor's draft of 2026-07-30.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.instants import Instant
from hkeid.residents.records import Credential
from hkeid.webauthn.attestation import Assessment, Evidence, assess
from hkeid.webauthn.attestation_object import parse_attestation_object
from hkeid.webauthn.authenticator_data import (
    BE,
    BS,
    UV,
    AttestedCredential,
    AuthenticatorData,
)
from hkeid.webauthn.beginning import REQUESTED_AT_REGISTRATION
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
from hkeid.webauthn.public_key import algorithm_of, load_public_key
from hkeid.webauthn.response import RegistrationResponse, ResponseInput, parse_registration

_ID_LIMIT = 1_023


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """What a registration proved: a credential record without an owner.

    :ivar public_key: COSE_Key bytes as attested.
    :ivar aaguid: canonical text; an unattested one is a hint for display and nothing more.
    :ivar attestation: ``none``, ``self``, ``unverified`` (a right statement without trust) or
        ``verified`` (it chains to an anchor of policy).
    :ivar attestation_finding: why it is no more than ``unverified``, as a reason, or None.
    :ivar trust_chain: SHA-256 of each certificate of the verified path, attestation certificate
        first, anchor last; empty unless ``verified``.
    :ivar extensions: authenticator extension outputs (signed).
    :ivar evidence: attestation object and client data as canonical JSON, to be verified again later.
    """

    credential_id: bytes
    public_key: bytes
    algorithm: int
    sign_count: int
    user_verified: bool
    backup_eligible: bool
    backed_up: bool
    aaguid: str
    transports: tuple[str, ...]
    attestation_format: str
    attestation: str
    attestation_finding: str | None
    trust_chain: tuple[bytes, ...]
    rp_id: str
    extensions: Mapping[str, Any]
    evidence: bytes = field(repr=False)

    def as_credential(self, resident_id: str, label: bytes, now: Instant) -> Credential:
        """The credential record for the registry (§7.1 step 27, §4 "credential record").

        ``CredentialRepository.add`` answers False where the id is registered already, to anyone:
        the ceremony then fails (step 26).

        :param label: the resident's word for the device, sealed by the caller.
        """
        return Credential(
            id=self.credential_id,
            resident_id=resident_id,
            public_key=self.public_key,
            algorithm=self.algorithm,
            sign_count=self.sign_count,
            backup_eligible=self.backup_eligible,
            backed_up=self.backed_up,
            aaguid=self.aaguid,
            transports=self.transports,
            attestation_format=self.attestation_format,
            attestation=self.attestation,
            rp_id=self.rp_id,
            evidence=self.evidence,
            label=label,
            created_at=now,
        )


def verify_registration(
    response: ResponseInput,
    ceremony: Ceremony,
    policy: WebAuthnPolicy,
    *,
    now: Instant | None = None,
) -> NewCredential:
    """Verify the answer to ``navigator.credentials.create()``.

    The caller has claimed the ceremony and stores the outcome for the ceremony's resident.

    :param now: the moment at which attestation certificates must be valid; the beginning of the
        ceremony where it is left out.
    :raises MalformedResponse: one reason per fault of form.
    :raises CeremonyRefused: one reason per rule.
    """
    check_kind(ceremony, registers=True)
    answer = parse_registration(response)
    client_data = parse_client_data(answer.client_data_json)
    check_client_data(client_data, policy, type_="webauthn.create", challenge=ceremony.challenge)
    attested = parse_attestation_object(answer.attestation_object)
    data = attested.auth_data
    check_rp_id(data, policy)
    check_user_present(data)
    check_user_verified(data, policy)
    check_backup_flags(data)
    check_backup_policy(data, policy)
    new = check_attested_data(data)
    check_algorithm(new, policy)
    check_credential_id(answer, new)
    key = load_public_key(new.public_key)
    assessment = assess(
        attested.format,
        attested.statement,
        Evidence(
            data=data,
            attested=new,
            key=key,
            client_data_hash=client_data.digest,
            rules=policy.attestation_rules,
        ),
        policy,
        ceremony.created_at if now is None else now,
    )
    check_extensions(answer.extensions, data.extensions, REQUESTED_AT_REGISTRATION, policy)
    check_discoverable(answer)
    return _new_credential(answer, data, new, assessment, policy)


def check_backup_policy(data: AuthenticatorData, policy: WebAuthnPolicy) -> None:
    """Step 18: a credential that may leave the device is welcome only where policy says so."""
    if data.flags & BE and not policy.allow_synced:
        raise CeremonyRefused("synced_not_allowed")


def check_attested_data(data: AuthenticatorData) -> AttestedCredential:
    """§6.5: the authenticator data of an attestation carry attested credential data (AT)."""
    if data.attested is None:
        raise MalformedResponse("attested_data_missing", field="response.attestationObject")
    return data.attested


def check_algorithm(new: AttestedCredential, policy: WebAuthnPolicy) -> None:
    """Step 20: the key's ``alg`` is one of those offered in ``pubKeyCredParams``."""
    if algorithm_of(new.cose) not in policy.algorithms:
        raise CeremonyRefused("algorithm_not_offered")


def check_credential_id(answer: RegistrationResponse, new: AttestedCredential) -> None:
    """Step 25: an id of 1 to 1023 bytes; and it is the one that the browser names (§5.1 ``id``)."""
    if not 1 <= len(new.credential_id) <= _ID_LIMIT:
        raise CeremonyRefused("credential_id_length")
    if new.credential_id != answer.id:
        raise CeremonyRefused("credential_id_mismatch")


def check_discoverable(answer: RegistrationResponse) -> None:
    """§10.1.3 ``credProps``: a discoverable credential was required, so a browser that says it is
    none (``rk`` false) has not given what was asked; saying nothing is allowed.
    """
    properties = answer.extensions.get("credProps")
    if properties is None:
        return
    if not isinstance(properties, Mapping):
        raise MalformedResponse("member_type", field="clientExtensionResults.credProps")
    discoverable = properties.get("rk", True)
    if type(discoverable) is not bool:
        raise MalformedResponse("member_type", field="clientExtensionResults.credProps.rk")
    if not discoverable:
        raise CeremonyRefused("credential_not_discoverable")


def _new_credential(
    answer: RegistrationResponse,
    data: AuthenticatorData,
    new: AttestedCredential,
    assessment: Assessment,
    policy: WebAuthnPolicy,
) -> NewCredential:
    return NewCredential(
        credential_id=new.credential_id,
        public_key=new.public_key,
        algorithm=algorithm_of(new.cose),
        sign_count=data.sign_count,
        user_verified=bool(data.flags & UV),
        backup_eligible=bool(data.flags & BE),
        backed_up=bool(data.flags & BS),
        aaguid=str(UUID(bytes=new.aaguid)),
        transports=answer.transports,
        attestation_format=assessment.format,
        attestation=assessment.word,
        attestation_finding=assessment.finding,
        trust_chain=assessment.trust_chain,
        rp_id=policy.rp_id,
        extensions=data.extensions,
        evidence=canonical_json.dumps(
            {
                "attestationObject": base64url.encode(answer.attestation_object),
                "clientDataJSON": base64url.encode(answer.client_data_json),
            }
        ),
    )

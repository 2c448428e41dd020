"""Approving signatures with a passkey.

What a kill leaves behind: the ceremony is burnt first; then one transaction notes the passkey's use,
keeps the authorisation and records it - all or nothing.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Final

from hkeid.broker.ending import suspend_credential
from hkeid.broker.events import credential_reference
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.kernel.secret import Secret
from hkeid.ports.storage import SingleUseRecord
from hkeid.residents.records import Credential, CredentialStatus, Resident
from hkeid.signing.activation.errors import SignatureActivationRefused
from hkeid.signing.activation.events import SignatureActivated
from hkeid.signing.activation.evidence import ActivationEvidence
from hkeid.signing.activation.parts import (
    AUTHORISATION,
    ActivationParts,
    ActivationRequest,
    check_usable,
    reference_of,
)
from hkeid.signing.activation.records import SigningKey, SigningTransaction
from hkeid.signing.activation.statement import ActivationStatement
from hkeid.webauthn import (
    Ceremony,
    CeremonyKind,
    CeremonyRefused,
    CeremonyStart,
    ResponseInput,
    VerifiedAssertion,
    begin_authentication,
    claim_ceremony,
    presented_credential_id,
    verify_assertion,
)
from hkeid.webauthn.response import parse_assertion

_KINDS = frozenset({CeremonyKind.SIGN})
_NONCE: Final = 32
_COUNTER: Final = "counter_regressed"


class Approvals:
    """The resident's side."""

    def __init__(self, parts: ActivationParts) -> None:
        self._parts = parts

    def start(self, request: ActivationRequest, *, binding: str) -> CeremonyStart:
        """Begin the ceremony on the resident's page.

        :param binding: browser-binding value of the browser that asks.
        :raises SignatureActivationRefused: ``key_unknown``, ``key_not_usable``, ``eid_not_upgraded``,
            ``eid_cooling``.
        :raises hkeid.kernel.errors.MalformedInput: as :class:`ActivationStatement`.
        """
        now = self._parts.clock.now()
        with self._parts.store.transaction() as tx:
            key, _ = self._usable(tx, request, now)
            nonce = self._parts.random.token_bytes(_NONCE)
            expires = now + self._parts.settings.lifetime
            statement = self._statement(request, key, nonce, expires)
            return begin_authentication(
                tx,
                self._parts.policy,
                kind=CeremonyKind.SIGN,
                binding=binding,
                allow=self._allowed(tx, request.resident_id),
                resident_id=request.resident_id,
                challenge=statement.challenge(),
                context={
                    "nonce": base64url.encode(nonce),
                    "expires_at": str(epoch_seconds(expires)),
                },
                now=now,
                random=self._parts.random,
            )

    def finish(
        self,
        ceremony_id: str,
        response: ResponseInput,
        request: ActivationRequest,
        *,
        binding: str,
    ) -> Secret:
        """Verify the answer; gives the authorisation, good for one use until the activation ends.

        :param request: as given to :meth:`start`; anything else in it is noticed.
        :raises hkeid.webauthn.CeremonyRefused: a rule of WebAuthn, by its reason.
        :raises hkeid.webauthn.MalformedResponse: the answer does not parse.
        :raises SignatureActivationRefused: see there.
        """
        now = self._parts.clock.now()
        ceremony = claim_ceremony(
            self._parts.store, ceremony_id, kinds=_KINDS, binding=binding, now=now
        )
        with self._parts.store.transaction() as tx:
            key, resident = self._usable(tx, request, now)
            credential = tx.credentials.get(presented_credential_id(response))
        nonce = base64url.decode(ceremony.context["nonce"])
        expires = from_epoch_seconds(int(ceremony.context["expires_at"]))
        statement = self._statement(request, key, nonce, expires)
        if not hmac.compare_digest(statement.challenge(), ceremony.challenge):
            raise SignatureActivationRefused("activation_other_request")
        if credential is None or credential.resident_id != resident.id:
            raise SignatureActivationRefused("credential_unknown")
        if credential.backup_eligible and not self._parts.settings.synced_passkeys:
            raise SignatureActivationRefused("passkey_synced")
        proof = self._verify(response, ceremony, credential, resident, now)
        if not proof.user_verified:
            raise SignatureActivationRefused("uv_missing")
        answer = parse_assertion(response)
        evidence = ActivationEvidence(
            statement=statement,
            credential_id=credential.id,
            public_key=credential.public_key,
            client_data=answer.client_data_json,
            authenticator_data=answer.authenticator_data,
            assertion=answer.signature,
            activated_at=now,
        )
        return self._authorise(evidence, resident, credential, proof, now)

    # --- details ----------------------------------------------------------------------------------

    def _statement(
        self, request: ActivationRequest, key: SigningKey, nonce: bytes, expires: Instant
    ) -> ActivationStatement:
        return ActivationStatement(
            rp_id=self._parts.policy.rp_id,
            client_id=request.client_id,
            key_id=key.id,
            certificate=sha256(key.certificates[0]).digest(),
            hash_name=key.kind.hash_name,
            documents=request.documents,
            displayed=sha256(request.display).digest(),
            nonce=nonce,
            expires_at=from_epoch_seconds(epoch_seconds(expires)),
        )

    def _usable(
        self, tx: SigningTransaction, request: ActivationRequest, now: Instant
    ) -> tuple[SigningKey, Resident]:
        key = tx.signing_keys.get(request.key_id)
        if key is None or key.resident_id != request.resident_id:
            raise SignatureActivationRefused("key_unknown")
        resident = tx.residents.get(key.resident_id)
        check_usable(key, resident, now)
        assert resident is not None
        return key, resident

    def _allowed(self, tx: SigningTransaction, resident_id: str) -> list[Credential]:
        return [
            one
            for one in tx.credentials.of_resident(resident_id)
            if one.status is CredentialStatus.ACTIVE
            and (self._parts.settings.synced_passkeys or not one.backup_eligible)
        ]

    def _verify(
        self,
        response: ResponseInput,
        ceremony: Ceremony,
        credential: Credential,
        resident: Resident,
        now: Instant,
    ) -> VerifiedAssertion:
        try:
            return verify_assertion(
                response, ceremony, credential, resident.user_handle, self._parts.policy
            )
        except CeremonyRefused as error:
            if error.reason == _COUNTER:
                with self._parts.store.transaction() as tx:
                    suspend_credential(tx, credential, now, reason=_COUNTER)
            raise

    def _authorise(
        self,
        evidence: ActivationEvidence,
        resident: Resident,
        credential: Credential,
        proof: VerifiedAssertion,
        now: Instant,
    ) -> Secret:
        statement = evidence.statement
        secret = Secret(self._parts.random.token())
        payload = {"resident": resident.id, "evidence": evidence.as_json()}
        with self._parts.store.transaction() as tx:
            used = tx.credentials.record_use(
                credential.id,
                old_count=credential.sign_count,
                new_count=proof.sign_count,
                backed_up=proof.backed_up,
                now=now,
            )
            if not used or tx.residents.get(resident.id) != resident:
                raise SignatureActivationRefused("credential_contended")
            tx.single_use.put(
                SingleUseRecord(
                    kind=AUTHORISATION,
                    digest=secret.digest(),
                    family=statement.key_id,
                    payload=canonical_json.dumps(payload),
                    created_at=now,
                    expires_at=statement.expires_at,
                )
            )
            tx.audit.append(
                SignatureActivated(
                    resident_id=resident.id,
                    key_id=statement.key_id,
                    client_id=statement.client_id,
                    credential=credential_reference(credential.id),
                    statement=reference_of(statement),
                    documents=len(statement.documents),
                )
            )
        return secret

"""Approving a signature with a passkey, and using the approval up.

What a kill leaves behind: the ceremony is burnt first; *finish* is one transaction (counter,
authorisation, audit record). *sign* burns the authorisation first, then asks the key, then keeps the
evidence, and only then gives the signatures out: a kill in between costs an approval, never a signature
without evidence.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import Final

from hkeid.broker.ending import suspend_credential
from hkeid.broker.events import credential_reference
from hkeid.identity.state import EidState
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.kernel.secret import Secret, secret_digest
from hkeid.ports.signing_keys import ResidentKeys
from hkeid.ports.storage import Lost, SingleUseRecord, Store, Won
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents.records import Credential, CredentialStatus, Resident
from hkeid.signing.activation.errors import ActivationRefused
from hkeid.signing.activation.events import (
    AuthorisationMisused,
    AuthorisationUsed,
    SignatureActivated,
    SignaturesMade,
)
from hkeid.signing.activation.evidence import (
    ActivationEvidence,
    SignatureEvidence,
    verify_activation,
    verify_evidence,
)
from hkeid.signing.activation.records import (
    MadeSignature,
    SigningKey,
    SigningKeyState,
    SigningTransaction,
)
from hkeid.signing.activation.statement import ActivationStatement, DocumentHashes
from hkeid.webauthn import (
    Ceremony,
    CeremonyKind,
    CeremonyRefused,
    CeremonyStart,
    ResponseInput,
    VerifiedAssertion,
    WebAuthnPolicy,
    begin_authentication,
    claim_ceremony,
    presented_credential_id,
    verify_assertion,
)
from hkeid.webauthn.response import parse_assertion

AUTHORISATION: Final = "signature_authorisation"
"""``SingleUseRecord.kind`` of authorisations (CSC "signature activation data")."""

_KINDS = frozenset({CeremonyKind.SIGN})
_NONCE: Final = 32
_COUNTER: Final = "counter_regressed"
_MISUSE: Final = "signature_authorisation_misuse"
_MISUSES: Final = 100
_MISUSE_WINDOW: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationSettings:
    """Rules of an installation.

    :ivar lifetime: from the question to the last moment at which the approval may be used; CSC
        ``expiresIn``.
    :ivar synced_passkeys: whether a passkey that leaves its device may approve. Off: sole control is
        not shown by a key that a cloud account can copy.
    """

    lifetime: timedelta = timedelta(minutes=5)
    synced_passkeys: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRequest:
    """What a resident is asked to approve.

    :ivar documents: in the order in which they are signed.
    :ivar display: the display record (canonical JSON): all that the page showed, labels too.
    """

    resident_id: str
    client_id: str
    key_id: str
    documents: tuple[DocumentHashes, ...]
    display: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSignatures:
    """What a used authorisation gave.

    :ivar signatures: in the order of the hashes.
    """

    id: str
    signatures: tuple[bytes, ...] = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    evidence: SignatureEvidence = field(repr=False)


class SignatureActivation:
    """Approvals of signatures, and the one use of each."""

    def __init__(
        self,
        store: Store[SigningTransaction],
        keys: ResidentKeys,
        policy: WebAuthnPolicy,
        clock: Clock,
        random: Random,
        settings: ActivationSettings | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        # An approval without user verification would show that somebody held a phone, no more.
        self._policy = replace(policy, user_verification=True)
        self._clock = clock
        self._random = random
        self._settings = settings or ActivationSettings()

    # --- the resident's side ----------------------------------------------------------------------

    def start(self, request: ActivationRequest, *, binding: str) -> CeremonyStart:
        """Begin the ceremony on the resident's page.

        :param binding: browser-binding value of the browser that asks.
        :raises ActivationRefused: ``key_unknown``, ``key_not_usable``, ``eid_not_upgraded``,
            ``eid_cooling``.
        :raises hkeid.kernel.errors.MalformedInput: as :class:`ActivationStatement`.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            key, _ = self._usable(tx, request, now)
            nonce = self._random.token_bytes(_NONCE)
            expires = now + self._settings.lifetime
            statement = self._statement(request, key, nonce, expires)
            return begin_authentication(
                tx,
                self._policy,
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
                random=self._random,
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
        :raises ActivationRefused: see there.
        """
        now = self._clock.now()
        ceremony = claim_ceremony(self._store, ceremony_id, kinds=_KINDS, binding=binding, now=now)
        with self._store.transaction() as tx:
            key, resident = self._usable(tx, request, now)
            credential = tx.credentials.get(presented_credential_id(response))
        nonce = base64url.decode(ceremony.context["nonce"])
        expires = from_epoch_seconds(int(ceremony.context["expires_at"]))
        statement = self._statement(request, key, nonce, expires)
        if not hmac.compare_digest(statement.challenge(), ceremony.challenge):
            raise ActivationRefused("activation_other_request")
        if credential is None or credential.resident_id != resident.id:
            raise ActivationRefused("credential_unknown")
        if credential.backup_eligible and not self._settings.synced_passkeys:
            raise ActivationRefused("passkey_synced")
        proof = self._verify(response, ceremony, credential, resident, now)
        if not proof.user_verified:
            raise ActivationRefused("uv_missing")
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

    # --- the relying party's side -----------------------------------------------------------------

    def sign(
        self, authorisation: Secret, *, client_id: str, key_id: str, hashes: Sequence[bytes]
    ) -> MadeSignatures:
        """Use the authorisation up and sign.

        :param hashes: exactly those that were approved, in their order.
        :raises ActivationRefused: ``authorisation_…``, ``key_not_usable``, ``eid_not_upgraded``. A use
            by another client, for another key or for other hashes burns the authorisation.
        :raises hkeid.kernel.errors.Unavailable: ``signing_keys_unavailable``; the authorisation is
            burnt, the resident is asked again.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            outcome = tx.single_use.use_up(AUTHORISATION, authorisation.digest(), now)
            refusal = None
            if isinstance(outcome, Won):
                resident_id, evidence = _restore(outcome.record.payload)
                refusal = _misfit(evidence.statement, client_id, key_id, hashes)
            elif isinstance(outcome, Lost):
                refusal = "authorisation_used"
            elif outcome.record is None:
                # Anybody can guess at nothing; no record of it.
                raise ActivationRefused("authorisation_unknown")
            else:
                refusal = "authorisation_expired"
            if refusal is None:
                key = self._of_statement(tx, resident_id, evidence.statement, now)
                tx.audit.append(
                    AuthorisationUsed(
                        resident_id=resident_id,
                        key_id=key_id,
                        client_id=client_id,
                        statement=_reference(evidence.statement),
                    )
                )
            else:
                self._note_misuse(tx, client_id, key_id, refusal, now)
        if refusal is not None:
            raise ActivationRefused(refusal)
        return self._make(resident_id, key, evidence, now)

    # --- details ----------------------------------------------------------------------------------

    def _statement(
        self, request: ActivationRequest, key: SigningKey, nonce: bytes, expires: Instant
    ) -> ActivationStatement:
        return ActivationStatement(
            rp_id=self._policy.rp_id,
            client_id=request.client_id,
            key_id=key.id,
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
            raise ActivationRefused("key_unknown")
        resident = tx.residents.get(key.resident_id)
        _check(key, resident, now)
        assert resident is not None
        return key, resident

    def _allowed(self, tx: SigningTransaction, resident_id: str) -> list[Credential]:
        return [
            one
            for one in tx.credentials.of_resident(resident_id)
            if one.status is CredentialStatus.ACTIVE
            and (self._settings.synced_passkeys or not one.backup_eligible)
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
                response, ceremony, credential, resident.user_handle, self._policy
            )
        except CeremonyRefused as error:
            if error.reason == _COUNTER:
                with self._store.transaction() as tx:
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
        secret = Secret(self._random.token())
        payload = {"resident": resident.id, "evidence": evidence.as_json()}
        with self._store.transaction() as tx:
            used = tx.credentials.record_use(
                credential.id,
                old_count=credential.sign_count,
                new_count=proof.sign_count,
                backed_up=proof.backed_up,
                now=now,
            )
            if not used or tx.residents.get(resident.id) != resident:
                raise ActivationRefused("credential_contended")
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
                    statement=_reference(statement),
                    documents=len(statement.documents),
                )
            )
        return secret

    def _of_statement(
        self,
        tx: SigningTransaction,
        resident_id: str,
        statement: ActivationStatement,
        now: Instant,
    ) -> SigningKey:
        """The key, if everything is still in order at the moment of use."""
        key = tx.signing_keys.get(statement.key_id)
        if key is None or key.resident_id != resident_id:
            raise ActivationRefused("key_unknown")
        _check(key, tx.residents.get(resident_id), now)
        return key

    def _make(
        self, resident_id: str, key: SigningKey, activation: ActivationEvidence, now: Instant
    ) -> MadeSignatures:
        # Looked at once more: whoever can write into the store still has no resident's passkey.
        verify_activation(
            activation, rp_id=self._policy.rp_id, origins=frozenset(self._policy.origins)
        )
        statement = activation.statement
        evidence = SignatureEvidence(
            activation=activation,
            signatures=tuple(
                self._keys.sign(key.id, key.kind, key.handle, digest) for digest in statement.hashes
            ),
            certificates=key.certificates,
        )
        # A keeper that signs with another key, or signs badly, is found out here.
        verify_evidence(evidence, rp_id=self._policy.rp_id, origins=frozenset(self._policy.origins))
        made = MadeSignature(
            id=self._random.token(16),
            resident_id=resident_id,
            client_id=statement.client_id,
            key_id=key.id,
            documents=len(statement.documents),
            evidence=evidence.dumps(),
            made_at=now,
        )
        with self._store.transaction() as tx:
            tx.made_signatures.add(made)
            tx.audit.append(
                SignaturesMade(
                    signature_id=made.id,
                    resident_id=resident_id,
                    key_id=key.id,
                    client_id=statement.client_id,
                    documents=made.documents,
                    statement=_reference(statement),
                )
            )
        return MadeSignatures(
            id=made.id,
            signatures=evidence.signatures,
            certificates=key.certificates,
            evidence=evidence,
        )

    def _note_misuse(
        self, tx: SigningTransaction, client_id: str, key_id: str, reason: str, now: Instant
    ) -> None:
        """Recorded within a budget per client: the audit trail never shrinks."""
        spent = tx.budgets.spend(
            _MISUSE, secret_digest(client_id), limit=_MISUSES, window=_MISUSE_WINDOW, now=now
        )
        if spent.allowed:
            tx.audit.append(AuthorisationMisused(key_id=key_id, client_id=client_id, reason=reason))


def _check(key: SigningKey, resident: Resident | None, now: Instant) -> None:
    if key.state is not SigningKeyState.ACTIVE or not key.certificates:
        raise ActivationRefused("key_not_usable", detail=key.state.value)
    if resident is None or resident.state is not EidState.UPGRADED:
        raise ActivationRefused("eid_not_upgraded")
    if resident.cools(now):
        raise ActivationRefused("eid_cooling")


def _misfit(
    statement: ActivationStatement, client_id: str, key_id: str, hashes: Sequence[bytes]
) -> str | None:
    if statement.client_id != client_id:
        return "authorisation_other_client"
    if statement.key_id != key_id:
        return "authorisation_other_key"
    if tuple(hashes) != statement.hashes:
        return "authorisation_other_hashes"
    return None


def _restore(payload: bytes) -> tuple[str, ActivationEvidence]:
    members = canonical_json.loads_object(payload)
    return members["resident"], ActivationEvidence.from_json(members["evidence"])


def _reference(statement: ActivationStatement) -> str:
    return base64url.encode(statement.challenge())

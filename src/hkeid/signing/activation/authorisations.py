"""Using an approval up.

What a kill leaves behind: the authorisation is burnt first, then the key is asked, then the evidence is
kept, and only then the signatures are given out: a kill in between costs an approval, never a signature
without evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Final

from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret, secret_digest
from hkeid.ports.signing_keys import ResidentKeys
from hkeid.ports.storage import Lost, Won
from hkeid.signing.activation.errors import SignatureActivationRefused
from hkeid.signing.activation.events import (
    AuthorisationMisused,
    AuthorisationUsed,
    SignaturesMade,
)
from hkeid.signing.activation.evidence import (
    ActivationEvidence,
    SignatureEvidence,
    verify_activation,
    verify_evidence,
)
from hkeid.signing.activation.parts import (
    AUTHORISATION,
    ActivationParts,
    check_usable,
    reference_of,
)
from hkeid.signing.activation.records import MadeSignature, SigningKey, SigningTransaction
from hkeid.signing.activation.statement import ActivationStatement

_MISUSE: Final = "signature_authorisation_misuse"
_MISUSES: Final = 100
_MISUSE_WINDOW: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSignatures:
    """What a used authorisation gave.

    :ivar signatures: in the order of the hashes.
    """

    id: str
    signatures: tuple[bytes, ...] = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    evidence: SignatureEvidence = field(repr=False)


class Authorisations:
    """The relying party's side."""

    def __init__(self, parts: ActivationParts, keys: ResidentKeys) -> None:
        self._parts = parts
        self._keys = keys

    def sign(
        self, authorisation: Secret, *, client_id: str, key_id: str, hashes: Sequence[bytes]
    ) -> MadeSignatures:
        """Use the authorisation up and sign.

        :param hashes: exactly those that were approved, in their order.
        :raises SignatureActivationRefused: ``authorisation_…``, ``key_not_usable``, ``eid_not_upgraded``. A use
            by another client, for another key or for other hashes burns the authorisation.
        :raises hkeid.kernel.errors.Unavailable: ``signing_keys_unavailable``; the authorisation is
            burnt, the resident is asked again.
        """
        now = self._parts.clock.now()
        with self._parts.store.transaction() as tx:
            outcome = tx.single_use.use_up(AUTHORISATION, authorisation.digest(), now)
            refusal = None
            if isinstance(outcome, Won):
                resident_id, evidence = _restore(outcome.record.payload)
                refusal = _misfit(evidence.statement, client_id, key_id, hashes)
            elif isinstance(outcome, Lost):
                refusal = "authorisation_used"
            elif outcome.record is None:
                # Anybody can guess at nothing; no record of it.
                raise SignatureActivationRefused("authorisation_unknown")
            else:
                refusal = "authorisation_expired"
            if refusal is None:
                key = self._of_statement(tx, resident_id, evidence.statement, now)
                tx.audit.append(
                    AuthorisationUsed(
                        resident_id=resident_id,
                        key_id=key_id,
                        client_id=client_id,
                        statement=reference_of(evidence.statement),
                    )
                )
            else:
                self._note_misuse(tx, client_id, key_id, refusal, now)
        if refusal is not None:
            raise SignatureActivationRefused(refusal)
        return self._make(resident_id, key, evidence, now)

    # --- details ----------------------------------------------------------------------------------

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
            raise SignatureActivationRefused("key_unknown")
        check_usable(key, tx.residents.get(resident_id), now)
        if sha256(key.certificates[0]).digest() != statement.certificate:
            # Renewed since: the resident approved a signature in another name.
            raise SignatureActivationRefused("key_not_usable", detail="another certificate")
        return key

    def _make(
        self, resident_id: str, key: SigningKey, activation: ActivationEvidence, now: Instant
    ) -> MadeSignatures:
        # Looked at once more: whoever can write into the store still has no resident's passkey.
        verify_activation(
            activation,
            rp_id=self._parts.policy.rp_id,
            origins=frozenset(self._parts.policy.origins),
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
        verify_evidence(
            evidence, rp_id=self._parts.policy.rp_id, origins=frozenset(self._parts.policy.origins)
        )
        made = MadeSignature(
            id=self._parts.random.token(16),
            resident_id=resident_id,
            client_id=statement.client_id,
            key_id=key.id,
            documents=len(statement.documents),
            evidence=evidence.dumps(),
            made_at=now,
        )
        with self._parts.store.transaction() as tx:
            tx.made_signatures.add(made)
            tx.audit.append(
                SignaturesMade(
                    signature_id=made.id,
                    resident_id=resident_id,
                    key_id=key.id,
                    client_id=statement.client_id,
                    documents=made.documents,
                    statement=reference_of(statement),
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

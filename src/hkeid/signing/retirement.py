"""The end of a resident's signing key: out of use at once, destroyed and taken back as soon as may be.

Two steps, because one of them is outside. :func:`retire_signing_keys` belongs into the transaction that ends the
right to sign (an eID revoked or erased, a recovery): from its commit on, nothing is signed with the key.
:class:`SigningKeyRetirement` then destroys the key and has the authority take the certificate back. A key that
is out of use and not done with is found by its state, so a kill or an authority that is away costs time only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

from hkeid.audit.events import AuditTrail
from hkeid.kernel.errors import HkeidError, MalformedInput, NotFound, Refused, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import CertificateAuthority, RevocationReason
from hkeid.ports.signing_keys import ResidentKeys
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock
from hkeid.signing.activation.events import (
    SigningKeyDestroyed,
    SigningKeyRetired,
    SigningKeyRevoked,
)
from hkeid.signing.activation.records import SigningKey, SigningKeyRepository, SigningKeyState
from hkeid.signing.certificates import ReadCertificate, read_certificate

_REVOKED_BEFORE: Final = "certificate_revoked_already"
_NOT_REVOCABLE: Final = "certificate_not_revocable"


class RetirementTransaction(Protocol):
    """What retiring needs of a transaction."""

    @property
    def signing_keys(self) -> SigningKeyRepository: ...
    @property
    def audit(self) -> AuditTrail: ...


def retire_signing_keys(
    tx: RetirementTransaction, resident_id: str, reason: RevocationReason, now: Instant
) -> tuple[str, ...]:
    """Take a resident's keys out of use for good, in the transaction that ends the right to sign; returns
    their ids.
    """
    retired = tx.signing_keys.retire(resident_id, reason, now)
    for key_id in retired:
        tx.audit.append(
            SigningKeyRetired(resident_id=resident_id, key_id=key_id, reason=reason.value)
        )
    return retired


class SigningKeyRetirement:
    """Does what a retirement leaves to be done outside the store.

    :param noted: is told of what could not be done now.
    """

    def __init__(
        self,
        store: Store[RetirementTransaction],
        keys: ResidentKeys,
        authority: CertificateAuthority,
        clock: Clock,
        noted: Callable[[HkeidError], None] | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._authority = authority
        self._clock = clock
        self._noted = noted or (lambda _error: None)

    def finish(self, *, limit: int = 100) -> int:
        """Go through keys that are out of use and not done with; returns how many are done with now. One
        that fails does not keep the others from it.
        """
        done, after = 0, ""
        while True:
            with self._store.transaction() as tx:
                waiting = tx.signing_keys.retired(after=after, limit=limit)
            for key in waiting:
                done += self._attempt(key)
            if len(waiting) < limit:
                return done
            after = waiting[-1].id

    def conclude(self, resident_id: str) -> int:
        """The same for one resident's keys."""
        with self._store.transaction() as tx:
            keys = tx.signing_keys.of_resident(resident_id)
        return sum(self._attempt(key) for key in keys if key.state is SigningKeyState.RETIRED)

    def take_back(self, certificate: bytes, reason: RevocationReason) -> str:
        """Revoke a certificate that nobody will use; what keeps it from being revoked is only noted.
        Returns the outcome, "" where it is not known.
        """
        try:
            return self._taken_back(read_certificate(certificate), reason)
        except (Unavailable, Refused) as error:
            self._noted(error)
            return ""

    # --- details ---------------------------------------------------------------------------------

    def _attempt(self, key: SigningKey) -> int:
        try:
            return int(self._conclude(key))
        except (Unavailable, Refused) as error:
            self._noted(error)
            return 0

    def _conclude(self, key: SigningKey) -> bool:
        """The key first: what is destroyed needs nobody's answer."""
        if key.handle:
            self._keys.destroy(key.id, key.kind, key.handle)
            destroyed = replace(key, handle=b"")
            with self._store.transaction() as tx:
                if not tx.signing_keys.change(key, destroyed):
                    return False
                tx.audit.append(SigningKeyDestroyed(resident_id=key.resident_id, key_id=key.id))
            key = replace(destroyed, version=key.version + 1)
        reason = key.reason or RevocationReason.UNSPECIFIED
        certificate = _own(key)
        outcome = "none" if certificate is None else self._taken_back(certificate, reason)
        with self._store.transaction() as tx:
            if not tx.signing_keys.change(key, replace(key, state=SigningKeyState.REVOKED)):
                return False
            tx.audit.append(
                SigningKeyRevoked(
                    resident_id=key.resident_id,
                    key_id=key.id,
                    serial="" if certificate is None else f"{certificate.serial:x}",
                    reason=reason.value,
                    outcome=outcome,
                )
            )
        return True

    def _taken_back(self, certificate: ReadCertificate, reason: RevocationReason) -> str:
        """What became of the certificate.

        :raises hkeid.kernel.errors.Unavailable: ``certificate_authority_unavailable``.
        :raises hkeid.kernel.errors.Refused: the authority does not take it back, and does not say why.
        """
        if certificate.short_term:
            return "not_revocable"
        if certificate.not_after < self._clock.now():
            return "expired"
        try:
            self._authority.revoke(certificate.serial, reason)
        except NotFound:
            return "unknown"
        except Refused as error:
            if error.reason == _REVOKED_BEFORE:
                return "revoked_before"
            if error.reason == _NOT_REVOCABLE:
                return "not_revocable"
            raise
        return "revoked"


def _own(key: SigningKey) -> ReadCertificate | None:
    try:
        return read_certificate(key.certificates[0]) if key.certificates else None
    except MalformedInput:
        return None

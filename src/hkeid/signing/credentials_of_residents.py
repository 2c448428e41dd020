"""A resident's key and certificate for signing: made at the first use, or at the upgrade.

::

    credentials = ResidentCredentials(store, resident_keys, authority, fields, clock, random)
    key = credentials.ready(resident_id)          # an active key whose certificate holds now
    identity = signer_identity(key)               # for prepare_pdf

What a kill leaves behind: a key in the keeper that nothing names, or a certificate that nobody uses; the
next call goes on from what was kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

from hkeid.identity.names import PersonName
from hkeid.kernel import base64url
from hkeid.kernel.errors import NotFound, Unavailable
from hkeid.ports.certificates import CertificateAuthority, CertificateSubject, RevocationReason
from hkeid.ports.signing_keys import ResidentKeys, SigningKeyKind
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.residents.records import SealedFieldRepository
from hkeid.signing.activation.errors import SignatureActivationRefused
from hkeid.signing.activation.events import SigningKeyCertified, SigningKeyMade
from hkeid.signing.activation.parts import check_standing
from hkeid.signing.activation.records import SigningKey, SigningKeyState, SigningTransaction
from hkeid.signing.algorithms import SignatureAlgorithm
from hkeid.signing.certificates import build_request, read_certificate
from hkeid.signing.certificates.keys import load_public_key
from hkeid.signing.certificates.subjects import subject_name
from hkeid.signing.credentials import SignerIdentity
from hkeid.signing.retirement import SigningKeyRetirement, retire_signing_keys

_NAMES: Final = ("name_english", "name_chinese")
_LONGEST_NAME: Final = 64
_TRIES: Final = 8


class ResidentCredentialsTransaction(SigningTransaction, Protocol):
    """What making a resident's credential needs of a transaction."""

    @property
    def sealed_fields(self) -> SealedFieldRepository: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentCredentialSettings:
    """Rules of an installation.

    :ivar kind: of new keys.
    :ivar profile: the authority's name for residents' certificates.
    :ivar spare: a certificate that ends sooner than this is renewed before it is used.
    """

    kind: SigningKeyKind = SigningKeyKind.P256
    profile: str = "resident"
    spare: timedelta = timedelta(minutes=30)


class ResidentCredentials:
    """Residents' signing keys with certificates. One active key per resident."""

    def __init__(
        self,
        store: Store[ResidentCredentialsTransaction],
        keys: ResidentKeys,
        authority: CertificateAuthority,
        fields: PersonalFields,
        clock: Clock,
        random: Random,
        settings: ResidentCredentialSettings | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._authority = authority
        self._fields = fields
        self._clock = clock
        self._random = random
        self._retirement = SigningKeyRetirement(store, keys, authority, clock)
        self.settings = settings or ResidentCredentialSettings()

    def held(self, resident_id: str) -> SigningKey | None:
        """The resident's active key if there is one with a certificate that holds; makes nothing."""
        with self._store.transaction() as tx:
            key = _active(tx.signing_keys.of_resident(resident_id))
        return key if key is not None and self._holds(key, timedelta(0)) else None

    def ready(self, resident_id: str) -> SigningKey:
        """The resident's active key with a certificate that holds; both are made if need be.

        :raises hkeid.signing.activation.SignatureActivationRefused: ``eid_not_upgraded``, ``eid_cooling``.
        :raises hkeid.kernel.errors.Unavailable: ``signing_keys_unavailable``,
            ``certificate_authority_unavailable``, ``signing_key_contended``.
        :raises hkeid.kernel.errors.Refused: the authority does not certify this person.
        """
        for _ in range(_TRIES):
            key, count = self._present(resident_id)
            if key is None:
                key = self._make(resident_id, count)
            if key is not None and not self._holds(key, self.settings.spare):
                key = self._certify(key)
            if key is not None:
                return key
        raise Unavailable("signing_key_contended")

    def retire(self, resident_id: str, reason: RevocationReason) -> int:
        """Take the resident's active keys out of use, destroy them and take their certificates back;
        returns how many keys. What cannot be reached now is done later, by
        :meth:`hkeid.signing.retirement.SigningKeyRetirement.finish`.
        """
        with self._store.transaction() as tx:
            retired = retire_signing_keys(tx, resident_id, reason, self._clock.now())
        self._retirement.conclude(resident_id)
        return len(retired)

    # --- details ----------------------------------------------------------------------------------

    def _present(self, resident_id: str) -> tuple[SigningKey | None, int]:
        """The active key, and how many keys there were ever."""
        with self._store.transaction() as tx:
            check_standing(tx.residents.get(resident_id), self._clock.now())
            keys = tx.signing_keys.of_resident(resident_id)
        return _active(keys), len(keys)

    def _holds(self, key: SigningKey, spare: timedelta) -> bool:
        if not key.certificates:
            return False
        certificate = read_certificate(key.certificates[0])
        now = self._clock.now()
        return certificate.valid_at(now) and certificate.valid_at(now + spare)

    def _make(self, resident_id: str, count: int) -> SigningKey | None:
        """A new key; None when somebody else was faster."""
        # The id follows from resident and count, so that of several that begin at once one is kept.
        named = hashlib.sha256(b"hkeid-signing-key-1\0%d\0" % count + resident_id.encode()).digest()
        key_id, kind = base64url.encode(named[:16]), self.settings.kind
        made = self._keys.generate(key_id, kind)
        key = SigningKey(
            id=key_id,
            resident_id=resident_id,
            kind=kind,
            handle=made.handle,
            public_key=made.public_key,
            created_at=self._clock.now(),
        )
        with self._store.transaction() as tx:
            kept = tx.signing_keys.add(key)
            if kept:
                tx.audit.append(
                    SigningKeyMade(resident_id=resident_id, key_id=key_id, kind=kind.value)
                )
        if kept:
            return key
        self._keys.destroy(key_id, kind, made.handle)
        return None

    def _certify(self, key: SigningKey) -> SigningKey | None:
        """The key with a new certificate; None when it changed meanwhile."""
        subject = self._subject(key.resident_id)
        # An authority outside is told in the request itself whom it shall certify.
        request = build_request(_KeptKey(self._keys, key), subject_name(subject))
        issued = self._authority.issue(request, profile=self.settings.profile, subject=subject)
        certified = replace(key, certificates=(issued.certificate, *issued.chain))
        serial = read_certificate(issued.certificate).serial
        with self._store.transaction() as tx:
            kept = tx.signing_keys.change(key, certified)
            if kept:
                tx.audit.append(
                    SigningKeyCertified(
                        resident_id=key.resident_id, key_id=key.id, serial=f"{serial:x}"
                    )
                )
        if not kept:
            # Certified or retired by somebody else meanwhile: nobody will ever use this one.
            self._retirement.take_back(issued.certificate, RevocationReason.SUPERSEDED)
            return None
        self._check_still_standing(key.resident_id)
        return replace(certified, version=key.version + 1)

    def _check_still_standing(self, resident_id: str) -> None:
        """An eID that ended while its certificate was made, ended before there was a key to retire."""
        try:
            self._present(resident_id)
        except SignatureActivationRefused:
            self.retire(resident_id, RevocationReason.CESSATION_OF_OPERATION)
            raise

    def _subject(self, resident_id: str) -> CertificateSubject:
        with self._store.transaction() as tx:
            texts = self._fields.read(tx, resident_id, _NAMES)
        if "name_english" not in texts:
            raise NotFound("name_missing")
        name = PersonName(english=texts["name_english"], chinese=texts.get("name_chinese"))
        return certificate_subject(resident_id, name)


@dataclass(frozen=True, slots=True)
class _KeptKey:
    """A resident's key as a requester of certificates has it."""

    _keys: ResidentKeys
    _key: SigningKey

    @property
    def public_key(self) -> bytes:
        return self._key.public_key

    def sign(self, message: bytes) -> bytes:
        algorithm = SignatureAlgorithm.of_key(load_public_key(self._key.public_key))
        digest = algorithm.digest(message)
        return self._keys.sign(self._key.id, self._key.kind, self._key.handle, digest)


def signer_identity(key: SigningKey) -> SignerIdentity:
    """The public half of a resident as a signer.

    :raises hkeid.signing.activation.SignatureActivationRefused: ``key_not_usable``: no certificate yet.
    """
    if not key.certificates:
        raise SignatureActivationRefused("key_not_usable")
    return SignerIdentity.of(
        key.certificates[0], key.certificates[1:], hash_name=key.kind.hash_name
    )


def certificate_subject(resident_id: str, name: PersonName) -> CertificateSubject:
    """Who a resident is in certificates: the name in both scripts as far as 64 characters hold it (RFC
    5280 appendix A.1), and a reference from which the internal id cannot be told.
    """
    reference = hashlib.sha256(b"hkeid-certificate-subject-1\0" + resident_id.encode()).hexdigest()
    family, given = name.family_name or "", name.given_name or ""
    english = " ".join(filter(None, (family, given))) or name.english
    english = english[:_LONGEST_NAME].strip()
    chinese = name.chinese or ""
    if len(english) + 1 + len(chinese) > _LONGEST_NAME:
        chinese = ""
    return CertificateSubject(
        reference=reference[:32],
        name=english,
        chinese_name=chinese,
        surname=family[:_LONGEST_NAME].strip(),
        given_name=given[:_LONGEST_NAME].strip(),
    )


def _active(keys: tuple[SigningKey, ...]) -> SigningKey | None:
    return next((one for one in keys if one.state is SigningKeyState.ACTIVE), None)

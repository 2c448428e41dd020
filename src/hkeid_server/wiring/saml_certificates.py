"""Certificates of our SAML keys: a wrapping for peers that read no bare keys.

Nobody relies on what they say, nor on who signed them (Metadata Interoperability Profile 1.0 §2.5): peers trust
a key because it stands in our metadata. So the key that signs at present signs the wrapping of the others too,
which the key store lets sign nothing: the next one before its turn, passive ones, and the one for decryption.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.ports.keys import KeyPurpose, KeyState, KeyStore, SigningKey
from hkeid.saml.own_keys import public_key
from hkeid.signing.certificates.building import CertificateBody, build_certificate
from hkeid.signing.certificates.subjects import authority_name

_PURPOSES = (KeyPurpose.SAML_SIGNING, KeyPurpose.SAML_DECRYPTION)

# The same for every key, in every state: what depended on the state would make the wrapping of a key that rolls
# over another one. How long a key is good for is said by metadata.
_NOT_BEFORE = datetime(2025, 1, 1, tzinfo=UTC)
_NOT_AFTER = datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _StoredKey:
    """A key of the key store as certificates want it."""

    keys: KeyStore
    kid: str
    public_key: bytes

    def sign(self, message: bytes) -> bytes:
        """Sign with the key; RSA alone, whose signatures are the same in JWS and in certificates."""
        return self.keys.sign(KeyPurpose.SAML_SIGNING, self.kid, message)


class KeyCertificates(Mapping[str, bytes]):
    """DER by ``kid`` of every SAML key that is published, each made when somebody first looks for it and then
    kept: keys come while the server runs. Safe to share between threads.

    Nothing is there while no RSA key signs.

    :param host: stands as the name in them.
    """

    def __init__(self, keys: KeyStore, host: str) -> None:
        self._keys = keys
        self._name = authority_name(host)
        self._made: dict[str, bytes] = {}

    def __getitem__(self, kid: str) -> bytes:
        made = self._made.get(kid)
        if made is None:
            key, by = self._published().get(kid), self._signing()
            if key is None or by is None:
                raise KeyError(kid)
            # Two threads at once make the same; who is first decides.
            made = self._made.setdefault(kid, self._make(key, by))
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._published() if self._signing() is not None else ())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _published(self) -> dict[str, SigningKey]:
        return {key.kid: key for one in _PURPOSES for key in self._keys.signing_keys(one)}

    def _signing(self) -> SigningKey | None:
        found = (
            key
            for key in self._keys.signing_keys(KeyPurpose.SAML_SIGNING)
            if key.state is KeyState.ACTIVE and key.algorithm == "RS256"
        )
        return next(found, None)

    def _make(self, key: SigningKey, by: SigningKey) -> bytes:
        body = CertificateBody(
            serial=int.from_bytes(sha256(key.kid.encode()).digest()[:15], "big") | 1,
            issuer=self._name,
            subject=self._name,
            not_before=_NOT_BEFORE,
            not_after=_NOT_AFTER,
            public_key=_encoded(key),
            extensions=(),
        )
        return build_certificate(body, _StoredKey(self._keys, by.kid, _encoded(by)))


def _encoded(key: SigningKey) -> bytes:
    return public_key(key).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

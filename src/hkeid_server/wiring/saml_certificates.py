"""Certificates of our SAML keys: a wrapping for peers that read no bare keys.

Nobody relies on what they say (Metadata Interoperability Profile 1.0 §2.5): peers trust the key because it
stands in our metadata. They are made when they are asked for, since keys roll over while the server runs, and are
the same octets in every process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyPurpose, KeyState, KeyStore, SigningKey
from hkeid.saml.own_keys import public_key
from hkeid.signing.certificates.building import CertificateBody, build_certificate
from hkeid.signing.certificates.subjects import authority_name

_LIFETIME = timedelta(days=365 * 20)


@dataclass(frozen=True, slots=True)
class _StoredKey:
    """A key of the key store as certificates want it."""

    keys: KeyStore
    kid: str
    public_key: bytes

    def sign(self, message: bytes) -> bytes:
        """Sign with the key; RSA alone, whose signatures are the same in JWS and in certificates."""
        return self.keys.sign(KeyPurpose.SAML_SIGNING, self.kid, message)


class SamlCertificates(Mapping[str, bytes]):
    """DER by ``kid`` of the RSA keys for SAML that are published. The active one signs them all, itself included: a
    key that does not sign yet, or no more, cannot sign its own.

    :param host: stands as the name in them.
    """

    def __init__(self, keys: KeyStore, host: str) -> None:
        self._keys = keys
        self._host = host
        self._made: dict[tuple[str, Instant, str], bytes] = {}

    def __getitem__(self, kid: str) -> bytes:
        published = self._published()
        key, signing = published[kid], next(iter(published.values()))
        which = (kid, key.since, signing.kid)
        made = self._made.get(which)
        if made is None:
            made = self._made[which] = _certificate(self._keys, key, signing, self._host)
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._published())

    def __len__(self) -> int:
        return len(self._published())

    def _published(self) -> dict[str, SigningKey]:
        """The active one first; none without one."""
        keys = [
            key
            for key in self._keys.signing_keys(KeyPurpose.SAML_SIGNING)
            if key.algorithm == "RS256"
        ]
        keys.sort(key=lambda key: key.state is not KeyState.ACTIVE)
        if not keys or keys[0].state is not KeyState.ACTIVE:
            return {}
        return {key.kid: key for key in keys}


def _certificate(keys: KeyStore, key: SigningKey, signing: SigningKey, host: str) -> bytes:
    name = authority_name(host)
    body = CertificateBody(
        serial=int.from_bytes(sha256(key.kid.encode()).digest()[:15], "big") | 1,
        issuer=name,
        subject=name,
        not_before=key.since,
        not_after=key.since + _LIFETIME,
        public_key=_encoded(key),
        extensions=(),
    )
    return build_certificate(body, _StoredKey(keys, signing.kid, _encoded(signing)))


def _encoded(key: SigningKey) -> bytes:
    return public_key(key).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

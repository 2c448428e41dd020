"""Certificates of our SAML keys, signed by themselves: a wrapping for peers that read no bare keys.

Nobody relies on what they say (Metadata Interoperability Profile 1.0 §2.5): peers trust the key because it
stands in our metadata. They are made anew at each start and are the same octets each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

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


def saml_certificates(keys: KeyStore, host: str) -> dict[str, bytes]:
    """DER by ``kid`` of the RSA keys that sign at present.

    :param host: stands as the name in them.
    """
    return {
        key.kid: _certificate(keys, key, host)
        for key in keys.signing_keys(KeyPurpose.SAML_SIGNING)
        if key.state is KeyState.ACTIVE and key.algorithm == "RS256"
    }


def _certificate(keys: KeyStore, key: SigningKey, host: str) -> bytes:
    encoded = public_key(key).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    name = authority_name(host)
    body = CertificateBody(
        serial=int.from_bytes(sha256(key.kid.encode()).digest()[:15], "big") | 1,
        issuer=name,
        subject=name,
        not_before=key.since,
        not_after=key.since + _LIFETIME,
        public_key=encoded,
        extensions=(),
    )
    return build_certificate(body, _StoredKey(keys, key.kid, encoded))

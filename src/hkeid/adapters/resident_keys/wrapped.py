"""Signing keys wrapped by the key store, and in the clear only while they sign.

The handle is the private key (PKCS #8) under AES-256-GCM with a key of its own, and that key wrapped
by the key store's ``RESIDENT_SIGNING`` key. Key id and kind are bound to both, so a handle opens for no
other key. To forget the handle is to destroy the key.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.signing_keys import GeneratedKey, SigningKeyKind
from hkeid.ports.surroundings import Random

_VERSION: Final = b"\x01"
_LABEL: Final = b"hkeid-resident-signing-1:"
_NONCE: Final = 12
_SHORTEST: Final = 100
"""Octets that no handle has fewer of: a wrapped key, a nonce, a private key and two tags."""
_LENGTH: Final = 2

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
}
_Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class WrappedResidentKeys:
    """Keys as wrapped handles.

    :param keys: its ``RESIDENT_SIGNING`` key wraps; in a hardware module, nothing opens without it.
    """

    def __init__(self, keys: KeyStore, random: Random) -> None:
        self._keys = keys
        self._random = random

    @staticmethod
    def made(handle: bytes) -> bool:
        """Whether a handle has the form of those made here."""
        return handle[:1] == _VERSION and len(handle) >= _SHORTEST

    def generate(self, key_id: str, kind: SigningKeyKind) -> GeneratedKey:
        """Make a key."""
        private = _new(kind)
        plain = private.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        context = _context(key_id, kind)
        key, nonce = self._random.token_bytes(32), self._random.token_bytes(_NONCE)
        wrapped = self._keys.wrap(KeyPurpose.RESIDENT_SIGNING, key, context=context)
        sealed = AESGCM(key).encrypt(nonce, plain, context)
        handle = _VERSION + len(wrapped).to_bytes(_LENGTH, "big") + wrapped + nonce + sealed
        public = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return GeneratedKey(public_key=public, handle=handle)

    def sign(self, key_id: str, kind: SigningKeyKind, handle: bytes, digest: bytes) -> bytes:
        """Sign a digest.

        :raises hkeid.kernel.errors.MalformedInput: ``digest_length``.
        :raises hkeid.kernel.errors.Refused: ``signing_key_unusable``.
        """
        algorithm = _HASHES[kind.hash_name]
        if len(digest) != algorithm.digest_size:
            raise MalformedInput("digest_length", field="digest")
        private = self._open(key_id, kind, handle)
        if isinstance(private, ec.EllipticCurvePrivateKey):
            return private.sign(digest, ec.ECDSA(Prehashed(algorithm)))
        return private.sign(digest, padding.PKCS1v15(), Prehashed(algorithm))

    def destroy(self, key_id: str, kind: SigningKeyKind, handle: bytes) -> None:
        """Nothing is kept here: who forgets the handle has destroyed the key.

        :raises hkeid.kernel.errors.Refused: ``signing_key_unusable``: the handle is of another keeper, where the
            key would live on.
        """
        del key_id, kind
        if not self.made(handle):
            raise Refused("signing_key_unusable", detail="made by another keeper")

    def _open(self, key_id: str, kind: SigningKeyKind, handle: bytes) -> _Private:
        context = _context(key_id, kind)
        begin = 1 + _LENGTH
        end = begin + int.from_bytes(handle[1:begin], "big")
        wrapped, nonce, sealed = (
            handle[begin:end],
            handle[end : end + _NONCE],
            handle[end + _NONCE :],
        )
        if handle[:1] != _VERSION or not sealed:
            raise Refused("signing_key_unusable", detail="form")
        try:
            key = self._keys.unwrap(KeyPurpose.RESIDENT_SIGNING, wrapped, context=context)
            plain = AESGCM(key).decrypt(nonce, sealed, context)
        except (InvalidTag, ValueError):
            raise Refused("signing_key_unusable", detail="sealed") from None
        except Refused as error:
            raise Refused("signing_key_unusable", detail=error.reason) from None
        # Our own bytes, authenticated just now: RSA's slow consistency check proves nothing more.
        private = serialization.load_der_private_key(
            plain, password=None, unsafe_skip_rsa_key_validation=True
        )
        if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise Refused("signing_key_unusable", detail="kind")
        return private


def _new(kind: SigningKeyKind) -> _Private:
    if kind is SigningKeyKind.P256:
        return ec.generate_private_key(ec.SECP256R1())
    if kind is SigningKeyKind.P384:
        return ec.generate_private_key(ec.SECP384R1())
    size = 2048 if kind is SigningKeyKind.RSA2048 else 3072
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def _context(key_id: str, kind: SigningKeyKind) -> bytes:
    return _LABEL + kind.value.encode() + b":" + key_id.encode("utf-8", "surrogatepass")

"""Keys held in memory behind the verbs of :class:`hkeid.ports.KeyStore`."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hkeid.jose.signatures import PrivateSigningKey, Signer, generate, public_jwk, signer
from hkeid.kernel import base64url
from hkeid.kernel.errors import ConfigurationError, Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyPurpose, KeyState, SigningKey

SIGNING_PURPOSES = frozenset(
    {
        KeyPurpose.TOKEN_SIGNING,
        KeyPurpose.AUDIT_CHECKPOINT,
        KeyPurpose.UPSTREAM_CLIENT,
        KeyPurpose.UPSTREAM_DPOP,
        KeyPurpose.SAML_SIGNING,
    }
)
"""Asymmetric keys with key ids."""
DECRYPTION_PURPOSES = frozenset({KeyPurpose.SAML_DECRYPTION})
"""RSA keys to which others encrypt."""
ASYMMETRIC_PURPOSES = SIGNING_PURPOSES | DECRYPTION_PURPOSES
"""Keys whose public halves are published."""
OPTIONAL_PURPOSES = frozenset({KeyPurpose.SAML_SIGNING, KeyPurpose.SAML_DECRYPTION})
"""Keys that only some installations need; made when somebody asks for them, not with the store."""
WRAPPING_PURPOSES = frozenset(
    {KeyPurpose.RESIDENT_DATA, KeyPurpose.EVIDENCE, KeyPurpose.RESIDENT_SIGNING}
)
"""Key-encryption keys; what they wrapped names its key, so they rotate."""
MAC_PURPOSES = frozenset(KeyPurpose) - ASYMMETRIC_PURPOSES - WRAPPING_PURPOSES
"""MAC keys. Their outputs are kept for good and name no key, so they never rotate."""

RSA_OAEP = "RSA-OAEP"
"""Algorithm of decryption keys (RFC 7518 §4.3); the hashes are each sender's choice."""

_NONCE_BYTES = 12
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - OAEP does not rest on its hash being free of collisions
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_ORDER = {KeyState.ACTIVE: 0, KeyState.NEXT: 1, KeyState.PASSIVE: 2, KeyState.RETIRED: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A private signing key or the bytes of a symmetric one, with its state."""

    kid: str
    purpose: KeyPurpose
    algorithm: str
    state: KeyState
    since: Instant
    private: PrivateSigningKey | bytes = field(repr=False)

    def in_state(self, state: KeyState, now: Instant) -> HeldKey:
        """The same key in another state."""
        return HeldKey(
            kid=self.kid,
            purpose=self.purpose,
            algorithm=self.algorithm,
            state=state,
            since=now,
            private=self.private,
        )

    def public(self) -> SigningKey:
        """The public face of a signing key."""
        if isinstance(self.private, bytes):
            raise ConfigurationError("key_not_asymmetric", detail=self.kid)
        jwk = {**public_jwk(self.private), "kid": self.kid}
        if self.purpose in DECRYPTION_PURPOSES:
            jwk |= {"use": "enc", "alg": self.algorithm}
        return SigningKey(
            kid=self.kid,
            purpose=self.purpose,
            algorithm=self.algorithm,
            state=self.state,
            public_jwk=jwk,
            since=self.since,
        )


class KeyRing:
    """An unchanging set of keys with the verbs of a key store.

    :param token_bytes: source of chance, for the nonces of :meth:`wrap`.
    """

    def __init__(self, keys: Iterable[HeldKey], token_bytes: Callable[[int], bytes]) -> None:
        self.keys = tuple(sorted(keys, key=lambda key: (_ORDER[key.state], key.algorithm, key.kid)))
        self._token_bytes = token_bytes
        self._signers: dict[tuple[KeyPurpose, str], Signer | None] = {}
        self._public: dict[KeyPurpose, tuple[SigningKey, ...]] = {}
        self._macs: dict[KeyPurpose, hmac.HMAC] = {}
        self._wrapping: dict[KeyPurpose, tuple[bytes, AESGCM]] = {}
        self._decryption: dict[tuple[KeyPurpose, str], rsa.RSAPrivateKey] = {}
        self._unwrapping: dict[tuple[KeyPurpose, bytes], AESGCM] = {}
        for key in self.keys:
            self._hold(key)
        for purpose in ASYMMETRIC_PURPOSES:
            self._public[purpose] = tuple(
                key.public()
                for key in self.keys
                if key.purpose is purpose and key.state is not KeyState.RETIRED
            )

    def _hold(self, key: HeldKey) -> None:
        active = key.state is KeyState.ACTIVE
        if key.purpose in DECRYPTION_PURPOSES:
            if isinstance(key.private, rsa.RSAPrivateKey) and key.state is not KeyState.RETIRED:
                self._decryption[key.purpose, key.kid] = key.private
        elif not isinstance(key.private, bytes):
            self._signers[key.purpose, key.kid] = signer(key.private) if active else None
        elif key.purpose in MAC_PURPOSES:
            self._macs[key.purpose] = hmac.new(key.private, digestmod="sha256")
        elif key.state is not KeyState.RETIRED:
            cipher, kid = AESGCM(key.private), base64url.decode(key.kid)
            self._unwrapping[key.purpose, kid] = cipher
            if active:
                self._wrapping[key.purpose] = (kid, cipher)

    def signing_keys(self, purpose: KeyPurpose) -> tuple[SigningKey, ...]:
        """See :meth:`hkeid.ports.KeyStore.signing_keys`."""
        return self._public.get(purpose, ())

    def sign(self, purpose: KeyPurpose, kid: str, message: bytes) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.sign`."""
        try:
            sign = self._signers[purpose, kid]
        except KeyError:
            raise Refused("key_unknown", detail=f"{purpose.value} {kid}") from None
        if sign is None:
            raise Refused("key_not_active", detail=f"{purpose.value} {kid}")
        return sign(message)

    def mac(self, purpose: KeyPurpose, message: bytes) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.mac`.

        :raises Refused: ``key_unknown``: the purpose has no MAC key.
        """
        keyed = self._macs.get(purpose)
        if keyed is None:
            raise Refused("key_unknown", detail=purpose.value)
        fresh = keyed.copy()
        fresh.update(message)
        return fresh.digest()

    def wrap(self, purpose: KeyPurpose, key: bytes, *, context: bytes) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.wrap`. Layout: length of the key id, key id, nonce, AES-GCM."""
        found = self._wrapping.get(purpose)
        if found is None:
            raise Refused("key_unknown", detail=purpose.value)
        kid, cipher = found
        nonce = self._token_bytes(_NONCE_BYTES)
        head = bytes((len(kid),)) + kid
        return head + nonce + cipher.encrypt(nonce, key, head + context)

    def knows_wrapping_key(self, purpose: KeyPurpose, wrapped: bytes) -> bool:
        """Whether the key that ``wrapped`` names is here."""
        return bool(wrapped) and (purpose, wrapped[1 : 1 + wrapped[0]]) in self._unwrapping

    def unwrap(self, purpose: KeyPurpose, wrapped: bytes, *, context: bytes) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.unwrap`."""
        if not wrapped:
            raise Refused("unwrap_failed")
        end = 1 + wrapped[0]
        cipher = self._unwrapping.get((purpose, wrapped[1:end]))
        nonce, sealed = wrapped[end : end + _NONCE_BYTES], wrapped[end + _NONCE_BYTES :]
        if cipher is None or len(nonce) != _NONCE_BYTES:
            raise Refused("unwrap_failed")
        try:
            return cipher.decrypt(nonce, sealed, wrapped[:end] + context)
        except InvalidTag:
            raise Refused("unwrap_failed") from None

    def decrypt(
        self, purpose: KeyPurpose, kid: str, ciphertext: bytes, *, label: str, mask: str
    ) -> bytes:
        """See :meth:`hkeid.ports.KeyStore.decrypt`."""
        private = self._decryption.get((purpose, kid))
        if private is None:
            raise Refused("key_unknown", detail=f"{purpose.value} {kid}")
        if label not in _HASHES or mask not in _HASHES:
            raise Refused("decryption_failed")
        try:
            scheme = padding.OAEP(padding.MGF1(_HASHES[mask]), _HASHES[label], label=None)
            return private.decrypt(ciphertext, scheme)
        except ValueError:
            raise Refused("decryption_failed") from None


def new_signing_key(purpose: KeyPurpose, algorithm: str, state: KeyState, now: Instant) -> HeldKey:
    """A new asymmetric key, made by the operating system's generator through OpenSSL.

    :param algorithm: of a decryption key ``RSA-OAEP``.
    """
    private = generate("RS256" if algorithm == RSA_OAEP else algorithm)
    return held_signing_key(purpose, private, state, now)


def held_signing_key(
    purpose: KeyPurpose, private: PrivateSigningKey, state: KeyState, now: Instant
) -> HeldKey:
    """A private key as a ring holds it."""
    jwk = public_jwk(private)
    return HeldKey(
        kid=jwk["kid"],
        purpose=purpose,
        algorithm=RSA_OAEP if purpose in DECRYPTION_PURPOSES else jwk["alg"],
        state=state,
        since=now,
        private=private,
    )


def new_symmetric_key(
    purpose: KeyPurpose, now: Instant, token_bytes: Callable[[int], bytes]
) -> HeldKey:
    """A new MAC key or key-encryption key of 256 bits."""
    return HeldKey(
        kid=base64url.encode(token_bytes(8)),
        purpose=purpose,
        algorithm="A256GCM" if purpose in WRAPPING_PURPOSES else "HS256",
        state=KeyState.ACTIVE,
        since=now,
        private=token_bytes(32),
    )

"""Signing keys that are made in a hardware security module and never leave it (PKCS#11).

The handle is the key's ``CKA_ID``: random, and kept with a digest of key id and kind, so that a handle
opens for no other key. One login serves all threads; a token that went away is looked for again at the
next use. A PIN that the token refused is not presented again by this process: the token counts.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hkeid.adapters.pkcs11_tokens import OpenToken, Pkcs11Module
from hkeid.adapters.pkcs11_tokens.failures import TokenRefused, TokenUnavailable, pkcs11
from hkeid.kernel.errors import MalformedInput, Refused, TooManyAttempts, Unavailable
from hkeid.kernel.secret import Secret
from hkeid.ports.signing_keys import GeneratedKey, SigningKeyKind
from hkeid.ports.surroundings import Random

_ID: Final = 16
_LABEL: Final = "hkeid resident signing key"
_CURVES: Final = {SigningKeyKind.P256: "secp256r1", SigningKeyKind.P384: "secp384r1"}
_RSA_BITS: Final = {SigningKeyKind.RSA2048: 2048, SigningKeyKind.RSA3072: 3072}
_DIGEST_LENGTH: Final = {"sha256": 32, "sha384": 48}
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""DigestInfo before a SHA-256 digest (RFC 8017 §9.2, note 1)."""

_NOT_LET_IN: Final = frozenset({"pin_incorrect", "pin_expired"})
_HANDLE: Final = _ID + sha256().digest_size

T = TypeVar("T")


class TokenResidentKeys:
    """Keys in one token.

    :param module: path of the module, which is loaded at the first use.
    :param label: the token's.
    :param pin: of its user.
    """

    def __init__(self, module: Path, *, label: str, pin: Secret, random: Random) -> None:
        self._module = module
        self._label = label
        self._pin = pin
        self._random = random
        self._opening = Lock()
        self._open: tuple[ExitStack, OpenToken] | None = None
        self._barred = ""

    @staticmethod
    def made(handle: bytes) -> bool:
        """Whether a handle has the form of those made here."""
        return len(handle) == _HANDLE

    def generate(self, key_id: str, kind: SigningKeyKind) -> GeneratedKey:
        """Make a key inside the token.

        :raises hkeid.kernel.errors.Unavailable: ``signing_keys_unavailable``.
        :raises hkeid.kernel.errors.Refused: ``signing_key_unusable``: the token makes no such keys.
        """
        try:
            object_id, public = self._generated(kind)
        except Unavailable:
            # The token may have been away and be back, which only a second try notices.
            object_id, public = self._generated(kind)
        return GeneratedKey(public_key=public, handle=object_id + _bound(key_id, kind, object_id))

    def sign(self, key_id: str, kind: SigningKeyKind, handle: bytes, digest: bytes) -> bytes:
        """Sign a digest.

        :raises hkeid.kernel.errors.MalformedInput: ``digest_length``.
        :raises hkeid.kernel.errors.Refused: ``signing_key_unusable``.
        :raises hkeid.kernel.errors.Unavailable: ``signing_keys_unavailable``.
        """
        if len(digest) != _DIGEST_LENGTH[kind.hash_name]:
            raise MalformedInput("digest_length", field="digest")
        object_id = _object_id(key_id, kind, handle)
        if kind in _CURVES:
            raw = self._with_token(
                lambda token: token.sign_raw(object_id, digest, pkcs11.Mechanism.ECDSA)
            )
            half = len(raw) // 2
            return encode_dss_signature(
                int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
            )
        return self._with_token(
            lambda token: token.sign_raw(
                object_id, _SHA256_INFO + digest, pkcs11.Mechanism.RSA_PKCS
            )
        )

    def destroy(self, key_id: str, kind: SigningKeyKind, handle: bytes) -> None:
        """Delete the key from the token; nothing happens when it is gone.

        :raises hkeid.kernel.errors.Unavailable: ``signing_keys_unavailable``.
        """
        object_id = _object_id(key_id, kind, handle)
        self._with_token(lambda token: token.delete_keys(object_id))

    def close(self) -> None:
        """Log out."""
        with self._opening:
            self._drop()

    # --- details ----------------------------------------------------------------------------------

    def _generated(self, kind: SigningKeyKind) -> tuple[bytes, bytes]:
        """The id of a new key, which is another one with every try, and the public key."""
        object_id = self._random.token_bytes(_ID)
        return object_id, self._with_token(lambda token: _generate(token, object_id, kind))

    def _with_token(self, work: Callable[[OpenToken], T]) -> T:
        try:
            return work(self._token())
        except TooManyAttempts as error:
            raise self._bar(error.reason) from None
        except TokenUnavailable as error:
            raise Unavailable("signing_keys_unavailable", detail=error.reason) from None
        except TokenRefused as error:
            if error.reason in _NOT_LET_IN:
                raise self._bar(error.reason) from None
            raise Refused("signing_key_unusable", detail=error.reason) from None

    def _token(self) -> OpenToken:
        with self._opening:
            if self._barred:
                raise Unavailable("signing_keys_unavailable", detail=self._barred)
            if self._open is None:
                module = Pkcs11Module.load(self._module)
                stack = ExitStack()
                token = stack.enter_context(
                    module.open(label=self._label, pin=self._pin, writes=True, unattended=True)
                )
                self._open = (stack, token)
            return self._open[1]

    def _bar(self, reason: str) -> Unavailable:
        self._barred = f"{reason}; not tried again before a restart"
        return Unavailable("signing_keys_unavailable", detail=self._barred)

    def _drop(self) -> None:
        if self._open is not None:
            stack, _ = self._open
            self._open = None
            stack.close()


def _generate(token: OpenToken, object_id: bytes, kind: SigningKeyKind) -> bytes:
    if kind in _CURVES:
        return token.generate_elliptic(object_id, _LABEL, _CURVES[kind])
    modulus, exponent = token.generate_rsa(object_id, _LABEL, _RSA_BITS[kind])
    return (
        rsa.RSAPublicNumbers(exponent, modulus)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _bound(key_id: str, kind: SigningKeyKind, object_id: bytes) -> bytes:
    parts: list[Any] = [b"hkeid-token-key-1", kind.value.encode(), object_id, key_id.encode()]
    return sha256(b"".join(len(one).to_bytes(4, "big") + one for one in parts)).digest()


def _object_id(key_id: str, kind: SigningKeyKind, handle: bytes) -> bytes:
    object_id, bound = handle[:_ID], handle[_ID:]
    if not hmac.compare_digest(bound, _bound(key_id, kind, object_id)):
        raise Refused("signing_key_unusable", detail="bound to another key")
    return object_id

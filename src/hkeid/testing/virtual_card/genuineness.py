"""How the chip shows that it is the one that was issued: chip authentication (Doc 9303-11 §6.2) and
active authentication (§6.1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from hkeid.chip.domain_parameters import CurveParameters, ModpParameters
from hkeid.ports import Random
from hkeid.testing.der import oid_value
from hkeid.testing.virtual_card.apdu import Status, read_objects
from hkeid.testing.virtual_card.channel import Channel
from hkeid.testing.virtual_card.groups import group_of
from hkeid.testing.virtual_card.points import Point
from hkeid.testing.virtual_card.symmetric import Suite, derive

At = Callable[[Point, Any], Any]

ID_CA = "0.4.0.127.0.7.2.2.3"

_TRAILERS = {"sha1": b"\xbc", "sha224": b"\x38\xcc", "sha256": b"\x34\xcc"} | {
    "sha384": b"\x36\xcc",
    "sha512": b"\x35\xcc",
}
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipKey:
    """A static key-agreement key of the chip.

    :ivar number: key identifier, or None where there is only one.
    """

    domain: CurveParameters | ModpParameters
    private: int = field(repr=False)
    suite: Suite = Suite.AES128
    number: int | None = None

    @property
    def public(self) -> bytes:
        """The public key as it stands in DG14."""
        return group_of(self.domain).public_key(self.private)

    @property
    def oid(self) -> str:
        """The protocol's object identifier."""
        kind = 2 if isinstance(self.domain, CurveParameters) else 1
        return f"{ID_CA}.{kind}.{self.suite.value}"


class ChipAuthentication:
    """The protocol's state between commands; it always runs inside a channel."""

    def __init__(self, keys: tuple[ChipKey, ...], at: At) -> None:
        self._keys = keys
        self._at = at
        self._chosen: ChipKey | None = None

    def forget(self) -> None:
        """No run is under way."""
        self._chosen = None

    def agree_at_once(self, body: bytes) -> Channel:
        """MSE:Set KAT, the form for 3DES.

        :raises Status: 6A80, 6A88.
        """
        objects = dict(read_objects(body))
        if 0x91 not in objects:
            raise Status(0x6A80)
        return self._channel(self._key(objects.get(0x84), Suite.TDES), objects[0x91])

    def begin(self, body: bytes) -> None:
        """MSE:Set AT, the form for AES.

        :raises Status: 6A80, 6A88.
        """
        objects = dict(read_objects(body))
        for key in self._keys:
            if oid_value(key.oid) == objects.get(0x80):
                self._chosen = self._key(objects.get(0x84), key.suite)
                return
        raise Status(0x6A80)

    def step(self, body: bytes) -> Channel:
        """GENERAL AUTHENTICATE with the reader's ephemeral key.

        :raises Status: 6985, 6A80.
        """
        chosen, self._chosen = self._chosen, None
        if chosen is None:
            raise Status(0x6985)
        outer = dict(read_objects(body))
        inner = dict(read_objects(outer.get(0x7C, b"")))
        if 0x80 not in inner:
            raise Status(0x6A80)
        return self._channel(chosen, inner[0x80])

    def _key(self, number: bytes | None, suite: Suite) -> ChipKey:
        wanted = None if number is None else int.from_bytes(number, "big")
        for key in self._keys:
            if key.suite is suite and wanted in {None, key.number}:
                return key
        raise Status(0x6A88)

    def _channel(self, key: ChipKey, public: bytes) -> Channel:
        try:
            secret = group_of(key.domain).agree(key.private, public)
        except ValueError:
            raise Status(0x6A80) from None
        secret = self._at(Point.CHIP_SECRET, secret)
        suite = key.suite
        k_enc, k_mac = derive(secret, 1, suite), derive(secret, 2, suite)
        return Channel(suite, k_enc, k_mac, bytes(suite.block), self._at)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveKey:
    """The key of active authentication, with the hash that it signs with."""

    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    digest: str = "sha256"


class ActiveAuthentication:
    """INTERNAL AUTHENTICATE."""

    def __init__(self, key: ActiveKey, random: Random, at: At) -> None:
        self._key = key
        self._random = random
        self._at = at

    def sign(self, challenge: bytes) -> bytes:
        """The signature over eight bytes of challenge.

        :raises Status: 6700.
        """
        if len(challenge) != 8:
            raise Status(0x6700)
        private = self._key.private
        if isinstance(private, rsa.RSAPrivateKey):
            signature = self._recoverable(private, challenge)
        else:
            der = private.sign(challenge, ec.ECDSA(_HASHES[self._key.digest]()))
            width = (private.curve.key_size + 7) // 8
            r, s = decode_dss_signature(der)
            signature = r.to_bytes(width, "big") + s.to_bytes(width, "big")
        out: bytes = self._at(Point.ACTIVE_SIGNATURE, signature)
        return out

    def _recoverable(self, private: rsa.RSAPrivateKey, challenge: bytes) -> bytes:
        """ISO/IEC 9796-2 digital signature scheme 1: ``6A || M1 || H(M1 || RND) || trailer``."""
        numbers = private.private_numbers()
        size = (private.key_size + 7) // 8
        trailer = _TRAILERS[self._key.digest]
        hashed = hashlib.new(self._key.digest, usedforsecurity=False)
        m1 = self._random.token_bytes(size - 1 - hashed.digest_size - len(trailer))
        hashed.update(m1 + challenge)
        message = self._at(Point.ACTIVE_RECOVERED, b"\x6a" + m1 + hashed.digest() + trailer)
        modulus = numbers.public_numbers.n
        value = pow(int.from_bytes(message, "big"), numbers.d, modulus)
        return value.to_bytes(size, "big")

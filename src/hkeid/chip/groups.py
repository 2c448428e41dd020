"""Groups for key agreement: what PACE and chip authentication need of elliptic curves and of RFC 5114.

A group is its parameters and a generator, which the mappings of PACE replace. Private keys are
numbers, public keys bytes as they travel: ``04 x y``, or a number of fixed width.

``cryptography`` has no point arithmetic. Multiplication goes through its ECDH, which gives the
x-coordinate; the y-coordinate is a square root whose sign a second ECDH decides; one addition is done
here. The square root and the addition work on secret-derived values in Python, and so do the powers
of the classic groups: not in constant time. They are on ephemeral values of one session with one card
in one reader, where an attacker sees no timing but the radio's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from hkeid.chip.domain_parameters import (
    CURVES,
    CurveParameters,
    ModpParameters,
    standardised_parameters,
)
from hkeid.chip.square_root import square_root
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.surroundings import Random

_DRAWS = 64


class InvalidPublicKey(MalformedInput):
    """A public key that is no element of the group (reason ``public_key_invalid``)."""

    def __init__(self) -> None:
        super().__init__("public_key_invalid")


class Group(Protocol):
    """A cyclic group with a generator."""

    @property
    def field_bytes(self) -> int:
        """Bytes of a coordinate or element."""
        ...

    @property
    def elliptic(self) -> bool:
        """Whether it is a curve."""
        ...

    def draw(self, random: Random) -> int:
        """A fresh private key."""
        ...

    def public(self, private: int) -> bytes:
        """The public key of ``private``."""
        ...

    def check(self, public: bytes) -> None:
        """Refuse what is no public key of this group.

        :raises InvalidPublicKey: ``public_key_invalid``.
        """
        ...

    def shared(self, private: int, public: bytes) -> bytes:
        """The shared secret: the x-coordinate, or the element.

        :raises InvalidPublicKey: ``public_key_invalid``.
        """
        ...

    def multiply(self, private: int, public: bytes) -> bytes:
        """``public`` multiplied (raised) by ``private``, as a public key.

        :raises InvalidPublicKey: ``public_key_invalid``.
        """
        ...

    def mapped(self, nonce: bytes, private: int, public: bytes) -> Self:
        """The group with the generator of the generic mapping (Doc 9303-11 §4.4.3.3.1).

        :raises InvalidPublicKey: ``public_key_invalid``.
        """
        ...

    def compressed(self, public: bytes) -> bytes:
        """What terminal authentication signs of a key: the x-coordinate, or SHA-1 of the element."""
        ...


_Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class CurveGroup:
    """An elliptic curve that OpenSSL knows."""

    parameters: CurveParameters
    generator: _Point
    curve: ec.EllipticCurve = field(compare=False)
    _keys: dict[int, ec.EllipticCurvePrivateKey] = field(
        default_factory=dict, compare=False, repr=False
    )
    elliptic = True

    @property
    def field_bytes(self) -> int:
        """Bytes of a coordinate."""
        return self.parameters.field_bytes

    def draw(self, random: Random) -> int:
        """A number from 2 to n - 2, drawn again where it falls outside."""
        return _draw(self.parameters.n, random)

    def public(self, private: int) -> bytes:
        """``private`` times the generator."""
        if self.generator == (self.parameters.gx, self.parameters.gy):
            return self._encode(self._base(private))
        return self._encode(self._multiply(private, self.generator))

    def check(self, public: bytes) -> None:
        """The point must be on the curve, and not at infinity."""
        self._decode(public)

    def shared(self, private: int, public: bytes) -> bytes:
        """The x-coordinate."""
        x = self._exchange(private, self._decode(public))
        return x.to_bytes(self.field_bytes, "big")

    def multiply(self, private: int, public: bytes) -> bytes:
        """The point multiplied."""
        return self._encode(self._multiply(private, self._decode(public)))

    def mapped(self, nonce: bytes, private: int, public: bytes) -> CurveGroup:
        """``G' = s·G + H`` with ``H`` the point agreed on."""
        number = int.from_bytes(nonce, "big") % self.parameters.n
        agreed = self._multiply(private, self._decode(public))
        if not number:
            raise InvalidPublicKey
        return self.with_generator(self._add(self._base(number), agreed))

    def with_generator(self, point: _Point) -> CurveGroup:
        """The same curve with another generator."""
        if not self.parameters.contains(*point):
            raise InvalidPublicKey
        return replace(self, generator=point)

    def compressed(self, public: bytes) -> bytes:
        """The x-coordinate."""
        return public[1 : 1 + self.field_bytes]

    def generator_bytes(self) -> bytes:
        """The generator as a public key is written."""
        return self._encode(self.generator)

    def _encode(self, point: _Point) -> bytes:
        width = self.field_bytes
        return b"\x04" + point[0].to_bytes(width, "big") + point[1].to_bytes(width, "big")

    def _decode(self, public: bytes) -> _Point:
        width = self.field_bytes
        if len(public) != 1 + 2 * width or public[0] != 4:
            raise InvalidPublicKey
        x, y = (
            int.from_bytes(public[1 : 1 + width], "big"),
            int.from_bytes(public[1 + width :], "big"),
        )
        if not self.parameters.contains(x, y):
            raise InvalidPublicKey
        return x, y

    def _base(self, number: int) -> _Point:
        """``number·G`` with the curve's own generator."""
        numbers = self._key(number).public_key().public_numbers()
        return numbers.x, numbers.y

    def _key(self, number: int) -> ec.EllipticCurvePrivateKey:
        """``number`` as OpenSSL has it. Deriving costs three multiplications, so it is kept for as long
        as the group: one run of a protocol.
        """
        number %= self.parameters.n
        if not number:
            raise InvalidPublicKey
        key = self._keys.get(number)
        if key is None:
            key = self._keys[number] = ec.derive_private_key(number, self.curve)
        return key

    def _exchange(self, number: int, point: _Point) -> int:
        """The x-coordinate of ``number·point``."""
        other = ec.EllipticCurvePublicNumbers(*point, self.curve).public_key()
        return int.from_bytes(self._key(number).exchange(ec.ECDH(), other), "big")

    def _multiply(self, number: int, point: _Point) -> _Point:
        """``number·point`` with both coordinates.

        Of the two points with the x-coordinate that ECDH gives, that one fits whose sum with ``number·G``
        has the x-coordinate of ``number·(point + G)``.
        """
        curve = self.parameters
        number %= curve.n
        base = self._base(number)
        if point[0] == curve.gx:
            return base if point[1] == curve.gy else (base[0], -base[1] % curve.p)
        x = self._exchange(number, point)
        y = square_root((x * x * x + curve.a * x + curve.b) % curve.p, curve.p)
        if y is None:
            raise InvalidPublicKey
        both = self._exchange(number, self._add(point, (curve.gx, curve.gy)))
        return (x, y) if self._add((x, y), base)[0] == both else (x, -y % curve.p)

    def _add(self, one: _Point, two: _Point) -> _Point:
        """Affine addition; the sum at infinity is refused."""
        p = self.parameters.p
        if one[0] == two[0]:
            if one[1] != two[1] or not one[1]:
                raise InvalidPublicKey
            slope = (3 * one[0] * one[0] + self.parameters.a) * pow(2 * one[1], -1, p)
        else:
            slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, p)
        x = (slope * slope - one[0] - two[0]) % p
        return x, (slope * (one[0] - x) - one[1]) % p


@dataclass(frozen=True, slots=True)
class ModpGroup:
    """A subgroup of prime order of the integers modulo a prime."""

    parameters: ModpParameters
    generator: int
    elliptic = False

    @property
    def field_bytes(self) -> int:
        """Bytes of an element."""
        return self.parameters.field_bytes

    def draw(self, random: Random) -> int:
        """A number from 2 to q - 2."""
        return _draw(self.parameters.q, random)

    def public(self, private: int) -> bytes:
        """The generator to the power of ``private``."""
        return self._encode(pow(self.generator, private, self.parameters.p))

    def check(self, public: bytes) -> None:
        """The element must be in the subgroup, and not one."""
        self._decode(public)

    def shared(self, private: int, public: bytes) -> bytes:
        """The element agreed on, at full width."""
        return self.multiply(private, public)

    def multiply(self, private: int, public: bytes) -> bytes:
        """The element to the power of ``private``."""
        agreed = pow(self._decode(public), private, self.parameters.p)
        if agreed == 1:
            raise InvalidPublicKey
        return self._encode(agreed)

    def mapped(self, nonce: bytes, private: int, public: bytes) -> ModpGroup:
        """``g' = g^s · h``."""
        agreed = int.from_bytes(self.multiply(private, public), "big")
        number = int.from_bytes(nonce, "big")
        return self.with_generator(
            pow(self.generator, number, self.parameters.p) * agreed % self.parameters.p
        )

    def with_generator(self, element: int) -> ModpGroup:
        """The same group with another generator."""
        if not 1 < element < self.parameters.p - 1:
            raise InvalidPublicKey
        return replace(self, generator=element)

    def compressed(self, public: bytes) -> bytes:
        """SHA-1 of the element at full width (TR-03110-3 §A.2.2.3)."""
        number = int.from_bytes(public, "big").to_bytes(self.field_bytes, "big")
        return hashlib.sha1(number, usedforsecurity=False).digest()

    def generator_bytes(self) -> bytes:
        """The generator as a public key is written."""
        return self._encode(self.generator)

    def _encode(self, element: int) -> bytes:
        return element.to_bytes(self.field_bytes, "big")

    def _decode(self, public: bytes) -> int:
        element = int.from_bytes(public, "big")
        p, q = self.parameters.p, self.parameters.q
        if len(public) > self.field_bytes + 1 or not 1 < element < p - 1:
            raise InvalidPublicKey
        if pow(element, q, p) != 1:
            raise InvalidPublicKey
        return element


def _draw(order: int, random: Random) -> int:
    """A number from 2 to ``order`` - 2 out of as many random bytes as it takes."""
    bits = order.bit_length()
    for _ in range(_DRAWS):
        number = int.from_bytes(random.token_bytes((bits + 7) // 8), "big")
        number &= (1 << bits) - 1
        if 2 <= number <= order - 2:
            return number
    raise ValueError("no chance left in the source of chance")


_OPENSSL: dict[str, type[ec.EllipticCurve]] = {
    "secp192r1": ec.SECP192R1,
    "secp224r1": ec.SECP224R1,
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}


def group_of(parameters: CurveParameters | ModpParameters) -> CurveGroup | ModpGroup | None:
    """The group with its own generator; None for a curve that OpenSSL does not have here."""
    if isinstance(parameters, ModpParameters):
        return ModpGroup(parameters, parameters.g)
    known = _OPENSSL.get(parameters.name)
    if known is None:
        return None
    return CurveGroup(parameters, (parameters.gx, parameters.gy), known())


def standardised_group(parameter_id: int) -> CurveGroup | ModpGroup | None:
    """The group with this number in table 6 of Doc 9303-11 §9.5.1, or None."""
    parameters = standardised_parameters(parameter_id)
    return None if parameters is None else group_of(parameters)


def named_curve(name: str) -> CurveGroup | None:
    """The curve of this name, or None."""
    parameters = CURVES.get(name)
    group = None if parameters is None else group_of(parameters)
    return group if isinstance(group, CurveGroup) else None


def ec_public_key(group: CurveGroup, public: bytes) -> ec.EllipticCurvePublicKey:
    """The key as ``cryptography`` has it, for signatures.

    :raises InvalidPublicKey: ``public_key_invalid``.
    """
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(group.curve, public)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidPublicKey from None

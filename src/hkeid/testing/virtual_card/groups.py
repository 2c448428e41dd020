"""The card's groups: elliptic curves in plain Python and modular exponentiation.

Not constant-time: these keys protect nothing. Where OpenSSL knows the curve it does the easy half.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from hkeid.chip.domain_parameters import CurveParameters, ModpParameters
from hkeid.ports import Random

Point = tuple[int, int]
_Jacobian = tuple[int, int, int]

_QUICK = frozenset({"secp256r1", "secp384r1", "secp521r1"})

_OPENSSL: dict[str, Callable[[], ec.EllipticCurve]] = {
    "secp192r1": ec.SECP192R1,
    "secp224r1": ec.SECP224R1,
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}


def _double(point: _Jacobian, a: int, p: int) -> _Jacobian:
    x, y, z = point
    if not y:
        return 0, 1, 0
    square = y * y % p
    s = 4 * x * square % p
    z2 = z * z % p
    slope = (3 * x * x + a * z2 % p * z2) % p
    out = (slope * slope - 2 * s) % p
    return out, (slope * (s - out) - 8 * square * square) % p, 2 * y * z % p


def _add(left: _Jacobian, right: Point, a: int, p: int) -> _Jacobian:
    """Mixed addition."""
    x1, y1, z1 = left
    if not z1:
        return right[0], right[1], 1
    square = z1 * z1 % p
    h = (right[0] * square - x1) % p
    r = (right[1] * square * z1 - y1) % p
    if not h:
        return (0, 1, 0) if r else _double(left, a, p)
    h2 = h * h % p
    h3 = h * h2 % p
    v = x1 * h2 % p
    x = (r * r - h3 - 2 * v) % p
    return x, (r * (v - x) - y1 * h3) % p, z1 * h % p


def _affine(point: _Jacobian, p: int) -> Point | None:
    x, y, z = point
    if not z:
        return None
    inverse = pow(z, -1, p)
    square = inverse * inverse % p
    return x * square % p, y * square * inverse % p


def add(left: Point, right: Point, curve: CurveParameters) -> Point | None:
    """Sum of two points; None is the point at infinity."""
    return _affine(_add((*left, 1), right, curve.a, curve.p), curve.p)


def multiply(scalar: int, point: Point, curve: CurveParameters) -> Point | None:
    """``scalar`` times ``point``; None is the point at infinity.

    By OpenSSL on the NIST curves, for which it is much faster than Python; by Python on the others.
    """
    if curve.name in _QUICK and 1 < scalar % curve.n < curve.n - 1:
        return _multiply_by_exchange(scalar % curve.n, point, curve)
    return multiply_in_python(scalar, point, curve)


def _multiply_by_exchange(scalar: int, point: Point, curve: CurveParameters) -> Point | None:
    """ECDH gives ``x(k·P)``; of the two points with it, that one fits whose sum with P has the
    ``x((k + 1)·P)`` that a second ECDH gives.
    """
    named = _OPENSSL[curve.name]
    public = ec.EllipticCurvePublicNumbers(*point, named()).public_key()

    def x_of(number: int) -> int:
        private = ec.derive_private_key(number, named())
        return int.from_bytes(private.exchange(ec.ECDH(), public), "big")

    x, following, p = x_of(scalar), x_of(scalar + 1), curve.p
    y = pow(x * x * x + curve.a * x + curve.b, (p + 1) // 4, p)
    return next(
        (
            found
            for found in ((x, y), (x, p - y))
            if (add(found, point, curve) or (-1,))[0] == following
        ),
        None,
    )


def multiply_in_python(scalar: int, point: Point, curve: CurveParameters) -> Point | None:
    """The same in Python alone."""
    p, a = curve.p, curve.a
    table: list[Point | None] = [None, point]
    for _ in range(14):
        last = table[-1]
        table.append(point if last is None else add(last, point, curve))
    total: _Jacobian = (0, 1, 0)
    for digit in f"{scalar % curve.n:x}":
        for _ in range(4):
            total = _double(total, a, p)
        step = table[int(digit, 16)]
        if step is not None:
            total = _add(total, step, a, p)
    return _affine(total, p)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Key agreement on one curve, with any generator. Public keys are uncompressed points."""

    domain: CurveParameters
    generator: Point

    @classmethod
    def standard(cls, domain: CurveParameters) -> Curve:
        """With the generator of the standard."""
        return cls(domain=domain, generator=(domain.gx, domain.gy))

    def private_key(self, random: Random) -> int:
        """A scalar from 1 to n − 1."""
        while True:
            value = int.from_bytes(random.token_bytes(self.domain.order_bytes), "big")
            value >>= max(0, 8 * self.domain.order_bytes - self.domain.n.bit_length())
            if 0 < value < self.domain.n:
                return value

    def public_key(self, private: int) -> bytes:
        """The public key of ``private``."""
        fast = _OPENSSL.get(self.domain.name)
        if fast and self.generator == (self.domain.gx, self.domain.gy):
            numbers = ec.derive_private_key(private, fast()).public_key().public_numbers()
            return self.encode((numbers.x, numbers.y))
        point = multiply(private, self.generator, self.domain)
        if point is None:
            raise ValueError("infinity")
        return self.encode(point)

    def encode(self, point: Point) -> bytes:
        """``04 || x || y``."""
        width = self.domain.field_bytes
        return b"\x04" + point[0].to_bytes(width, "big") + point[1].to_bytes(width, "big")

    def decode(self, value: bytes) -> Point:
        """The inverse of :meth:`encode`.

        :raises ValueError: not a point of the curve.
        """
        width = self.domain.field_bytes
        if len(value) != 2 * width + 1 or value[0] != 4:
            raise ValueError("point format")
        point = (
            int.from_bytes(value[1 : 1 + width], "big"),
            int.from_bytes(value[1 + width :], "big"),
        )
        if not self.domain.contains(*point):
            raise ValueError("off curve")
        return point

    def agree_point(self, private: int, public: bytes) -> Point:
        """The shared point, both coordinates."""
        point = multiply(private, self.decode(public), self.domain)
        if point is None:
            raise ValueError("infinity")
        return point

    def agree(self, private: int, public: bytes) -> bytes:
        """The shared secret: the x coordinate."""
        fast = _OPENSSL.get(self.domain.name)
        if fast:
            x, y = self.decode(public)
            peer = ec.EllipticCurvePublicNumbers(x, y, fast()).public_key()
            return ec.derive_private_key(private, fast()).exchange(ec.ECDH(), peer)
        return self.agree_point(private, public)[0].to_bytes(self.domain.field_bytes, "big")

    def mapped(self, nonce: bytes, shared: Point) -> Curve:
        """Generic mapping: generator ``s·G + H``."""
        scalar = int.from_bytes(nonce, "big")
        scaled = self.decode(self.public_key(scalar % self.domain.n))
        point = add(scaled, shared, self.domain)
        if point is None:
            raise ValueError("infinity")
        return Curve(domain=self.domain, generator=point)

    def integrated(self, value: int) -> Curve:
        """Integrated mapping: generator from the encoding of a field element (Doc 9303-11 B.2)."""
        p, a, b = self.domain.p, self.domain.a, self.domain.b
        alpha = -value * value % p
        x2 = -b * pow(a, -1, p) * (1 + pow(alpha + alpha * alpha, -1, p)) % p
        x3 = alpha * x2 % p
        h2 = (x2**3 + a * x2 + b) % p
        u = pow(value, 3, p) * h2 % p
        root = pow(h2, p - 1 - (p + 1) // 4, p)
        point = (x2, root * h2 % p) if root * root * h2 % p == 1 else (x3, root * u % p)
        return Curve(domain=self.domain, generator=point)


@dataclass(frozen=True, slots=True, kw_only=True)
class Modp:
    """Key agreement in a subgroup of the integers modulo p. Public keys have fixed width."""

    domain: ModpParameters
    generator: int

    @classmethod
    def standard(cls, domain: ModpParameters) -> Modp:
        """With the generator of the standard."""
        return cls(domain=domain, generator=domain.g)

    def private_key(self, random: Random) -> int:
        """An exponent from 1 to q − 1."""
        width = (self.domain.q.bit_length() + 7) // 8
        while True:
            value = int.from_bytes(random.token_bytes(width), "big")
            if 0 < value < self.domain.q:
                return value

    def public_key(self, private: int) -> bytes:
        """The public key of ``private``."""
        return self._encode(pow(self.generator, private, self.domain.p))

    def _encode(self, value: int) -> bytes:
        return value.to_bytes(self.domain.field_bytes, "big")

    def decode(self, value: bytes) -> int:
        """The number of a public key.

        :raises ValueError: not a member of the group, or a trivial one.
        """
        number = int.from_bytes(value, "big")
        if not 1 < number < self.domain.p - 1:
            raise ValueError("out of range")
        if pow(number, self.domain.q, self.domain.p) != 1:
            raise ValueError("not in the subgroup")
        return number

    def agree_point(self, private: int, public: bytes) -> int:
        """The shared number."""
        return pow(self.decode(public), private, self.domain.p)

    def agree(self, private: int, public: bytes) -> bytes:
        """The shared secret, fixed width."""
        return self._encode(self.agree_point(private, public))

    def mapped(self, nonce: bytes, shared: int) -> Modp:
        """Generic mapping: generator ``g^s · H``."""
        power = pow(self.generator, int.from_bytes(nonce, "big"), self.domain.p)
        return Modp(domain=self.domain, generator=power * shared % self.domain.p)

    def integrated(self, value: int) -> Modp:
        """Integrated mapping: ``value^a`` with the cofactor ``a``."""
        cofactor = (self.domain.p - 1) // self.domain.q
        return Modp(domain=self.domain, generator=pow(value, cofactor, self.domain.p))


Group = Curve | Modp


def group_of(domain: CurveParameters | ModpParameters) -> Group:
    """The group with its standard generator."""
    if isinstance(domain, CurveParameters):
        return Curve.standard(domain)
    return Modp.standard(domain)

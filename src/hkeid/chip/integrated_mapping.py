"""The integrated mapping of PACE (Doc 9303-11 §4.4.3.3.2 and appendix B): a generator by hashing."""

from __future__ import annotations

from hkeid.chip.groups import CurveGroup, InvalidPublicKey, ModpGroup
from hkeid.chip.kdf import CipherName, encrypt_cbc

_SHORT = (
    bytes.fromhex("a668892a7c41e3ca739f40b057d85904"),
    bytes.fromhex("a4e136ac725f738b01c1f60217c188ad"),
)
_LONG = (
    bytes.fromhex("d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676"),
    bytes.fromhex("54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517"),
)


def pseudo_random(cipher: CipherName, nonce: bytes, other: bytes, *, bits: int) -> bytes:
    """``R(s, t)``: at least 64 bits longer than ``bits``, in whole blocks.

    :param nonce: ``s``, the card's.
    :param other: ``t``, the terminal's, as long as a key.
    """
    first, second = _LONG if cipher.key_bytes > 16 else _SHORT
    iv = bytes(cipher.block_bytes)
    width = cipher.key_bytes
    key = encrypt_cbc(cipher, other, iv, nonce)[:width]
    rounds = -(-(bits + 64) // (8 * len(first)))
    out = b""
    for _ in range(rounds):
        out += encrypt_cbc(cipher, key, iv, second)
        key = encrypt_cbc(cipher, key, iv, first)[:width]
    return out


def mapped_group(
    group: CurveGroup | ModpGroup, cipher: CipherName, nonce: bytes, other: bytes
) -> CurveGroup | ModpGroup:
    """The group with the generator that both nonces lead to.

    :raises InvalidPublicKey: they lead to none.
    """
    p = group.parameters.p
    random = pseudo_random(cipher, nonce, other, bits=p.bit_length())
    element = int.from_bytes(random, "big") % p
    if isinstance(group, ModpGroup):
        power = (p - 1) // group.parameters.q
        return group.with_generator(pow(element, power, p))
    return group.with_generator(_encode_point(group, element))


def _encode_point(group: CurveGroup, t: int) -> tuple[int, int]:
    """A point of the curve from a field element (appendix B.2); p is 3 modulo 4."""
    curve = group.parameters
    p, a, b = curve.p, curve.a, curve.b
    alpha = -t * t % p
    denominator = (alpha + alpha * alpha) % p
    if p % 4 != 3 or not denominator:
        raise InvalidPublicKey
    x2 = -b * pow(a, -1, p) * (1 + pow(denominator, -1, p)) % p
    x3 = alpha * x2 % p
    h2 = (pow(x2, 3, p) + a * x2 + b) % p
    u = pow(t, 3, p) * h2 % p
    root = pow(h2, p - 1 - (p + 1) // 4, p)
    if root * root * h2 % p == 1:
        return x2, root * h2 % p
    return x3, root * u % p

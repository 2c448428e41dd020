"""Square roots modulo a prime (Tonelli and Shanks; one power where p is 3 modulo 4)."""

from __future__ import annotations


def square_root(square: int, p: int) -> int | None:
    """A number whose square is ``square`` modulo the odd prime ``p``, or None."""
    square %= p
    if not square:
        return 0
    if p % 4 == 3:
        root = pow(square, (p + 1) // 4, p)
        return root if root * root % p == square else None
    if pow(square, (p - 1) // 2, p) != 1:
        return None
    return _tonelli_shanks(square, p)


def _tonelli_shanks(square: int, p: int) -> int | None:
    odd, twos = p - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    other = next((n for n in range(2, 1000) if pow(n, (p - 1) // 2, p) == p - 1), None)
    if other is None:
        return None
    factor, rest, root = pow(other, odd, p), pow(square, odd, p), pow(square, (odd + 1) // 2, p)
    for _ in range(twos):
        if rest == 1:
            return root
        least, power = 0, rest
        while power != 1:
            power, least = power * power % p, least + 1
        step = pow(factor, 1 << (twos - least - 1), p)
        twos, factor = least, step * step % p
        rest, root = rest * factor % p, root * step % p
    return root if rest == 1 else None

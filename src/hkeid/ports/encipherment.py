"""A key that others encipher to, with a certificate of its own: it opens, and never leaves its place (law 6)."""

from __future__ import annotations

from typing import Protocol


class EnciphermentKey(Protocol):
    """The private half of an encipherment certificate."""

    def decrypt(self, ciphertext: bytes) -> bytes:
        """What was enciphered to the certificate.

        With PKCS #1 v1.5 a damaged ciphertext gives other bytes rather than an error (implicit rejection), so
        that nobody learns about the padding.

        :raises hkeid.kernel.errors.Refused: ``decryption_failed``.
        :raises hkeid.kernel.errors.Unavailable: the token or module does not answer.
        """
        ...

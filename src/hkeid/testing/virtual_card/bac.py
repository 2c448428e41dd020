"""Basic Access Control, the card's half (Doc 9303-11 §4.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from hkeid.ports import Random
from hkeid.testing.virtual_card.apdu import Status
from hkeid.testing.virtual_card.channel import Channel
from hkeid.testing.virtual_card.points import Point
from hkeid.testing.virtual_card.symmetric import Suite, decrypt, derive, encrypt, mac, same

At = Callable[[Point, Any], Any]


class BasicAccess:
    """Keys from the MRZ, and the challenge given last."""

    def __init__(self, mrz_information: bytes, random: Random, at: At) -> None:
        seed = hashlib.sha1(mrz_information, usedforsecurity=False).digest()[:16]
        self._k_enc = derive(seed, 1, Suite.TDES)
        self._k_mac = derive(seed, 2, Suite.TDES)
        self._random = random
        self._at = at
        self._challenge: bytes | None = None

    def challenge(self) -> bytes:
        """GET CHALLENGE."""
        challenge: bytes = self._at(Point.BAC_CHALLENGE, self._random.token_bytes(8))
        self._challenge = challenge
        return challenge

    def authenticate(self, body: bytes) -> tuple[bytes, Channel]:
        """EXTERNAL AUTHENTICATE: the answer, and the channel that begins after it.

        :raises Status: 6700, 6985 no challenge, 6300 wrong key.
        """
        if len(body) != 40:
            raise Status(0x6700)
        challenge, self._challenge = self._challenge, None
        if challenge is None:
            raise Status(0x6985)
        sealed, check = body[:32], body[32:]
        if not same(mac(Suite.TDES, self._k_mac, sealed), check):
            raise Status(0x6300)
        plain = decrypt(Suite.TDES, self._k_enc, sealed)
        rnd_ifd, rnd_ic, k_ifd = plain[:8], plain[8:16], plain[16:]
        if not same(rnd_ic, challenge):
            raise Status(0x6300)
        k_ic = self._random.token_bytes(16)
        answer = self._at(Point.BAC_PLAIN, challenge + rnd_ifd + k_ic)
        sealed = encrypt(Suite.TDES, self._k_enc, answer)
        check = self._at(Point.BAC_MAC, mac(Suite.TDES, self._k_mac, sealed))
        seed = bytes(left ^ right for left, right in zip(k_ifd, k_ic, strict=True))
        channel = Channel(
            Suite.TDES,
            derive(seed, 1, Suite.TDES),
            derive(seed, 2, Suite.TDES),
            challenge[4:] + rnd_ifd[4:],
            self._at,
        )
        return sealed + check, channel

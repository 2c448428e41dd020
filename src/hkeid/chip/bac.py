"""Basic Access Control (Doc 9303-11 §4.3): the old way in, by the machine-readable zone, 3DES."""

from __future__ import annotations

import hmac

from hkeid.chip.apdu import Command, status_text
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.kdf import (
    MAC_BYTES,
    CipherName,
    SessionKeys,
    decrypt_cbc,
    encrypt_cbc,
    mac,
    pad,
    session_keys,
)
from hkeid.chip.secure_messaging import SecureChannel
from hkeid.chip.session import CardSession
from hkeid.ports.surroundings import Random

_CIPHER = CipherName.TRIPLE_DES
_NO_IV = bytes(8)
_BLOCKED = frozenset({0x6983, 0x6984})


def run_bac(session: CardSession, seed: bytes, random: Random) -> SecureChannel:
    """Authenticate both sides by the document's basic access keys and agree on session keys.

    :param seed: ``K_seed``, see :meth:`hkeid.chip.access.AccessKey.bac_seed`.
    :raises CardMalformed: ``bac_answer_malformed``.
    :raises CardRefused: ``access_key_wrong``, ``access_key_blocked``, ``bac_mac_wrong``,
        ``bac_challenge_wrong``.
    """
    keys = session_keys(seed, _CIPHER)
    theirs = session.demand(Command(ins=0x84, expect=8), FindingCode.BAC_ANSWER_MALFORMED)
    if len(theirs) != 8:
        raise CardMalformed(FindingCode.BAC_ANSWER_MALFORMED, detail="challenge")
    ours, secret = random.token_bytes(8), random.token_bytes(16)
    command = authenticate_command(keys, ours + theirs + secret)
    answer = session.send(command)
    if not answer.ok:
        blocked = answer.status in _BLOCKED
        code = FindingCode.ACCESS_KEY_BLOCKED if blocked else FindingCode.ACCESS_KEY_WRONG
        raise CardRefused(code, detail=status_text(answer.status))
    theirs_secret = _open(keys, answer.data, ours=ours, theirs=theirs)
    mixed = bytes(a ^ b for a, b in zip(secret, theirs_secret, strict=True))
    return SecureChannel(session_keys(mixed, _CIPHER), counter=theirs[4:] + ours[4:])


def authenticate_command(keys: SessionKeys, text: bytes) -> Command:
    """EXTERNAL AUTHENTICATE over ``RND.IFD ‖ RND.IC ‖ K.IFD`` (§4.3.4.2)."""
    body = encrypt_cbc(_CIPHER, keys.encryption, _NO_IV, text)
    return Command(ins=0x82, data=body + mac(_CIPHER, keys.mac, pad(body, 8)), expect=40)


def _open(keys: SessionKeys, data: bytes, *, ours: bytes, theirs: bytes) -> bytes:
    """``K.IC`` out of the card's answer, after its MAC and both challenges were found right."""
    if len(data) != 32 + MAC_BYTES:
        raise CardMalformed(FindingCode.BAC_ANSWER_MALFORMED, detail="length")
    body, given = data[:32], data[32:]
    if not hmac.compare_digest(mac(_CIPHER, keys.mac, pad(body, 8)), given):
        raise CardRefused(FindingCode.BAC_MAC_WRONG)
    text = decrypt_cbc(_CIPHER, keys.encryption, _NO_IV, body)
    if not hmac.compare_digest(text[:16], theirs + ours):
        raise CardRefused(FindingCode.BAC_CHALLENGE_WRONG)
    return text[16:]

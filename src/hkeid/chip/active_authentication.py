"""Active authentication (Doc 9303-11 §6.1): the chip signs our challenge with the key of DG15.

RSA signs by ISO/IEC 9796-2 scheme 1 with partial recovery; ECDSA in the plain form ``r ‖ s``. The
transcript is a signature, so it convinces anybody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hkeid.chip import tlv
from hkeid.chip.apdu import Command
from hkeid.chip.errors import CardMalformed, CardRefused
from hkeid.chip.findings import FindingCode
from hkeid.chip.groups import CurveGroup, InvalidPublicKey, ec_public_key
from hkeid.chip.proofs import ChipProof, ProofKind
from hkeid.chip.public_keys import (
    AgreementKey,
    MalformedKey,
    PublicKey,
    RsaKey,
    UnsupportedKey,
    parse_public_key,
)
from hkeid.chip.security_infos import SecurityInfos
from hkeid.chip.session import CardSession

CHALLENGE_BYTES = 8

# Trailers of ISO/IEC 9796-2 §8.1.2: BC is SHA-1, the two-byte ones name their hash first.
_TRAILERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x33\xcc": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    b"\x34\xcc": lambda data: hashlib.sha256(data).digest(),
    b"\x35\xcc": lambda data: hashlib.sha512(data).digest(),
    b"\x36\xcc": lambda data: hashlib.sha384(data).digest(),
    b"\x38\xcc": lambda data: hashlib.sha224(data).digest(),
}
_IMPLICIT = _TRAILERS[b"\x33\xcc"]

# BSI TR-03111 plain signatures; SHA-1 is not among those that Doc 9303 allows for new chips.
_PLAIN = "0.4.0.127.0.7.1.1.4.1."
_HASHES: dict[str, hashes.HashAlgorithm] = {
    _PLAIN + "1": hashes.SHA1(),  # noqa: S303 - §6.1.2.3 names it
    _PLAIN + "2": hashes.SHA224(),
    _PLAIN + "3": hashes.SHA256(),
    _PLAIN + "4": hashes.SHA384(),
    _PLAIN + "5": hashes.SHA512(),
}


def active_key(dg15: bytes) -> PublicKey:
    """The key in DG15 (tag 6F around a ``SubjectPublicKeyInfo``).

    :raises CardMalformed: ``active_key_malformed``.
    :raises CardRefused: ``active_key_unsupported``.
    """
    try:
        return parse_public_key(tlv.parse_one(dg15, 0x6F).value)
    except (MalformedKey, CardMalformed) as error:
        raise CardMalformed(FindingCode.ACTIVE_KEY_MALFORMED, detail=error.reason) from None
    except UnsupportedKey as error:
        raise CardRefused(FindingCode.ACTIVE_KEY_UNSUPPORTED, detail=error.detail) from None


def run_active_authentication(session: CardSession, challenge: bytes, *, long: bool) -> ChipProof:
    """INTERNAL AUTHENTICATE (§6.1.4).

    :param long: ask for an answer of more than 256 bytes.
    :raises CardRefused: ``active_refused``.
    """
    command = Command(ins=0x88, data=challenge, expect=65_536 if long else 256)
    signature = session.demand(command, FindingCode.ACTIVE_REFUSED)
    return ChipProof(
        kind=ProofKind.ACTIVE,
        algorithm="",
        parts={"challenge": challenge, "signature": signature},
    )


def check_active_proof(
    dg15: bytes, infos: SecurityInfos | None, proof: ChipProof
) -> FindingCode | None:
    """Verify a transcript against a signed DG15 (and DG14, which names the hash of ECDSA)."""
    if set(proof.parts) != {"challenge", "signature"}:
        return FindingCode.CHIP_PROOF_MALFORMED
    challenge, signature = proof.parts["challenge"], proof.parts["signature"]
    if len(challenge) != CHALLENGE_BYTES:
        return FindingCode.CHIP_PROOF_MALFORMED
    try:
        key = active_key(dg15)
        if isinstance(key, RsaKey):
            return check_rsa(key, challenge, signature)
        return _check_ecdsa(key, _hash(infos, key), challenge, signature)
    except (CardMalformed, CardRefused) as error:
        return error.code


def check_rsa(key: RsaKey, challenge: bytes, signature: bytes) -> FindingCode | None:
    """ISO/IEC 9796-2 scheme 1: recover, look at header and trailer, hash ``M1 ‖ challenge``."""
    number = int.from_bytes(signature, "big")
    if len(signature) != key.modulus_bytes or not 0 < number < key.modulus:
        return FindingCode.ACTIVE_SIGNATURE_MALFORMED
    recovered = pow(number, key.exponent, key.modulus)
    width = key.modulus_bytes
    # The signer may have sent n - s; the message then ends in C (ISO/IEC 9796-2 §B.5).
    if recovered & 0xF != 0xC:
        recovered = key.modulus - recovered
    return check_message(recovered.to_bytes(width, "big"), challenge)


def check_message(message: bytes, challenge: bytes) -> FindingCode | None:
    """The recovered message ``6A ‖ M1 ‖ hash ‖ trailer``."""
    if message[-1:] == b"\xbc":
        digest, trailer = _IMPLICIT, 1
    elif message[-2:] in _TRAILERS:
        digest, trailer = _TRAILERS[message[-2:]], 2
    else:
        return FindingCode.ACTIVE_TRAILER_WRONG
    size = len(digest(b""))
    if message[:1] != b"\x6a" or len(message) < 1 + size + trailer:
        return FindingCode.ACTIVE_SIGNATURE_WRONG
    given, first = message[-trailer - size : -trailer], message[1 : -trailer - size]
    if not hmac.compare_digest(given, digest(first + challenge)):
        return FindingCode.ACTIVE_SIGNATURE_WRONG
    return None


def _hash(infos: SecurityInfos | None, key: AgreementKey) -> hashes.HashAlgorithm:
    """The hash that DG14 names; SHA-256 or that of the curve's size where it names none."""
    named = infos.active_authentication if infos is not None else ()
    if len(named) > 1:
        raise CardMalformed(FindingCode.ACTIVE_KEY_MALFORMED, detail="several algorithms")
    if named:
        found = _HASHES.get(named[0].oid)
        if found is None:
            raise CardRefused(FindingCode.ACTIVE_KEY_UNSUPPORTED, detail=named[0].oid)
        return found
    width = key.group.field_bytes
    return hashes.SHA512() if width > 48 else hashes.SHA384() if width > 32 else hashes.SHA256()


def _check_ecdsa(
    key: AgreementKey, digest: hashes.HashAlgorithm, challenge: bytes, signature: bytes
) -> FindingCode | None:
    """Plain ECDSA over the challenge (§6.1.2.3, BSI TR-03111 §4.2.1)."""
    group = key.group
    if not isinstance(group, CurveGroup):
        return FindingCode.ACTIVE_KEY_UNSUPPORTED
    width = group.parameters.order_bytes
    if len(signature) != 2 * width:
        return FindingCode.ACTIVE_SIGNATURE_MALFORMED
    r, s = int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big")
    try:
        ec_public_key(group, key.public).verify(
            encode_dss_signature(r, s), challenge, ec.ECDSA(digest)
        )
    except InvalidSignature:
        return FindingCode.ACTIVE_SIGNATURE_WRONG
    except InvalidPublicKey:
        return FindingCode.ACTIVE_KEY_MALFORMED
    return None

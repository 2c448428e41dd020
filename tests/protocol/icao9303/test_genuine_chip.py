"""Doc 9303-11 appendix F (active authentication) and I (the mapping that proves the chip)."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.chip.active_authentication import check_message, check_rsa
from hkeid.chip.findings import FindingCode
from hkeid.chip.groups import CurveGroup, standardised_group
from hkeid.chip.mapping_proof import check_mapping_proof
from hkeid.chip.proofs import ChipProof, ProofKind
from hkeid.chip.public_keys import RsaKey
from hkeid.chip.security_infos import ChipPublicKey

H = bytes.fromhex


def test_the_message_of_appendix_f(vectors: dict[str, Any]) -> None:
    """F: SHA-1 over M1 and the challenge, between 6A and BC."""
    v = vectors["icao_F_active_auth_rsa"]
    challenge = H(v["rnd_ifd"])
    assert hashlib.sha1(H(v["m1"]) + challenge).digest() == H(v["h"])
    assert check_message(H(v["f"]), challenge) is None
    assert check_message(H(v["f"]), bytes(8)) is FindingCode.ACTIVE_SIGNATURE_WRONG
    assert check_message(H(v["f"])[:-1] + b"\xbd", challenge) is FindingCode.ACTIVE_TRAILER_WRONG


@pytest.mark.parametrize(
    ("digest", "trailer"),
    [
        ("sha1", "BC"),
        ("sha1", "33CC"),
        ("sha224", "38CC"),
        ("sha256", "34CC"),
        ("sha384", "36CC"),
        ("sha512", "35CC"),
    ],
)
def test_every_trailer(digest: str, trailer: str) -> None:
    """ISO/IEC 9796-2 §8.1.2, signed with a key of our own; ``n - s`` is as good as ``s``."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    numbers = private.private_numbers()
    n = numbers.public_numbers.n
    challenge, end = b"\1\2\3\4\5\6\7\x08", H(trailer)
    size = hashlib.new(digest).digest_size
    m1 = bytes(range(1, 128 - size - len(end)))
    message = b"\x6a" + m1 + hashlib.new(digest, m1 + challenge).digest() + end
    signature = pow(int.from_bytes(message, "big"), numbers.d, n)
    key = RsaKey(n, 65537)
    assert check_rsa(key, challenge, signature.to_bytes(128, "big")) is None
    assert check_rsa(key, challenge, (n - signature).to_bytes(128, "big")) is None
    assert (
        check_rsa(key, challenge[::-1], signature.to_bytes(128, "big"))
        is FindingCode.ACTIVE_SIGNATURE_WRONG
    )
    assert (
        check_rsa(key, challenge, n.to_bytes(128, "big")) is FindingCode.ACTIVE_SIGNATURE_MALFORMED
    )
    assert check_rsa(key, challenge, b"\0") is FindingCode.ACTIVE_SIGNATURE_MALFORMED


def test_the_chip_authentication_mapping(vectors: dict[str, Any]) -> None:
    """I: CA_IC times the chip's static key is its key of the mapping."""
    v = vectors["icao_I1_pace_cam"]
    group = standardised_group(13)
    assert isinstance(group, CurveGroup)
    assert group.public(int(v["ic_static_priv_derived"], 16)) == H(v["ic_static_pub"])
    listed = ChipPublicKey(True, _key_info(v["ic_static_pub"]), None)
    proof = ChipProof(
        kind=ProofKind.CAM,
        algorithm=v["oid"],
        parts={"mapping_key": H(v["map_ic_pub"]), "mapping_data": H(v["ca_ic"])},
    )
    assert check_mapping_proof((listed,), proof) is None
    other = ChipPublicKey(True, _key_info(v["ic_pub"]), None)
    assert check_mapping_proof((other,), proof) is FindingCode.MAPPING_DATA_WRONG
    assert check_mapping_proof((other, listed), proof) is None
    assert check_mapping_proof((), proof) is FindingCode.CHIP_PROOF_WITHOUT_KEY


def _key_info(point: str) -> bytes:
    from hkeid.chip import tlv
    from hkeid.chip.object_identifiers import encode_oid

    algorithm = tlv.encode(
        0x30,
        tlv.encode(0x06, encode_oid("1.2.840.10045.2.1")),
        tlv.encode(0x06, encode_oid("1.3.36.3.3.2.8.1.1.7")),
    )
    return tlv.encode(0x30, algorithm, tlv.encode(0x03, b"\0" + H(point)))

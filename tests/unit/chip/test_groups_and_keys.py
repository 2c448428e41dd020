"""Point arithmetic through ECDH, classic groups, and keys in every form that cards use."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hkeid.adapters.system import SystemRandom
from hkeid.chip import tlv
from hkeid.chip.domain_parameters import CURVES, MODP_GROUPS
from hkeid.chip.groups import (
    CurveGroup,
    InvalidPublicKey,
    ModpGroup,
    group_of,
    named_curve,
    standardised_group,
)
from hkeid.chip.object_identifiers import encode_oid
from hkeid.chip.public_keys import (
    AgreementKey,
    MalformedKey,
    RsaKey,
    UnsupportedKey,
    parse_public_key,
)
from hkeid.chip.square_root import square_root
from hkeid.testing.card_issuer.keys import explicit_key

USABLE = [name for name in CURVES if named_curve(name) is not None]


def _group(name: str) -> CurveGroup:
    group = named_curve(name)
    assert group is not None
    return group


@pytest.mark.parametrize("name", USABLE)
def test_multiplication(name: str) -> None:
    """k·P over x-coordinates is what the curve's own multiplication gives, also at the edges."""
    group = _group(name)
    base = group.generator_bytes()
    order = group.parameters.n
    for k in (1, 2, 3, order - 2, order - 1, group.draw(SystemRandom())):
        assert group.multiply(k, base) == group.public(k)
    with pytest.raises(InvalidPublicKey):
        group.multiply(order, base)


@pytest.mark.parametrize("name", USABLE)
def test_both_sides_agree_after_mapping(name: str) -> None:
    group = _group(name)
    a, b = group.draw(SystemRandom()), group.draw(SystemRandom())
    one = group.mapped(b"nonce of 16 byte", a, group.public(b))
    two = group.mapped(b"nonce of 16 byte", b, group.public(a))
    assert one == two != group
    assert one.shared(a, two.public(b)) == two.shared(b, one.public(a))


@pytest.mark.parametrize("group", MODP_GROUPS, ids=lambda one: str(one.parameter_id))
def test_classic_groups(group: object) -> None:
    one = group_of(group)  # type: ignore[arg-type]
    assert isinstance(one, ModpGroup)
    a, b = one.draw(SystemRandom()), one.draw(SystemRandom())
    assert one.shared(a, one.public(b)) == one.shared(b, one.public(a))
    width = one.field_bytes
    for bad in (
        b"",
        b"\0",
        b"\1",
        (one.parameters.p - 1).to_bytes(width, "big"),
        b"\2" + bytes(width),
    ):
        with pytest.raises(InvalidPublicKey):
            one.check(bad)
    with pytest.raises(InvalidPublicKey):
        one.with_generator(1)


@pytest.mark.parametrize("name", USABLE)
def test_points_that_are_none(name: str) -> None:
    group = _group(name)
    good = group.public(5)
    p = group.parameters.p.to_bytes(group.field_bytes, "big")
    for bad in (
        b"",
        b"\0",
        good[:-1],
        good + b"\0",
        b"\2" + good[1:],
        good[:-1] + bytes((good[-1] ^ 1,)),
        b"\4" + p + good[1 + group.field_bytes :],
    ):
        with pytest.raises(InvalidPublicKey):
            group.shared(7, bad)
    with pytest.raises(InvalidPublicKey):
        group.mapped(bytes(16), 7, good)


def test_curves_that_openssl_lacks_are_no_groups() -> None:
    assert standardised_group(9) is None
    assert standardised_group(14) is None
    assert standardised_group(99) is None


def test_square_roots() -> None:
    for prime in (7, 13, 17, 257, CURVES["secp224r1"].p):
        for number in (1, 2, 3, 4, 9, 10):
            root = square_root(number, prime)
            squares = pow(number, (prime - 1) // 2, prime) == 1
            assert (root is not None) is squares
            assert root is None or root * root % prime == number % prime
    assert square_root(0, 13) == 0


def test_keys_of_our_own_library_parse() -> None:
    for name in USABLE:
        curve = _group(name).curve
        key = ec.generate_private_key(curve).public_key()
        found = parse_public_key(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        assert isinstance(found, AgreementKey)
        assert found.public == key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    numbers = rsa.generate_private_key(65537, 2048).public_key()
    found = parse_public_key(numbers.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    assert found == RsaKey(numbers.public_numbers().n, 65537)
    assert found.modulus_bytes == 256


@pytest.mark.parametrize("name", USABLE)
def test_explicit_parameters(name: str) -> None:
    """Accepted if every number is the known curve's, refused if one is not (CVE-2020-0601)."""
    group = _group(name)
    info = explicit_key(CURVES[name], group.public(9))
    found = parse_public_key(info)
    assert found == AgreementKey(group, group.public(9))
    for number in (group.parameters.gx, group.parameters.b):
        text = number.to_bytes(group.field_bytes, "big")
        if text not in info:
            continue
        at = info.index(text)
        changed = info[: at + 5] + bytes((info[at + 5] ^ 1,)) + info[at + 6 :]
        with pytest.raises(UnsupportedKey):
            parse_public_key(changed)


def _info(oid: str, parameters: bytes, key: bytes) -> bytes:
    algorithm = tlv.encode(0x30, tlv.encode(0x06, encode_oid(oid)), parameters)
    return tlv.encode(0x30, algorithm, tlv.encode(0x03, b"\0" + key))


def _integer(number: int) -> bytes:
    return tlv.encode(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def test_classic_keys() -> None:
    """X9.42 with and without a known group; a small subgroup or none named is refused."""
    known = MODP_GROUPS[0]
    group = ModpGroup(known, known.g)
    public = _integer(int.from_bytes(group.public(77), "big"))
    x942 = tlv.encode(0x30, _integer(known.p), _integer(known.g), _integer(known.q))
    found = parse_public_key(_info("1.2.840.10046.2.1", x942, public))
    assert found == AgreementKey(group, group.public(77))
    pkcs3 = tlv.encode(0x30, _integer(known.p), _integer(known.g))
    assert parse_public_key(_info("1.2.840.113549.1.3.1", pkcs3, public)) == found
    for wrong in (
        tlv.encode(0x30, _integer(known.p), _integer(4)),
        tlv.encode(0x30, _integer(known.p), _integer(4), _integer(3)),
        tlv.encode(0x30, _integer(known.p + 2), _integer(known.g), _integer(known.q)),
    ):
        with pytest.raises(UnsupportedKey):
            parse_public_key(_info("1.2.840.10046.2.1", wrong, public))
    with pytest.raises(MalformedKey) as caught:
        parse_public_key(_info("1.2.840.10046.2.1", x942, _integer(known.p - 1)))
    assert caught.value.reason == "public_key_invalid"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", MalformedKey),
        (b"\x30\0", MalformedKey),
        (_info("1.2.840.113549.1.1.1", b"\5\0", b"\x30\0"), MalformedKey),
        (_info("1.3.101.112", b"", bytes(32)), UnsupportedKey),
        (
            _info("1.2.840.10045.2.1", tlv.encode(0x06, encode_oid("1.3.132.0.10")), b"\4"),
            UnsupportedKey,
        ),
        (_info("1.2.840.10045.2.1", b"\5\0", b"\4"), MalformedKey),
        (_info("0.4.0.127.0.7.1.2", tlv.encode(2, b"\x0e"), b"\4"), UnsupportedKey),
    ],
)
def test_keys_that_are_none(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_public_key(data)

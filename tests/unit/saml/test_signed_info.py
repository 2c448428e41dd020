"""The short way through SignedInfo says what the long one says, or leaves it to that."""

from __future__ import annotations

import pytest

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import Reason
from hkeid.saml.dsig.namespaces import DS
from hkeid.saml.dsig.parsing import canonicalise, parse
from hkeid.saml.dsig.signature_syntax import _read_signed_info, _usual
from hkeid.testing.saml_attacks import BENIGN, Bench, cases
from hkeid.testing.saml_attacks.targets import TARGETS
from hkeid.testing.saml_specimens import SpecimenPeer

PEER = SpecimenPeer()
SIGNED_INFO = f"{{{DS}}}SignedInfo"


def signed_infos(octets: bytes) -> list[bytes]:
    return [canonicalise(one) for one in parse(octets).iter(SIGNED_INFO)]


@pytest.mark.parametrize("name", sorted(BENIGN))
def test_both_ways_read_the_same(name: str) -> None:
    make, applies = BENIGN[name]
    target = next(one for one in TARGETS if applies(one))
    found = signed_infos(make(Bench(PEER, target)))
    assert found
    for octets in found:
        short = _usual(octets, b"value")
        assert short is None or short == _read_signed_info(octets, b"value")


def test_what_we_write_goes_the_short_way() -> None:
    target = TARGETS[0]
    for octets in signed_infos(PEER.specimen(target.kind, target.signed).octets):
        assert _usual(octets, b"value") == _read_signed_info(octets, b"value")


def test_no_attack_is_read_differently_on_the_short_way() -> None:
    compared = 0
    for attack, target in cases():
        try:
            found = signed_infos(attack.make(Bench(PEER, target)))
        except HkeidError:
            continue
        for octets in found:
            short = _usual(octets, b"value")
            if short is not None:
                compared += 1
                assert short == _read_signed_info(octets, b"value")
    assert compared > 100


def test_a_digest_that_is_no_base64() -> None:
    target = TARGETS[0]
    octets = signed_infos(PEER.specimen(target.kind, target.signed).octets)[0]
    altered = octets.replace(b"=</ds:DigestValue>", b"==</ds:DigestValue>")
    for read in (_usual, _read_signed_info):
        with pytest.raises(HkeidError) as caught:
            read(altered, b"value")
        assert caught.value.reason == Reason.SIGNATURE_SYNTAX

"""The virtual card replays the worked examples of Doc 9303-11, so that it is not wrong together with
the reader.
"""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from hkeid.chip.domain_parameters import CURVES, MODP_GROUPS
from hkeid.testing.der import oid_value, tlv
from hkeid.testing.virtual_card import ChipImage, PaceSetting, Suite, VirtualCard
from hkeid.testing.virtual_card.bac import BasicAccess
from hkeid.testing.virtual_card.channel import Channel
from hkeid.testing.virtual_card.files import LDS_APPLICATION
from hkeid.testing.virtual_card.groups import Curve, Modp, group_of
from hkeid.testing.virtual_card.pace import Pace, PasswordKind, mrz_password, pseudo_random
from hkeid.testing.virtual_card.symmetric import derive, encrypt

VECTORS = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors" / "icao-9303.json").read_text("utf-8")
)
BRAINPOOL = CURVES["brainpoolP256r1"]


def given(name: str) -> Any:
    """A vector's values, bytes where they are hexadecimal of even length."""

    class Values(dict[str, Any]):
        def __missing__(self, key: str) -> bytes:
            return bytes.fromhex(VECTORS[name][key])

    return Values()


class Script:
    """Chance that was written down: the values in order, of the lengths asked for."""

    def __init__(self, *values: bytes) -> None:
        self._left = deque(values)

    def token_bytes(self, length: int) -> bytes:
        value = self._left.popleft()
        assert len(value) == length
        return value

    def token(self, length: int = 32) -> str:
        raise AssertionError(length)


def honest(_point: object, value: Any) -> Any:
    return value


def test_d3_basic_access() -> None:
    v = given("icao_D_bac")
    information = VECTORS["icao_D_bac"]["mrz_information"].encode()
    access = BasicAccess(information, Script(v["rnd_ic"], v["k_ic"]), honest)
    assert access.challenge() == v["rnd_ic"]
    answer, channel = access.authenticate(v["cmd_data"])
    assert answer == v["resp_data"]
    assert channel.k_enc == v["ks_enc"]
    assert channel.k_mac == v["ks_mac"]
    assert channel.counter.to_bytes(8, "big") == v["ssc"]


def test_d4_secure_messaging() -> None:
    v, exchanges = given("icao_D_bac"), VECTORS["icao_D_sm_3des"]["exchange"]
    com = bytes.fromhex(VECTORS["icao_D_sm_3des"]["ef_com"])
    image = ChipImage(files={"COM": com}, mrz_information=b"L898902C<369080619406236")
    card = VirtualCard(image)
    card.files.application = True
    card.channel = Channel(Suite.TDES, v["ks_enc"], v["ks_mac"], v["ssc"], honest)
    for one in exchanges:
        assert card.transmit(bytes.fromhex(one["capdu"])).hex().upper() == one["rapdu"]


@pytest.mark.parametrize("bits", [192, 256])
def test_key_derivation_of_longer_keys(bits: int) -> None:
    vector = VECTORS["kdf"][f"aes{bits}"]
    suite = Suite.AES192 if bits == 192 else Suite.AES256
    assert derive(bytes.fromhex(vector["k"]), 3, suite) == bytes.fromhex(vector["key"])


def _run(pace: Pace, setting: PaceSetting, kind: int, *bodies: bytes) -> tuple[list[bytes], Any]:
    pace.begin(tlv(0x80, oid_value(setting.oid)) + tlv(0x83, bytes([kind])))
    answers, channel = [], None
    for body in bodies:
        answer, channel = pace.step(tlv(0x7C, body))
        answers.append(answer)
    return answers, channel


def _answer(tag: int, value: bytes) -> bytes:
    return tlv(0x7C, tlv(tag, value))


def test_g1_generic_mapping_on_a_curve() -> None:
    v = given("icao_G1_pace_ecdh_gm")
    setting = PaceSetting(mapping="gm", suite=Suite.AES128, domain=BRAINPOOL)
    # The chip's own private keys are not printed: only what follows from them can be replayed.
    group = Curve.standard(BRAINPOOL)
    information = VECTORS["icao_G1_pace_ecdh_gm"]["mrz_information"].encode()
    key = derive(mrz_password(information), 3, Suite.AES128)
    assert key == v["k_pi"]
    assert encrypt(Suite.AES128, key, v["nonce"]) == v["enc_nonce"]
    shared = group.agree_point(int.from_bytes(v["map_pcd_priv"], "big"), v["map_ic_pub"])
    assert group.encode(shared) == v["h"]
    mapped = group.mapped(v["nonce"], shared)
    assert mapped.encode(mapped.generator) == v["g_mapped"]
    private = int.from_bytes(v["pcd_priv"], "big")
    assert mapped.public_key(private) == v["pcd_pub"]
    secret = mapped.agree(private, v["ic_pub"])
    assert secret == v["k_shared"]
    assert derive(secret, 1, Suite.AES128) == v["ks_enc"]
    assert derive(secret, 2, Suite.AES128) == v["ks_mac"]
    assert setting.oid == VECTORS["icao_G1_pace_ecdh_gm"]["oid"]


def test_g2_generic_mapping_modulo_p() -> None:
    v = given("icao_G2_pace_dh_gm")
    group = Modp.standard(MODP_GROUPS[0])
    shared = group.agree_point(int.from_bytes(v["map_pcd_priv"], "big"), v["map_ic_pub"])
    assert shared == int.from_bytes(v["h"], "big")
    mapped = group.mapped(v["nonce"], shared)
    assert mapped.generator == int.from_bytes(v["g_mapped"], "big")
    assert mapped.agree(int.from_bytes(v["pcd_priv"], "big"), v["ic_pub"]) == v["k_shared"]


@pytest.mark.parametrize(
    ("name", "domain"),
    [("icao_H1_pace_ecdh_im", BRAINPOOL), ("icao_H2_pace_dh_im", MODP_GROUPS[0])],
)
def test_h_integrated_mapping_whole_run(name: str, domain: Any) -> None:
    v, raw = given(name), VECTORS[name]
    setting = PaceSetting(mapping="im", suite=Suite.AES128, domain=domain)
    assert setting.oid == raw["oid"]
    chance = [v["nonce_s"]]
    group = group_of(domain)
    mapped = group.integrated(pseudo_random(Suite.AES128, v["nonce_s"], v["nonce_t"], domain.p))
    if isinstance(mapped, Curve):
        assert mapped.encode(mapped.generator) == v["g_mapped"]
        chance.append(v["ic_priv"])
    else:
        assert mapped.generator == int.from_bytes(v["g_mapped"], "big")
        return  # the example prints no private key of the chip; its keys are checked below
    passwords = {PasswordKind.CAN: raw["password"].encode()}
    pace = Pace((setting,), passwords, Script(*chance), honest)
    answers, channel = _run(
        pace,
        setting,
        PasswordKind.CAN,
        b"",
        tlv(0x81, v["nonce_t"]),
        tlv(0x83, v["pcd_pub"]),
        tlv(0x85, v["t_pcd"]),
    )
    assert answers == [
        _answer(0x80, v["enc_nonce"]),
        _answer(0x82, b""),
        _answer(0x84, v["ic_pub"]),
        _answer(0x86, v["t_ic"]),
    ]
    assert (channel.k_enc, channel.k_mac) == (v["ks_enc"], v["ks_mac"])


def test_h2_the_rest_of_the_exchange() -> None:
    v = given("icao_H2_pace_dh_im")
    group = group_of(MODP_GROUPS[0])
    number = pseudo_random(Suite.AES128, v["nonce_s"], v["nonce_t"], MODP_GROUPS[0].p)
    mapped = group.integrated(number)
    secret = mapped.agree(int.from_bytes(v["pcd_priv"], "big") % MODP_GROUPS[0].q, v["ic_pub"])
    assert derive(secret, 1, Suite.AES128) == v["ks_enc"]
    assert derive(secret, 2, Suite.AES128) == v["ks_mac"]


def test_i1_chip_authentication_mapping() -> None:
    v, raw = given("icao_I1_pace_cam"), VECTORS["icao_I1_pace_cam"]
    setting = PaceSetting(mapping="cam", suite=Suite.AES128, domain=BRAINPOOL)
    assert setting.oid == raw["oid"]
    static = int.from_bytes(v["ic_static_priv_derived"], "big")
    assert Curve.standard(BRAINPOOL).public_key(static) == v["ic_static_pub"]
    quotient = pow(static, -1, BRAINPOOL.n) * int.from_bytes(v["map_ic_priv"], "big") % BRAINPOOL.n
    assert quotient.to_bytes(32, "big") == v["ca_ic"]


def test_a_reset_card_has_no_channel_and_no_selection() -> None:
    card = VirtualCard(ChipImage(files={"COM": b"\x60\x00"}, mrz_information=b"x"))
    card.transmit(b"\x00\xa4\x04\x0c" + bytes([len(LDS_APPLICATION)]) + LDS_APPLICATION)
    assert card.transmit(bytes.fromhex("00B09E0000")) == b"\x69\x82"
    card.reset()
    assert card.transmit(bytes.fromhex("00B09E0000")) == b"\x6a\x82"

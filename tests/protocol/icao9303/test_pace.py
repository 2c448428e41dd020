"""Doc 9303-11 appendices G, H, I and TR-03110: PACE in every mapping, byte for byte."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.chip import tlv
from hkeid.chip.access import CardAccessNumber, MrzKey
from hkeid.chip.findings import FindingCode
from hkeid.chip.groups import CurveGroup, ModpGroup, standardised_group
from hkeid.chip.integrated_mapping import mapped_group, pseudo_random
from hkeid.chip.kdf import CipherName, KeyUse, decrypt_cbc, derive_key
from hkeid.chip.pace import PaceOutcome, decipher_nonce, run_pace
from hkeid.chip.security_infos import Mapping, PaceInfo, parse_security_infos
from hkeid.chip.session import CardSession

H = bytes.fromhex
AES = CipherName.AES_128

INFOS = {
    "icao_G1_pace_ecdh_gm": (13, True, Mapping.GENERIC),
    "icao_G2_pace_dh_gm": (0, False, Mapping.GENERIC),
    "icao_H1_pace_ecdh_im": (13, True, Mapping.INTEGRATED),
    "icao_H2_pace_dh_im": (0, False, Mapping.INTEGRATED),
    "icao_I1_pace_cam": (13, True, Mapping.CHIP_AUTHENTICATION),
}


def _info(v: dict[str, Any], name: str) -> PaceInfo:
    number, elliptic, mapping = INFOS[name]
    return PaceInfo(v["oid"], 2, number, elliptic, mapping, AES)


def _group(number: int) -> CurveGroup | ModpGroup:
    group = standardised_group(number)
    assert group is not None
    return group


def _key(v: dict[str, Any]) -> MrzKey | CardAccessNumber:
    if "password" in v:
        return CardAccessNumber(v["password"])
    text = v["mrz_information"]  # number, check, born, check, expiry, check
    return MrzKey(text[:-15], text[-14:-8], text[-7:-1])


def _general(tag: int | None, value: str, *, last: bool = False) -> bytes:
    body = b"" if tag is None else tlv.encode(tag, H(value))
    data = tlv.encode(0x7C, body)
    head = H("00860000" if last else "10860000")
    return head + bytes((len(data),)) + data + b"\0"


def _answer(tag: int, value: str, more: bytes = b"") -> bytes:
    return tlv.encode(0x7C, tlv.encode(tag, H(value)), more) + H("9000")


def _exchanges(v: dict[str, Any], name: str) -> list[tuple[bytes, bytes]]:
    """The five exchanges that the values of an example make."""
    password = "01" if isinstance(_key(v), MrzKey) else "02"
    select = tlv.encode(0x80, H(_oid(v["oid"]))) + tlv.encode(0x83, H(password))
    more = tlv.encode(0x8A, H(v["a_ic"])) if "a_ic" in v else b""
    if "nonce_t" in v:
        mapping = (_general(0x81, v["nonce_t"]), _answer(0x82, ""))
    else:
        mapping = (_general(0x81, v["map_pcd_pub"]), _answer(0x82, v["map_ic_pub"]))
    return [
        (H("0022C1A4") + bytes((len(select),)) + select, H("9000")),
        (_general(None, ""), _answer(0x80, v["enc_nonce"])),
        mapping,
        (_general(0x83, v["pcd_pub"]), _answer(0x84, v["ic_pub"])),
        (_general(0x85, v["t_pcd"], last=True), _answer(0x86, v["t_ic"], more)),
    ]


def _oid(dotted: str) -> str:
    prefix = "0.4.0.127.0.7.2.2."
    assert dotted.startswith(prefix)
    return "04007F00070202" + "".join(f"{int(a):02X}" for a in dotted[len(prefix) :].split("."))


def _chances(v: dict[str, Any], chance: Any) -> Any:
    first = v["nonce_t"] if "nonce_t" in v else v["map_pcd_priv"]
    return chance(H(first), H(v["pcd_priv"]))


def _run(v: dict[str, Any], name: str, tape: Any, chance: Any) -> PaceOutcome:
    card = tape(*_exchanges(v, name))
    random = _chances(v, chance)
    private = [int(v[k], 16) for k in ("map_pcd_priv", "pcd_priv") if k in v]
    long = len(v["pcd_priv"]) > 40 and not INFOS[name][1]
    outcome = run_pace(
        CardSession(card),
        _info(v, name),
        _group(INFOS[name][0]),
        _key(v),
        random,
        draw=(lambda _group: private.pop(0)) if long else None,
    )
    assert not card.left
    return outcome


@pytest.mark.parametrize("name", INFOS)
def test_a_whole_run(name: str, vectors: dict[str, Any], tape: Any, chance: Any) -> None:
    """Every byte sent is the example's, and so are the session keys."""
    v = vectors[name]
    outcome = _run(v, name, tape, chance)
    assert outcome.channel._keys.encryption == H(v["ks_enc"])
    assert outcome.channel._keys.mac == H(v["ks_mac"])
    assert outcome.channel._counter == 0
    if "ca_ic" in v:
        assert outcome.mapping_data == H(v["ca_ic"])
        assert outcome.mapping_key == H(v["map_ic_pub"])
    else:
        assert outcome.mapping_data is None


def test_the_printed_apdus_of_appendix_g(vectors: dict[str, Any], tape: Any, chance: Any) -> None:
    """G.1 as printed, exchange by exchange."""
    v = vectors["icao_G1_pace_ecdh_gm"]
    made = [one for exchange in _exchanges(v, "icao_G1_pace_ecdh_gm") for one in exchange]
    printed = [H(one[k]) for one in v["apdus"] for k in ("capdu", "rapdu")]
    assert made == printed


@pytest.mark.parametrize("name", INFOS)
def test_the_nonce(name: str, vectors: dict[str, Any]) -> None:
    """§4.4.3.2: K_π and s."""
    v = vectors[name]
    assert decipher_nonce(_key(v), AES, H(v["enc_nonce"])) == H(v.get("nonce") or v["nonce_s"])
    if "k_pi" in v:
        assert derive_key(_key(v).secret(), KeyUse.PASSWORD, AES) == H(v["k_pi"])
        assert decrypt_cbc(AES, H(v["k_pi"]), bytes(16), H(v["enc_nonce"])) == H(
            v.get("nonce") or v["nonce_s"]
        )


@pytest.mark.parametrize("name", [name for name in INFOS if "gm" in name or "cam" in name])
def test_the_generic_mapping(name: str, vectors: dict[str, Any]) -> None:
    """§4.4.3.3.1: the point agreed on and the new generator."""
    v = vectors[name]
    group = _group(INFOS[name][0])
    private = int(v["map_pcd_priv"], 16)
    assert group.public(private) == H(v["map_pcd_pub"])
    if "h" in v:
        assert group.multiply(private, H(v["map_ic_pub"])) == H(v["h"])
    mapped = group.mapped(H(v["nonce"]), private, H(v["map_ic_pub"]))
    assert mapped.generator_bytes() == H(v["g_mapped"])
    assert mapped.public(int(v["pcd_priv"], 16)) == H(v["pcd_pub"])
    if "k_shared" in v:
        assert mapped.shared(int(v["pcd_priv"], 16), H(v["ic_pub"])) == H(v["k_shared"])


@pytest.mark.parametrize("name", ["icao_H1_pace_ecdh_im", "icao_H2_pace_dh_im"])
def test_the_integrated_mapping(name: str, vectors: dict[str, Any]) -> None:
    """§4.4.3.3.2: R(s, t) and the new generator."""
    v = vectors[name]
    group = _group(INFOS[name][0])
    s, t = H(v["nonce_s"]), H(v["nonce_t"])
    if "r_st" in v:
        assert pseudo_random(AES, s, t, bits=256) == H(v["r_st"])
        assert int(v["r_st"], 16) % group.parameters.p == int(v["r_p"], 16)
    assert mapped_group(group, AES, s, t).generator_bytes() == H(v["g_mapped"])


@pytest.mark.parametrize(("name", "number"), [("tr03110_eac_ecdh", 13), ("tr03110_eac_dh", 0)])
def test_the_example_of_tr03110(name: str, number: int, vectors: dict[str, Any]) -> None:
    """EAC worked example 1.01: mapping, agreement, keys and both tokens, from both sides."""
    v = vectors[name]
    group = _group(number)
    infos = parse_security_infos(H(v["ef_cardaccess"]), code=FindingCode.CARD_ACCESS_MALFORMED)
    info = infos.pace[0]
    assert (info.oid, info.parameter_id) == (v["pace_oid"], number)
    nonce = decipher_nonce(CardAccessNumber(v["password"]), info.cipher, H(v["nonce_enc"]))
    assert nonce == H(v["nonce"])
    sides = (("pcd", "picc"), ("picc", "pcd"))
    for mine, other in sides:
        private = int(v[f"map_{mine}_priv_key"], 16)
        theirs = H(v[f"map_{other}_pub_key"])
        assert group.public(private) == H(v[f"map_{mine}_pub_key"])
        assert group.multiply(private, theirs) == H(v["map_shared_secret_h"])
        mapped = group.mapped(nonce, private, theirs)
        assert mapped.generator_bytes() == H(v["map_generator"])
        private = int(v[f"{mine}_priv_key"], 16)
        width = len(H(v["picc_pub_key"]))
        assert mapped.public(private) == H(v[f"{mine}_pub_key"])[-width:]
        secret = mapped.shared(private, H(v[f"{other}_pub_key"])[-width:])
        assert secret == H(v["shared_secret_k"])


@pytest.mark.parametrize(("name", "number"), [("tr03110_eac_ecdh", 13), ("tr03110_eac_dh", 0)])
def test_the_tokens_and_the_channel_of_tr03110(
    name: str, number: int, vectors: dict[str, Any]
) -> None:
    """Tokens over the other side's key; one command enciphered and one answer authenticated."""
    from hkeid.chip.kdf import mac, pad, session_keys
    from hkeid.chip.pace import authentication_token
    from hkeid.chip.secure_messaging import SecureChannel

    v = vectors[name]
    keys = session_keys(H(v["shared_secret_k"]), AES)
    assert (keys.encryption, keys.mac) == (H(v["k_enc"]), H(v["k_mac"]))
    elliptic = number == 13
    width = len(H(v["picc_pub_key"]))
    for mine, other in (("pcd", "picc"), ("picc", "pcd")):
        token = authentication_token(
            keys, v["pace_oid"], H(v[f"{other}_pub_key"])[-width:], elliptic=elliptic
        )
        assert token == H(v[f"authentication_token_{mine}"])
    from hkeid.chip.apdu import Command

    channel = SecureChannel(keys)
    command = channel.protect(Command(ins=0x22, p1=0x81, p2=0xB6, data=H(v["d1"])))
    assert H(v["e1"]) in command.data
    counter = (2).to_bytes(16, "big")
    assert mac(AES, keys.mac, pad(counter + H(v["ad1"]), 16)) == H(v["a1"])
    answer = H(v["ad1"]) + tlv.encode(0x8E, H(v["a1"]))
    from hkeid.chip.apdu import Response

    assert channel.unprotect(Response(answer, 0x9000)).ok

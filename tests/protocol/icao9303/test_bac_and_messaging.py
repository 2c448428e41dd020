"""Doc 9303-11 appendix D: Basic Access Control and secure messaging with 3DES, byte for byte."""

from __future__ import annotations

from typing import Any

from hkeid.chip.access import MrzKey
from hkeid.chip.apdu import Response, parse_command, parse_response
from hkeid.chip.bac import run_bac
from hkeid.chip.kdf import CipherName, KeyUse, SessionKeys, derive_key, session_keys
from hkeid.chip.secure_messaging import SecureChannel
from hkeid.chip.session import CardSession

H = bytes.fromhex


def test_keys_from_the_machine_readable_zone(vectors: dict[str, Any]) -> None:
    """D.2: K_seed, K_enc, K_mac."""
    v = vectors["icao_D_bac"]
    key = MrzKey(v["doc_no"], v["dob"], v["doe"])
    assert key.information == v["mrz_information"]
    assert key.secret() == H(v["sha1"])
    assert key.bac_seed() == H(v["k_seed"])
    keys = session_keys(key.bac_seed(), CipherName.TRIPLE_DES)
    assert (keys.encryption, keys.mac) == (H(v["k_enc"]), H(v["k_mac"]))


def test_authentication_and_session_keys(vectors: dict[str, Any], tape: Any, chance: Any) -> None:
    """D.3: both commands, the answer, KS_enc, KS_mac, SSC."""
    v = vectors["icao_D_bac"]
    card = tape(
        (H("0084000008"), H(v["rnd_ic"]) + H("9000")),
        (H("0082000028" + v["cmd_data"] + "28"), H(v["resp_data"]) + H("9000")),
    )
    key = MrzKey(v["doc_no"], v["dob"], v["doe"])
    channel = run_bac(CardSession(card), key.bac_seed(), chance(H(v["rnd_ifd"]), H(v["k_ifd"])))
    assert not card.left
    expected = session_keys(H(v["ks_seed"]), CipherName.TRIPLE_DES)
    assert (expected.encryption, expected.mac) == (H(v["ks_enc"]), H(v["ks_mac"]))
    assert channel._keys == expected
    assert channel._counter == int(v["ssc"], 16)


def test_three_protected_exchanges(vectors: dict[str, Any]) -> None:
    """D.4: SELECT EF.COM, READ BINARY of four bytes, READ BINARY of the rest."""
    keys = vectors["icao_D_bac"]
    v = vectors["icao_D_sm_3des"]
    channel = SecureChannel(
        SessionKeys(
            cipher=CipherName.TRIPLE_DES, encryption=H(keys["ks_enc"]), mac=H(keys["ks_mac"])
        ),
        counter=H(v["ssc_start"]),
    )
    read = b""
    for exchange in v["exchange"]:
        protected = channel.protect(parse_command(H(exchange["plain"])))
        assert protected.encode() == H(exchange["capdu"])
        answer = channel.unprotect(parse_response(H(exchange["rapdu"])))
        assert answer == Response(H(exchange["resp"])[:-2], 0x9000)
        read += answer.data
    assert read == H(v["ef_com"])


def test_key_derivation_for_long_keys(vectors: dict[str, Any]) -> None:
    """§9.7.1.2: SHA-256 for AES-192 and AES-256."""
    v = vectors["kdf"]
    for name, cipher in (("aes192", CipherName.AES_192), ("aes256", CipherName.AES_256)):
        assert derive_key(H(v[name]["k"]), KeyUse.PASSWORD, cipher) == H(v[name]["key"])

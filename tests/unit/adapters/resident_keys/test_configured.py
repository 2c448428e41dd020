"""Where residents' signing keys are kept, as the configuration says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hkeid.adapters.resident_keys import MovedResidentKeys, WrappedResidentKeys
from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import ConfigurationError, HkeidError
from hkeid.ports.signing_keys import SigningKeyKind
from hkeid.testing.keys import MemoryKeyStore
from hkeid_server.cli.check_resident_keys import resident_keys
from hkeid_server.cli.check_services import Doubtful, NotThere
from hkeid_server.config import Config, read_config
from hkeid_server.wiring.resident_keys import open_resident_keys

PRODUCTION = {"profile": "production", "issuer": "https://eid.example.hk"}
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
TOKEN = {"store": "pkcs11", "module": MODULE, "token": "signing", "pin_variable": "TOKEN_PIN"}


def configured(folder: Path, section: dict[str, Any], **more: Any) -> Config:
    return read_config({**PRODUCTION, **more, "resident_keys": section}, {}, folder)


def test_wrapped_unless_said_otherwise(tmp_path: Path) -> None:
    config = read_config(PRODUCTION, {}, tmp_path)
    keys = open_resident_keys(config, MemoryKeyStore(), SystemRandom())
    assert isinstance(keys, WrappedResidentKeys)


@pytest.mark.parametrize("place", ["file", "variable"])
def test_a_token(tmp_path: Path, soft_token, place: str) -> None:
    section = {**TOKEN, "token": soft_token.label}
    environment = {"TOKEN_PIN": soft_token.pin}
    if place == "file":
        (tmp_path / "pin").write_text(soft_token.pin + "\n")
        section = {**section, "pin_file": "pin", "pin_variable": ""}
        environment = {}
    config = configured(tmp_path, section)
    keys = open_resident_keys(config, MemoryKeyStore(), SystemRandom(), environment)
    assert isinstance(keys, MovedResidentKeys)
    made = keys.generate("key", SigningKeyKind.P256)
    assert keys.sign("key", SigningKeyKind.P256, made.handle, b"d" * 32)
    keys.destroy("key", SigningKeyKind.P256, made.handle)
    keys.close()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"store": "files"}, "resident_keys.store"),
        ({"module": ""}, "resident_keys.module"),
        ({"module": "libsofthsm2.so"}, "resident_keys.module"),
        ({"token": ""}, "resident_keys.token"),
        ({"token": "x" * 33}, "resident_keys.token"),
        ({"pin_variable": ""}, "resident_keys.pin_file"),
        ({"pin_file": "pin"}, "resident_keys.pin_file"),
        ({"pin_variable": "HKEID_PIN"}, "resident_keys.pin_variable"),
        ({"pin_variable": "pin"}, "resident_keys.pin_variable"),
        ({"pin": "123456"}, "resident_keys.pin"),
    ],
)
@pytest.mark.parametrize("profile", ["production", "sandbox"])
def test_what_cannot_be_meant(
    tmp_path: Path, change: dict[str, str], named: str, profile: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configured(tmp_path, {**TOKEN, **change}, profile=profile)
    expected = "config_key_unknown" if "pin" in change else "config_value_invalid"
    assert caught.value.reason == expected
    assert named in (caught.value.detail or "")
    assert "123456" not in str(caught.value)


def test_from_the_environment(tmp_path: Path) -> None:
    variables = {f"HKEID_RESIDENT_KEYS_{key}".upper(): value for key, value in TOKEN.items()}
    section = read_config(PRODUCTION, variables, tmp_path).resident_keys
    assert (section.in_token, section.pin_variable) == (True, "TOKEN_PIN")
    variables.pop("HKEID_RESIDENT_KEYS_PIN_VARIABLE")
    variables["HKEID_RESIDENT_KEYS_PIN_FILE"] = "secrets/pin"
    section = read_config(PRODUCTION, variables, tmp_path).resident_keys
    assert section.pin_file == Path("secrets/pin")


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        (TOKEN, "token_pin_missing"),
        ({**TOKEN, "pin_variable": "", "pin_file": "empty"}, "token_pin_missing"),
        ({**TOKEN, "pin_variable": "", "pin_file": "none"}, "config_secret_unreadable"),
    ],
)
def test_without_a_pin(tmp_path: Path, section: dict[str, str], reason: str) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(ConfigurationError) as caught:
        open_resident_keys(
            configured(tmp_path, section), MemoryKeyStore(), SystemRandom(), {"OTHER": "1"}
        )
    assert caught.value.reason == reason


def checked(folder: Path, section: dict[str, str]) -> str:
    signing = {"enabled": True, "level": "B-B"}
    return resident_keys(configured(folder, section, signing=signing))


def test_check(tmp_path: Path, soft_token) -> None:
    pin = tmp_path / "pin"
    pin.write_text(soft_token.pin)
    pin.chmod(0o600)
    section = {**TOKEN, "token": soft_token.label, "pin_variable": "", "pin_file": "pin"}
    assert checked(tmp_path, section) == "token 'hkeid test' is open"
    pin.chmod(0o644)
    with pytest.raises(Doubtful, match="chmod 600"):
        checked(tmp_path, section)
    assert checked(tmp_path, {}) == "wrapped, in the store (resident_keys.store)"
    with pytest.raises(NotThere):
        resident_keys(configured(tmp_path, section))


def test_check_says_what_stands_in_the_way(tmp_path: Path, soft_token) -> None:
    (tmp_path / "pin").write_text("13579")
    (tmp_path / "module.so").write_bytes(b"no module")
    section = {**TOKEN, "token": soft_token.label, "pin_variable": "", "pin_file": "pin"}
    ways = {
        "pin_incorrect": section,
        "token_absent": {**section, "token": "nobody's"},
        "pkcs11_module_unusable": {**section, "module": str(tmp_path / "module.so")},
    }
    for reason, way in ways.items():
        with pytest.raises(HkeidError) as caught:
            checked(tmp_path, way)
        assert caught.value.reason == reason
        assert "13579" not in str(caught.value)

"""Configuration: file and environment, complaints that help, what production refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.config import Profile, load_config, read_config

SANDBOX: dict[str, Any] = {"profile": "sandbox", "issuer": "http://localhost:8000"}
PRODUCTION: dict[str, Any] = {"profile": "production", "issuer": "https://eid.example.hk"}


def refused(content: dict[str, Any], environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_config(content, environment or {}, Path("/etc/hkeid"))
    return f"{caught.value.reason}: {caught.value.detail}"


def test_defaults_are_safe() -> None:
    config = read_config(PRODUCTION, {}, Path("/etc/hkeid"))
    assert config.production
    assert config.admin.host == "127.0.0.1"
    assert config.passkey_origins == {"https://eid.example.hk"}
    assert config.rp_id == "eid.example.hk"
    assert config.path(config.keys.directory) == Path("/etc/hkeid/keys")


def test_environment_comes_over_the_file() -> None:
    config = read_config(
        {**SANDBOX, "server": {"port": 1, "trusted_proxies": ["::1"]}},
        {
            "HKEID_SERVER_PORT": "9000",
            "HKEID_SERVER_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2",
            "HKEID_LOG_ACCESS": "no",
            "PATH": "/bin",
        },
        Path(),
    )
    assert config.server.port == 9000
    assert config.server.trusted_proxies == ("10.0.0.1", "10.0.0.2")
    assert config.log.access is False


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (
            {**SANDBOX, "isuer": "x"},
            "config_key_unknown: 'isuer' is not known; did you mean 'issuer'?",
        ),
        (
            {**SANDBOX, "server": {"prot": 1}},
            "config_key_unknown: 'server.prot' is not known; did you mean 'port'?",
        ),
        ({**SANDBOX, "zzz": 1}, "config_key_unknown: 'zzz' is not known"),
        ({"issuer": "http://localhost"}, "config_key_missing: 'profile' is not set"),
        ({"profile": "sandbox"}, "config_key_missing: 'issuer' is not set"),
        ({**SANDBOX, "profile": "prod"}, "config_value_invalid: 'profile' must be"),
        ({**SANDBOX, "server": 8}, "config_value_invalid: 'server' must be a table"),
        ({**SANDBOX, "server": {"port": "x"}}, "'server.port' must be a whole number"),
        ({**SANDBOX, "server": {"port": True}}, "'server.port' must be a whole number"),
        ({**SANDBOX, "server": {"port": 70000}}, "'server.port' must be between 0 and 65535"),
        ({**SANDBOX, "tokens": {"code_seconds": 61}}, "'tokens.code_seconds' must be between"),
        ({**SANDBOX, "log": {"access": 1}}, "'log.access' must be true or false"),
        ({**SANDBOX, "log": {"level": "loud"}}, "'log.level' must be one of"),
        ({**SANDBOX, "passkeys": {"origins": "x", "attestation": "full"}}, "passkeys.attestation"),
        ({**SANDBOX, "passkeys": {"origins": [1]}}, "'passkeys.origins' must be a list of texts"),
        ({**SANDBOX, "sandbox": {"relying_parties": {"a": 1}}}, "must be a table of texts"),
        ({**SANDBOX, "default_language": "fr"}, "default_language"),
        ({**SANDBOX, "saml": {"kept_metadata": ""}}, "saml.kept_metadata"),
        ({**SANDBOX, "saml": {"services": ""}}, "saml.services"),
        ({**SANDBOX, "saml": {"scope": "a@b"}}, "saml.scope"),
        ({**SANDBOX, "store": {"url": "memory"}, "server": {"workers": 2}}, "server.workers"),
        ({**SANDBOX, "issuer": "http://eid.example.hk"}, "issuer_invalid: plain http"),
        ({**SANDBOX, "issuer": "https://eid.example.hk/"}, "issuer_invalid: leave out"),
        ({**SANDBOX, "issuer": "https://eid.example.hk/id"}, "issuer_invalid: a host of its own"),
        ({**SANDBOX, "issuer": "eid.example.hk"}, "issuer_invalid"),
        ({**SANDBOX, "passkeys": {"rp_id": "other.hk"}}, "rp_id_invalid"),
        ({**SANDBOX, "store": {"password_file": "/nowhere"}}, "config_secret_unreadable"),
        ({**SANDBOX, "store": {"password_file": 1}}, "must be the path of a file"),
    ],
)
def test_complaints_say_what_to_change(content: dict[str, Any], complaint: str) -> None:
    assert complaint in refused(content)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"issuer": "http://localhost:8000"}, "issuer: must be https"),
        ({"store": {"url": "memory"}}, "store.url: nothing in memory survives"),
        ({"vault": {"url": "memory"}}, "vault.url: nothing in memory survives"),
        ({"store": {"url": "postgresql+psycopg://a:b@h/d"}}, "store.password_file"),
        ({"store": {"password": "x"}}, "store.password: use store.password_file"),
        ({"keys": {"passphrase": "x"}}, "keys.passphrase: use keys.passphrase_file"),
        ({"sandbox": {"seed": True}}, "test persons"),
        ({"vault": {"url": "sqlite:///hkeid.sqlite"}}, "data keys must lie apart"),
        ({"passkeys": {"origins": ["http://localhost:1"]}}, "passkeys.origins: must be https"),
    ],
)
def test_production_refuses(change: dict[str, Any], complaint: str) -> None:
    text = refused({**PRODUCTION, **change})
    assert text.startswith("production_refuses")
    assert complaint in text


def test_secrets_come_from_files_and_do_not_print(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("open sesame\n")
    config = read_config({**PRODUCTION, "store": {"password_file": "password"}}, {}, tmp_path)
    assert config.store.password is not None
    assert config.store.password.reveal() == "open sesame"
    assert "sesame" not in repr(config)


def test_secret_file_by_environment_replaces_the_inline_one(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from a file")
    config = read_config(
        {**SANDBOX, "store": {"password": "inline"}},
        {"HKEID_STORE_PASSWORD_FILE": "password"},
        tmp_path,
    )
    assert config.store.password is not None
    assert config.store.password.reveal() == "from a file"


def test_misspelt_environment_variable() -> None:
    assert "HKEID_STORE_ULR" in refused(SANDBOX, {"HKEID_STORE_ULR": "x"})
    assert "did you mean 'HKEID_ISSUER'" in refused(SANDBOX, {"HKEID_ISSUERS": "x"})


def test_variables_of_others_are_left_alone() -> None:
    others = {"HKEID_ARTEFACTS": "a", "HKEID_CLIENT_ID": "b", "HKEID_TEST_POSTGRESQL": "c"}
    assert read_config(SANDBOX, others, Path()).profile is Profile.SANDBOX


def test_file_that_is_not_there_or_not_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="hkeid init"):
        load_config(tmp_path / "hkeid.toml", {})
    (tmp_path / "hkeid.toml").write_text("a = = b")
    with pytest.raises(ConfigurationError, match="config_not_toml"):
        load_config(tmp_path / "hkeid.toml", {})

"""Configurations by which an operator would open the house without knowing it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.config import read_config
from hkeid_server.wiring.stations import upgrade_policy

PRODUCTION = {"profile": "production", "issuer": "https://eid.example.hk"}


def reason_of(folder: Path, **content: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_config({**PRODUCTION, **content}, {}, folder)
    return caught.value.reason


def test_the_plain_one_is_fine(tmp_path: Path) -> None:
    assert read_config(PRODUCTION, {}, tmp_path).production


@pytest.mark.parametrize(
    "url",
    [
        "memory",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
        "sqlite+pysqlite:///:memory:",
    ],
)
@pytest.mark.parametrize("section", ["store", "vault"])
def test_nothing_in_memory_in_production(tmp_path: Path, section: str, url: str) -> None:
    assert reason_of(tmp_path, **{section: {"url": url}}) == "production_refuses"


@pytest.mark.parametrize("url", ["sqlite:///one.sqlite", "sqlite:///./one.sqlite", "ABSOLUTE"])
def test_store_and_vault_apart_however_they_are_spelt(tmp_path: Path, url: str) -> None:
    if url == "ABSOLUTE":
        url = f"sqlite:///{tmp_path}/one.sqlite"
    store = {"url": "sqlite:///one.sqlite"}
    assert reason_of(tmp_path, store=store, vault={"url": url}) == "production_refuses"


def test_a_password_in_the_query_is_one_in_the_url(tmp_path: Path) -> None:
    store = {"url": "postgresql+psycopg://hkeid@host/hkeid?password=x"}
    assert reason_of(tmp_path, store=store) == "production_refuses"


@pytest.mark.parametrize(
    "issuer",
    [
        "https://a@eid.example.hk",
        "https://eid.example.hk ",
        "https://eid.example.hk\r\nX: y",
        "https://eid.example.hk:99999",
        "https://eid.example.hk:0",
        "https://eid.example.hk;x",
        "https://EID.example.hk",
        "HTTPS://eid.example.hk",
    ],
)
def test_an_issuer_is_scheme_host_and_port(tmp_path: Path, issuer: str) -> None:
    assert reason_of(tmp_path, issuer=issuer) == "issuer_invalid"


def test_nobody_owns_a_top_level_domain(tmp_path: Path) -> None:
    assert reason_of(tmp_path, passkeys={"rp_id": "hk"}) == "rp_id_invalid"


@pytest.mark.parametrize("proxy", ["*", "0.0.0.0/0", "proxy.example.hk", ""])
def test_trusted_proxies_are_addresses(tmp_path: Path, proxy: str) -> None:
    """Anything else would silently match nobody, and all visitors would share one budget."""
    assert reason_of(tmp_path, server={"trusted_proxies": [proxy]}) == "config_value_invalid"


def test_operators_have_a_port_of_their_own(tmp_path: Path) -> None:
    assert reason_of(tmp_path, admin={"port": 8000}) == "config_value_invalid"


@pytest.mark.parametrize("url", ["garbage", "mysql://host/db", "", "file:///x"])
def test_databases_that_we_do_not_speak_to(tmp_path: Path, url: str) -> None:
    assert reason_of(tmp_path, store={"url": url}) == "config_value_invalid"


def test_the_environment_opens_no_production_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_config(PRODUCTION, {"HKEID_PROFILE": "sandbox"}, tmp_path)
    assert caught.value.reason == "production_refuses"
    assert read_config(PRODUCTION, {"HKEID_PROFILE": "production"}, tmp_path).production
    sandbox = {"profile": "sandbox", "issuer": "https://eid.example.hk"}
    assert read_config(sandbox, {"HKEID_PROFILE": "production"}, tmp_path).production


@pytest.mark.parametrize(
    "line",
    [
        'liveness = ["none", "level-1"]',
        "calibrated = false",
        "revocation = false",
        "specimens = true",
    ],
)
def test_an_upgrade_policy_that_nobody_vouches_for(tmp_path: Path, line: str) -> None:
    """What the sandbox's policy accepts, no file makes production accept."""
    (tmp_path / "upgrade.toml").write_text(line, encoding="utf-8")
    stations = {"policy": "upgrade.toml"}
    config = read_config({**PRODUCTION, "stations": stations}, {}, tmp_path)
    with pytest.raises(ConfigurationError) as caught:
        upgrade_policy(config)
    assert caught.value.reason == "production_refuses"
    (tmp_path / "upgrade.toml").write_text("face_tries = 2", encoding="utf-8")
    assert upgrade_policy(config).face_tries == 2

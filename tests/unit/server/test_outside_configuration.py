"""``[outside_authority]`` and ``[outside_timestamps]``: what cannot be meant is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.config import Config, read_config

_AUTHORITY = {
    "server": "https://ca.example.hk",
    "chain": "chain.pem",
    "reference": "hkeid-ra",
    "secret": "known to both",
    "tls_trusted": "tls.pem",
}
_TIMESTAMPS = {"url": "http://tsa.example.hk/tsa", "trusted": "tsa.pem"}


def _read(profile: str = "sandbox", **sections: object) -> Config:
    content = {"profile": profile, "issuer": "https://eid.example.hk", **sections}
    return read_config(content, {}, Path("/nowhere"))


def _without(key: str) -> dict[str, object]:
    return {name: value for name, value in _AUTHORITY.items() if name != key}


def test_a_configuration_with_both() -> None:
    config = _read(
        outside_authority=_AUTHORITY, outside_timestamps=_TIMESTAMPS, signing={"enabled": True}
    )
    assert config.outside_authority.server == "https://ca.example.hk"
    assert "known to both" not in repr(config)


@pytest.mark.parametrize(
    ("sections", "key"),
    [
        ({"outside_authority": {**_AUTHORITY, "server": "https://ca.example.hk/pkix"}}, "server"),
        ({"outside_authority": {**_AUTHORITY, "server": "ca.example.hk"}}, "tls_trusted"),
        ({"outside_authority": _without("tls_trusted")}, "tls_trusted"),
        ({"outside_authority": _without("server")}, "server"),
        ({"outside_authority": _without("chain")}, "chain"),
        ({"outside_authority": _without("reference")}, "reference"),
        ({"outside_authority": _without("secret")}, "certificate"),
        (
            {"outside_authority": {**_without("secret"), "certificate": "a", "key": "b"}},
            "trusted",
        ),
        ({"outside_authority": {**_AUTHORITY, "key": "b"}}, "secret_file"),
        ({"outside_authority": {**_AUTHORITY, "ocsp": "ldap://x"}}, "ocsp"),
        ({"outside_authority": {**_AUTHORITY, "timeout_seconds": 0}}, "timeout_seconds"),
        ({"outside_timestamps": {**_TIMESTAMPS, "url": "tsa.example.hk"}}, "url"),
        ({"outside_timestamps": {**_TIMESTAMPS, "url": "http://tsa.example.hk:x/"}}, "url"),
        ({"outside_timestamps": {"trusted": "tsa.pem"}}, "url"),
        ({"outside_timestamps": {"url": _TIMESTAMPS["url"]}}, "trusted"),
        ({"outside_timestamps": {**_TIMESTAMPS, "policy": "3.1"}}, "policy"),
        ({"outside_timestamps": {**_TIMESTAMPS, "authorization": "Basic x"}}, "url"),
        ({"outside_timestamps": {**_TIMESTAMPS, "tolerance_seconds": 9999}}, "tolerance_seconds"),
    ],
)
def test_what_cannot_be_meant(sections, key) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _read(**sections)
    assert caught.value.reason == "config_value_invalid"
    assert f"{next(iter(sections))}.{key}' must be" in caught.value.detail


def test_signatures_with_time_stamps_need_somebody_who_makes_them() -> None:
    with pytest.raises(ConfigurationError, match=r"outside_timestamps\.url"):
        _read(signing={"enabled": True})
    _read(signing={"enabled": True, "level": "B-B"})
    _read(signing={"enabled": True}, outside_timestamps=_TIMESTAMPS)


def test_production_sends_no_names_in_the_clear_and_keeps_secrets_in_files() -> None:
    plain = {**_without("tls_trusted"), "server": "ca.example.hk"}
    secret = plain.pop("secret")
    plain |= {"certificate": "a", "key": "b", "trusted": "c"}
    plain.pop("reference")
    with pytest.raises(ConfigurationError, match=r"outside_authority\.server: must be https"):
        _read("production", outside_authority=plain)
    for section in (
        {"outside_authority": {**_AUTHORITY, "secret": secret}},
        {"outside_timestamps": {**_TIMESTAMPS, "authorization": "Basic x"}},
    ):
        with pytest.raises(ConfigurationError, match=r"use outside_\w+\.\w+_file"):
            _read("production", **section)

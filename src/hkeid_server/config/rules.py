"""What a configuration must fulfil, beyond the types of its values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from hkeid.kernel.errors import ConfigurationError
from hkeid.oidc.locales import SUPPORTED as LOCALES
from hkeid_server.config.schema import Config

_LEVELS = frozenset({"debug", "info", "warning", "error"})
_PASSWORD_IN_URL = re.compile(r"://[^/@]*:[^/@]+@")


def check(config: Config) -> None:
    """Refuse a configuration that cannot be meant.

    :raises ConfigurationError: ``config_value_invalid``, ``issuer_invalid``, ``rp_id_invalid``,
        ``production_refuses``.
    """
    _check_issuer(config)
    _check_ranges(config)
    if config.default_language not in LOCALES:
        raise _invalid("default_language", f"one of {', '.join(LOCALES)}")
    if config.log.level not in _LEVELS:
        raise _invalid("log.level", f"one of {', '.join(sorted(_LEVELS))}")
    if config.passkeys.attestation not in {"none", "direct"}:
        raise _invalid("passkeys.attestation", "'none' or 'direct'")
    if config.store.url == "memory" and config.server.workers != 1:
        raise _invalid("server.workers", "1 with the memory store")
    if config.production:
        refusals = list(_production_refusals(config))
        if refusals:
            raise ConfigurationError("production_refuses", detail="; ".join(refusals))


def _check_issuer(config: Config) -> None:
    parts = urlsplit(config.issuer)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError("issuer_invalid", detail="an https URL without query is needed")
    if config.issuer.endswith("/"):
        raise ConfigurationError("issuer_invalid", detail="leave out the trailing slash")
    if parts.path:
        raise ConfigurationError("issuer_invalid", detail="a host of its own, without a path")
    if parts.scheme == "http" and parts.hostname != "localhost":
        raise ConfigurationError(
            "issuer_invalid", detail="plain http is for http://localhost (passkeys need a name)"
        )
    host = parts.hostname
    if host != config.rp_id and not host.endswith(f".{config.rp_id}"):
        raise ConfigurationError(
            "rp_id_invalid", detail=f"{config.rp_id!r} is neither {host!r} nor a parent of it"
        )


def _check_ranges(config: Config) -> None:
    ranges = {
        "server.port": (config.server.port, 0, 65_535),
        "server.workers": (config.server.workers, 1, 256),
        "server.threads": (config.server.threads, 1, 256),
        "server.body_limit": (config.server.body_limit, 16_384, 4_194_304),
        "admin.port": (config.admin.port, 0, 65_535),
        "admin.housekeeping_minutes": (config.admin.housekeeping_minutes, 0, 1440),
        "passkeys.lifetime_seconds": (config.passkeys.lifetime_seconds, 30, 600),
        "sessions.lifetime_minutes": (config.sessions.lifetime_minutes, 1, 1440),
        "sessions.idle_minutes": (config.sessions.idle_minutes, 6, 60),
        "sessions.ticket_days": (config.sessions.ticket_days, 1, 7),
        "tokens.code_seconds": (config.tokens.code_seconds, 5, 60),
        "tokens.access_token_seconds": (config.tokens.access_token_seconds, 30, 3600),
        "tokens.id_token_seconds": (config.tokens.id_token_seconds, 30, 86_400),
        "tokens.refresh_idle_days": (config.tokens.refresh_idle_days, 1, 366),
        "tokens.refresh_days": (config.tokens.refresh_days, 1, 732),
        "tokens.refresh_grace_seconds": (config.tokens.refresh_grace_seconds, 0, 120),
        "tokens.interaction_minutes": (config.tokens.interaction_minutes, 1, 60),
    }
    for name, (value, low, high) in ranges.items():
        if not low <= value <= high:
            raise _invalid(name, f"between {low} and {high}")


def _production_refusals(config: Config) -> Iterator[str]:
    if not config.issuer.startswith("https://"):
        yield "issuer: must be https"
    if not all(origin.startswith("https://") for origin in config.passkeys.origins):
        yield "passkeys.origins: must be https"
    for name, url in (("store", config.store.url), ("vault", config.vault.url)):
        if url == "memory":
            yield f"{name}.url: nothing in memory survives"
        if _PASSWORD_IN_URL.search(url):
            yield f"{name}.url: put the password into a file and name it in {name}.password_file"
    if config.sandbox.seed or config.sandbox.relying_parties:
        yield "sandbox: test persons and local relying parties"
    if config.store.url == config.vault.url:
        yield "vault.url: data keys must lie apart from the data"


def refuse_inline_secrets(content: object) -> None:
    """Refuse a secret in the file where production wants the path of a file of its own.

    :raises ConfigurationError: ``production_refuses``.
    """
    if not isinstance(content, dict):
        return
    for section, key in (("store", "password"), ("vault", "password"), ("keys", "passphrase")):
        table = content.get(section)
        if isinstance(table, dict) and key in table:
            raise ConfigurationError(
                "production_refuses", detail=f"{section}.{key}: use {section}.{key}_file"
            )


def _invalid(name: str, expected: str) -> ConfigurationError:
    return ConfigurationError("config_value_invalid", detail=f"{name!r} must be {expected}")

"""What a configuration must fulfil, beyond the types of its values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from hkeid.kernel.errors import ConfigurationError
from hkeid.oidc.locales import SUPPORTED as LOCALES
from hkeid_server.config.certificates import certificates_complaints, certificates_refusals
from hkeid_server.config.csc import csc_complaints
from hkeid_server.config.logout import logout_complaints
from hkeid_server.config.notices import check_notices
from hkeid_server.config.officers import (
    officers_complaints,
    officers_ranges,
    officers_refusals,
)
from hkeid_server.config.outside import outside_complaints, outside_refusals
from hkeid_server.config.proofing import check_proofing, proofing_refusals
from hkeid_server.config.resident_keys import resident_keys_complaints
from hkeid_server.config.retention import retention_complaints
from hkeid_server.config.saml import saml_complaints
from hkeid_server.config.schema import Config
from hkeid_server.config.signing import signing_complaints
from hkeid_server.config.station_rules import check_stations
from hkeid_server.config.validation import validation_complaints

_LEVELS = frozenset({"debug", "info", "warning", "error"})
_PASSWORD_IN_URL = re.compile(r"://[^/@]*:[^/@]+@|[?&]password=", re.IGNORECASE)
_ISSUER = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?\Z")
_DATABASE = re.compile(r"(sqlite|postgresql)(\+[a-z0-9]+)?://")


def check(config: Config) -> None:
    """Refuse a configuration that cannot be meant.

    :raises ConfigurationError: ``config_value_invalid``, ``issuer_invalid``, ``rp_id_invalid``,
        ``production_refuses``.
    """
    _check_issuer(config)
    _check_addresses(config)
    _check_ranges(config)
    for name, expected in officers_complaints(
        config.officers,
        admin_port=config.admin.port,
        admin_enabled=config.admin.enabled,
        in_memory=config.store.url == "memory",
    ):
        raise _invalid(name, expected)
    if config.default_language not in LOCALES:
        raise _invalid("default_language", f"one of {', '.join(LOCALES)}")
    if config.log.level not in _LEVELS:
        raise _invalid("log.level", f"one of {', '.join(sorted(_LEVELS))}")
    if config.passkeys.attestation not in {"none", "direct"}:
        raise _invalid("passkeys.attestation", "'none' or 'direct'")
    if config.store.url == "memory" and config.server.workers != 1:
        raise _invalid("server.workers", "1 with the memory store")
    check_proofing(config.proofing)
    check_stations(config)
    check_notices(config.notices)
    for name, expected in (
        *logout_complaints(config.logout),
        *retention_complaints(config.retention),
        *certificates_complaints(config.certificates),
        *outside_complaints(config.outside_authority, config.outside_timestamps),
        *signing_complaints(config.signing, config.certificates, config.outside_timestamps),
        *validation_complaints(config.validation),
        *saml_complaints(config.saml),
        *resident_keys_complaints(config.resident_keys),
    ):
        raise _invalid(name, expected)
    for name, expected in csc_complaints(config.csc):
        raise _invalid(name, expected)
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
    if not _ISSUER.match(config.issuer) or not _port_fits(config.issuer):
        raise ConfigurationError(
            "issuer_invalid", detail="scheme, host in lower case, perhaps a port: nothing else"
        )
    if parts.scheme == "http" and parts.hostname != "localhost":
        raise ConfigurationError(
            "issuer_invalid", detail="plain http is for http://localhost (passkeys need a name)"
        )
    host = parts.hostname
    if "." not in config.rp_id and config.rp_id != "localhost":
        raise ConfigurationError("rp_id_invalid", detail=f"{config.rp_id!r} is nobody's own domain")
    if host != config.rp_id and not host.endswith(f".{config.rp_id}"):
        raise ConfigurationError(
            "rp_id_invalid", detail=f"{config.rp_id!r} is neither {host!r} nor a parent of it"
        )


def _port_fits(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _check_addresses(config: Config) -> None:
    for address in config.server.trusted_proxies:
        try:
            ip_address(address)
        except ValueError:
            raise _invalid(
                "server.trusted_proxies", f"single IP addresses, which {address!r} is not"
            ) from None
    # Listeners may share a port (SO_REUSEPORT): visitors would then reach the operators' one.
    if config.admin.enabled and config.admin.port == config.server.port != 0:
        raise _invalid("admin.port", "another port than server.port")
    for name, url in (("store.url", config.store.url), ("vault.url", config.vault.url)):
        if url != "memory" and not _DATABASE.match(url):
            raise _invalid(name, "sqlite:///PATH, postgresql+psycopg://… or 'memory'")


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
    ranges |= officers_ranges(config.officers)
    for name, (value, low, high) in ranges.items():
        if not low <= value <= high:
            raise _invalid(name, f"between {low} and {high}")


def _production_refusals(config: Config) -> Iterator[str]:
    if not config.issuer.startswith("https://"):
        yield "issuer: must be https"
    if not all(origin.startswith("https://") for origin in config.passkeys.origins):
        yield "passkeys.origins: must be https"
    for name, url in (("store", config.store.url), ("vault", config.vault.url)):
        if _in_memory(url):
            yield f"{name}.url: nothing in memory survives"
        if _PASSWORD_IN_URL.search(url):
            yield f"{name}.url: put the password into a file and name it in {name}.password_file"
    if config.stations.enabled and config.stations.authority:
        yield "stations.authority: the sandbox's certification authority"
    if config.sandbox.seed or config.sandbox.relying_parties:
        yield "sandbox: test persons and local relying parties"
    yield from officers_refusals(
        config.officers, admin_port=config.admin.port, residents=config.rp_id
    )
    yield from proofing_refusals(config.proofing)
    yield from certificates_refusals(config.certificates)
    yield from outside_refusals(config.outside_authority)
    if _place(config, config.store.url) == _place(config, config.vault.url):
        yield "vault.url: data keys must lie apart from the data"


def _in_memory(url: str) -> bool:
    """Whether nothing is left of it when the process ends; SQLite has spellings for that too."""
    if not url.startswith("sqlite"):
        return url == "memory"
    path = url.partition("://")[2].partition("?")[0]
    return path in {"", "/"} or ":memory:" in url or "mode=memory" in url


def _place(config: Config, url: str) -> str:
    """The database that a URL means, however it is spelt."""
    if not url.startswith("sqlite"):
        return url
    return str(config.path(url.partition(":///")[2].partition("?")[0]).resolve())


def refuse_inline_secrets(content: object) -> None:
    """Refuse a secret in the file where production wants the path of a file of its own.

    :raises ConfigurationError: ``production_refuses``.
    """
    if not isinstance(content, dict):
        return
    for section, key in (
        ("store", "password"),
        ("vault", "password"),
        ("keys", "passphrase"),
        ("stations", "proxy_secret"),
        ("certificates", "passphrase"),
        ("outside_authority", "secret"),
        ("outside_authority", "key_passphrase"),
        ("outside_timestamps", "authorization"),
    ):
        table = content.get(section)
        if isinstance(table, dict) and key in table:
            raise ConfigurationError(
                "production_refuses", detail=f"{section}.{key}: use {section}.{key}_file"
            )


def _invalid(name: str, expected: str) -> ConfigurationError:
    return ConfigurationError("config_value_invalid", detail=f"{name!r} must be {expected}")

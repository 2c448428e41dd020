"""What the section about stations must fulfil."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from hkeid.kernel.errors import ConfigurationError
from hkeid_server.config.schema import Config

_SHORTEST_SECRET = 24


def check_stations(config: Config) -> None:
    """Refuse what cannot work or would not protect.

    :raises ConfigurationError: ``config_value_invalid``.
    """
    section = config.stations
    for address in section.proxies:
        try:
            ip_address(address)
        except ValueError:
            raise _invalid("proxies", f"single IP addresses, which {address!r} is not") from None
    if section.address and urlsplit(section.address).scheme != "https":
        raise _invalid("address", "an https URL")
    if not 1 <= section.certificate_days <= 31:
        raise _invalid("certificate_days", "between 1 and 31")
    if not 1 <= section.officer_idle_minutes <= 480:
        raise _invalid("officer_idle_minutes", "between 1 and 480")
    secret = section.proxy_secret
    if section.proxies and (secret is None or len(secret.reveal()) < _SHORTEST_SECRET):
        raise _invalid(
            "proxy_secret",
            f"at least {_SHORTEST_SECRET} characters (an address alone is no proof: other programs "
            "on the proxy's machine, and its public pages, come from there too)",
        )


def _invalid(key: str, expected: str) -> ConfigurationError:
    return ConfigurationError("config_value_invalid", detail=f"'stations.{key}' must be {expected}")

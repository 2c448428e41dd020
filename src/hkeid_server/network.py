"""What the connection says about a visitor: network address and a coarse word for the browser."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("HarmonyOS", "HarmonyOS"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class NetworkReader:
    """Finds the visitor's address.

    :param trusted: addresses of the reverse proxies whose ``X-Forwarded-For`` is believed.
    """

    def __init__(self, trusted: tuple[str, ...]) -> None:
        self._trusted = frozenset(trusted)

    def address(self, environ: Mapping[str, Any]) -> str:
        """The nearest address that is not one of our proxies, or "" where unknown."""
        address = str(environ.get("REMOTE_ADDR", ""))
        if address not in self._trusted:
            return address
        hops = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        for hop in reversed(hops):
            address = hop.strip() or address
            if address not in self._trusted:
                break
        return address


def coarse_network(address: str) -> str:
    """The network an address is in (IPv4 /24, IPv6 /56): what attempt budgets are counted by."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        # A socket of both families says ::ffff:192.0.2.1, which would put all of IPv4 into one network.
        found = found.ipv4_mapped or found
    size = 24 if found.version == 4 else 56
    return str(ip_network((int(found), found.max_prefixlen)).supernet(new_prefix=size))


def coarse_agent(header: str) -> str:
    """Browser and system in two words, for the resident's own list; "" where unknown."""
    browser = next((name for sign, name in _BROWSERS if sign in header), "")
    system = next((name for sign, name in _SYSTEMS if sign in header), "")
    return ", ".join(part for part in (browser, system) if part)

"""Which networks a registration comes from, and how many each may have: whoever rents one address of
IPv6 has thousands of networks.

An IPv6 end site holds a /56 or a /48 (RFC 6177), and tunnels give a /48 away; a /32 is the least that a
provider holds. IPv4 addresses are dear enough that a /24 stands for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Network, ip_network

from hkeid.ports.keys import KeyPurpose, KeyStore

_MARK = "registration_network"
_SITE_BITS = 48
_PROVIDER_BITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """Keyed digests, because addresses are few enough to try them all.

    :ivar network: as the server names it (IPv4 /24, IPv6 /56).
    :ivar site: the IPv6 /48 that it is in; ``network`` for all others.
    :ivar provider: the IPv6 /32 that it is in; None for all others.
    """

    network: bytes
    site: bytes
    provider: bytes | None = None


def networks_of(keys: KeyStore, network: str) -> Networks:
    """The networks around ``network``, which may be any text; what is no IPv6 network stands alone."""
    narrow = _digest(keys, network)
    try:
        found = ip_network(network, strict=False)
    except ValueError:
        return Networks(network=narrow, site=narrow)
    if not isinstance(found, IPv6Network):
        return Networks(network=narrow, site=narrow)
    return Networks(
        network=narrow,
        site=_digest(keys, _around(found, _SITE_BITS)),
        provider=_digest(keys, _around(found, _PROVIDER_BITS)),
    )


def _around(network: IPv6Network, bits: int) -> str:
    return str(network.supernet(new_prefix=bits) if network.prefixlen > bits else network)


def _digest(keys: KeyStore, network: str) -> bytes:
    return keys.mac(KeyPurpose.SHORT_CODE, f"{_MARK}:{network}".encode("utf-8", "surrogatepass"))

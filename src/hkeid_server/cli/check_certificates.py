"""What ``hkeid check`` says of the embedded certification authority: that it opens, and what ends soon."""

from __future__ import annotations

from datetime import timedelta

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import Instant
from hkeid_server.cli.check_services import NotThere
from hkeid_server.config import Config

_SOON = timedelta(days=30)


def certificates(config: Config) -> str:
    """The authority, its services and the root's list; what has ended, or ends within 30 days, is a fault."""
    from hkeid_server.wiring import open_keys, open_store, surroundings
    from hkeid_server.wiring.certificates import authority_folder, open_authority

    section = config.certificates
    outside = bool(config.outside_authority.server)
    signing = (config.signing.enabled or config.csc.enabled) and not outside
    if not (section.enabled or section.timestamps or signing):
        raise NotThere("no certification authority here, no time-stamps ([certificates])")
    clock, random = surroundings()
    store = open_store(config, open_keys(config, clock, random), clock, random)
    try:
        rooms = open_authority(config, store, clock, random)
    finally:
        store.close()
    folder = authority_folder(config)
    ends = {
        "issuing certificate": rooms.authority.certificate.not_after,
        "OCSP certificate (hkeid ca renew ocsp)": rooms.responder.certificate.not_after,
        "root's list (hkeid ca root-crl)": _list_ends(folder.root[1]),
    }
    if rooms.unit is not None:
        ends["time-stamp certificate (hkeid ca renew time-stamp)"] = (
            rooms.unit.certificate.not_after
        )
    for name, moment in ends.items():
        if moment < clock.now() + _SOON:
            raise ConfigurationError("certificate_ends", detail=f"{name}: {moment:%F}")
    served = [name for name in ("enabled", "timestamps") if getattr(section, name)]
    words = {"enabled": "/pki/", "timestamps": "/tsa"}
    first = min(ends.values())
    where = " and ".join(words[one] for one in served) or "for residents' keys alone"
    return f"{where}; nothing ends before {first:%F}"


def _list_ends(encoded: bytes) -> Instant:
    """The list's ``nextUpdate``."""
    from cryptography import x509

    try:
        ends = x509.load_der_x509_crl(encoded).next_update_utc
    except ValueError:
        ends = None
    if ends is None:
        raise ConfigurationError("authority_malformed", detail="root.crl")
    return ends

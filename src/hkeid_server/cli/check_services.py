"""What ``hkeid check`` looks at for registration, upgrades and notices.

A part that this installation does not have is no fault; it is named, so that nobody looks for what it
would do.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from hkeid.kernel.errors import ConfigurationError, MissingExtra, Unavailable
from hkeid_server.config import Config

_SECONDS = 3.0


class NotThere(Exception):
    """The installation has no such part; the words say what follows from it."""


class Doubtful(Exception):
    """The server can serve, but something has to be done; the words say what."""


def officers(config: Config) -> str:
    """Officers; in production everyone who is not suspended with a number, so that nobody decides on themselves."""
    from hkeid.officers import OfficerStatus
    from hkeid_server.wiring import MEMORY, build_house

    if config.store.url == MEMORY:
        raise NotThere("none outlasts a store in memory (store.url)")
    with build_house(config).store.transaction() as tx:
        working = [one for one in tx.officers if one.status is not OfficerStatus.SUSPENDED]
    without = [one.id for one in working if one.own_number is None]
    if config.production and without:
        raise Doubtful(
            f"{len(without)} of {len(working)} without their own number, who could decide on themselves "
            f"or be entered twice; run: hkeid officers number, for {', '.join(without)}"
        )
    return f"{len(working)} entered"


def registry(config: Config) -> str:
    """The register of persons: configured, and something listens where it should be."""
    from hkeid_server.wiring.proofing import open_registry

    if open_registry(config, None) is None:
        raise NotThere("none configured: nobody can register or upgrade (registry.url)")
    address = urlsplit(config.registry.url)
    if not address.hostname:
        return "test persons, inside this process"
    port = address.port or {"https": 443}.get(address.scheme, 80)
    try:
        socket.create_connection((address.hostname, port), timeout=_SECONDS).close()
    except OSError as error:
        detail = f"{address.hostname}:{port}: {error.strerror or type(error).__name__}"
        raise Unavailable("registry_unreachable", detail=detail) from None
    return f"{address.hostname}:{port} answers"


def documents(config: Config) -> str:
    """The reader of photographed cards."""
    from hkeid_server.wiring import surroundings
    from hkeid_server.wiring.proofing import open_reader

    return _part(
        lambda: open_reader(config, surroundings()[0]),
        config.documents.reader,
        "no registration on a phone",
    )


def faces(config: Config) -> str:
    """The face matcher."""
    from hkeid_server.wiring.proofing import open_matcher

    found = _part(
        lambda: open_matcher(config), config.faces.matcher, "an officer looks at every case"
    )
    return f"{found}, {'calibrated' if config.faces.calibration else 'not calibrated'}"


def liveness(config: Config) -> str:
    """The liveness check."""
    from hkeid_server.wiring.proofing import open_liveness

    without = "no selfies; an officer looks at every face"
    return _part(lambda: open_liveness(config), config.liveness.check or "head-turn", without)


def stations(config: Config) -> str:
    """Stations, and the door that they come in by."""
    from hkeid_server.wiring import open_keys, open_store, surroundings
    from hkeid_server.wiring.station_registry import station_registry

    if not config.stations.enabled:
        raise NotThere("not served (stations.enabled)")
    if not config.registry.url:
        raise ConfigurationError("person_registry_missing", detail="stations need registry.url")
    clock, random = surroundings()
    keys = open_keys(config, clock, random)
    store = open_store(config, keys, clock, random)
    known = len(station_registry(config, store, keys, clock, random).all())
    if not config.stations.proxies:
        raise ConfigurationError(
            "station_door_incomplete",
            detail="set stations.proxies and stations.proxy_secret: no station is let in",
        )
    return f"{known} entered; let in from {', '.join(config.stations.proxies)}"


def country_signers(config: Config) -> str:
    """Whose chips are believed."""
    from hkeid.adapters.country_signers import load_country_signers

    if not config.stations.enabled:
        raise NotThere("not needed without stations")
    found = load_country_signers(config.path(config.stations.country_signers))
    return (
        f"{', '.join(sorted(found.countries))}: {len(found.anchors)} certificates, "
        f"{len(found.lists)} revocation lists, {len(found.rejected)} not believed"
    )


def notices(config: Config) -> str:
    """By which channels residents are told."""
    from hkeid_server.wiring import surroundings
    from hkeid_server.wiring.notices import open_carriers

    carriers, _inbox = open_carriers(config, *surroundings())
    channels = sorted({channel.value for one in carriers for channel in one.channels})
    if not channels:
        raise NotThere("no channel: nobody is told what happens to an eID ([notices])")
    every = config.notices.every_seconds
    when = f"every {every} s" if every else "by `hkeid notices send` only"
    return f"{', '.join(channels)}; sent {when}"


def _part(open_part: Callable[[], Any], name: str, without: str) -> str:
    try:
        part = open_part()
    except MissingExtra as error:
        raise NotThere(f"{without}: {error.detail}") from None
    if part is None:
        raise NotThere(f"none: {without}")
    return name

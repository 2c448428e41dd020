"""The registry of stations and their authority, which operators' commands use without the rest."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from hkeid.enrolment.stations import StationAuthority, Stations, StationSettings
from hkeid.kernel.errors import ConfigurationError
from hkeid.ports import Clock, KeyStore, Random, Store
from hkeid_server.config import Config


def station_registry(
    config: Config, store: Store[Any], keys: KeyStore, clock: Clock, random: Random
) -> Stations:
    """The registry of stations, with the sandbox's authority where there is one."""
    from hkeid.adapters.station_ca import CertificateReader, StationCa

    authority: CertificateReader = CertificateReader()
    if config.stations.authority:
        authority = StationCa(config.path(config.stations.authority))
    settings = StationSettings(
        certificate_lifetime=timedelta(days=config.stations.certificate_days)
    )
    return Stations(store, keys, clock, random, authority, settings)


def certificate_reader() -> StationAuthority:
    """Reads stations' certificates, and issues none."""
    from hkeid.adapters.station_ca import CertificateReader

    return CertificateReader()


def make_station_authority(config: Config, name: str) -> Path:
    """Make the sandbox's certification authority; returns its root's certificate file.

    :raises ConfigurationError: ``station_authority_unset``, ``station_authority_exists``,
        ``production_refuses``.
    """
    from hkeid.adapters.station_ca import StationCa
    from hkeid.adapters.system import SystemClock

    if config.production:
        raise ConfigurationError(
            "production_refuses", detail="stations.authority: bind certificates of your own"
        )
    if not config.stations.authority:
        raise ConfigurationError("station_authority_unset", detail="set stations.authority")
    folder = config.path(config.stations.authority)
    StationCa.create(folder, name=name, now=SystemClock().now())
    return folder / "station-root.pem"


def station_authority_wanted(config: Config) -> bool:
    """Whether the configuration names an authority of the sandbox's own that is not made yet."""
    wanted = config.stations.enabled and bool(config.stations.authority) and not config.production
    return wanted and not (config.path(config.stations.authority) / "station-root.key").exists()

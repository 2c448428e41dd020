"""Puts stations and upgrades together."""

from __future__ import annotations

import tomllib
from datetime import timedelta

from hkeid.enrolment.stations import Seats
from hkeid.enrolment.upgrade import OfficersOnDuty, UpgradeParts, UpgradePolicy, Upgrades
from hkeid.kernel.errors import ConfigurationError
from hkeid.ports import EvidenceVault
from hkeid_server.config import Config
from hkeid_server.stations.parts import StationRooms
from hkeid_server.wiring.foundation import Foundation
from hkeid_server.wiring.proofing import ProofingParts, proofing_policy, registration_settings
from hkeid_server.wiring.station_registry import certificate_reader, station_registry
from hkeid_server.wiring.trusted_countries import TrustedCountries


def open_stations(
    base: Foundation, proofing: ProofingParts, evidence: EvidenceVault
) -> StationRooms | None:
    """Stations as configured; None where they are not served.

    :raises ConfigurationError: ``person_registry_missing``: there is no upgrade without one; what
        :class:`TrustedCountries` refuses.
    """
    config, store, clock, random = base.config, base.store, base.clock, base.random
    if not config.stations.enabled:
        return None
    if proofing.registry is None:
        raise ConfigurationError("person_registry_missing", detail="stations need registry.url")
    stations = station_registry(config, store, base.keys, clock, random)
    parts = UpgradeParts(
        store=store,
        fields=base.fields,
        keys=base.keys,
        clock=clock,
        random=random,
        stations=stations,
        vault=evidence,
        verifier=TrustedCountries(config.path(config.stations.country_signers), base.journal),
        registry=proofing.registry,
        liveness=proofing.liveness,
        matcher=proofing.matcher,
        policy=upgrade_policy(config),
        proofing=proofing_policy(config),
        registration=registration_settings(config),
    )
    return StationRooms(
        stations=stations,
        seats=Seats(store, stations, clock, random),
        upgrades=Upgrades(parts, base.passkeys, base.broker),
        officers=OfficersOnDuty(
            store,
            clock,
            test_officer=not config.production,
            idle=timedelta(minutes=config.stations.officer_idle_minutes),
        ),
        reader=certificate_reader(),
    )


def upgrade_policy(config: Config) -> UpgradePolicy:
    """Which evidence is enough.

    :raises ConfigurationError: ``upgrade_policy_invalid``; ``production_refuses``: one that accepts
        what nobody vouches for.
    """
    if not config.stations.policy:
        return UpgradePolicy() if config.production else UpgradePolicy.sandbox()
    path = config.path(config.stations.policy)
    try:
        policy = UpgradePolicy.from_table(tomllib.loads(path.read_text("utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "upgrade_policy_invalid", detail=f"{path}: {type(error).__name__}"
        ) from None
    if config.production and policy.lax():
        detail = f"stations.policy: {', '.join(policy.lax())} are for the sandbox"
        raise ConfigurationError("production_refuses", detail=detail)
    return policy

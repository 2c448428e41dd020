"""Puts stations and upgrades together."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from hkeid.broker import Broker
from hkeid.chip.document import ChipDocument
from hkeid.chip.evidence import ChipEvidence
from hkeid.chip.trust import CountrySigners, der_blocks
from hkeid.enrolment.stations import Seats
from hkeid.enrolment.upgrade import OfficersOnDuty, UpgradeParts, UpgradePolicy, Upgrades
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock, EvidenceVault, KeyStore, Random, Store
from hkeid.residents import PersonalFields
from hkeid.webauthn import WebAuthnPolicy
from hkeid_server.config import Config
from hkeid_server.stations.parts import StationRooms
from hkeid_server.wiring.proofing import ProofingParts, proofing_policy, registration_settings
from hkeid_server.wiring.station_registry import certificate_reader, station_registry

_LARGEST_FILE = 32 * 1024 * 1024


def open_stations(
    config: Config,
    proofing: ProofingParts,
    evidence: EvidenceVault,
    *,
    store: Store[Any],
    fields: PersonalFields,
    policy: WebAuthnPolicy,
    broker: Broker,
    keys: KeyStore,
    clock: Clock,
    random: Random,
) -> StationRooms | None:
    """Stations as configured; None where they are not served.

    :raises ConfigurationError: ``person_registry_missing``: there is no upgrade without one.
    """
    if not config.stations.enabled:
        return None
    if proofing.registry is None:
        raise ConfigurationError("person_registry_missing", detail="stations need registry.url")
    stations = station_registry(config, store, keys, clock, random)
    parts = UpgradeParts(
        store=store,
        fields=fields,
        keys=keys,
        clock=clock,
        random=random,
        stations=stations,
        vault=evidence,
        verifier=TrustedCountries(config.path(config.stations.country_signers)),
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
        upgrades=Upgrades(parts, policy, broker),
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


class TrustedCountries:
    """Verifies readings with the certificates and revocation lists in a folder, read once.

    Without any, nothing is trusted, so that no card upgrades an eID (law 7).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def trust(self) -> CountrySigners:
        """What the folder holds."""
        return read_country_signers(self._folder)

    def verify(self, document: ChipDocument, *, at: Instant) -> ChipEvidence:
        """What the document proves."""
        return document.verify(trust=self.trust, at=at)


def read_country_signers(folder: Path) -> CountrySigners:
    """Certificates (``.cer``, ``.crt``, ``.der``, ``.pem``) and lists (``.crl``) of a folder.

    :raises ConfigurationError: ``country_signers_unreadable``.
    """
    certificates: list[bytes] = []
    lists: list[bytes] = []
    for path in sorted(folder.glob("*")) if folder.is_dir() else ():
        if path.suffix.lower() not in {".cer", ".crt", ".der", ".pem", ".crl"}:
            continue
        try:
            content = path.read_bytes()[:_LARGEST_FILE]
        except OSError as error:
            raise ConfigurationError(
                "country_signers_unreadable", detail=f"{path}: {error.strerror}"
            ) from None
        target = lists if path.suffix.lower() == ".crl" else certificates
        target.extend(der_blocks(content))
    return CountrySigners.of(certificates, crls=lists)

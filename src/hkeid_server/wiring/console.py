"""Puts the officers' console together, for the admin process and for operators' commands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hkeid.enrolment.counter_seats import CounterSeats
from hkeid.enrolment.record_desk import RecordDesk
from hkeid.enrolment.review import (
    RegistrationCases,
    Registrations,
    Review,
    ReviewFigures,
    ReviewPolicy,
    Sources,
    UpgradeCases,
)
from hkeid.officers import Officers, OfficerSettings
from hkeid.ports import EvidenceVault
from hkeid.webauthn import WebAuthnPolicy
from hkeid_server.browser import CookieNames
from hkeid_server.config import Config
from hkeid_server.console.parts import Console
from hkeid_server.house import House
from hkeid_server.shell import PageSettings
from hkeid_server.wiring.notices import teller
from hkeid_server.wiring.proofing import proofing_policy
from hkeid_server.wiring.rights import open_request_desk


def officers_policy(config: Config) -> WebAuthnPolicy:
    """What an officer's passkey ceremony must fulfil."""
    section, port = config.officers, config.admin.port
    return WebAuthnPolicy(
        rp_id=section.rp_id_at(port),
        rp_name=f"{config.passkeys.rp_name}: officers",
        origins=frozenset({section.origin_at(port)}),
        attestation="direct" if config.passkeys.attestation == "direct" else "none",
        allow_synced=section.allow_synced,
        lifetime=timedelta(seconds=config.passkeys.lifetime_seconds),
        hints=("security-key", "client-device"),
    )


def build_officers(house: House) -> Officers[Any]:
    """The officers of a house."""
    section = house.config.officers
    return Officers(
        house.store,
        officers_policy(house.config),
        house.fields,
        house.keys,
        house.clock,
        house.random,
        OfficerSettings(
            session_lifetime=timedelta(minutes=section.session_minutes),
            session_idle=timedelta(minutes=section.idle_minutes),
            touch_every=min(timedelta(seconds=30), timedelta(minutes=section.idle_minutes) / 2),
            step_up=timedelta(minutes=section.step_up_minutes),
        ),
        tell=teller(house.random),
    )


def review_policy(config: Config) -> ReviewPolicy:
    """How cases are reviewed, with the proofing policy that registration works by."""
    return ReviewPolicy(proofing=proofing_policy(config))


def upgrade_cases(house: House, policy: ReviewPolicy) -> UpgradeCases | None:
    """Upgrades as cases; None where no stations are served."""
    if house.stations is None:
        return None
    upgrades, vault = house.stations.upgrades, house.evidence
    return UpgradeCases(house.store, upgrades, vault, house.fields, house.keys, policy)


def build_console(
    house: House,
    *,
    registrations: Registrations | None = None,
    evidence: EvidenceVault | None = None,
) -> Console:
    """The console of a house.

    :param registrations: carries decisions out; the house's own if None.
    :param evidence: holds the evidence of referred cases; the house's own if None.
    """
    config = house.config
    officers = build_officers(house)
    policy = review_policy(config)
    sources = Sources(
        RegistrationCases(
            registrations or house.registration, evidence or house.evidence, house.keys, policy
        ),
        upgrade_cases(house, policy),
    )
    origin = config.officers.origin_at(config.admin.port)
    rooms = house.stations
    review = Review(house.store, officers, sources, house.clock, house.random, policy)
    return Console(
        pages=PageSettings(
            origin=origin,
            cookies=CookieNames.for_console(origin),
            sandbox=not config.production,
            default_language=config.default_language,
        ),
        clock=house.clock,
        random=house.random,
        officers=officers,
        review=review,
        figures=ReviewFigures(house.store, officers, house.clock, sources),
        records=RecordDesk(
            house.store,
            officers,
            house.fields,
            house.devices,
            house.standing,
            house.keys,
            house.clock,
        ),
        requests=open_request_desk(house, officers),
        seats=None if rooms is None else CounterSeats(officers, rooms.officers),
        journal=house.journal,
        network=house.network,
        ceremony=timedelta(seconds=config.passkeys.lifetime_seconds),
        body_limit=config.server.body_limit,
        log_access=config.log.access,
    )

"""Puts the parts together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hkeid.broker import Broker, BrokerSettings
from hkeid.enrolment import Activation, Devices, EnrolmentSettings, Standing
from hkeid.enrolment.guardians import Guardians
from hkeid.enrolment.new_phone import NewPhone
from hkeid.op import InteractionKind, Provider, ProviderSettings
from hkeid.ports import Clock, KeyStore, Random, Store
from hkeid.profile import ConsentLedger
from hkeid.residents import PersonalFields
from hkeid.webauthn import WebAuthnPolicy
from hkeid_server.browser import CookieNames
from hkeid_server.config import Config
from hkeid_server.house import House
from hkeid_server.interactions.consent import ConsentHandler
from hkeid_server.interactions.login import ChooseHandler, LoginHandler
from hkeid_server.interactions.logout import LogoutHandler
from hkeid_server.interactions.turn import Handler
from hkeid_server.journal import Journal, open_journal
from hkeid_server.looked_at import accesses_in
from hkeid_server.network import NetworkReader
from hkeid_server.shell import PageSettings
from hkeid_server.wiring.notices import decision_letters, open_notices
from hkeid_server.wiring.opening import (
    open_keys,
    open_store,
    open_vault,
    register_clients,
    surroundings,
)
from hkeid_server.wiring.proofing import make_registration, open_evidence, open_proofing
from hkeid_server.wiring.stations import open_stations


def build_house(
    config: Config,
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    keys: KeyStore | None = None,
    journal: Journal | None = None,
) -> House:
    """A house from its configuration; what is given replaces what would be made.

    :raises hkeid.kernel.errors.ConfigurationError: a part cannot be made; the detail says why.
    """
    machine_clock, machine_random = surroundings()
    clock, random = clock or machine_clock, random or machine_random
    keys = keys or open_keys(config, clock, random)
    store = open_store(config, keys, clock, random)
    fields = PersonalFields(keys, open_vault(config), random)
    policy = passkey_policy(config)
    ledger = ConsentLedger(store, fields, clock, random)
    broker = Broker(store, policy, fields, clock, random, session_settings(config))
    register_clients(config, store)
    provider = _make_provider(config)(
        config.issuer, store, keys, broker, ledger, clock, random, provider_settings(config)
    )
    journal = journal or make_journal(config, clock)
    common = {"store": store, "keys": keys, "clock": clock, "random": random}
    proofing, evidence = open_proofing(config, clock, journal), open_evidence(config, **common)
    notices = open_notices(config, store, fields, keys, clock, random)
    letters = decision_letters(config, notices.notifiers, journal)
    people = {"passkeys": policy, "fields": fields, "broker": broker, **common}
    registration = make_registration(config, proofing, evidence, hooks=letters, **people)
    rooms = open_stations(
        config, proofing, evidence, policy=policy, fields=fields, broker=broker, **common
    )
    return House(
        config=config,
        pages=page_settings(config),
        clock=clock,
        random=random,
        keys=keys,
        store=store,
        fields=fields,
        policy=policy,
        ledger=ledger,
        broker=broker,
        **_devices_of_residents(config, policy, fields, broker, **common),
        accesses=accesses_in(store),
        standing=Standing(store, clock, random),
        guardians=Guardians(store, registration, fields, keys, clock, random),
        notices=notices,
        registration=registration,
        evidence=evidence,
        proofing=proofing,
        doors={"oidc": provider},
        handlers=_handlers(),
        journal=journal,
        network=NetworkReader(config.server.trusted_proxies),
        stations=rooms,
    )


def _devices_of_residents(
    config: Config,
    policy: WebAuthnPolicy,
    fields: PersonalFields,
    broker: Broker,
    *,
    store: Store[Any],
    keys: KeyStore,
    clock: Clock,
    random: Random,
) -> dict[str, Any]:
    """The ways by which a device comes to an eID that is there."""
    settings = EnrolmentSettings(ticket_lifetime=timedelta(days=config.sessions.ticket_days))
    keyed = (store, policy, fields, broker, keys, clock, random, settings)
    return {
        "activation": Activation(*keyed),
        "devices": Devices(store, policy, fields, broker, clock, random, settings),
        "new_phone": NewPhone(*keyed),
    }


def _make_provider(config: Config) -> Callable[..., Provider]:
    return Provider.production if config.production else Provider.sandbox


def _handlers() -> dict[InteractionKind, Handler]:
    """Who serves which interaction of a door."""
    login = LoginHandler()
    return {
        InteractionKind.LOGIN: login,
        InteractionKind.SELECT_ACCOUNT: ChooseHandler(login),
        InteractionKind.CONSENT: ConsentHandler(),
        InteractionKind.LOGOUT: LogoutHandler(),
    }


def passkey_policy(config: Config) -> WebAuthnPolicy:
    """What a passkey ceremony must fulfil."""
    return WebAuthnPolicy(
        rp_id=config.rp_id,
        rp_name=config.passkeys.rp_name,
        origins=config.passkey_origins,
        attestation="direct" if config.passkeys.attestation == "direct" else "none",
        allow_synced=config.passkeys.allow_synced,
        lifetime=timedelta(seconds=config.passkeys.lifetime_seconds),
    )


def provider_settings(config: Config) -> ProviderSettings:
    """Lifetimes of the OpenID Provider."""
    tokens = config.tokens
    return ProviderSettings(
        profile=config.profile,
        code_lifetime=timedelta(seconds=tokens.code_seconds),
        access_token_lifetime=timedelta(seconds=tokens.access_token_seconds),
        id_token_lifetime=timedelta(seconds=tokens.id_token_seconds),
        refresh_idle=timedelta(days=tokens.refresh_idle_days),
        refresh_lifetime=timedelta(days=tokens.refresh_days),
        refresh_grace=timedelta(seconds=tokens.refresh_grace_seconds),
        interaction_lifetime=timedelta(minutes=tokens.interaction_minutes),
        policy_uri=f"{config.issuer}/privacy",
    )


def session_settings(config: Config) -> BrokerSettings:
    """How long residents stay logged in."""
    return BrokerSettings(
        session_lifetime=timedelta(minutes=config.sessions.lifetime_minutes),
        session_idle=timedelta(minutes=config.sessions.idle_minutes),
    )


def page_settings(config: Config) -> PageSettings:
    """What the pages need to know."""
    return PageSettings(
        origin=config.origin,
        cookies=CookieNames.for_issuer(config.issuer),
        sandbox=not config.production,
        default_language=config.default_language,
    )


def make_journal(config: Config, clock: Clock) -> Journal:
    """The log of this process."""
    file = config.path(config.log.file) if config.log.file else None
    return open_journal(clock, level=config.log.level, file=file)

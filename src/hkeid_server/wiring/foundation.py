"""What every room of a house stands on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hkeid.broker import Broker, BrokerSettings
from hkeid.ports import Clock, KeyStore, Random, Store
from hkeid.residents import PersonalFields
from hkeid.webauthn import WebAuthnPolicy
from hkeid_server.config import Config
from hkeid_server.journal import Journal, open_journal
from hkeid_server.wiring.opening import open_keys, open_store, open_vault, surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """Store, keys, time and chance of a house, and who is logged in.

    :ivar passkeys: what a resident's passkey ceremony must fulfil.
    """

    config: Config
    clock: Clock
    random: Random
    keys: KeyStore
    store: Store[Any]
    fields: PersonalFields
    passkeys: WebAuthnPolicy
    broker: Broker
    journal: Journal


def lay_foundation(
    config: Config,
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    keys: KeyStore | None = None,
    store: Store[Any] | None = None,
    journal: Journal | None = None,
) -> Foundation:
    """Open what the configuration names; what is given replaces what would be made.

    :raises hkeid.kernel.errors.ConfigurationError: it cannot be opened.
    """
    machine_clock, machine_random = surroundings()
    clock, random = clock or machine_clock, random or machine_random
    keys = keys or open_keys(config, clock, random)
    store = store or open_store(config, keys, clock, random)
    fields = PersonalFields(keys, open_vault(config), random)
    passkeys = passkey_policy(config)
    return Foundation(
        config=config,
        clock=clock,
        random=random,
        keys=keys,
        store=store,
        fields=fields,
        passkeys=passkeys,
        broker=Broker(store, passkeys, fields, clock, random, session_settings(config)),
        journal=journal or make_journal(config, clock),
    )


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


def session_settings(config: Config) -> BrokerSettings:
    """How long residents stay logged in."""
    return BrokerSettings(
        session_lifetime=timedelta(minutes=config.sessions.lifetime_minutes),
        session_idle=timedelta(minutes=config.sessions.idle_minutes),
    )


def make_journal(config: Config, clock: Clock) -> Journal:
    """The log of this process."""
    file = config.path(config.log.file) if config.log.file else None
    return open_journal(clock, level=config.log.level, file=file)

"""Puts together what tells relying parties of logouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hkeid.doors.logout.delivery import LogoutDelivery
from hkeid.doors.logout.telling import Teller
from hkeid.op.logout.teller import ClientTeller
from hkeid.ports import Clock, KeyStore, Random
from hkeid.ports.surroundings import HttpClient
from hkeid_server.config import Config
from hkeid_server.journal import Journal
from hkeid_server.logouts import LogoutCourier

if TYPE_CHECKING:
    from hkeid.saml.idp import IdentityProvider
    from hkeid_server.metadata_rounds import MetadataRounds


def open_courier(
    config: Config,
    store: Any,
    keys: KeyStore,
    clock: Clock,
    random: Random,
    journal: Journal,
    saml: IdentityProvider | None = None,
) -> LogoutCourier:
    """Who tells relying parties of logouts.

    :param saml: the SAML door, if it is open.
    """
    section = config.logout

    def failed(client_id: str, reason: str) -> None:
        journal.event("op:logout:not_taken", level="warning", client_id=client_id, reason=reason)

    http, timeout = logout_client(config), float(section.timeout_seconds)
    tellers: list[Teller] = [
        ClientTeller(config.issuer, store, keys, http, clock, random, timeout=timeout)
    ]
    if saml is not None:
        tellers.append(saml.logout_teller(http, timeout=timeout))
    delivery = LogoutDelivery(store, tellers, clock, failed=failed)
    return LogoutCourier(delivery, journal, threads=section.threads)


def open_courier_of_its_own(
    config: Config, store: Any, keys: KeyStore, clock: Clock, random: Random, journal: Journal
) -> tuple[LogoutCourier, MetadataRounds | None]:
    """Who tells relying parties of logouts from a process that serves no door; and what keeps the metadata of those
    of SAML up to date, once it has begun.

    :raises hkeid.kernel.errors.ConfigurationError: what describes a service of SAML is wrong.
    """
    saml = rounds = None
    if config.saml.enabled:
        from hkeid.profile import ConsentLedger
        from hkeid_server.wiring.foundation import lay_foundation
        from hkeid_server.wiring.saml import open_saml
        from hkeid_server.wiring.saml_foundation import lay_saml_foundation

        base = lay_foundation(
            config, clock=clock, random=random, keys=keys, store=store, journal=journal
        )
        ground = lay_saml_foundation(base)
        ledger = ConsentLedger(store, base.fields, clock, random)
        saml = open_saml(ground, ledger, None, lambda: None)
        rounds = ground.metadata.rounds
    return open_courier(config, store, keys, clock, random, journal, saml), rounds


def logout_client(config: Config) -> HttpClient:
    """Goes to relying parties; in production to the public internet alone, if nothing else is said."""
    from hkeid.adapters.http import HttpsClient

    section = config.logout
    return HttpsClient(
        ca_file=str(config.path(section.authority)) if section.authority else None,
        public_only=config.production and not section.private_networks,
        plain=not config.production,
    )

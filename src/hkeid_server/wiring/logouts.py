"""Puts together what tells relying parties of logouts."""

from __future__ import annotations

from typing import Any

from hkeid.doors.logout.delivery import LogoutDelivery
from hkeid.op.logout.teller import ClientTeller
from hkeid.ports import Clock, KeyStore, Random
from hkeid_server.config import Config
from hkeid_server.journal import Journal
from hkeid_server.logouts import LogoutCourier


def open_courier(
    config: Config, store: Any, keys: KeyStore, clock: Clock, random: Random, journal: Journal
) -> LogoutCourier:
    """Who tells relying parties of logouts."""
    from hkeid.adapters.http import HttpsClient

    section = config.logout

    def failed(client_id: str, reason: str) -> None:
        journal.event("op:logout:not_taken", level="warning", client_id=client_id, reason=reason)

    http = HttpsClient(
        ca_file=str(config.path(section.authority)) if section.authority else None,
        public_only=config.production and not section.private_networks,
        plain=not config.production,
    )
    timeout = float(section.timeout_seconds)
    clients = ClientTeller(config.issuer, store, keys, http, clock, random, timeout=timeout)
    delivery = LogoutDelivery(store, (clients,), clock, failed=failed)
    return LogoutCourier(delivery, journal, threads=section.threads)

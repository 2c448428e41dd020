"""Puts together what tells relying parties of logouts, in OpenID Connect and by SOAP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hkeid.op.logout.delivery import DeliverySettings, LogoutDelivery
from hkeid.ports import Clock, HttpAnswer, HttpClient, KeyStore, Random
from hkeid_server.config import Config
from hkeid_server.journal import Journal
from hkeid_server.logouts import LogoutCourier


def open_courier(
    config: Config, store: Any, keys: KeyStore, clock: Clock, random: Random, journal: Journal
) -> LogoutCourier:
    """Who tells relying parties of logouts."""
    section = config.logout

    def failed(client_id: str, reason: str) -> None:
        journal.event("op:logout:not_taken", level="warning", client_id=client_id, reason=reason)

    delivery = LogoutDelivery(
        config.issuer,
        store,
        keys,
        logout_client(config),
        clock,
        random,
        DeliverySettings(timeout=float(section.timeout_seconds)),
        failed,
    )
    return LogoutCourier(delivery, journal, threads=section.threads)


def logout_client(config: Config) -> HttpClient:
    """The way to relying parties that are told of a logout, whatever they speak: as ``[logout]`` says."""
    from hkeid.adapters.http import HttpsClient

    section = config.logout
    client = HttpsClient(
        ca_file=str(config.path(section.authority)) if section.authority else None,
        public_only=config.production and not section.private_networks,
        plain=not config.production,
    )
    return _WithinSeconds(client, float(section.timeout_seconds))


class _WithinSeconds:
    """:class:`hkeid.ports.HttpClient`: the operator says how long a relying party may take, not the caller."""

    def __init__(self, client: HttpClient, seconds: float) -> None:
        self._client = client
        self._seconds = seconds

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 10.0,
        limit: int = 1_048_576,
    ) -> HttpAnswer:
        """As the port says."""
        del timeout
        return self._client.send(
            method, url, headers=headers, body=body, timeout=self._seconds, limit=limit
        )

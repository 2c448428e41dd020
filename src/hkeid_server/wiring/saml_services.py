"""Registers the services that come in by SAML, and follows their metadata."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from hkeid.kernel.errors import ConfigurationError
from hkeid.saml.idp import Service
from hkeid.saml.metadata import MetadataMalformed
from hkeid_server.saml_files import ServiceFile
from hkeid_server.wiring.saml_foundation import SamlFoundation
from hkeid_server.wiring.saml_metadata import PeerSource


class DescribedServices:
    """:class:`hkeid.saml.idp.ServiceDirectory` of the files. Pages and the consent ledger know each as a client.

    :raises hkeid.kernel.errors.ConfigurationError: ``saml_service_value_invalid``: metadata in a file has no such
        service; ``saml_service_repeated``: a client of OpenID Connect has the name.
    """

    def __init__(self, described: Iterable[ServiceFile], ground: SamlFoundation) -> None:
        self._store = ground.base.store
        self._journal = ground.base.journal
        self._services: dict[str, Service] = {}
        for one in described:
            source = ground.metadata.at(one.place)
            self._register(one, source)
            ground.metadata.rounds.when_changed(source, partial(self._follow, one, source))

    def find(self, entity_id: str) -> Service | None:
        """The service, or None."""
        return self._services.get(entity_id)

    def _register(self, one: ServiceFile, source: PeerSource) -> None:
        addresses = None if source.document is None else login_addresses(one, source)
        if addresses is None and isinstance(one.place, Path):
            raise ConfigurationError(
                "saml_service_value_invalid",
                detail=f"{one.place}: no service provider {one.service.entity_id}",
            )
        self._put(one, addresses)

    def _follow(self, one: ServiceFile, source: PeerSource) -> None:
        """Its metadata changed."""
        try:
            addresses = login_addresses(one, source)
        except MetadataMalformed:
            addresses = None
        if addresses is None:
            # The door lets nobody in who has no metadata; what pages show of the service may stay as it was.
            self._journal.event(
                "saml:service:not_in_metadata", level="warning", service=one.client.id
            )
            return
        self._put(one, addresses)

    def _put(self, one: ServiceFile, addresses: tuple[str, ...] | None) -> None:
        """:param addresses: None where metadata has not come yet: those known before stand."""
        with self._store.transaction() as tx:
            kept = tx.clients.get(one.client.id)
            if kept is not None and kept.grant_types:
                raise ConfigurationError(
                    "saml_service_repeated",
                    detail=f"{one.client.id}.toml: a client of OpenID Connect is called {one.client.id}; "
                    "give the file another name",
                )
            if addresses is None:
                addresses = () if kept is None else kept.redirect_uris
            located = one.reached_at(addresses)
            if kept != located.client:
                tx.clients.put(located.client)
        self._services[located.service.entity_id] = located.service


def login_addresses(one: ServiceFile, source: PeerSource) -> tuple[str, ...] | None:
    """Where its logins go; None where metadata knows no such service.

    :raises hkeid.kernel.errors.HkeidError: metadata has not come yet, is over, or is malformed there.
    """
    entity = source.entity(one.service.entity_id)
    if entity is None or entity.sp is None:
        return None
    return tuple(dict.fromkeys(at.location for at in entity.sp.assertion_consumer_services))

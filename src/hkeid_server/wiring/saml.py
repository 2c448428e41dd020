"""The SAML door, from its configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from hkeid.adapters.http import HttpsClient
from hkeid.adapters.saml_metadata import FileMetadata, MetadataFetcher, UrlMetadata
from hkeid.broker.ending import end_session
from hkeid.broker.upstreams import Upstreams
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import ConfigurationError
from hkeid.ports import Clock, Store
from hkeid.ports.keys import KeyPurpose
from hkeid.profile import ConsentLedger
from hkeid.saml.idp import IdentityProvider, IdentityProviderSettings, Service
from hkeid.saml.metadata import CombinedMetadata, SignedBy, TrustedAsItIs
from hkeid_server.config import Config
from hkeid_server.saml_files import ServiceFile, read_services
from hkeid_server.wiring.foundation import Foundation
from hkeid_server.wiring.logouts import logout_client
from hkeid_server.wiring.saml_certificates import saml_certificates


class ProvidesKeys(Protocol):
    """A key store that makes keys of optional purposes when they are asked for."""

    def provide(self, purpose: KeyPurpose, algorithm: str) -> None:
        """Make sure that there is one."""
        ...


class DescribedServices:
    """:class:`hkeid.saml.idp.ServiceDirectory` of the files."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._services = {one.entity_id: one for one in services}

    def find(self, entity_id: str) -> Service | None:
        """The service, or None."""
        return self._services.get(entity_id)


class EndsByService:
    """:class:`hkeid.saml.idp.SessionEnder` over the broker's sessions.

    :param afterwards: called when one ended: relying parties are to be told.
    """

    def __init__(self, store: Store[Any], clock: Clock, afterwards: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._afterwards = afterwards

    def end(self, session_id: str) -> bool:
        """End a session with all that hangs on it; False when there is none any more."""
        with self._store.transaction() as tx:
            session = tx.sessions.get(session_id)
            if session is None:
                return False
            ended = end_session(tx, session, self._clock.now(), reason="logout", by_request=True)
        if ended is not None:
            self._afterwards()
        return ended is not None


class UpstreamOrigins:
    """:class:`hkeid.saml.idp.OriginReader`: which upstream opened a session."""

    def __init__(self, store: Store[Any], upstreams: Upstreams) -> None:
        self._store = store
        self._upstreams = upstreams

    def authority(self, session: SessionView) -> str | None:
        """The upstream's own name, or None: the resident's passkey."""
        with self._store.transaction() as tx:
            kept = tx.upstream_sessions.of_session(session.session_id)
            own = None if kept is None else tx.sessions.get(session.session_id)
        if own is None or own.credential_id is not None:  # nobody else, or the own passkey on top
            return None
        upstream = None if kept is None else self._upstreams.get(kept.provider)
        if upstream is None:
            return None
        settings = getattr(upstream.provider, "settings", None)
        names = ("issuer", "entity_id", "host")
        return next(filter(None, (getattr(settings, name, None) for name in names)), None)


def open_saml(
    base: Foundation,
    ledger: ConsentLedger,
    upstreams: Upstreams,
    after_logout: Callable[[], None],
) -> IdentityProvider:
    """The identity provider; services that are described are registered with the consent ledger.

    :param after_logout: called when a service's logout ended a session.

    :raises hkeid.kernel.errors.ConfigurationError: a description, or metadata in a file, is wrong.
    """
    config = base.config
    provide_keys(base)
    described = read_services(config.path(config.saml.services))
    sources = [_source(one, base) for one in described]
    services = [_located(one, source) for one, source in zip(described, sources, strict=True)]
    for one in services:
        with base.store.transaction() as tx:
            if tx.clients.get(one.client.id) != one.client:
                tx.clients.put(one.client)
    return IdentityProvider(
        config.issuer,
        base.store,
        base.keys,
        base.broker,
        ledger,
        CombinedMetadata(sources),
        DescribedServices(one.service for one in services),
        EndsByService(base.store, base.clock, after_logout),
        base.clock,
        base.random,
        IdentityProviderSettings(
            scope=config.saml.scope or urlsplit(config.issuer).hostname or "",
            require_signed_requests=config.saml.require_signed_requests,
        ),
        origins=UpstreamOrigins(base.store, upstreams),
        http=logout_client(config),
        certificates=saml_certificates(base.keys, urlsplit(config.issuer).hostname or "hkeid"),
        sandbox=not config.production,
    )


def _http(config: Config) -> HttpsClient:
    """For metadata; in production to public addresses alone."""
    return HttpsClient(public_only=config.production, plain=not config.production)


def provide_keys(base: Foundation) -> None:
    """Make the key that signs SAML messages where there is none.

    :raises hkeid.kernel.errors.ConfigurationError: ``signing_key_missing``: this key store makes none.
    """
    if not base.keys.signing_keys(KeyPurpose.SAML_SIGNING):
        if not hasattr(base.keys, "provide"):
            raise ConfigurationError("signing_key_missing", detail="saml-signing")
        cast("ProvidesKeys", base.keys).provide(KeyPurpose.SAML_SIGNING, "RS256")


def _source(one: ServiceFile, base: Foundation) -> FileMetadata | UrlMetadata:
    if one.metadata is not None:
        return metadata_source(one.metadata, base)
    assert one.url is not None
    assert one.key is not None
    return metadata_source((one.url, one.key), base)


def metadata_source(place: Path | tuple[str, Path], base: Foundation) -> FileMetadata | UrlMetadata:
    """Metadata of a peer, read at once: of a file that must be good, or of an address, which may come later.

    :param place: a file, or an address with the file of the key that signs what is there.
    :raises hkeid.kernel.errors.ConfigurationError: ``saml_metadata_unusable``.
    """
    source: FileMetadata | UrlMetadata
    if isinstance(place, Path):
        source = FileMetadata(place, TrustedAsItIs(), base.clock)
    else:
        url, key = place
        try:
            trust = SignedBy.pem(key.read_bytes())
        except OSError as error:
            raise ConfigurationError(
                "saml_metadata_unusable", detail=f"{key}: {error.strerror}"
            ) from None
        fetcher = MetadataFetcher(
            client=_http(base.config),
            timeout=10.0,
            insecure_localhost=not base.config.production,
        )
        source = UrlMetadata(url, fetcher, trust, base.clock)
    outcome = source.refresh(base.clock.now())
    if outcome.failure is not None:
        base.journal.refusal(outcome.failure, where="saml:metadata")
        if isinstance(place, Path):
            raise ConfigurationError(
                "saml_metadata_unusable", detail=f"{place}: {outcome.failure.reason}"
            )
    return source


def _located(one: ServiceFile, source: FileMetadata | UrlMetadata) -> ServiceFile:
    """Where its logins go, as metadata says; while there is none, its sector stands for it."""
    entity = source.entity(one.service.entity_id) if source.document is not None else None
    if entity is None or entity.sp is None:
        if one.metadata is not None:
            raise ConfigurationError(
                "saml_service_value_invalid",
                detail=f"{one.metadata}: no service provider {one.service.entity_id}",
            )
        return one
    places = entity.sp.assertion_consumer_services
    return one.reached_at(tuple(dict.fromkeys(place.location for place in places)))

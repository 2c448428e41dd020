"""The SAML door, from its configuration."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from hkeid.broker.back_doors import BackDoors
from hkeid.broker.ending import EndedSession, end_session
from hkeid.broker.upstreams import Upstreams
from hkeid.doors.form_post import form_post_page
from hkeid.identity.authentication import SessionView
from hkeid.kernel.http import Response, redirect
from hkeid.ports import Clock, Store
from hkeid.profile import ConsentLedger
from hkeid.profile.forms import FormFetching
from hkeid.saml.idp import IdentityProvider, IdentityProviderSettings, paths
from hkeid.saml.idp.services import ServiceDirectory
from hkeid.saml.metadata import MetadataSource, SeparateMetadata
from hkeid_server.saml_files import read_services
from hkeid_server.wiring.logouts import logout_client
from hkeid_server.wiring.saml_foundation import SamlFoundation, provide_keys
from hkeid_server.wiring.saml_services import DescribedServices


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
        return None if upstream is None else upstream.provider.authority


class EndsBehind:
    """:class:`hkeid.saml.idp.AuthorityLogout`: to the upstream on which a session hung.

    :param origin: of our addresses.
    """

    def __init__(self, store: Store[Any], back_doors: BackDoors, origin: str) -> None:
        self._store = store
        self._back_doors = back_doors
        self._origin = origin

    def begin(self, session_id: str, *, browser: str, back_to: str) -> Response | None:
        """Send the browser there, or None."""
        with self._store.transaction() as tx:
            session = tx.sessions.get(session_id)
        if session is None:
            return None
        departure = self._back_doors.begin_logout(
            EndedSession(session_id=session.id, resident_id=session.resident_id, clients=()),
            browser=browser,
            callback=lambda upstream: f"{self._origin}/upstream/{upstream}/logged-out",
            back_to=back_to,
        )
        if departure is None:
            return None
        if isinstance(departure.to, str):
            return redirect(departure.to)
        script = self._origin + paths.POST_SCRIPT
        return form_post_page(departure.to.action, departure.to.fields, script_url=script)


def open_saml(
    ground: SamlFoundation,
    ledger: ConsentLedger,
    back_doors: BackDoors | None,
    after_logout: Callable[[], None],
) -> IdentityProvider:
    """The identity provider; services that are described are registered with the consent ledger.

    :param back_doors: None: logouts go on to nobody behind us.
    :param after_logout: called when a service's logout ended a session.
    :raises hkeid.kernel.errors.ConfigurationError: a description, or metadata in a file, is wrong.
    """
    config = ground.base.config
    described = read_services(config.path(config.saml.services))
    services = DescribedServices(described, ground)
    # Never all sources for all services: one's metadata could hold another's name, and keys of its own.
    metadata = SeparateMetadata(
        {one.service.entity_id: ground.metadata.at(one.place) for one in described}
    )
    return identity_provider(ground, ledger, back_doors, services, metadata, after_logout)


def identity_provider(
    ground: SamlFoundation,
    ledger: ConsentLedger,
    back_doors: BackDoors | None,
    services: ServiceDirectory,
    metadata: MetadataSource,
    after_logout: Callable[[], None],
) -> IdentityProvider:
    """The identity provider over those who may come in; the store is not asked yet.

    :param back_doors: None: logouts go on to nobody behind us.
    :param after_logout: called when a service's logout ended a session.
    :raises hkeid.kernel.errors.ConfigurationError: ``signing_key_missing``; a setting is wrong.
    """
    base, config = ground.base, ground.base.config
    provide_keys(base)
    return IdentityProvider(
        config.issuer,
        base.store,
        base.keys,
        base.broker,
        ledger,
        metadata,
        services,
        EndsByService(base.store, base.clock, after_logout),
        base.clock,
        base.random,
        IdentityProviderSettings(
            scope=config.saml.scope or urlsplit(config.issuer).hostname or "",
            session_lifetime=timedelta(minutes=config.sessions.lifetime_minutes),
            require_signed_requests=config.saml.require_signed_requests,
        ),
        origins=UpstreamOrigins(
            base.store, Upstreams() if back_doors is None else back_doors.upstreams
        ),
        authority=(
            None if back_doors is None else EndsBehind(base.store, back_doors, config.issuer)
        ),
        http=logout_client(config),
        forms=FormFetching(base.store, base.fields, base.clock, base.random),
        certificates=ground.certificates,
        sandbox=not config.production,
    )

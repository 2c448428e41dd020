"""The identity provider: all endpoints behind ``handle``, ``look`` and ``resume``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from hkeid.doors import interactions
from hkeid.doors.form_post import form_post_script
from hkeid.doors.interactions import Interaction, Outcome
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.http import Request, Response
from hkeid.ports.keys import KeyStore
from hkeid.ports.sessions import ClaimsSource, SessionReader
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, HttpClient, Random
from hkeid.saml.idp import paths
from hkeid.saml.idp.artifact import ArtifactEndpoint
from hkeid.saml.idp.logout import LogoutEndpoint
from hkeid.saml.idp.own_metadata import metadata, own_entity
from hkeid.saml.idp.parts import Parts
from hkeid.saml.idp.records import IdentityProviderTransaction
from hkeid.saml.idp.responses import NOT_FOUND, method_not_allowed
from hkeid.saml.idp.services import (
    AuthorityLogout,
    FormSource,
    NoForms,
    OriginReader,
    OwnHouse,
    ServiceDirectory,
    SessionEnder,
)
from hkeid.saml.idp.settings import IdentityProviderSettings
from hkeid.saml.idp.sso import SsoEndpoint
from hkeid.saml.idp.telling import SoapTeller
from hkeid.saml.idp.visits import RECORD_KIND
from hkeid.saml.metadata import Entity, MetadataSource
from hkeid.saml.own_keys import NO_CERTIFICATES

Handler = Callable[[Request], Response | Interaction]
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class IdentityProvider:
    """A SAML 2.0 identity provider, sans-IO.

    :param entity_id: our name; by default the address of our metadata.
    :param address: under which :attr:`paths` are served, without a trailing slash.
    :param keys: with an RSA key for SAML signatures.
    :param sessions: the hub's sessions.
    :param claims: releases personal claims.
    :param services: who may come in.
    :param ender: ends sessions of the hub when a service says that its resident logs out.
    :param origins: tells who behind the hub authenticated somebody.
    :param authority: takes a logout that a service begins on to whoever is behind the hub.
    :param http: carries logout messages by SOAP while a service waits that wants a logout; None: services are
        told through the browser alone.
    :param forms: gives forms that residents sent; None: no service has forms.
    :param certificates: DER of certificates of our keys by ``kid``, for peers that read no bare keys.
    :param sandbox: allow http on localhost.
    :raises ConfigurationError: ``address_malformed``, ``address_not_https``, ``setting_out_of_range``,
        ``signing_key_missing``.
    """

    paths: Mapping[str, tuple[str, ...]] = paths.PATHS
    """Every path below the address, with its methods."""

    def __init__(
        self,
        address: str,
        store: Store[IdentityProviderTransaction],
        keys: KeyStore,
        sessions: SessionReader,
        claims: ClaimsSource,
        metadata_source: MetadataSource,
        services: ServiceDirectory,
        ender: SessionEnder,
        clock: Clock,
        random: Random,
        settings: IdentityProviderSettings,
        *,
        entity_id: str | None = None,
        origins: OriginReader | None = None,
        authority: AuthorityLogout | None = None,
        http: HttpClient | None = None,
        forms: FormSource | None = None,
        certificates: Mapping[str, bytes] = NO_CERTIFICATES,
        sandbox: bool = False,
    ) -> None:
        settings.check()
        _check_address(address, sandbox=sandbox)
        self._parts = Parts(
            entity_id=entity_id or address + paths.METADATA,
            address=address,
            store=store,
            keys=keys,
            sessions=sessions,
            claims=claims,
            metadata=metadata_source,
            services=services,
            ender=ender,
            origins=origins or OwnHouse(),
            authority=authority or OwnHouse(),
            clock=clock,
            random=random,
            settings=settings,
            certificates=certificates,
            http=http,
            forms=forms or NoForms(),
        )
        self._parts.signer()
        self._sso = SsoEndpoint(self._parts)
        self._logout = LogoutEndpoint(self._parts)
        self._handlers: dict[str, Handler] = {
            paths.SSO: self._sso.handle,
            paths.LOGIN: self._sso.begin,
            paths.LOGOUT: self._logout.handle,
            paths.LOGOUT_SOAP: self._logout.handle_envelope,
            paths.LOGOUT_BACK: self._logout.come_back,
            paths.ARTIFACT: ArtifactEndpoint(self._parts).handle,
            paths.METADATA: lambda _request: metadata(self._parts),
            paths.POST_SCRIPT: lambda _request: form_post_script(),
        }

    @property
    def entity_id(self) -> str:
        """Our name."""
        return self._parts.entity_id

    @property
    def entity(self) -> Entity:
        """What metadata says of us."""
        return own_entity(self._parts)

    def handle(self, request: Request) -> Response | Interaction:
        """Answer a request, or say that a human is needed.

        :returns: a response (:class:`~hkeid.saml.idp.responses.SamlErrorPage` and
            :class:`~hkeid.saml.idp.responses.SamlLogoutPage` are for the server's own pages), or an
            :class:`~hkeid.doors.interactions.Interaction` to serve and then :meth:`resume`.
        :raises hkeid.kernel.errors.HkeidError: the store, metadata or another part is not available.
        """
        handler = self._handlers.get(request.path)
        if handler is None:
            return NOT_FOUND
        methods = self.paths[request.path]
        if request.method not in methods:
            return method_not_allowed(methods)
        return handler(request)

    def look(
        self, interaction_id: str, browser: str | None, session: SessionView | None = None
    ) -> Interaction:
        """An interaction that is not answered yet, to show its page again. Changes nothing.

        :raises hkeid.kernel.errors.HkeidError: ``interaction_unknown``, ``interaction_other_browser``,
            ``interaction_used``, ``interaction_expired``, ``interaction_other_session``; the service is gone.
        """
        now = self._parts.clock.now()
        with self._parts.store.transaction() as tx:
            record, payload = interactions.read_record(
                RECORD_KIND, tx.single_use, interaction_id, browser, now
            )
        return self._sso.interaction(interaction_id, payload, session, record.expires_at)

    def resume(
        self,
        interaction_id: str,
        outcome: Outcome,
        *,
        browser: str | None,
        session: SessionView | None,
    ) -> Response | Interaction:
        """Go on after an interaction; it is used up by that.

        :param session: the session that the browser has now.
        :raises hkeid.kernel.errors.HkeidError: as :meth:`look`, and ``outcome_unexpected``, ``session_ended``.
        """
        now = self._parts.clock.now()
        with self._parts.store.transaction() as tx:
            record, payload = interactions.read_record(
                RECORD_KIND, tx.single_use, interaction_id, browser, now
            )
        return self._sso.resume(
            payload, record.digest, outcome, browser=browser, session=session, now=now
        )

    def propagate_logout(
        self, session_id: str, *, browser: str | None, then: str | None = None
    ) -> Response | None:
        """Tell the services of a session of the hub that it has ended, as far as that needs the browser. Those
        with a SOAP endpoint are left to :meth:`logout_teller`.

        :param browser: as :attr:`hkeid.kernel.http.Request.browser`: requests to services hold their names for the
            resident, so that nobody else goes on with it.
        :param then: an address of ours to which the browser goes in the end; None: a page says how it went.
        :returns: where to send the browser; None: no service has to be told through it.
        """
        return self._logout.propagate(session_id, browser=browser, then=then)

    def logout_teller(self, http: HttpClient, *, timeout: float = 5.0) -> SoapTeller:
        """What tells services of logouts beside all requests, for
        :class:`hkeid.doors.logout.delivery.LogoutDelivery`.

        :param http: goes to addresses in services' metadata.
        :param timeout: seconds for telling one service.
        """
        return SoapTeller(self._parts, http, timeout=timeout)


def _check_address(address: str, *, sandbox: bool) -> None:
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError("address_malformed", detail=repr(address)) from None
    if not host or parts.query or parts.fragment or "@" in parts.netloc or address.endswith("/"):
        raise ConfigurationError("address_malformed", detail=repr(address))
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOCAL and sandbox):
        raise ConfigurationError("address_not_https", detail=repr(address))

"""The provider: all endpoints behind ``handle``, ``look`` and ``resume``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from hkeid.doors.form_post import form_post_script
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.oidc.authorization_details import DetailType
from hkeid.oidc.errors import ErrorCode
from hkeid.oidc.parameters import receive
from hkeid.op import interactions, paths
from hkeid.op.authorization.endpoint import AuthorizationEndpoint
from hkeid.op.bearer_tokens import Bearer, read_bearer
from hkeid.op.client_authentication import CREDENTIAL_LIMITS, Caller, authenticate
from hkeid.op.clients import ClientDirectory, sandbox_only
from hkeid.op.interactions import Interaction, InteractionKind, Outcome
from hkeid.op.introspection.endpoint import IntrospectionEndpoint
from hkeid.op.logout.endpoint import LogoutEndpoint
from hkeid.op.metadata.discovery import signing_algorithms
from hkeid.op.metadata.endpoint import MetadataEndpoint
from hkeid.op.parts import Parts
from hkeid.op.presented import bearer_error, presented_token
from hkeid.op.pushed.endpoint import PushedEndpoint
from hkeid.op.records import ProviderTransaction
from hkeid.op.responses import NOT_FOUND, method_not_allowed, preflight
from hkeid.op.revocation.endpoint import RevocationEndpoint
from hkeid.op.settings import Profile, ProviderSettings
from hkeid.op.token.endpoint import TokenEndpoint
from hkeid.op.userinfo.endpoint import UserinfoEndpoint
from hkeid.ports.keys import KeyStore
from hkeid.ports.sessions import ClaimsSource, SessionReader
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random

Handler = Callable[[Request], Response | Interaction]


class Provider:
    """An OpenID Provider (OpenID Connect Core 1.0), sans-IO.

    :param issuer: the issuer identifier: the address under which :attr:`paths` are served.
    :param store: where clients, grants, tokens and interactions live.
    :param keys: signs tokens, makes pairwise subjects.
    :param sessions: the hub's sessions.
    :param claims: releases personal claims.
    :param details: types of authorization details that may be asked for (RFC 9396 §2.1).
    :param api_scopes: scopes of APIs behind the provider (:data:`hkeid.oidc.scopes.API_SCOPES`).
    :raises ConfigurationError: ``issuer_malformed``, ``issuer_not_https`` (http is for localhost
        under the sandbox profile), ``setting_out_of_range``, ``signing_key_missing``.
    """

    paths: Mapping[str, tuple[str, ...]] = paths.PATHS
    """Every path below the issuer, with its methods."""

    def __init__(
        self,
        issuer: str,
        store: Store[ProviderTransaction],
        keys: KeyStore,
        sessions: SessionReader,
        claims: ClaimsSource,
        clock: Clock,
        random: Random,
        settings: ProviderSettings | None = None,
        details: Iterable[DetailType] = (),
        api_scopes: Iterable[str] = (),
    ) -> None:
        settings = settings or ProviderSettings()
        settings.check()
        self._parts = Parts(
            issuer=_checked_issuer(issuer, settings.profile),
            store=store,
            keys=keys,
            sessions=sessions,
            claims=claims,
            clock=clock,
            random=random,
            settings=settings,
            clients=ClientDirectory(store, profile=settings.profile, keep=settings.client_cache),
            details={one.name: one for one in details},
            api_scopes=frozenset(api_scopes),
        )
        if not signing_algorithms(self._parts):
            raise ConfigurationError("signing_key_missing", detail="no active token-signing key")
        self._authorization = AuthorizationEndpoint(self._parts)
        self._logout = LogoutEndpoint(self._parts)
        metadata = MetadataEndpoint(self._parts)
        self._handlers: dict[str, Handler] = {
            paths.DISCOVERY: metadata.discovery,
            paths.OAUTH_METADATA: metadata.discovery,
            paths.JWKS: metadata.jwks,
            paths.AUTHORIZE: self._authorization.handle,
            paths.FORM_POST_SCRIPT: lambda _request: form_post_script(),
            paths.TOKEN: TokenEndpoint(self._parts).handle,
            paths.USERINFO: UserinfoEndpoint(self._parts).handle,
            paths.REVOKE: RevocationEndpoint(self._parts).handle,
            paths.LOGOUT: self._logout.handle,
            paths.PAR: PushedEndpoint(self._parts).handle,
            paths.INTROSPECT: IntrospectionEndpoint(self._parts).handle,
        }

    @classmethod
    def production(
        cls,
        issuer: str,
        store: Store[ProviderTransaction],
        keys: KeyStore,
        sessions: SessionReader,
        claims: ClaimsSource,
        clock: Clock,
        random: Random,
        settings: ProviderSettings | None = None,
        details: Iterable[DetailType] = (),
        api_scopes: Iterable[str] = (),
    ) -> Provider:
        """A provider for residents.

        Clients that only a sandbox may serve are refused here, so that nobody finds out later; one
        that is registered afterwards is not served.

        :raises ConfigurationError: as the class does, and ``settings_for_sandbox``,
            ``client_for_sandbox`` (the detail names the clients and why).
        """
        settings = settings or ProviderSettings()
        if settings.profile is not Profile.PRODUCTION:
            raise ConfigurationError("settings_for_sandbox", detail=settings.profile.value)
        provider = cls(
            issuer, store, keys, sessions, claims, clock, random, settings, details, api_scopes
        )
        with store.transaction() as tx:
            found = [(client.id, sandbox_only(client)) for client in tx.clients if client.enabled]
        bad = "; ".join(f"{client_id}: {why}" for client_id, why in found if why is not None)
        if bad:
            raise ConfigurationError("client_for_sandbox", detail=bad)
        return provider

    @classmethod
    def sandbox(
        cls,
        issuer: str,
        store: Store[ProviderTransaction],
        keys: KeyStore,
        sessions: SessionReader,
        claims: ClaimsSource,
        clock: Clock,
        random: Random,
        settings: ProviderSettings | None = None,
        details: Iterable[DetailType] = (),
        api_scopes: Iterable[str] = (),
    ) -> Provider:
        """A provider for trying things out: http on localhost, client secrets, clients without PKCE."""
        settings = replace(settings or ProviderSettings(), profile=Profile.SANDBOX)
        return cls(
            issuer, store, keys, sessions, claims, clock, random, settings, details, api_scopes
        )

    @property
    def issuer(self) -> str:
        """The issuer identifier."""
        return self._parts.issuer

    @property
    def settings(self) -> ProviderSettings:
        """The settings in force."""
        return self._parts.settings

    def handle(self, request: Request) -> Response | Interaction:
        """Answer a request, or say that a human is needed.

        :returns: a response (:class:`~hkeid.op.responses.ErrorPage` and
            :class:`~hkeid.op.responses.LogoutPage` are for the server's own pages), or an
            :class:`~hkeid.op.interactions.Interaction` to serve and then :meth:`resume`.
        :raises hkeid.kernel.errors.HkeidError: the store or another part is not available.
        """
        handler = self._handlers.get(request.path)
        if handler is None:
            return NOT_FOUND
        methods = self.paths[request.path]
        if request.method not in methods:
            return method_not_allowed(methods)
        if request.method == "OPTIONS":
            return preflight(methods)
        return handler(request)

    def authenticate_client(self, request: Request, proof: Mapping[str, str]) -> Caller:
        """The client that calls another interface of this installation, by the proof that it would give
        at the token endpoint.

        The caller's assertion is not used up yet: :meth:`Caller.use_up_assertion` does that.

        :param proof: members of the request that belong to client authentication.
        :raises hkeid.oidc.errors.OAuthError: ``invalid_client``, ``invalid_request``.
        """
        received = receive(Parameters.of(proof), CREDENTIAL_LIMITS)
        received.refuse_faults()
        return authenticate(request, received, self._parts, self._parts.clock.now())

    def bearer(self, request: Request) -> Bearer:
        """Whom the one access token of a request to an API behind the provider stands for.

        :raises hkeid.oidc.errors.OAuthError: ``invalid_request``, ``invalid_token`` (RFC 6750 §3.1).
        """
        presented = presented_token(request)
        if presented is None:
            raise bearer_error(
                ErrorCode.INVALID_TOKEN, "token_missing", "An access token is needed."
            )
        return self.bearer_of(presented)

    def bearer_of(self, token: str) -> Bearer:
        """Whom an access token stands for.

        :raises hkeid.oidc.errors.OAuthError: ``invalid_token``.
        """
        return read_bearer(self._parts, token, self._parts.clock.now())

    def look(
        self, interaction_id: str, browser: str | None, session: SessionView | None = None
    ) -> Interaction:
        """An interaction that is not answered yet, to show its page again. Changes nothing.

        :param browser: what ties requests to the browser, as in :class:`~hkeid.kernel.http.Request`.
        :param session: the present session, for the page.
        :raises hkeid.kernel.errors.HkeidError: ``interaction_unknown``, ``interaction_other_browser``,
            ``interaction_used``, ``interaction_expired``, ``client_unknown``,
            ``interaction_other_session`` (a question that was put to the resident of another session).
        """
        now = self._parts.clock.now()
        with self._parts.store.transaction() as tx:
            record, payload = interactions.read_record(tx.single_use, interaction_id, browser, now)
        return self._endpoint(payload).interaction(
            interaction_id, payload, session, record.expires_at
        )

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
        :raises hkeid.kernel.errors.HkeidError: as :meth:`look`, and ``outcome_unexpected``,
            ``session_ended``, ``session_still_live``, ``interaction_other_session``.
        """
        now = self._parts.clock.now()
        with self._parts.store.transaction() as tx:
            record, payload = interactions.read_record(tx.single_use, interaction_id, browser, now)
        if payload["kind"] == InteractionKind.LOGOUT:
            return self._logout.resume(payload, record.digest, outcome, now=now)
        return self._authorization.resume(
            payload, record.digest, outcome, browser=browser, session=session, now=now
        )

    def front_channel_logouts(self, session_id: str) -> tuple[str, ...]:
        """Addresses that the page after a logout loads in frames, so that relying parties end their own
        sessions in this browser (OpenID Connect Front-Channel Logout §3). For a logout that a relying party
        began, :meth:`resume` gives them with its :class:`~hkeid.op.responses.LogoutPage`.

        :param session_id: of a session that has ended.
        """
        return self._logout.frames(session_id)

    def _endpoint(self, payload: Mapping[str, Any]) -> AuthorizationEndpoint | LogoutEndpoint:
        logout = payload["kind"] == InteractionKind.LOGOUT
        return self._logout if logout else self._authorization


def _checked_issuer(issuer: str, profile: Profile) -> str:
    """OpenID Connect Discovery §3: https, no query, no fragment; no trailing slash, since issuers are compared as text."""
    try:
        parts = urlsplit(issuer)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
        parts = urlsplit("")
    if (
        not host
        or parts.query
        or parts.fragment
        or parts.username is not None
        or issuer.endswith("/")
    ):
        raise ConfigurationError("issuer_malformed", detail=repr(issuer))
    local = parts.scheme == "http" and host in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (local and profile is Profile.SANDBOX):
        raise ConfigurationError("issuer_not_https", detail=repr(issuer))
    return issuer

"""An OpenID Provider behind us (OpenID Connect Core 1.0, code flow), as the upstream contract wants it.

What a relying party must check is written once, in :mod:`hkeid.rp`; here are the parts that only a hub
needs: keys in a key store, proofs of possession, assurance and attributes by table, logout both ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from hkeid.identity.language import Language
from hkeid.kernel.http import Request, Response, with_query
from hkeid.kernel.instants import Instant, from_epoch_seconds
from hkeid.oidc.errors import ErrorCode
from hkeid.ports.keys import KeyStore
from hkeid.ports.surroundings import Clock, HttpAnswer, HttpClient, Random
from hkeid.rp import callback as responses
from hkeid.rp.authorization import authorization_request, check_scope
from hkeid.rp.id_token import Expected, check_id_token
from hkeid.rp.login_state import LoginState
from hkeid.rp.metadata import ProviderMetadata
from hkeid.rp.provider import Provider
from hkeid.rp.pushing import push_request
from hkeid.rp.records import Tokens
from hkeid.rp.signed import verified_claims
from hkeid.rp.token_endpoint import ClientIdentity, judge, read_tokens, send_form
from hkeid.rp.userinfo import BearerAccess, TokenAccess, ask_userinfo, personal
from hkeid.upstream.contract import (
    Departure,
    LogoutOutcome,
    UpstreamAuthentication,
    UpstreamKind,
    UpstreamLogout,
    UpstreamLogoutRequest,
    UpstreamRequest,
)
from hkeid.upstream.errors import AnswerUnexpected, UpstreamRefused
from hkeid.upstream.oidc import logout as logouts
from hkeid.upstream.oidc.claims import attributes_of, methods_of
from hkeid.upstream.oidc.dpop import Proofs, ProvedAccess
from hkeid.upstream.oidc.failures import as_upstream
from hkeid.upstream.oidc.keys import ALGORITHM, KeyStoreAssertionKey, ProofKey
from hkeid.upstream.oidc.settings import OidcUpstreamSettings

LIFETIME: Final = timedelta(minutes=30)
"""How long a person may take at the upstream."""


class OidcUpstream:
    """One upstream OpenID Provider. Safe to share between threads; make one per process.

    Metadata and keys are fetched when they are needed and kept for a while (:class:`hkeid.rp.provider.Provider`);
    nothing about a person or a login is.

    :param keys: signs client assertions and proofs of possession.
    :raises hkeid.kernel.errors.MalformedInput: the issuer is no URL, or not ``https`` (http: loopback only).
    """

    kind = UpstreamKind.OIDC

    def __init__(
        self,
        settings: OidcUpstreamSettings,
        *,
        keys: KeyStore,
        http: HttpClient,
        clock: Clock,
        random: Random,
    ) -> None:
        self.settings = settings
        self._keys = keys
        self._http = http
        self._clock = clock
        self._random = random
        secret = settings.client_secret
        self._identity = ClientIdentity(
            settings.client_id, None if secret else KeyStoreAssertionKey(keys), secret
        )
        self._provider = Provider(
            settings.issuer,
            http=http,
            clock=clock,
            timeout=settings.timeout,
            pkce_announced=settings.pkce_announced,
        )

    @property
    def id(self) -> str:
        """See :class:`hkeid.upstream.contract.UpstreamProvider`."""
        return self.settings.id

    @property
    def names(self) -> Mapping[Language, str]:
        """See :class:`hkeid.upstream.contract.UpstreamProvider`."""
        return self.settings.names

    @property
    def authority(self) -> str:
        """Its issuer identifier."""
        return self.settings.issuer

    @cached_property
    def _algorithms(self) -> frozenset[str]:
        return frozenset(self.settings.id_token_algorithms)

    def begin(self, request: UpstreamRequest) -> Departure:
        """Where to send the browser: the authorization endpoint, with PKCE, nonce and state; pushed first
        where the provider takes pushed requests (RFC 9126).

        :raises UpstreamRefused: ``upstream_acr_out_of_reach``.
        :raises UpstreamFailed: the provider does not answer or cannot be used.
        """
        self.settings.assurance.require_reach(request.acr)
        login = LoginState(
            issuer=self.settings.issuer,
            client_id=self.settings.client_id,
            redirect_uri=request.callback,
            state=request.state,
            nonce=self._random.token(),
            verifier=self._random.token(48),
            created=self._clock.now(),
            max_age=self._max_age(request),
            again=request.fresh,
        )
        with as_upstream():
            metadata = self._provider.metadata()
            asked = self._asked(login, request)
            if self._pushes(metadata):
                asked = self._pushed(metadata, asked)
            url = with_query(metadata.authorization_endpoint, list(asked.items()))
        return Departure(to=url, kept=login.encode().encode())

    def finish(self, kept: bytes, request: Request, now: Instant) -> UpstreamAuthentication:
        """Read the authorization response, redeem the code, verify the ID token (Core §3.1.3.7), ask for the
        claims (§5.3).

        :raises AnswerUnexpected: ``login_state_malformed``, ``login_state_foreign``, ``login_state_expired``,
            ``state_missing``, ``state_mismatch``.
        :raises UpstreamFailed: the reasons of :mod:`hkeid.rp`, ``upstream_acr_unknown``,
            ``attribute_required_missing``.
        """
        with as_upstream():
            login = self._read_kept(kept, now)
            parameters = responses.read_callback(request.query)
            responses.check_state(parameters, login)
            metadata = self._provider.metadata()
            responses.check_issuer(parameters, metadata)
            code = responses.read_code(parameters)
            proofs = self._proofs(metadata)
            tokens = self._redeem(metadata, login, code, proofs, now)
            claims = self._verified(login, tokens, now)
            told = {**personal(claims), **self._userinfo(metadata, claims["sub"], tokens, proofs)}
        return self._authentication(claims, told, tokens, now)

    def begin_logout(self, request: UpstreamLogoutRequest) -> Departure | None:
        """RP-Initiated Logout 1.0 §2: the provider's end-session page, or None where it has none."""
        with as_upstream():
            url = self._provider.metadata().end_session_endpoint
        return logouts.departure(url, self.settings.client_id, request)

    def finish_logout(self, kept: bytes, request: Request, now: Instant) -> LogoutOutcome:
        """§3: the browser is back at ``post_logout_redirect_uri`` with our state.

        :raises AnswerUnexpected: ``logout_state_mismatch``.
        """
        del now
        return logouts.returned(kept, request)

    def read_logout(self, request: Request, now: Instant) -> UpstreamLogout:
        """Verify a logout token that the provider has sent (Back-Channel Logout 1.0 §2.6).

        :raises UpstreamFailed: see :func:`hkeid.upstream.oidc.logout.read_token`.
        """
        with as_upstream():
            token = logouts.token_of(request)
            claims, _ = verified_claims(
                token,
                self._provider,
                what="logout_token",
                algorithms=self._algorithms,
                types=logouts.TYPES,
            )
            return logouts.read_token(
                claims,
                provider=self.id,
                issuer=self.settings.issuer,
                client_id=self.settings.client_id,
                now=now,
            )

    def answer_logout(self, logout: UpstreamLogout, outcome: LogoutOutcome) -> Response | Departure:
        """§2.8: 200 when the sessions ended, 400 when they did not."""
        del logout
        return logouts.answer(outcome)

    def refuse_logout(self, error: Exception) -> Response:
        """§2.8: 400 with ``invalid_request``."""
        return logouts.refusal(error)

    # Beginning

    def _max_age(self, request: UpstreamRequest) -> int:
        if request.fresh:
            return 0
        return min(self.settings.max_age, request.max_age if request.max_age is not None else 10**9)

    def _asked(self, login: LoginState, request: UpstreamRequest) -> dict[str, str]:
        asked = authorization_request(
            login,
            check_scope(("openid", *self.settings.scopes)),
            claims={},
            prompt="login" if request.fresh else None,
            ui_locales=request.ui_locales,
            login_hint=None,
            id_token_hint=None,
        )
        values = " ".join(self.settings.assurance.asking(request.acr))
        return {**asked, "acr_values": values} if values else asked

    def _pushes(self, metadata: ProviderMetadata) -> bool:
        if metadata.pushed_endpoint is None:
            return False
        return metadata.pushing_required or self.settings.push is not False

    def _pushed(self, metadata: ProviderMetadata, asked: Mapping[str, str]) -> dict[str, str]:
        """RFC 9126 §4: nothing but these two goes through the browser."""
        url = metadata.pushed_endpoint or ""
        proof = self._proof(metadata)
        answer = push_request(self._http, url, self.settings.timeout, asked, proof)
        return {"client_id": self.settings.client_id, "request_uri": answer.request_uri}

    # Finishing

    def _read_kept(self, kept: bytes, now: Instant) -> LoginState:
        login = LoginState.decode(kept.decode("utf-8", "replace"))
        if (login.issuer, login.client_id) != (self.settings.issuer, self.settings.client_id):
            raise AnswerUnexpected("login_state_foreign")
        if not login.created - timedelta(minutes=1) <= now < login.created + LIFETIME:
            raise AnswerUnexpected("login_state_expired")
        return login

    def _proof(self, metadata: ProviderMetadata) -> tuple[dict[str, str], dict[str, str]]:
        return self._identity.proof(metadata, jti=self._random.token(16), now=self._clock.now())

    def _proofs(self, metadata: ProviderMetadata) -> Proofs | None:
        if self.settings.dpop is False:
            return None
        if ALGORITHM not in metadata.dpop_algorithms:
            if self.settings.dpop:
                raise UpstreamRefused("upstream_takes_no_dpop", code=ErrorCode.SERVER_ERROR)
            return None
        return Proofs(ProofKey(self._keys), self._clock, self._random)

    def _redeem(
        self,
        metadata: ProviderMetadata,
        login: LoginState,
        code: str,
        proofs: Proofs | None,
        now: Instant,
    ) -> Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": login.redirect_uri,
            "code_verifier": login.verifier,
        }
        answer = self._ask_tokens(metadata, form, proofs)
        if proofs is not None and proofs.learns(metadata.token_endpoint, answer):
            answer = self._ask_tokens(metadata, form, proofs)
        kind = "bearer" if proofs is None else "dpop"
        return read_tokens(judge(answer, "token"), now, kind=kind)

    def _ask_tokens(
        self, metadata: ProviderMetadata, form: Mapping[str, str], proofs: Proofs | None
    ) -> HttpAnswer:
        url = metadata.token_endpoint
        headers, members = self._proof(metadata)
        if proofs is not None:
            headers = {**headers, **proofs.header("POST", url)}
        return send_form(self._http, url, "token", self.settings.timeout, form, (headers, members))

    def _verified(self, login: LoginState, tokens: Tokens, now: Instant) -> dict[str, Any]:
        claims, algorithm = verified_claims(
            tokens.id_token.reveal(), self._provider, what="id_token", algorithms=self._algorithms
        )
        expected = Expected(
            issuer=self.settings.issuer,
            client_id=self.settings.client_id,
            nonce=login.nonce,
            access_token=tokens.access_token.reveal(),
            not_before=login.created,
            max_age=login.max_age,
            again=login.again,
        )
        check_id_token(claims, expected, now, algorithm=algorithm)
        return claims

    def _userinfo(
        self, metadata: ProviderMetadata, subject: str, tokens: Tokens, proofs: Proofs | None
    ) -> dict[str, Any]:
        wanted = self.settings.userinfo
        if wanted is None:
            wanted = metadata.userinfo_endpoint is not None and bool(self.settings.scopes)
        if not wanted:
            return {}
        token, signed = tokens.access_token, self.settings.userinfo_algorithm
        access: TokenAccess = BearerAccess(token) if proofs is None else ProvedAccess(token, proofs)
        told, _ = ask_userinfo(
            self._http,
            self._provider,
            access=access,
            subject=subject,
            client_id=self.settings.client_id,
            algorithms=self._algorithms if signed is None else frozenset({signed}),
            signed=signed is not None,
            timeout=self.settings.timeout,
        )
        return told

    def _authentication(
        self, claims: Mapping[str, Any], told: Mapping[str, Any], tokens: Tokens, now: Instant
    ) -> UpstreamAuthentication:
        acr = claims.get("acr")
        attributes = attributes_of({"sub": claims["sub"], **told})
        return UpstreamAuthentication(
            provider=self.id,
            subject=claims["sub"],
            acr=self.settings.assurance.rung(acr),
            upstream_acr=acr,
            amr=methods_of(claims),
            # Clocks differ; nobody acted in our future.
            authenticated_at=min(from_epoch_seconds(int(claims["auth_time"])), now),
            attributes=self.settings.mapping.apply(attributes),
            session=claims.get("sid"),
            logout=logouts.kept_of(tokens.id_token),
        )

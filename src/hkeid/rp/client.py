"""The relying party: begin a login, finish it, and what can be done with its tokens afterwards."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.http import with_query
from hkeid.kernel.instants import from_epoch_seconds
from hkeid.kernel.secret import Secret
from hkeid.ports.surroundings import Clock, HttpClient, Random
from hkeid.rp import callback as responses
from hkeid.rp.asking_claims import AsksForClaims
from hkeid.rp.asking_forms import AsksForForms
from hkeid.rp.asking_signatures import AsksForSignatures
from hkeid.rp.authorization import authorization_request, check_scope, claims_by_name
from hkeid.rp.client_key import ClientKey, PrivateKey
from hkeid.rp.errors import LoginFailed, StartAgain
from hkeid.rp.id_token import Expected, check_id_token
from hkeid.rp.login_state import LoginState, ProcessSpentStates, SpentStates, spend
from hkeid.rp.logout_tokens import ReadsLogoutTokens
from hkeid.rp.metadata import ProviderMetadata
from hkeid.rp.provider import Provider
from hkeid.rp.pushing import push_request, pushing_endpoint
from hkeid.rp.records import Login, Resident, Tokens, changed, continued
from hkeid.rp.signed import verified_claims
from hkeid.rp.surroundings import SystemClock, SystemRandom
from hkeid.rp.token_endpoint import ClientIdentity, post_form, read_tokens
from hkeid.rp.transport import DirectHttpClient, check_url
from hkeid.rp.userinfo import personal

if TYPE_CHECKING:
    from hkeid.rp.verified_claims import VerificationPolicy

LOGIN_LIFETIME = timedelta(minutes=15)
"""How long a resident may take at the provider before the login must begin again."""


class RelyingParty(AsksForClaims, AsksForForms, AsksForSignatures, ReadsLogoutTokens):
    """One registered client at one provider. Safe to share between threads; make one per process.

    :param issuer: the provider's issuer URL, exactly as it names itself.
    :param private_key: path, PEM text or JWK for ``private_key_jwt``.
    :param client_secret: for a provider's sandbox only; production takes keys.
    :param id_token_algorithms: what the client registered as ``id_token_signed_response_alg``.
    :param userinfo_algorithm: what it registered as ``userinfo_signed_response_alg``; plain JSON from
        the UserInfo endpoint is then refused.
    :param verification: what a verification has to be like for its verified claims to count; None: made
        under the trust framework ``hk_eid``.
    :param push_requests: send authorization requests to the provider first, so that nobody on the way sees
        or alters them (RFC 9126). None: where the provider requires it, and for authorization details.
    :param login_lifetime: how long a login may take.
    :param timeout: seconds for each request to the provider.
    :param http: instead of :class:`~hkeid.rp.transport.DirectHttpClient`, for a proxy say.
    :param spent: shared memory of finished logins, where several processes want one.
    :raises ConfigurationError: a key that cannot be loaded, key and secret at once.
    :raises hkeid.kernel.errors.MalformedInput: the issuer is no URL, or not ``https``.

    Nothing is fetched before it is needed; :meth:`discover` fetches at once.
    """

    def __init__(
        self,
        issuer: str,
        *,
        client_id: str,
        private_key: PrivateKey | None = None,
        client_secret: str | None = None,
        id_token_algorithms: Collection[str] = ("ES256",),
        userinfo_algorithm: str | None = None,
        verification: VerificationPolicy | None = None,
        push_requests: bool | None = None,
        login_lifetime: timedelta = LOGIN_LIFETIME,
        timeout: float = 10.0,
        http: HttpClient | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
        spent: SpentStates | None = None,
    ) -> None:
        if private_key is not None and client_secret is not None:
            raise ConfigurationError("client_key_and_secret", detail="give one of the two")
        if isinstance(id_token_algorithms, str) or not id_token_algorithms:
            raise ConfigurationError("algorithms_not_usable", detail="a non-empty list is needed")
        self.issuer = issuer
        self.client_id = client_id
        self._identity = ClientIdentity(
            client_id,
            None if private_key is None else ClientKey(private_key),
            None if client_secret is None else Secret(client_secret),
        )
        self._algorithms = frozenset(id_token_algorithms)
        self._userinfo_algorithm = userinfo_algorithm
        self._verification = verification
        self._push_requests = push_requests
        self._lifetime = login_lifetime
        self._timeout = timeout
        self._clock = clock or SystemClock()
        self._random = random or SystemRandom()
        self._spent = spent or ProcessSpentStates()
        self._http = http or DirectHttpClient()
        self.provider = Provider(issuer, http=self._http, clock=self._clock, timeout=timeout)

    @classmethod
    def discover(cls, issuer: str, *, client_id: str, **options: Any) -> Self:
        """Make a relying party and fetch the provider's metadata at once, so that mistakes show early.

        ``options`` are those of the class.

        :raises ProviderMisbehaved: the metadata is not that of ``issuer``, or cannot be used.
        :raises ProviderUnavailable: the provider does not answer.
        """
        party = cls(issuer, client_id=client_id, **options)
        party.provider.metadata()
        return party

    @property
    def metadata(self) -> ProviderMetadata:
        """The provider's metadata, fetched when there is none that is fresh."""
        return self.provider.metadata()

    def start_login(
        self,
        *,
        redirect_uri: str,
        acr: str | None = None,
        scope: str | Iterable[str] = "openid",
        claims: Iterable[str] | Mapping[str, Any] = (),
        max_age: int | None = None,
        prompt: str | None = None,
        ui_locales: str | Iterable[str] = (),
        login_hint: str | None = None,
        id_token_hint: str | None = None,
        subject: str | None = None,
        authorization_details: Iterable[Mapping[str, Any]] = (),
    ) -> Login:
        """Begin a login: where to send the browser, and what to remember until it is back.

        :param redirect_uri: registered with the provider; the browser comes back there.
        :param acr: the lowest rung that will do; a login below it fails (law 7).
        :param scope: ``openid`` is added where it is missing.
        :param claims: names of personal claims wanted (from the UserInfo endpoint, each voluntary),
            or a whole ``claims`` parameter (OpenID Connect Core §5.5).
        :param max_age: greatest age of the authentication in seconds; checked in the ID token.
        :param prompt: ``login``, ``consent``, ``select_account`` or ``none``.
        :param ui_locales: languages for the provider's pages, best first (BCP 47).
        :param subject: only this ``sub`` may come back, for a step-up within a session; give
            ``id_token_hint`` with it.
        :param authorization_details: what else is asked for, by type (RFC 9396).
        :raises ConfigurationError: ``pushing_unsupported``: this relying party pushes its requests, and the
            provider takes none.
        :raises hkeid.kernel.errors.MalformedInput: the redirect URI is no ``https`` (or loopback) URL,
            the scope or prompt holds foreign characters.
        """
        check_url(redirect_uri, field="redirect_uri")
        scopes = check_scope(scope)
        wanted = dict(claims) if isinstance(claims, Mapping) else claims_by_name(claims)
        login = self._new_login(
            redirect_uri,
            acr=acr,
            max_age=max_age,
            again=prompt is not None and "login" in prompt.split(" "),
            subject=subject,
            userinfo=len(scopes) > 1 or "userinfo" in wanted,
        )
        details = tuple(authorization_details)
        request = authorization_request(
            login,
            scopes,
            claims=wanted,
            prompt=prompt,
            ui_locales=ui_locales,
            login_hint=login_hint,
            id_token_hint=id_token_hint,
            authorization_details=details,
        )
        return self._begun(login, request, details=bool(details))

    def _new_login(
        self,
        redirect_uri: str,
        *,
        acr: str | None,
        max_age: int | None,
        again: bool,
        subject: str | None,
        userinfo: bool,
    ) -> LoginState:
        return LoginState(
            issuer=self.issuer,
            client_id=self.client_id,
            redirect_uri=redirect_uri,
            state=self._random.token(),
            nonce=self._random.token(),
            verifier=self._random.token(48),
            created=self._clock.now(),
            acr=None if acr is None else str(acr),
            max_age=max_age,
            again=again,
            subject=subject,
            userinfo=userinfo,
        )

    def _begun(self, login: LoginState, request: Mapping[str, str], *, details: bool) -> Login:
        """The address for the browser; the request is pushed first where that is wanted."""
        metadata = self.metadata
        url = pushing_endpoint(metadata, choice=self._push_requests, details=details)
        code = None
        if url is not None:
            proof = self._proof(metadata)
            pushed = push_request(self._http, url, self._timeout, request, proof)
            # RFC 9126 §4: nothing but these two goes through the browser.
            request = {"client_id": self.client_id, "request_uri": pushed.request_uri}
            code = pushed.confirmation_code
        return Login(
            url=with_query(metadata.authorization_endpoint, list(request.items())),
            state=login.encode(),
            confirmation_code=code,
        )

    def finish_login(self, state: str, callback: responses.Callback) -> Resident:
        """Finish a login: check the answer, redeem the code, verify the tokens, fetch the claims.

        :param state: ``Login.state``, as kept for this very browser.
        :param callback: the URL that the browser came back to, or its parameters.
        :raises StartAgain: this browser did not begin this login, or it is over.
        :raises LoginDeclined: the provider said no; ``.error`` is its code.
        :raises ProviderMisbehaved: an answer breaks a rule.
        :raises ProviderUnavailable: no answer; the login must begin again.
        """
        login = self._read_state(state)
        parameters = responses.read_callback(callback)
        responses.check_state(parameters, login)
        metadata = self.metadata
        responses.check_issuer(parameters, metadata)
        spend(self._spent, login, self._lifetime, self._clock.now())
        code = responses.read_code(parameters)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": login.redirect_uri,
            "code_verifier": login.verifier,
        }
        tokens = self._ask_tokens(form)
        resident = self._verified(tokens, self._expected(login, tokens), {})
        return self.userinfo(resident) if login.userinfo else resident

    def refresh(self, resident: Resident) -> Resident:
        """New tokens for a resident who allowed it (RFC 6749 §6, OpenID Connect Core §12).

        Forget the old ones: a refresh token may be used once only.

        :raises LoginDeclined: ``token_refused_invalid_grant``: the resident must log in again.
        :raises LoginFailed: ``refresh_token_missing``.
        """
        before = _held(resident)
        if before.refresh_token is None:
            raise LoginFailed("refresh_token_missing")
        form = {
            "grant_type": "refresh_token",
            "refresh_token": before.refresh_token.reveal(),
        }
        tokens = self._ask_tokens(form, before)
        if tokens.id_token == before.id_token:
            return changed(resident, tokens=tokens)
        expected = Expected(
            issuer=self.issuer,
            client_id=self.client_id,
            nonce=None,
            access_token=tokens.access_token.reveal(),
            subject=resident.sub,
        )
        return continued(resident, self._verified(tokens, expected, resident.claims))

    def revoke(self, resident: Resident) -> None:
        """Give the tokens back: refresh token first, then access token (RFC 7009).

        :raises LoginFailed: ``revocation_unsupported`` and the failures of the exchange.
        """
        tokens = _held(resident)
        metadata = self.metadata
        url = metadata.revocation_endpoint
        if url is None:
            raise LoginFailed("revocation_unsupported")
        held = {"refresh_token": tokens.refresh_token, "access_token": tokens.access_token}
        for hint, token in held.items():
            if token is not None:
                form = {"token": token.reveal(), "token_type_hint": hint}
                post_form(self._http, url, "revocation", self._timeout, form, self._proof(metadata))

    def logout_url(
        self,
        *,
        id_token: str | Secret | None = None,
        post_logout_redirect_uri: str | None = None,
        state: str | None = None,
        ui_locales: str | Iterable[str] = (),
    ) -> str | None:
        """Where to send the browser to log out at the provider too, or None where it offers no such page.

        After OpenID Connect RP-Initiated Logout §2. End your own session first: the browser may not
        come back.

        :param id_token: of the login that ends; without it the provider asks the resident.
        """
        url = self.metadata.end_session_endpoint
        if url is None:
            return None
        hint = id_token.reveal() if isinstance(id_token, Secret) else id_token
        members = {
            "id_token_hint": hint,
            "client_id": self.client_id,
            "post_logout_redirect_uri": post_logout_redirect_uri,
            "state": state,
            "ui_locales": ui_locales if isinstance(ui_locales, str) else " ".join(ui_locales),
        }
        return with_query(url, [(name, value) for name, value in members.items() if value])

    def _read_state(self, state: str) -> LoginState:
        login = LoginState.decode(state)
        if login.issuer != self.issuer or login.client_id != self.client_id:
            raise StartAgain("login_state_foreign")
        now = self._clock.now()
        if not login.created - timedelta(minutes=1) <= now < login.created + self._lifetime:
            raise StartAgain("login_state_expired")
        return login

    def _proof(self, metadata: ProviderMetadata) -> tuple[dict[str, str], dict[str, str]]:
        return self._identity.proof(metadata, jti=self._random.token(16), now=self._clock.now())

    def _ask_tokens(self, form: dict[str, str], before: Tokens | None = None) -> Tokens:
        metadata = self.metadata
        answer = post_form(
            self._http,
            metadata.token_endpoint,
            "token",
            self._timeout,
            form,
            self._proof(metadata),
        )
        return read_tokens(answer, self._clock.now(), before=before)

    def _expected(self, login: LoginState, tokens: Tokens) -> Expected:
        return Expected(
            issuer=self.issuer,
            client_id=self.client_id,
            nonce=login.nonce,
            access_token=tokens.access_token.reveal(),
            not_before=login.created,
            max_age=login.max_age,
            again=login.again,
            acr=login.acr,
            subject=login.subject,
        )

    def _verified(self, tokens: Tokens, expected: Expected, known: Mapping[str, Any]) -> Resident:
        claims, algorithm = verified_claims(
            tokens.id_token.reveal(), self.provider, what="id_token", algorithms=self._algorithms
        )
        check_id_token(claims, expected, self._clock.now(), algorithm=algorithm)
        moment = claims.get("auth_time")
        return Resident(
            issuer=self.issuer,
            sub=claims["sub"],
            acr=claims.get("acr"),
            amr=tuple(claims.get("amr", ())),
            auth_time=None if moment is None else from_epoch_seconds(int(moment)),
            sid=claims.get("sid"),
            claims={**known, **self._accepted(personal(claims))},
            tokens=tokens,
        )


def _held(resident: Resident) -> Tokens:
    if resident.tokens is None:
        raise LoginFailed("tokens_not_kept")
    return resident.tokens

"""A provider on a workbench: fakes of what it asks of the hub, and a relying party's moves.

::

    bench = ProviderBench()
    bench.log_in()                                   # the browser now has a session
    code = bench.code(bench.authorize())             # prompt-less single sign-on
    tokens = bench.exchange(code)
    bench.claims_of(tokens["id_token"])["sub"]

Everything is in memory; time stands still until :meth:`SettableClock.advance`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationResult, SessionView
from hkeid.identity.state import EidState
from hkeid.jose import public_jwks, verify_jwt
from hkeid.jose.signatures import PrivateSigningKey, algorithm_of, generate, public_jwk, signer
from hkeid.kernel import base64url
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.kernel.instants import epoch_seconds
from hkeid.oidc import pkce
from hkeid.oidc.authorization_details import DetailType
from hkeid.oidc.client_assertion import ASSERTION_TYPE
from hkeid.op import Interaction, Profile, Provider, ProviderSettings, paths
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.ports.keys import KeyPurpose
from hkeid.residents.records import Resident
from hkeid.testing.fake_hub import START, FakeClaims, FakeSessions, SettableClock
from hkeid.testing.keys import MemoryKeyStore

ISSUER = "https://eid.example.hk"
CALLBACK = "https://rp.example.hk/eid/callback"
BROWSER = "browser-of-the-test"
VERIFIER = "v" * 43


PROFILE_CLAIMS = ("name", "given_name", "family_name", "birthdate", "gender")
_REASONS = {"en": "To greet you", "zh-Hant-HK": "向你問好", "zh-Hans": "向你问好"}


def a_client(client_id: str = "hko", **changes: Any) -> Client:
    """A registered client: by default a web client with ``private_key_jwt``, no refresh, no claims."""
    return replace(
        Client(
            id=client_id,
            name={"en": "Observatory", "zh-Hant-HK": "天文台", "zh-Hans": "天文台"},
            redirect_uris=(CALLBACK,),
            auth_method=ClientAuthMethod.PRIVATE_KEY_JWT,
            sector_identifier="rp.example.hk",
            scopes=("openid", "profile", "offline_access"),
            claims={},
            post_logout_redirect_uris=("https://rp.example.hk/bye",),
        ),
        **changes,
    )


def reasons(*names: str) -> dict[str, dict[str, str]]:
    """A client's registered claims, each with a reason."""
    return {name: dict(_REASONS) for name in names}


@dataclass(slots=True)
class RelyingPartyKey:
    """A relying party's own key for ``private_key_jwt``."""

    private: PrivateSigningKey = field(default_factory=lambda: generate("ES256"), repr=False)

    def jwks(self) -> dict[str, Any]:
        """What the relying party registers."""
        return {"keys": [public_jwk(self.private)]}

    def sign(self, claims: Mapping[str, Any], **header: Any) -> str:
        """A compact JWS over ``claims``; ``header`` members replace or add to the usual ones."""
        jwk = public_jwk(self.private)
        members = {"alg": algorithm_of(self.private), "kid": jwk["kid"], **header}
        parts = [base64url.encode(json.dumps(part).encode()) for part in (members, claims)]
        message = ".".join(parts)
        return f"{message}.{base64url.encode(signer(self.private)(message.encode()))}"


class ProviderBench:
    """A provider with a client, a resident and a browser.

    :param clients: registered clients; each ``private_key_jwt`` client without keys gets
        :attr:`key`'s. The first one is used where none is named.
    :param details: types of authorization details that the provider knows.
    :param api_scopes: scopes that it gives beside those of OpenID Connect.
    :param make_store: called with ``keys``, ``clock`` and ``random``.
    """

    def __init__(
        self,
        *clients: Client,
        settings: ProviderSettings | None = None,
        keys: MemoryKeyStore | None = None,
        issuer: str = ISSUER,
        make_store: Callable[..., Any] = MemoryStore,
        details: Iterable[DetailType] = (),
        api_scopes: Iterable[str] = (),
    ) -> None:
        self.clock = SettableClock()
        self.keys = keys or MemoryKeyStore(algorithms=("ES256", "Ed25519"))
        self.store = make_store(keys=self.keys, clock=self.clock, random=SystemRandom())
        self.sessions = FakeSessions()
        self.claims = FakeClaims()
        self.key = RelyingPartyKey()
        self.issuer = issuer
        settings = settings or ProviderSettings(client_cache=timedelta(0))
        found = clients or (a_client(),)
        self.client = self.register(found[0])
        for client in found[1:]:
            self.register(client)
        sandbox = settings.profile is Profile.SANDBOX
        build = Provider.sandbox if sandbox else Provider.production
        self.provider = build(
            issuer,
            self.store,
            self.keys,
            self.sessions,
            self.claims,
            self.clock,
            SystemRandom(),
            settings,
            details,
            api_scopes,
        )
        self.add_resident("resident-1")

    def register(self, client: Client) -> Client:
        """Register or replace a client."""
        if client.auth_method is ClientAuthMethod.PRIVATE_KEY_JWT and client.jwks is None:
            client = replace(client, jwks=self.key.jwks())
        with self.store.transaction() as tx:
            tx.clients.put(client)
        return client

    def add_resident(self, resident_id: str, state: EidState = EidState.ACTIVE) -> None:
        """A resident with an eID in ``state``."""
        with self.store.transaction() as tx:
            tx.residents.add(
                Resident(
                    id=resident_id,
                    user_handle=resident_id.encode().ljust(64, b"\0"),
                    state=state,
                    created_at=START,
                    updated_at=START,
                )
            )

    def set_state(self, resident_id: str, state: EidState) -> None:
        """Change the state of a resident's eID."""
        with self.store.transaction() as tx:
            old = tx.residents.get(resident_id)
            assert old is not None
            assert tx.residents.change(old, replace(old, state=state))

    def log_in(
        self,
        resident_id: str = "resident-1",
        *,
        reference: str = "session-reference",
        acr: Acr = Acr.EID,
        session_id: str | None = None,
    ) -> SessionView:
        """Give the browser a session that was authenticated now."""
        view = SessionView(
            session_id=session_id or f"session-of-{resident_id}",
            authentication=AuthenticationResult(
                resident_id=resident_id,
                acr=acr,
                amr=("pop", "swk", "user"),
                authenticated_at=self.clock.now(),
            ),
        )
        self.sessions.put(reference, view)
        return view

    def parameters(self, **changes: str | None) -> dict[str, str]:
        """An authorization request that is in order; None removes a parameter."""
        values: dict[str, str | None] = {
            "client_id": self.client.id,
            "redirect_uri": self.client.redirect_uris[0],
            "response_type": "code",
            "scope": "openid",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": pkce.challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in values.items() if value is not None}

    def authorize(
        self,
        *,
        method: str = "GET",
        session: str | None = "session-reference",
        browser: str | None = BROWSER,
        extra: tuple[tuple[str, str], ...] = (),
        **changes: str | None,
    ) -> Response | Interaction:
        """Send an authorization request; ``extra`` pairs are appended (repeated parameters)."""
        pairs = Parameters((*self.parameters(**changes).items(), *extra))
        form = method == "POST"
        return self.provider.handle(
            Request(
                method=method,
                path=paths.AUTHORIZE,
                query=Parameters() if form else pairs,
                form=pairs if form else Parameters(),
                headers={"content-type": _FORM} if form else {},
                browser=browser,
                session=session,
            )
        )

    def push(self, client: Client | None = None, /, **changes: str | None) -> Response:
        """A pushed authorization request with the client's credentials."""
        return self.post(paths.PAR, {**self.parameters(**changes), **self.credentials(client)})

    def authorize_pushed(
        self, request_uri: str, *, client_id: str | None = None
    ) -> Response | Interaction:
        """Send the browser with a pushed request."""
        query = {"client_id": client_id or self.client.id, "request_uri": request_uri}
        return self.provider.handle(
            Request(
                method="GET",
                path=paths.AUTHORIZE,
                query=Parameters.of(query),
                browser=BROWSER,
                session="session-reference",
            )
        )

    @staticmethod
    def answer(response: Response | Interaction) -> dict[str, str]:
        """The parameters of a redirect."""
        assert isinstance(response, Response), response
        location = response.header("Location")
        assert location is not None, (response.status, response.body)
        return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))

    def code(self, response: Response | Interaction) -> str:
        """The code in a redirect."""
        return self.answer(response)["code"]

    def assertion(self, client_id: str | None = None, **changes: Any) -> str:
        """A client assertion that is in order; None removes a claim."""
        client_id = client_id or self.client.id
        now = epoch_seconds(self.clock.now())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": self.issuer,
            "iat": now,
            "exp": now + 60,
            "jti": SystemRandom().token(16),
            **changes,
        }
        return self.key.sign({name: value for name, value in claims.items() if value is not None})

    def credentials(self, client: Client | None = None) -> dict[str, str]:
        """What a client puts into a form to authenticate."""
        client = client or self.client
        if client.auth_method is ClientAuthMethod.PRIVATE_KEY_JWT:
            return {
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self.assertion(client.id),
            }
        return {"client_id": client.id}

    def post(
        self, path: str, form: Mapping[str, str | None], headers: Mapping[str, str] | None = None
    ) -> Response:
        """Post a form to an endpoint; None removes a member."""
        response = self.provider.handle(
            Request(
                method="POST",
                path=path,
                form=Parameters.of({n: v for n, v in form.items() if v is not None}),
                headers={"content-type": _FORM, **(headers or {})},
            )
        )
        assert isinstance(response, Response)
        return response

    def token(self, client: Client | None = None, /, **form: str | None) -> Response:
        """A token request with the client's credentials; named members replace or remove."""
        return self.post(paths.TOKEN, {**self.credentials(client), **form})

    def exchange(self, code: str, **form: str | None) -> dict[str, Any]:
        """Exchange a code that must be good."""
        values = {"redirect_uri": self.client.redirect_uris[0], "code_verifier": VERIFIER, **form}
        return self.good(self.token(grant_type="authorization_code", code=code, **values))

    def refresh(self, refresh_token: str, **form: str | None) -> Response:
        """A refresh request."""
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **form)

    def userinfo(self, access_token: str) -> Response:
        """A UserInfo request."""
        response = self.provider.handle(
            Request(
                method="GET",
                path=paths.USERINFO,
                headers={"authorization": f"Bearer {access_token}"},
            )
        )
        assert isinstance(response, Response)
        return response

    @staticmethod
    def good(response: Response) -> dict[str, Any]:
        """The JSON of a response that must be 200."""
        assert response.status == 200, (response.status, response.body)
        body: dict[str, Any] = json.loads(response.body)
        return body

    @staticmethod
    def error(response: Response) -> str:
        """The ``error`` of a JSON error response."""
        body: dict[str, str] = json.loads(response.body)
        return body["error"]

    def claims_of(self, jwt: str, algorithm: str = "ES256") -> dict[str, Any]:
        """The claims of an ID token or signed UserInfo, verified against the JWKS."""
        jwks = public_jwks(self.keys, KeyPurpose.TOKEN_SIGNING)
        return verify_jwt(jwt, jwks["keys"], algorithms={algorithm}, typ={"JWT"}).claims

    def events(self) -> list[str]:
        """Names of everything in the audit trail, in order."""
        with self.store.transaction() as tx:
            return [
                record.name
                for writer in tx.audit_records.writers()
                for record in tx.audit_records.of_writer(writer)
            ]


_FORM = "application/x-www-form-urlencoded"

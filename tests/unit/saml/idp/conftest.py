"""Our identity provider with services in front of it and a hub that does as it is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.doors.interactions import Interaction
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationResult, SessionView
from hkeid.kernel.errors import Unavailable
from hkeid.kernel.http import Parameters, Request, Response, redirect
from hkeid.ports.keys import KeyPurpose
from hkeid.ports.surroundings import HttpAnswer
from hkeid.saml.dsig import (
    PublicKey,
    VerifiedResponse,
    XmlSigner,
    decode_post,
    decrypt_assertions,
    read_redirect,
    sign_element,
    verify_message,
    verify_response,
)
from hkeid.saml.idp import (
    IdentityProvider,
    IdentityProviderSettings,
    SamlErrorPage,
    Service,
)
from hkeid.saml.messages import (
    SUCCESS,
    Assertion,
    AuthnRequest,
    Binding,
    LogoutRequest,
    LogoutResponse,
    new_identifier,
    soap,
)
from hkeid.saml.messages import Response as SamlResponse
from hkeid.saml.messages.bindings import FormPost, Redirection, send
from hkeid.saml.own_keys import public_key
from hkeid.testing.fake_hub import FakeClaims, FakeSessions, SettableClock
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.saml_parties import FakeMetadata, Party

HOME = "https://eid.example.hk"
BROWSER = "browser-binding"
SESSION = "session-reference"
RESIDENT = "resident-1"


@dataclass(frozen=True)
class FakeParty:
    """A relying party."""

    id: str
    name: Mapping[str, str] = field(default_factory=lambda: {"en": "Library"})
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    sector_identifier: str = "sp.example"
    claims: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    voluntary_claims: tuple[str, ...] = ()
    client_uri: str | None = None
    policy_uri: str | None = None


@dataclass
class Hub:
    """Ends sessions, and says who authenticated."""

    sessions: FakeSessions
    ended: list[str] = field(default_factory=list)
    behind: str | None = None
    sent_on: list[tuple[str, str, str]] = field(default_factory=list)

    def end(self, session_id: str) -> bool:
        self.ended.append(session_id)
        self.sessions.end(SESSION)
        return True

    def authority(self, session: SessionView) -> str | None:
        assert session
        return self.behind

    def begin(self, session_id: str, *, browser: str, back_to: str) -> Response | None:
        if self.behind is None:
            return None
        self.sent_on.append((session_id, browser, back_to))
        return redirect(f"{self.behind}/slo")


@dataclass
class Answer:
    """What a service reads of a Response."""

    response: SamlResponse
    assertions: list[Assertion]
    verified: VerifiedResponse
    relay_state: str | None
    action: str

    @property
    def only(self) -> Assertion:
        (one,) = self.assertions
        return one

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(v for a in self.only.attributes if a.name == name for v in a.texts)


class Stage:
    """Everything together."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.keys = MemoryKeyStore()
        for algorithm in ("RS256", "ES256"):
            self.keys.add(KeyPurpose.SAML_SIGNING, algorithm)
        self.keys.add(KeyPurpose.SAML_DECRYPTION, "RSA-OAEP")
        self.store = MemoryStore(self.keys, self.clock, SystemRandom())
        self.sessions = FakeSessions()
        self.claims = FakeClaims()
        self.hub = Hub(self.sessions)
        self.metadata = FakeMetadata()
        self.registered: dict[str, Service] = {}
        self.http: Any = None
        self.settings = IdentityProviderSettings(scope="eid.example.hk")
        self.sp = Party.at("https://sp.example")
        self.enter(self.sp)

    def find(self, entity_id: str) -> Service | None:
        return self.registered.get(entity_id)

    def enter(
        self, party: Party, metadata: dict[str, Any] | None = None, **registration: Any
    ) -> Service:
        """Register a service."""
        self.metadata.put(party.sp(**(metadata or {})))
        known = FakeParty(id=party.home, sector_identifier=urlsplit(party.home).netloc)
        claims = registration.pop("claims", ())
        known = replace(known, claims={name: {"en": "why"} for name in claims})
        service = Service(entity_id=party.entity_id, relying_party=known, **registration)
        self.registered[party.entity_id] = service
        return service

    @property
    def idp(self) -> IdentityProvider:
        return IdentityProvider(
            HOME,
            self.store,
            self.keys,
            self.sessions,
            self.claims,
            self.metadata,
            self,
            self.hub,
            self.clock,
            SystemRandom(),
            self.settings,
            origins=self.hub,
            authority=self.hub,
            http=self.http,
        )

    def due(self) -> tuple[str, ...]:
        """Who is to be told of a logout now, beside requests."""
        with self.store.transaction() as tx:
            return tuple(sorted(tx.logout_notices.clients_due(self.now)))

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def our_keys(self) -> list[PublicKey]:
        return [public_key(key) for key in self.keys.signing_keys(KeyPurpose.SAML_SIGNING)]

    def log_in(
        self, acr: Acr = Acr.EID, *, session_id: str = "session-1", ago: timedelta = timedelta(0)
    ) -> SessionView:
        """The browser has a session."""
        view = SessionView(
            session_id=session_id,
            authentication=AuthenticationResult(
                resident_id=RESIDENT,
                acr=acr,
                amr=("hwk", "user"),
                authenticated_at=self.now - ago,
            ),
        )
        self.sessions.put(SESSION, view)
        return view

    def request(self, party: Party | None = None, **changes: Any) -> AuthnRequest:
        party = party or self.sp
        wish = AuthnRequest(
            id=new_identifier(SystemRandom()),
            issued_at=self.now,
            issuer=party.entity_id,
            destination=f"{HOME}/saml/sso",
        )
        return replace(wish, **changes)

    def ask(
        self,
        request: AuthnRequest | None = None,
        *,
        party: Party | None = None,
        by: Binding = Binding.REDIRECT,
        signer: XmlSigner | str | None = "own",
        relay_state: str | None = "their state",
        browser: str | None = BROWSER,
        **changes: Any,
    ) -> Response | Interaction:
        """A service sends the browser with an AuthnRequest."""
        party = party or self.sp
        request = request or self.request(party, **changes)
        out = send(
            request.write(),
            "SAMLRequest",
            binding=by,
            location=f"{HOME}/saml/sso",
            relay_state=relay_state,
            signer=party.signer if signer == "own" else signer,  # type: ignore[arg-type]
        )
        return self.bring(out, "/saml/sso", browser=browser)

    def bring(
        self,
        out: Redirection | FormPost,
        path: str,
        *,
        browser: str | None = BROWSER,
        session: str | None = SESSION,
    ) -> Response | Interaction:
        """The browser follows a redirection or posts a form."""
        common: dict[str, Any] = {"path": path, "browser": browser, "session": session}
        if isinstance(out, Redirection):
            query = urlsplit(out.url).query
            return self.idp.handle(
                Request(method="GET", query=Parameters.parse(query), raw_query=query, **common)
            )
        return self.idp.handle(Request(method="POST", form=Parameters(out.fields), **common))

    def answer(self, response: Response | Interaction, party: Party | None = None) -> Answer:
        """What the service reads of the form that the browser posts."""
        assert isinstance(response, Response), response
        assert not isinstance(response, SamlErrorPage), response.error
        fields, action = form_of(response)
        return self.read(fields, action, party)

    def read(self, fields: Mapping[str, str], action: str, party: Party | None = None) -> Answer:
        octets = decode_post(fields["SAMLResponse"])
        verified = verify_response(octets, self.our_keys)
        opened = verified.assertions
        if verified.encrypted:
            opened += decrypt_assertions(verified, [(party or self.sp).unwrapper], self.our_keys)
        return Answer(
            response=SamlResponse.read(verified.message),
            assertions=[Assertion.read(one) for one in opened],
            verified=verified,
            relay_state=fields.get("RelayState"),
            action=action,
        )

    def login(self, party: Party | None = None, **changes: Any) -> Answer:
        """A login that needs nobody to be asked."""
        return self.answer(self.ask(party=party, **changes), party)


class SoapServices:
    """:class:`hkeid.ports.HttpClient` with services behind it that answer logouts by SOAP.

    :ivar meanwhile: done while a service is being told.
    """

    def __init__(self, stage: Stage, *parties: Party, **behaviour: Any) -> None:
        self.stage = stage
        self.parties = {f"{one.home}/slo/soap": one for one in parties}
        self.behaviour = behaviour
        self.asked: list[str] = []
        self.requests: list[LogoutRequest] = []
        self.timeouts: list[float] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        timeout: float = 10.0,
        **_rest: Any,
    ) -> HttpAnswer:
        assert method == "POST"
        assert body is not None
        self.asked.append(url)
        self.timeouts.append(timeout)
        self.meanwhile()
        if "hangs" in self.behaviour:
            self.stage.clock.advance(timeout)
            raise Unavailable("http_no_answer")
        if "fails" in self.behaviour:
            raise Unavailable("http_failed")
        self.stage.clock.advance(self.behaviour.get("takes", 0.0))
        party = self.parties[url]
        request = LogoutRequest.read(verify_message(soap.take_off(body), self.stage.our_keys))
        self.requests.append(request)
        answer = LogoutResponse(
            id="_answer",
            issued_at=self.stage.now,
            issuer=self.behaviour.get("issuer", party.entity_id),
            in_response_to=self.behaviour.get("in_response_to", request.id),
            status=self.behaviour.get("answers", SUCCESS),
        )
        element = sign_element(answer.write(), self.behaviour.get("signer", party.signer))
        status = self.behaviour.get("status", 200)
        return HttpAnswer(status=status, body=soap.put_on(element))


def form_of(response: Response) -> tuple[dict[str, str], str]:
    """Fields and action of a page that posts a form."""
    page = response.body.decode()
    fields = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page))
    action = re.search(r'action="([^"]*)"', page)
    assert action is not None, page
    return {name: unescape(value) for name, value in fields.items()}, unescape(action[1])


def error_of(response: Response | Interaction) -> str:
    """The reason on an error page."""
    assert isinstance(response, SamlErrorPage), response
    return response.error.reason


def location_of(response: Response | Interaction) -> tuple[str, dict[str, str]]:
    """Address and parameters of a redirect."""
    assert isinstance(response, Response)
    location = response.header("Location")
    assert location is not None, response
    return location.partition("?")[0], dict(parse_qsl(urlsplit(location).query))


def redirect_query(response: Response | Interaction) -> Any:
    """The message in a redirect."""
    assert isinstance(response, Response)
    location = response.header("Location")
    assert location is not None
    return read_redirect(urlsplit(location).query)


@pytest.fixture
def stage() -> Stage:
    return Stage()

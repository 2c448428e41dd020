"""Our identity provider, at which people of service providers written elsewhere log in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.peer.saml.credentials import Credential
from tests.peer.saml.entities import Entity
from tests.peer.saml.identity_provider import SignatureKey, SmallIdentityProvider

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.doors.interactions import Interaction
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationResult, SessionView
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.ports.keys import KeyPurpose
from hkeid.saml.idp import (
    IdentityProvider,
    IdentityProviderSettings,
    SamlErrorPage,
    SamlLogoutPage,
    Service,
)
from hkeid.testing.browser import Browser, Form, Page, read_page
from hkeid.testing.fake_hub import FakeClaims, FakeSessions
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.saml_parties import FakeMetadata

ADDRESS = "https://idp.example"
RESIDENT = "resident-1"
SESSION = "session-reference"
GREETING = "CHAN Tai Man 陳大文"
DISPLAY_NAME = "urn:oid:2.16.840.1.113730.3.1.241"


@dataclass(frozen=True)
class Registered:
    """A service as pages and the consent ledger know it."""

    id: str
    sector_identifier: str
    name: Mapping[str, str] = field(default_factory=lambda: {"en": "Peer"})
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    claims: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    voluntary_claims: tuple[str, ...] = ()
    client_uri: str | None = None
    policy_uri: str | None = None


class OurIdentityProvider(SmallIdentityProvider):
    """:class:`hkeid.saml.idp.IdentityProvider`; what it inherits lies with the same keys.

    :ivar ended: sessions of the hub that services ended.
    """

    def __init__(self) -> None:
        self._keys = MemoryKeyStore()
        for algorithm in ("RS256", "ES256"):
            self._keys.add(KeyPurpose.SAML_SIGNING, algorithm)
        self._keys.add(KeyPurpose.SAML_DECRYPTION, "RSA-OAEP")
        super().__init__(f"{ADDRESS}/saml/metadata", self._credentials())
        self._sessions = FakeSessions()
        self._claims = FakeClaims()
        self._claims.values[RESIDENT] = {"name": GREETING}
        self._known = FakeMetadata()
        self._services: dict[str, Service] = {}
        self.ended: list[str] = []
        self._provider = IdentityProvider(
            ADDRESS,
            MemoryStore(self._keys, SystemClock(), SystemRandom()),
            self._keys,
            self._sessions,
            self._claims,
            self._known,
            self,
            self,
            SystemClock(),
            SystemRandom(),
            # What python3-saml reads of our metadata decides whether it signs.
            IdentityProviderSettings(scope="idp.example", require_signed_requests=True),
            certificates=self._certificates,
        )

    def _credentials(self) -> dict[SignatureKey, Credential]:
        """Its keys, with certificates for peers that read no others."""
        self._certificates: dict[str, bytes] = {}
        found = {}
        kinds = {"RS256": SignatureKey.RSA, "ES256": SignatureKey.EC}
        for key in self._keys._ring.keys:
            if key.purpose is not KeyPurpose.SAML_SIGNING:
                continue
            credential = Credential.make(key.private)
            found[kinds[key.algorithm]] = credential
            self._certificates[key.kid] = credential.der
        return found

    def find(self, entity_id: str) -> Service | None:
        """See :class:`hkeid.saml.idp.ServiceDirectory`."""
        return self._services.get(entity_id)

    def end(self, session_id: str) -> bool:
        """See :class:`hkeid.saml.idp.SessionEnder`."""
        self.ended.append(session_id)
        self._sessions.end(SESSION)
        return True

    def metadata(self) -> bytes:
        return self._went("/saml/metadata").body

    def know(self, peer: Entity, **registration: Any) -> None:
        """Register a service."""
        party = Registered(
            id=peer.entity_id,
            sector_identifier=urlsplit(peer.entity_id).netloc,
            claims={"name": {"en": "To greet you."}},
        )
        self._claims.agree(RESIDENT, party.id, ["name"])
        self._known.put(peer.record)
        self._services[peer.entity_id] = Service(
            entity_id=peer.entity_id, relying_party=party, **registration
        )

    def is_there(self, session_id: str) -> None:
        """The resident has a session of the hub."""
        result = AuthenticationResult(
            resident_id=RESIDENT,
            acr=Acr.EID,
            amr=("hwk", "user"),
            authenticated_at=datetime.now(UTC) - timedelta(minutes=1),
        )
        view = SessionView(session_id=session_id, authentication=result)
        self._sessions.put(SESSION, view)

    def _went(self, url: str) -> Response:
        """The browser came to an address of ours."""
        parts = urlsplit(url)
        answer = self._provider.handle(
            Request(
                method="GET",
                path=parts.path,
                query=Parameters.parse(parts.query),
                raw_query=parts.query,
                browser="browser-binding",
                session=SESSION,
            )
        )
        assert not isinstance(answer, Interaction), answer
        assert not isinstance(answer, SamlErrorPage), answer.error
        return answer

    def answer_login(self, url: str) -> Form:
        """The form with which the browser leaves after an AuthnRequest."""
        left = _leaves(self._went(url))
        assert isinstance(left, Form)
        return left

    def answer_logout(self, url: str) -> str | Form:
        """How the browser leaves after a LogoutRequest."""
        return _leaves(self._went(url))

    def log_out(self, session_id: str) -> str | Form:
        """How the browser leaves when somebody logs out here."""
        answer = self._provider.propagate_logout(session_id, browser="browser-binding")
        assert answer is not None
        return _leaves(answer)

    def logged_out(self, url: str) -> SamlLogoutPage:
        """The page at the end of that."""
        answer = self._went(url)
        assert isinstance(answer, SamlLogoutPage)
        return answer


def _leaves(answer: Response) -> str | Form:
    """By redirect to an address, or with a form that posts itself."""
    location = answer.header("Location")
    if location is not None:
        return location
    headers = {name.lower(): value for name, value in answer.headers}
    (form,) = read_page(ADDRESS, answer.status, headers, answer.body).forms
    return form


def follow(browser: Browser, left: str | Form) -> Page:
    """What comes of it."""
    return browser.submit(left) if isinstance(left, Form) else browser.get(left)

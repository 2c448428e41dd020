"""The university: :class:`hkeid.saml.idp.IdentityProvider` with pages, and a hub as its one service."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from hkeid.adapters.keyfiles import FileKeyStore
from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.doors.interactions import Declined, Interaction, LoggedIn
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import AuthenticationResult, SessionView
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Request, Response
from hkeid.kernel.instants import Instant
from hkeid.op.records import Client, ClientAuthMethod
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.sessions import VerifiableClaims, VerifiedClaimsWish
from hkeid.saml.idp import IdentityProvider, IdentityProviderSettings, Service
from hkeid.saml.messages import source_id
from hkeid.saml.metadata import Entity, TrustedAsItIs, read_metadata
from hkeid.testing.fake_hub import FakeSessions
from hkeid.testing.upstream_provider.pages import language_of, logged_out_page, login_page
from hkeid.testing.upstream_university.members import MEMBERS, UNIVERSITY

_COOKIE: Final = "university_session"
_BROWSER: Final = "university_browser"
_LARGEST: Final = 1_000_000


class _Register:
    """:class:`hkeid.ports.ClaimsSource`: the university tells its services what it knows of its members."""

    def supported(self) -> frozenset[str]:
        """See :meth:`hkeid.ports.ClaimsSource.supported`."""
        return frozenset(claim for member in MEMBERS.values() for claim in member)

    def unconsented(
        self, resident_id: str, client_id: str, names: Collection[str], now: Instant
    ) -> frozenset[str]:
        """Nobody is asked here."""
        del resident_id, client_id, names, now
        return frozenset()

    def verifiable(self) -> VerifiableClaims:
        """None: SAML has no verified claims."""
        return VerifiableClaims()

    def release(
        self,
        resident_id: str,
        client_id: str,
        names: Collection[str],
        now: Instant,
        verified: Collection[VerifiedClaimsWish] = (),
    ) -> Mapping[str, Any]:
        """See :meth:`hkeid.ports.ClaimsSource.release`."""
        del client_id, now, verified
        return {name: value for name, value in MEMBERS[resident_id].items() if name in names}


class University:
    """The application; serve it with :class:`hkeid.testing.small_server.SmallServer`.

    :param url: its base URL.
    :param hub: address of the hub's metadata for this upstream, fetched whenever a message comes.
    :param keys: with an RSA key for SAML signatures (:func:`keys_in`).
    """

    def __init__(self, url: str, hub: str, keys: KeyStore) -> None:
        self.url = url
        self._hub = hub
        self._clock, self._random = SystemClock(), SystemRandom()
        self._sessions = FakeSessions()
        self._references: dict[str, str] = {}
        self._provider = IdentityProvider(
            url,
            MemoryStore(keys=keys, clock=self._clock, random=self._random),
            keys,
            self._sessions,
            _Register(),
            self,
            self,
            self,
            self._clock,
            self._random,
            IdentityProviderSettings(scope="harbour-university.example.hk"),
            sandbox=True,
        )

    def metadata(self) -> bytes:
        """What the hub has to know of it, signed."""
        answer = self._provider.handle(Request(method="GET", path="/saml/metadata"))
        assert isinstance(answer, Response)
        return answer.body

    # What the identity provider asks for

    def entity(self, entity_id: str) -> Entity | None:
        """The hub, by name. Fetched anew: a demonstration's keys are new each time."""
        with urlopen(self._hub, timeout=10) as answer:  # noqa: S310 - the address on the command line
            octets = answer.read(_LARGEST)
        now = self._clock.now()
        return read_metadata(octets, TrustedAsItIs(), now=now).entity(entity_id, now)

    def entity_of_source(self, source: bytes) -> Entity | None:
        """The hub, by the digest of its name."""
        found = self.entity(self._hub)
        return found if found is not None and source_id(found.entity_id) == source else None

    def find(self, entity_id: str) -> Service | None:
        """The registration of the hub, which names its metadata's address; nobody else has one."""
        if entity_id != self._hub:
            return None
        client = Client(
            id="hub",
            name={"en": "Hong Kong eID"},
            redirect_uris=(),
            auth_method=ClientAuthMethod.NONE,
            sector_identifier="localhost",
            claims={name: {"en": "For your account."} for name in _Register().supported()},
        )
        return Service(entity_id=entity_id, relying_party=client)

    def end(self, session_id: str) -> bool:
        """End a session here."""
        reference = self._references.pop(session_id, None)
        if reference is None:
            return False
        self._sessions.end(reference)
        return True

    # Pages

    def __call__(self, request: Request) -> Response:
        """Answer a request."""
        cookies = {
            name: one.value for name, one in SimpleCookie(request.headers.get("cookie", "")).items()
        }
        browser = cookies.get(_BROWSER) or self._random.token(16)
        came = replace(request, browser=browser, session=cookies.get(_COOKIE))
        if (request.method, request.path) == ("POST", "/login"):
            answer = self._login(came, browser)
        elif request.path == "/logout":
            answer = self._logout(came)
        else:
            answer = self._turn(self._provider.handle(came))
        headers = (*answer.headers, ("Set-Cookie", f"{_BROWSER}={browser}; Path=/; HttpOnly"))
        return Response(status=answer.status, headers=headers, body=answer.body)

    def _turn(self, answer: Response | Interaction) -> Response:
        if isinstance(answer, Response):
            return answer
        names = {key: member["name"] for key, member in MEMBERS.items()}
        language = language_of(" ".join(answer.ui_locales))
        return login_page(answer.id, language, UNIVERSITY, names)

    def _login(self, request: Request, browser: str) -> Response:
        interaction = request.form.get("transaction") or ""
        member = request.form.get("person") or ""
        if request.form.get("decision") != "login" or member not in MEMBERS:
            return self._turn(
                self._provider.resume(
                    interaction, Declined(reason="access_denied"), browser=browser, session=None
                )
            )
        authentication = AuthenticationResult(
            resident_id=member, acr=Acr.EID, amr=("pwd",), authenticated_at=self._clock.now()
        )
        session = SessionView(session_id=self._random.token(16), authentication=authentication)
        reference = self._random.token(24)
        self._sessions.put(reference, session)
        self._references[session.session_id] = reference
        answer = self._turn(
            self._provider.resume(interaction, LoggedIn(), browser=browser, session=session)
        )
        cookie = ("Set-Cookie", f"{_COOKIE}={reference}; Path=/; HttpOnly; SameSite=Lax")
        return Response(status=answer.status, headers=(*answer.headers, cookie), body=answer.body)

    def _logout(self, request: Request) -> Response:
        """A member logs out here; services are told through the browser."""
        session = self._sessions.current(request.session, self._clock.now())
        told = None
        if session is not None:
            self.end(session.session_id)
            told = self._provider.propagate_logout(session.session_id, browser=request.browser)
        return told or logged_out_page(language_of(""), UNIVERSITY)


def keys_in(folder: Path) -> FileKeyStore:
    """The university's keys, made there where there are none."""
    clock, random = SystemClock(), SystemRandom()
    try:
        keys = FileKeyStore(folder, clock=clock, random=random)
    except HkeidError:
        keys = FileKeyStore.initialise(folder, clock=clock, random=random)
    keys.provide(KeyPurpose.SAML_SIGNING, "RS256")
    return keys

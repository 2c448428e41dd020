"""The whole server in this process: memory store, keys in memory, a WSGI client as browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tests.unit.server.signing_town import signing_folder, town
from werkzeug.test import Client, TestResponse

from hkeid.op.records import Client as RelyingParty
from hkeid.op.records import ClientAuthMethod
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.keys import MemoryKeyStore
from hkeid_server.config import read_config
from hkeid_server.house import House
from hkeid_server.journal import Journal
from hkeid_server.sandbox import issue_ticket, seed_sandbox
from hkeid_server.wiring import build_house
from hkeid_server.wsgi import serve_house

__all__ = ["signing_folder", "town"]

ORIGIN = "http://localhost:8000"
REDIRECT_URI = "https://rp.example.hk/eid/callback"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@dataclass
class MovingClock:
    moment: datetime = field(default_factory=lambda: datetime(2026, 11, 3, 9, 0, tzinfo=UTC))

    def now(self) -> datetime:
        return self.moment

    def wait(self, **span: float) -> None:
        self.moment += timedelta(**span)


class Lines(StringIO):
    """The log of a test."""

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.getvalue().splitlines()]
        return [one for one in found if name is None or one["event"] == name]


class Person:
    """A browser with a passkey: reads pages, sends their forms."""

    def __init__(self, front: Any, language: str = "en") -> None:
        self.client = Client(front, response_wrapper=TestResponse)
        self.phone = SoftwareAuthenticator()
        self.headers = {"Accept-Language": language, "User-Agent": "Mozilla/5.0 (Linux) Chrome/1"}
        self.page: TestResponse

    def get(self, path: str, **headers: str) -> TestResponse:
        self.page = self.client.get(path, base_url=ORIGIN, headers={**self.headers, **headers})
        return self._read()

    def _read(self) -> TestResponse:
        """The whole answer, so that nothing (a static file) stays open."""
        self.page.get_data()
        self.page.close()
        return self.page

    def post(self, path: str, fields: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        """Send a form as a browser does, with the form token of the page before."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.page.text)
        sent = {"csrf": found[1] if found else "", **(fields or {})}
        self.page = self.client.post(
            path,
            base_url=ORIGIN,
            data=sent,
            headers={
                **self.headers,
                "Origin": ORIGIN,
                "Sec-Fetch-Site": "same-origin",
                **headers,
            },
        )
        return self._read()

    def follow(self) -> TestResponse:
        """Go where the last answer sent the browser."""
        return self.get(self.page.headers["Location"])

    def ceremony(self, phone: SoftwareAuthenticator | None = None, **fields: str) -> TestResponse:
        """Do the ceremony on the page and send the answer."""
        text = self.page.text
        form = re.search(r'<form [^>]*id="passkey-form"[^>]*>', text)
        assert form, text
        action, kind, options = (
            unescape(re.search(rf'{name}="([^"]*)"', form[0])[1])
            for name in ("action", "data-passkey", "data-options")
        )
        phone = phone or self.phone
        do = phone.create if kind == "create" else phone.get
        answer = json.dumps(do(json.loads(options), ORIGIN))
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text))
        return self.post(action, {**hidden, "response": answer, **fields})

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name, domain="localhost")
        return None if found is None else found.value


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def log() -> Lines:
    return Lines()


@pytest.fixture
def make_house(tmp_path: Path, clock: MovingClock, log: Lines) -> Callable[..., House]:
    def make(**content: Any) -> House:
        config = read_config(
            {
                "profile": "sandbox",
                "issuer": ORIGIN,
                "store": {"url": "memory"},
                "vault": {"url": "memory"},
                **content,
            },
            {},
            tmp_path,
        )
        journal = Journal(clock, sink=log, level="debug")
        return build_house(config, clock=clock, keys=MemoryKeyStore(), journal=journal)

    return make


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    house = make_house()
    seed_sandbox(house)
    with house.store.transaction() as tx:
        tx.clients.put(
            RelyingParty(
                id="rp",
                name={"en": "Library <One>", "zh-Hant-HK": "圖書館", "zh-Hans": "图书馆"},
                redirect_uris=(REDIRECT_URI,),
                post_logout_redirect_uris=("https://rp.example.hk/bye",),
                auth_method=ClientAuthMethod.NONE,
                sector_identifier="rp.example.hk",
                scopes=("openid", "profile"),
                claims={
                    "name": {"en": "For your card.", "zh-Hant-HK": "辦證。", "zh-Hans": "办证。"},
                    "birthdate": {"en": "Age.", "zh-Hant-HK": "年齡。", "zh-Hans": "年龄。"},
                },
                voluntary_claims=("birthdate",),
            )
        )
    return house


@pytest.fixture
def front(house: House) -> Any:
    return serve_house(house)


@pytest.fixture
def make_person() -> Callable[..., Person]:
    return Person


@pytest.fixture
def stranger(front: Any) -> Person:
    return Person(front)


@pytest.fixture
def resident(front: Any, house: House) -> Person:
    """Somebody who activated an eID just now."""
    person = Person(front)
    person.get("/activate")
    person.post("/activate", {"code": issue_ticket(house, "chan-tai-man").reveal()})
    assert person.ceremony().status_code == 303
    return person


@pytest.fixture
def authorize() -> Callable[..., str]:
    """The address of an authorization request."""
    from urllib.parse import urlencode

    def address(**more: str) -> str:
        return "/authorize?" + urlencode(
            {
                "response_type": "code",
                "client_id": "rp",
                "redirect_uri": REDIRECT_URI,
                "scope": "openid",
                "state": "a-state",
                "nonce": "a-nonce",
                "code_challenge": CHALLENGE,
                "code_challenge_method": "S256",
                **more,
            }
        )

    return address


@pytest.fixture(scope="session")
def pdf_workers() -> Iterator[tuple[Any, Any]]:
    """The two processes that read PDF files: starting them takes longer than most tests."""
    from hkeid.adapters.pdf import engine_in_worker, pages_in_worker

    with engine_in_worker() as engine, pages_in_worker() as pages:
        yield engine, pages


@pytest.fixture(autouse=True)
def _workers_are_shared(request, monkeypatch) -> None:
    """Servers with signing share the two processes, which keep nothing between files."""
    if "town" in request.fixturenames:
        engine, pages = request.getfixturevalue("pdf_workers")
        monkeypatch.setattr("hkeid_server.wiring.signing.engine_in_worker", lambda: engine)
        monkeypatch.setattr("hkeid_server.wiring.signing.pages_in_worker", lambda: pages)

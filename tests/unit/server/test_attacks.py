"""What attackers tried on the pages, and what they get."""

from __future__ import annotations

import json
import re
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client, TestResponse

from hkeid.op.records import Client as RelyingParty
from hkeid.op.records import ClientAuthMethod
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.keys import MemoryKeyStore
from hkeid_server import metrics
from hkeid_server.cli.serve import listen
from hkeid_server.config import read_config
from hkeid_server.house import House
from hkeid_server.sandbox import issue_ticket, seed_sandbox
from hkeid_server.wiring import build_house
from hkeid_server.wsgi import serve_house

ORIGIN = "http://localhost:8000"
REDIRECT_URI = "https://rp.example.hk/eid/callback"
AUTHORIZE = "/authorize?" + urlencode(
    {
        "response_type": "code",
        "client_id": "rp",
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "claims": '{"userinfo":{"name":null}}',
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
)
REASON = {"en": "For your card.", "zh-Hant-HK": "辦證。", "zh-Hans": "办证。"}


@pytest.fixture
def target(tmp_path: Path) -> House:
    """A sandbox in this process, with one relying party that needs a name."""
    config = read_config(
        {
            "profile": "sandbox",
            "issuer": ORIGIN,
            "store": {"url": "memory"},
            "vault": {"url": "memory"},
        },
        {},
        tmp_path,
    )
    house = build_house(config, keys=MemoryKeyStore())
    seed_sandbox(house)
    with house.store.transaction() as tx:
        tx.clients.put(
            RelyingParty(
                id="rp",
                name={"en": "Library", "zh-Hant-HK": "圖書館", "zh-Hans": "图书馆"},
                redirect_uris=(REDIRECT_URI,),
                auth_method=ClientAuthMethod.NONE,
                sector_identifier="rp.example.hk",
                scopes=("openid",),
                claims={"name": REASON},
            )
        )
    return house


@pytest.fixture
def front(target: House) -> Any:
    return serve_house(target)


class Visitor:
    """A browser that sends the forms of the pages it sees."""

    def __init__(self, front: Any) -> None:
        self._client = Client(front)
        self.page: TestResponse

    def get(self, path: str) -> TestResponse:
        self.page = self._client.get(path, base_url=ORIGIN, headers={"Accept-Language": "en"})
        return self.page

    def post(self, path: str, fields: dict[str, str] | None = None) -> TestResponse:
        sent = {**self.hidden(), **(fields or {})}
        self.page = self._client.post(
            path, base_url=ORIGIN, data=sent, headers={"Accept-Language": "en", "Origin": ORIGIN}
        )
        return self.page

    def hidden(self) -> dict[str, str]:
        return dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page.text)
        )

    def activate(self, house: House, persona: str) -> None:
        self.get("/activate")
        self.post("/activate", {"code": issue_ticket(house, persona).reveal()})
        form = re.search(r'data-options="([^"]*)"', self.page.text)
        assert form is not None
        answer = SoftwareAuthenticator().create(json.loads(unescape(form[1])), ORIGIN)
        self.post("/activate/passkey", {"response": json.dumps(answer)})
        assert self.page.status_code == 303


def test_nobody_answers_for_who_sat_there_before(target: House, front: Any) -> None:
    """A page with a question to one resident stays open; another logs in in the same browser."""
    visitor = Visitor(front)
    visitor.activate(target, "chan-tai-man")
    asked = visitor.get(AUTHORIZE).headers["Location"]
    assert "CHAN, Tai Man" in visitor.get(asked).text
    left_open = visitor.hidden()
    visitor.get("/account")
    visitor.post("/account/sign-out")
    visitor.activate(target, "sample-jane")

    assert visitor.get(asked).status_code == 409
    assert "SAMPLE" not in visitor.page.text
    answer = visitor.post(f"{asked}/decide", {**left_open, "decision": "agree"})
    assert answer.status_code == 409
    again = visitor.get(AUTHORIZE).headers["Location"]
    assert again.startswith("/interaction/"), "the second resident must be asked for herself"


def test_made_up_methods_make_no_series_in_the_metrics(front: Any) -> None:
    client = Client(front)
    for path in ("/", "/jwks"):
        for number in range(3):
            client.open(path, method=f"MADEUP{number}", base_url=ORIGIN)
    assert b"MADEUP" not in metrics.exposition()
    assert b'method="other"' in metrics.exposition()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_error_pages_below_static_are_pages_like_others(front: Any, method: str) -> None:
    answer = Client(front).open("/static/none", method=method, base_url=ORIGIN)
    assert answer.status_code >= 400
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"


def test_answers_of_the_doors_go_out_in_one_piece(front: Any) -> None:
    """granian sends a list at once; any other iterable costs a channel and a thread's wait."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/jwks", "wsgi.input": BytesIO()}
    assert isinstance(front(environ, lambda *_: None), list)


def test_a_form_that_is_never_finished_does_not_keep_the_server_from_ending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """granian waits for requests under way; a slow or silent visitor could hold it for ever."""
    given: dict[str, Any] = {}

    class Recorder:
        def __init__(self, _target: str, **options: Any) -> None:
            given.update(options)

        def serve(self) -> None: ...

    monkeypatch.setattr("granian.Granian", Recorder)
    listen("none:none", host="127.0.0.1", port=0, workers=1, threads=1)
    assert 0 < given["workers_kill_timeout"] <= 30

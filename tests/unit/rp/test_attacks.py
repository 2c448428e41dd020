"""What attackers tried on the kits, and what they get."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import flask
import pytest
from flask.testing import FlaskClient

from hkeid.kernel.errors import Unavailable
from hkeid.ports.surroundings import HttpAnswer
from hkeid.rp import RelyingParty
from hkeid.rp.errors import ProviderUnavailable
from hkeid.rp.flask import EidLogin
from hkeid.rp.web import is_local_path
from hkeid.testing.fake_provider import FakeProvider


@pytest.fixture
def client() -> FlaskClient:
    """An application that believes the Host header, as one does on a laptop."""
    app = flask.Flask(__name__)
    app.secret_key = "a secret of enough characters"
    provider = FakeProvider()
    EidLogin(app, issuer=provider.issuer, client_id="service", http=provider)
    return app.test_client()


@pytest.mark.parametrize(
    "host", ["evil.example", "[::1", "a:b", "user@localhost", "localhost:99999", "evil.example?x"]
)
def test_a_host_that_we_cannot_be_is_a_page_and_no_crash(client: FlaskClient, host: str) -> None:
    answer = client.get("/eid/login", headers={"Host": host})
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers


def test_logins_that_another_site_begins_do_not_fill_the_cookies(client: FlaskClient) -> None:
    """Servers take about 8 KB of cookies; beyond that the visitor is shut out for a while."""
    jar: dict[str, str] = {}
    for size in (*range(700, 780), 2_000, 4_000):
        answer = client.get(f"/eid/login?next=/{'%22' * size}&acr={'x' * 199}")
        for name, value in (
            c.split(";")[0].split("=", 1) for c in answer.headers.getlist("Set-Cookie")
        ):
            jar[name] = value
            if not value:
                del jar[name]
        assert answer.status_code == 303
    assert sum(len(name) + len(value) + 3 for name, value in jar.items()) < 8_000


@pytest.mark.parametrize(("page", "local"), [("/" + "a" * 767, True), ("/" + "a" * 768, False)])
def test_the_longest_page_to_come_back_to(page: str, local: bool) -> None:
    assert is_local_path(page) is local


class CountingClock:
    """Every visitor looks at the clock first."""

    def __init__(self) -> None:
        self.asked = 0

    def now(self) -> datetime:
        self.asked += 1
        return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class SilentProvider:
    """Takes its time and then does not answer."""

    def __init__(self) -> None:
        self.asked = 0
        self.waiting = threading.Event()
        self.go_on = threading.Event()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 10.0,
        limit: int = 1_048_576,
    ) -> HttpAnswer:
        del method, url, headers, body, timeout, limit
        self.asked += 1
        self.waiting.set()
        self.go_on.wait(10)
        raise Unavailable("http_no_answer")


def test_visitors_do_not_queue_up_behind_a_provider_that_is_silent() -> None:
    """Each waits for the one request that is under way, not for one of their own after the others'."""
    silent = SilentProvider()
    clock = CountingClock()
    party = RelyingParty("https://eid.example.hk", client_id="service", http=silent, clock=clock)
    failures: list[Any] = []

    def visit() -> None:
        try:
            party.provider.metadata()
        except ProviderUnavailable as failure:
            failures.append(failure.reason)

    visitors = [threading.Thread(target=visit) for _ in range(8)]
    visitors[0].start()
    assert silent.waiting.wait(5)
    for visitor in visitors[1:]:
        visitor.start()
    while clock.asked < 8:
        time.sleep(0.01)
    time.sleep(0.1)
    silent.go_on.set()
    for visitor in visitors:
        visitor.join(5)
    assert failures == ["metadata_unreachable"] * 8
    assert silent.asked == 1
    with pytest.raises(ProviderUnavailable):
        party.provider.metadata()
    assert silent.asked == 2, "who comes later asks anew"

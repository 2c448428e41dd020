"""Telling relying parties of logouts: beside requests, in parallel, whoever hangs; and by the browser."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from hkeid.broker.upstream_logout import HeardLogout
from hkeid.kernel.errors import ConfigurationError, Unavailable
from hkeid.kernel.http import Response
from hkeid_server.config import read_config
from hkeid_server.config.logout import LogoutSection, logout_complaints
from hkeid_server.journal import Journal
from hkeid_server.leaving import frame_source
from hkeid_server.logouts import LogoutCourier

CALLBACK = "https://rp.example.hk/eid/callback"
FRAME = "https://rp.example.hk/eid/front-channel"
TOLD_AT = "https://rp.example.hk/eid/backchannel-logout"


class Clients:
    """:class:`LogoutDelivery` as the courier sees it: what each client is to be told, and who hangs."""

    def __init__(self, **notices: int) -> None:
        self.notices = Counter(notices)
        self.hanging: set[str] = set()
        self.go_on = threading.Event()
        self.told: list[str] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def waiting(self) -> tuple[str, ...]:
        return tuple(name for name, count in self.notices.items() if count)

    def deliver(self, client_id: str) -> int:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if client_id in self.hanging:
                assert self.go_on.wait(10)
            count, self.notices[client_id] = self.notices[client_id], 0
            self.told += [client_id] * count
            return count
        finally:
            with self.lock:
                self.at_once -= 1


@pytest.fixture
def make(log: Any, clock: Any) -> Any:
    def build(clients: Any, threads: int = 4) -> LogoutCourier:
        return LogoutCourier(clients, Journal(clock, sink=log), threads=threads)

    return build


class TestCourier:
    def test_a_nudge_delivers_and_returns_at_once(self, make) -> None:
        clients = Clients(a=2, b=1)
        courier = make(clients)
        courier.nudge()
        assert courier.wait(5)
        assert sorted(clients.told) == ["a", "a", "b"]

    def test_who_hangs_keeps_nobody_waiting(self, make) -> None:
        clients = Clients(hung=3, quick=1)
        clients.hanging = {"hung"}
        courier = make(clients)
        began = time.monotonic()
        courier.nudge()
        assert time.monotonic() - began < 1, "nor the logout itself"
        _until(lambda: clients.told == ["quick"])
        clients.notices["quick"] += 1
        courier.nudge()
        _until(lambda: clients.told == ["quick", "quick"])
        assert not courier.wait(0.05)
        clients.go_on.set()
        assert courier.wait(5)
        assert clients.told.count("hung") == 3

    def test_who_hangs_takes_up_one_thread(self, make) -> None:
        """However often somebody logs out meanwhile."""
        clients = Clients(hung=1, quick=1)
        clients.hanging = {"hung"}
        courier = make(clients, threads=2)
        for _ in range(20):
            courier.nudge()
        _until(lambda: "quick" in clients.told)
        for number in range(5):
            clients.notices["quick"] += 1
            courier.nudge()
            _until(lambda wanted=number + 2: clients.told.count("quick") == wanted)
        clients.go_on.set()
        assert courier.wait(5)

    def test_what_came_while_a_client_was_told_is_told_after(self, make) -> None:
        clients = Clients(slow=1)
        clients.hanging = {"slow"}
        courier = make(clients)
        courier.nudge()
        _until(lambda: clients.at_once == 1)
        courier.nudge()
        _until(lambda: courier._once_more == {"slow"})
        sound, clients.deliver = clients.deliver, lambda _: clients.told.append("again")  # type: ignore[method-assign]
        clients.go_on.set()
        assert courier.wait(5)
        assert clients.told == ["slow", "again"]
        del sound

    def test_no_more_at_a_time_than_allowed(self, make) -> None:
        names = [f"client-{number}" for number in range(12)]
        clients = Clients(**dict.fromkeys(names, 1))
        clients.hanging = set(names)
        courier = make(clients, threads=3)
        courier.nudge()
        _until(lambda: clients.at_once == 3)
        time.sleep(0.05)
        clients.go_on.set()
        assert courier.wait(5)
        assert clients.most_at_once == 3
        assert sorted(clients.told) == sorted(names)

    def test_what_fails_is_logged_and_does_not_end_it(self, make, log) -> None:
        clients = Clients(a=1)
        courier = make(clients)
        sound = clients.waiting
        for error in (Unavailable("store_busy"), RuntimeError("a bug")):

            def fail(error: Exception = error) -> Any:
                raise error

            clients.waiting = fail  # type: ignore[method-assign]
            courier.nudge()
            assert courier.wait(5)
        clients.waiting = sound  # type: ignore[method-assign]
        courier.nudge()
        assert courier.wait(5)
        assert clients.told == ["a"]
        assert "store_busy" in log.getvalue()
        assert "RuntimeError" in log.getvalue()


def _until(fulfilled: Any) -> None:
    ends = time.monotonic() + 5
    while not fulfilled():
        assert time.monotonic() < ends, "it did not come about"
        time.sleep(0.002)


class TestWhenItLooks:
    """What changed nothing sends nobody looking: whoever sends bad forms makes no work for the database."""

    @pytest.fixture
    def nudges(self, house, monkeypatch) -> list[bool]:
        seen: list[bool] = []
        monkeypatch.setattr(house.logouts, "nudge", lambda: seen.append(True))
        return seen

    def test_not_after_a_form_that_was_refused(self, nudges, resident) -> None:
        resident.get("/account")
        nudges.clear()
        assert resident.post("/account/sign-out", {"csrf": "guessed"}).status_code == 403
        assert resident.post("/no-such-page").status_code in {403, 404}
        assert nudges == []

    def test_after_one_that_was_taken(self, nudges, resident) -> None:
        resident.get("/account")
        nudges.clear()
        resident.post("/account/sign-out")
        assert nudges

    @pytest.mark.parametrize("method", ["get", "post"])
    @pytest.mark.parametrize(("status", "ended", "looks"), [(200, 1, 1), (400, 0, 0)])
    def test_once_for_what_an_upstream_ended(
        self, nudges, house, stranger, monkeypatch, method, status, ended, looks
    ) -> None:
        heard = HeardLogout(answer=Response(status=status), ended=(None,) * ended)  # type: ignore[arg-type]
        monkeypatch.setattr(house.back_doors, "hear_logout", lambda *_: heard)
        answer = getattr(stranger.client, method)(
            "/upstream/company/logout", base_url="http://localhost:8000"
        )
        assert answer.status_code == status
        assert len(nudges) == looks


# --- the section ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "key"),
    [
        (LogoutSection(every_seconds=0), "logout.every_seconds"),
        (LogoutSection(timeout_seconds=31), "logout.timeout_seconds"),
        (LogoutSection(threads=0), "logout.threads"),
    ],
)
def test_what_cannot_be_meant_is_refused(section: LogoutSection, key: str) -> None:
    assert [name for name, _ in logout_complaints(section)] == [key]
    assert not list(logout_complaints(LogoutSection()))


def test_the_file_is_checked(tmp_path) -> None:
    content = {"profile": "sandbox", "issuer": "http://localhost:8000"}
    assert read_config({**content, "logout": {"threads": 3}}, {}, tmp_path).logout.threads == 3
    with pytest.raises(ConfigurationError, match=r"logout\.threads"):
        read_config({**content, "logout": {"threads": 65}}, {}, tmp_path)


class TestWhereItGoes:
    """The relying party's address was registered by the operator; production goes to the public internet
    alone, unless the operator says that relying parties are inside.
    """

    @pytest.fixture
    def client_of(self, monkeypatch, house) -> Any:
        from hkeid.adapters import http
        from hkeid.op.settings import Profile
        from hkeid_server.wiring.logouts import open_courier

        def build(*, production: bool, **section: Any) -> dict[str, Any]:
            seen: dict[str, Any] = {}
            monkeypatch.setattr(http, "HttpsClient", lambda **options: seen.update(options))
            profile = Profile.PRODUCTION if production else Profile.SANDBOX
            config = replace(house.config, profile=profile, logout=LogoutSection(**section))
            open_courier(config, house.store, house.keys, house.clock, house.random, house.journal)
            return seen

        return build

    def test_production(self, client_of) -> None:
        assert client_of(production=True) == {
            "ca_file": None,
            "public_only": True,
            "plain": False,
        }

    def test_inside(self, client_of, house) -> None:
        seen = client_of(production=True, private_networks=True, authority="ca.pem")
        assert seen["public_only"] is False
        assert seen["ca_file"] == str(house.config.path("ca.pem"))

    @pytest.mark.parametrize("seconds", [1, 9])
    def test_services_of_saml(self, make_house, monkeypatch, seconds) -> None:
        """By SOAP as by back-channel logout: the same way out, and the same patience."""
        from hkeid.adapters import http

        monkeypatch.setattr(http, "HttpsClient", lambda **options: options)
        section = {"timeout_seconds": seconds, "authority": "ca.pem"}
        house = make_house(saml={"enabled": True}, logout=section)
        by_post, by_soap = house.logouts._delivery._tellers
        assert by_soap._timeout == by_post._timeout == seconds
        assert by_soap._http == by_post._http == house.saml._parts.http
        assert by_soap._http["ca_file"] == str(house.config.path("ca.pem"))

    def test_the_sandbox(self, client_of) -> None:
        assert client_of(production=False) == {
            "ca_file": None,
            "public_only": False,
            "plain": True,
        }


# --- pages ---------------------------------------------------------------------------------------


@pytest.fixture
def frames(house) -> None:
    """The relying party wants to be told in the browser."""
    with house.store.transaction() as tx:
        client = tx.clients.get("rp")
        tx.clients.put(replace(client, frontchannel_logout_uri=FRAME))


@pytest.fixture
def at_the_service(resident, authorize) -> Any:
    """A resident who is logged in at the relying party."""
    resident.get(authorize(scope="openid"))
    while not resident.page.headers["Location"].startswith("https://rp.example.hk/"):
        resident.follow()
    return resident


def _frames(page: Any) -> list[str]:
    return [unescape(one) for one in re.findall(r'<iframe [^>]*src="([^"]+)"', page.text)]


class TestFarewellPage:
    @pytest.fixture
    def farewell(self, frames, at_the_service) -> Any:
        at_the_service.get(
            "/logout?client_id=rp&post_logout_redirect_uri=https://rp.example.hk/bye&state=s"
        )
        at_the_service.follow()
        at_the_service.post(at_the_service.page.request.path + "/confirm")
        return at_the_service

    def test_it_loads_the_address_and_no_other(self, farewell) -> None:
        """Front-Channel Logout §3; the policy lets the page frame that address alone."""
        [frame] = _frames(farewell.page)
        assert frame.startswith(f"{FRAME}?iss=http%3A%2F%2Flocalhost%3A8000&sid=")
        policy = farewell.page.headers["Content-Security-Policy"]
        assert f"; frame-src {FRAME}" in policy
        assert policy.count("frame-src") == 1
        assert 'sandbox="allow-scripts allow-same-origin" hidden' in farewell.page.text

    def test_the_session_has_ended_by_then(self, farewell) -> None:
        assert farewell.cookie("hkeid-session") in (None, "")
        assert 'id="account-link"' not in farewell.page.text
        assert farewell.get("/account").status_code == 303

    def test_it_leads_on_with_and_without_scripts(self, farewell) -> None:
        text = farewell.page.text
        assert 'href="https://rp.example.hk/bye?state=s" id="farewell-onward"' in text
        assert "Go on to Library &lt;One&gt;" in text
        refresh = (
            '<noscript><meta http-equiv="refresh" '
            'content="5; url=https://rp.example.hk/bye?state=s"></noscript>'
        )
        assert refresh in text
        assert "farewell.js" in text
        assert "<script>" not in text

    def test_without_an_address_there_is_no_page(self, at_the_service) -> None:
        at_the_service.get(
            "/logout?client_id=rp&post_logout_redirect_uri=https://rp.example.hk/bye"
        )
        at_the_service.follow()
        page = at_the_service.post(at_the_service.page.request.path + "/confirm")
        assert page.headers["Location"] == "https://rp.example.hk/bye"

    def test_other_pages_frame_nothing(self, resident) -> None:
        assert "frame-src" not in resident.get("/account").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "words"), [("/account/sign-out", "out"), ("/account/freeze", "frozen")]
)
def test_logging_out_at_my_eid_tells_services_in_this_browser(
    frames, at_the_service, path, words
) -> None:
    at_the_service.get("/account/freeze")
    page = at_the_service.post(path)
    assert page.status_code == 200
    assert len(_frames(page)) == 1
    assert ("Your eID is frozen" in page.text) is (words == "frozen")
    assert at_the_service.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("https://rp.example.hk/a/b?iss=x&sid=y", "https://rp.example.hk/a/b"),
        ("https://rp.example.hk:8443/a", "https://rp.example.hk:8443/a"),
        ("https://rp.example.hk/a;b,c?x=;", "https://rp.example.hk/a%3Bb%2Cc"),
        ("http://localhost:5001/told", "http://localhost:5001/told"),
        ("http://[::1]:5001/told", "http:"),
    ],
)
def test_sources_of_the_policy(address: str, source: str) -> None:
    assert frame_source(address) == source


class TestAtOnce:
    @pytest.fixture
    def sent(self, house, monkeypatch) -> list[str]:
        from hkeid.ports.surroundings import HttpAnswer

        seen: list[str] = []

        def send(method: str, url: str, **_: Any) -> HttpAnswer:
            seen.append(f"{method} {url}")
            return HttpAnswer(status=200)

        monkeypatch.setattr(house.logouts._delivery._tellers[0]._http, "send", send)
        with house.store.transaction() as tx:
            client = tx.clients.get("rp")
            tx.clients.put(replace(client, backchannel_logout_uri=TOLD_AT))
        return seen

    def test_after_a_logout_at_my_eid(self, house, sent, at_the_service) -> None:
        at_the_service.get("/account")
        at_the_service.post("/account/sign-out")
        assert house.logouts.wait(5)
        assert sent == [f"POST {TOLD_AT}"]

    def test_after_a_logout_that_the_relying_party_began(self, house, sent, at_the_service) -> None:
        at_the_service.get("/logout?client_id=rp")
        at_the_service.follow()
        at_the_service.post(at_the_service.page.request.path + "/confirm")
        assert house.logouts.wait(5)
        assert sent == [f"POST {TOLD_AT}"]

    def test_an_unreachable_one_is_in_the_log_without_anybodys_data(
        self, house, sent, at_the_service, log, monkeypatch
    ) -> None:
        def fail(*_: Any, **__: Any) -> Any:
            raise Unavailable("http_no_answer")

        monkeypatch.setattr(house.logouts._delivery._tellers[0]._http, "send", fail)
        with house.store.transaction() as tx:
            subjects = {grant.subject for grant in _grants(tx)}
        at_the_service.get("/account")
        at_the_service.post("/account/sign-out")
        assert house.logouts.wait(5)
        [event] = log.events("op:logout:not_taken")
        assert (event["client_id"], event["reason"]) == ("rp", "http_no_answer")
        assert subjects
        assert not any(subject in log.getvalue() for subject in subjects)


def _grants(tx: Any) -> Any:
    return tuple(tx.grants._grants.values())


class TestOnTheWayElsewhere:
    """The session ends at another identity provider as well: services are told before the browser goes there."""

    def test_with_services_to_tell(self, frames, at_the_service, monkeypatch) -> None:
        away = "https://company.example/logout?state=s"
        _leads_away(monkeypatch, away)
        at_the_service.get("/account")
        page = at_the_service.post("/account/sign-out")
        assert len(_frames(page)) == 1
        assert f'href="{away}" id="farewell-onward"' in page.text

    def test_without(self, at_the_service, monkeypatch) -> None:
        _leads_away(monkeypatch, "https://company.example/logout")
        at_the_service.get("/account")
        page = at_the_service.post("/account/sign-out")
        assert page.headers["Location"] == "https://company.example/logout"


def _leads_away(monkeypatch: Any, address: str) -> None:
    from hkeid_server.pages import account
    from hkeid_server.visitors import see_other

    sound = account.log_out

    def log_out(*, back_to: str) -> Any:
        assert sound(back_to=back_to) is None
        return see_other(address)

    monkeypatch.setattr(account, "log_out", log_out)

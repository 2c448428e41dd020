"""Linking an account that a service has already: the whole way, and every way to take an account over by it.

Through the kit for Flask, whose pages a browser sees; the kit for Django has the same core (test_linking_django).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import pytest
from flask.testing import FlaskClient

from hkeid.kernel.errors import ConfigurationError
from hkeid.rp.account_links import AccountEvent, EventKind, Match
from hkeid.rp.flask import EidLogin
from hkeid.testing.account_links import MemoryAccountLinks
from hkeid.testing.fake_provider import AccountHolder, FakeProvider, Fault

CHAN = AccountHolder(
    sub="sub-of-chan", claims={"hkic_number": "A123456(3)", "email": "chan@example.hk"}
)
WONG = AccountHolder(sub="sub-of-wong", claims={"hkic_number": "B123456(9)"})
HOST = "http://localhost"


class Service:
    """A service with accounts of its own, and an eID provider beside it."""

    def __init__(self, floor: str = "urn:hkeid:acr:eid", **options: Any) -> None:
        self.provider = FakeProvider()
        self.links = MemoryAccountLinks()
        self.told: list[AccountEvent] = []
        self.passwords = {"chan", "wong", "mallory"}
        self.fresh = False
        self.app = flask.Flask(__name__)
        self.app.secret_key = "a secret of enough characters"
        self.eid = EidLogin(
            self.app,
            issuer=self.provider.issuer,
            client_id="service",
            http=self.provider,
            acr=floor,
        )
        self.eid.link_account(
            self.links,
            **{
                "current_account": lambda: flask.session.get("account"),
                "account_login": "/login",
                "has_other_login": lambda account: account in self.passwords,
                "account_name": lambda account: f"{account} <old>",
                "account_login_is_fresh": lambda: self.fresh,
                "notify": self.told.append,
                **options,
            },
        )

        @self.app.get("/as/<account>")
        def enter(account: str) -> str:
            flask.session.clear()
            if account != "nobody":
                flask.session["account"] = account
            return account

        @self.app.get("/who")
        def who() -> str:
            resident = self.eid.resident
            return f"{resident and resident.sub}|{self.eid.account}"

    def browser(self, account: str | None = None) -> FlaskClient:
        client = self.app.test_client()
        if account is not None:
            client.get(f"/as/{account}")
        return client

    def reasons(self, kind: EventKind = EventKind.REFUSED) -> list[str]:
        return [event.reason for event in self.links.events if event.kind is kind]

    def account_of(self, person: AccountHolder) -> str | None:
        link = self.links.find(self.provider.issuer, person.sub)
        return None if link is None else link.account


@pytest.fixture
def service() -> Service:
    return Service()


def token_in(html: str) -> str:
    return re.findall(r'name="eid_form" value="([^"]+)"', html)[0]


def press(client: FlaskClient, page: str = "/eid/link", **fields: str) -> Any:
    """Open the page, press its button."""
    html = client.get(page).text
    return client.post(page.partition("?")[0], data={"eid_form": token_in(html), **fields})


def come_back(client: FlaskClient, service: Service, begun: Any, person: AccountHolder) -> Any:
    url = service.provider.log_in(begun.headers["Location"], person)
    return client.get(url.removeprefix(HOST))


def link(client: FlaskClient, service: Service, person: AccountHolder = CHAN) -> Any:
    return come_back(client, service, press(client), person)


def log_in(client: FlaskClient, service: Service, person: AccountHolder = CHAN) -> Any:
    return come_back(client, service, client.get("/eid/login"), person)


def kind_in(html: str) -> str:
    return re.findall(r'data-kind="([^"]+)"', html)[0]


class TestTheWay:
    def test_with_the_account_first(self, service: Service) -> None:
        client = service.browser("chan")
        page = client.get("/eid/link?next=/home")
        assert kind_in(page.text) == "confirm"
        assert "chan &lt;old&gt;" in page.text
        assert page.headers["Cache-Control"] == "no-store"
        policy = page.headers["Content-Security-Policy"]
        assert "form-action 'self' https://eid.example.hk;" in policy
        begun = press(client, "/eid/link?next=/home", next="/home")
        asked = parse_qs(urlsplit(begun.headers["Location"]).query)
        assert (asked["max_age"], asked["prompt"]) == (["0"], ["login"])
        assert asked["acr_values"] == ["urn:hkeid:acr:eid"]
        back = come_back(client, service, begun, CHAN)
        assert (back.status_code, back.headers["Location"]) == (303, "/eid/link?next=%2Fhome")
        done = client.get(back.headers["Location"])
        assert kind_in(done.text) == "linked"
        assert 'id="eid-go-on" class="primary" href="/home"' in done.text
        assert client.get("/who").text == "sub-of-chan|chan"
        (event,) = service.links.events
        assert (event.kind, event.reason, event.account) == ("linked", "confirmed", "chan")
        assert event.acr == "urn:hkeid:acr:eid"
        assert service.told == [event]

    def test_from_then_on_eid_leads_to_the_account(self, service: Service) -> None:
        link(service.browser("chan"), service)
        elsewhere = service.browser()
        assert elsewhere.get("/who").text == "None|None"
        log_in(elsewhere, service)
        assert elsewhere.get("/who").text == "sub-of-chan|chan"

    def test_with_eid_first(self, service: Service) -> None:
        client = service.browser()
        log_in(client, service)
        assert client.get("/who").text == "sub-of-chan|None"
        page = client.get("/eid/link?next=/home")
        assert kind_in(page.text) == "have_account"
        assert 'href="/login?next=%2Feid%2Flink%3Fnext%3D%252Fhome"' in page.text
        assert "<form" not in page.text
        client.get("/as/chan")
        back = link(client, service)
        assert back.headers["Location"].startswith("/eid/link?")
        assert client.get("/who").text == "sub-of-chan|chan"

    def test_who_came_with_eid_first_is_who_links(self, service: Service) -> None:
        client = service.browser()
        log_in(client, service, CHAN)
        client.get("/as/chan")
        refused = link(client, service, WONG)
        assert kind_in(refused.text) == "other_resident"
        assert 'href="/eid/link?next=' in refused.text
        assert service.reasons() == ["id_token_subject_changed"]
        assert service.account_of(WONG) is None

    @pytest.mark.parametrize(
        ("tag", "word"), [("en", "Agree"), ("zh-HK", "同意，並"), ("zh-CN", "同意，并")]
    )
    def test_in_three_languages(self, tag: str, word: str, service: Service) -> None:
        page = service.browser("chan").get("/eid/link", headers={"Accept-Language": tag}).text
        assert word in page
        assert "<script" not in page

    def test_an_application_dresses_the_pages(self) -> None:
        service = Service(view=lambda page: f"own: {page.kind} {page.account}")
        assert service.browser("chan").get("/eid/link").text == "own: confirm chan <old>"

    def test_an_owner_who_cannot_be_told_is_linked_all_the_same(self) -> None:
        def fails(event: AccountEvent) -> None:
            raise OSError(event.kind)

        service = Service(notify=fails)
        assert link(service.browser("chan"), service).status_code == 303
        assert service.account_of(CHAN) == "chan"


class TestTakeover:
    def test_a_get_links_nothing(self, service: Service) -> None:
        client = service.browser("chan")
        client.get("/eid/link")
        assert client.get("/eid/link?by=eid&eid_form=x").status_code == 200
        assert service.links.events == []

    @pytest.mark.parametrize("given", [None, "", "guess", "é"])
    def test_a_forged_form_begins_nothing(self, given: str | None, service: Service) -> None:
        """Link CSRF: another site posts the form from the victim's browser."""
        client = service.browser("chan")
        client.get("/eid/link")
        forged = client.post("/eid/link", data={} if given is None else {"eid_form": given})
        assert (forged.status_code, kind_in(forged.text)) == (400, "link_again")
        assert service.reasons() == ["link_form_invalid"]

    def test_a_form_that_another_browser_was_shown(self, service: Service) -> None:
        """The attacker's own token, in the victim's browser."""
        stolen = token_in(service.browser("mallory").get("/eid/link").text)
        victim = service.browser("chan")
        victim.get("/eid/link")
        assert victim.post("/eid/link", data={"eid_form": stolen}).status_code == 400

    def test_the_attackers_return_in_the_victims_browser(self, service: Service) -> None:
        """Link CSRF: the victim is sent the callback of the attacker's own eID login."""
        attacker, victim = service.browser("mallory"), service.browser("chan")
        begun = press(attacker)
        url = service.provider.log_in(begun.headers["Location"], WONG).removeprefix(HOST)
        victim.get("/eid/link")
        answer = victim.get(url)
        assert (answer.status_code, kind_in(answer.text)) == (400, "again")
        assert service.links.events == []
        assert victim.get("/who").text == "None|None", "no login CSRF either"

    def test_the_attackers_cookies_in_the_victims_browser(self, service: Service) -> None:
        """Planted from a neighbouring host: what is sealed names the attacker's account."""
        attacker, victim = service.browser("mallory"), service.browser("chan")
        begun = press(attacker)
        cookie = next(
            one
            for one in begun.headers.getlist("Set-Cookie")
            if "-linking-" in one and "Max-Age=0" not in one
        )
        name, _, rest = cookie.partition("=")
        victim.set_cookie(name, rest.partition(";")[0])
        answer = come_back(victim, service, begun, CHAN)
        assert kind_in(answer.text) == "link_again"
        assert service.reasons() == ["link_account_changed"]
        assert service.account_of(CHAN) is None

    @pytest.mark.parametrize("now", ["wong", "nobody"])
    def test_another_account_by_the_time_of_the_return(self, now: str, service: Service) -> None:
        """Two tabs: in the second one somebody logs out, or in to another account."""
        client = service.browser("chan")
        begun = press(client)
        client.get(f"/as/{now}")
        answer = come_back(client, service, begun, CHAN)
        assert (answer.status_code, kind_in(answer.text)) == (403, "link_again")
        assert service.reasons() == ["link_account_changed"]
        assert service.account_of(CHAN) is None
        assert client.get("/who").text == "None|None"

    def test_a_form_that_was_shown_for_another_account(self, service: Service) -> None:
        """The button in the first tab, after a change of account in the second one."""
        client = service.browser("chan")
        token = token_in(client.get("/eid/link").text)
        client.get("/as/wong")
        assert client.post("/eid/link", data={"eid_form": token}).status_code == 400
        client.get("/as/nobody")
        assert client.post("/eid/link", data={"eid_form": token}).status_code == 403

    def test_two_tabs_each_come_to_their_own_end(self, service: Service) -> None:
        client = service.browser("chan")
        first, second = press(client), press(client)
        assert come_back(client, service, first, CHAN).status_code == 303
        assert come_back(client, service, second, CHAN).status_code == 303
        assert service.reasons(EventKind.LINKED) == ["confirmed"], "linked and told once"
        assert len(service.told) == 1

    def test_a_return_counts_once(self, service: Service) -> None:
        client = service.browser("chan")
        begun = press(client)
        url = service.provider.log_in(begun.headers["Location"], CHAN).removeprefix(HOST)
        kept = [one for one in begun.headers.getlist("Set-Cookie") if "-linking-" in one]
        assert client.get(url).status_code == 303
        assert client.get(url).status_code == 400
        # And with the cookie put back.
        client.set_cookie(*kept[0].split(";")[0].split("=", 1))
        answer = client.get(url)
        assert answer.status_code == 400
        assert service.reasons() == ["login_already_finished"]

    def test_a_login_cannot_end_as_a_link(self, service: Service) -> None:
        """Confused deputy: what was begun as a login stays one."""
        client = service.browser("chan")
        log_in(client, service)
        assert service.account_of(CHAN) is None
        assert service.links.events == []

    def test_what_was_kept_for_a_login_is_not_taken_for_a_link(self, service: Service) -> None:
        """And the other way round: what is sealed for one purpose does not open for another."""
        client = service.browser("chan")
        for begun, mine, other in (
            (client.get("/eid/login"), "-login-", "-linking-"),
            (press(client), "-linking-", "-login-"),
        ):
            cookie = next(one for one in begun.headers.getlist("Set-Cookie") if mine in one)
            name, _, rest = cookie.partition("=")
            client.delete_cookie(name)
            client.set_cookie(name.replace(mine, other), rest.partition(";")[0])
            answer = come_back(client, service, begun, CHAN)
            assert (answer.status_code, kind_in(answer.text)) == (400, "again")
        assert service.links.events == []
        assert client.get("/who").text == "None|None"

    def test_two_accounts_want_one_eid_at_the_same_moment(self, service: Service) -> None:
        clients = [service.browser("chan"), service.browser("mallory")]
        ways = []
        for client in clients:
            begun = press(client)
            url = service.provider.log_in(begun.headers["Location"], CHAN)
            ways.append((client, url.removeprefix(HOST)))
        gate = Barrier(2)

        def arrive(way: tuple[FlaskClient, str]) -> int:
            gate.wait()
            return way[0].get(way[1]).status_code

        with ThreadPoolExecutor(2) as threads:
            statuses = list(threads.map(arrive, ways))
        assert sorted(statuses) == [303, 403]
        winner = ("chan", "mallory")[statuses.index(303)]
        assert service.account_of(CHAN) == winner
        assert service.reasons() == ["link_eid_taken"]

    def test_an_old_login_at_eid_is_not_enough(self, service: Service) -> None:
        """Whoever left eID logged in on a shared computer does not link by it."""
        client = service.browser("chan")
        stale = AccountHolder(sub=CHAN.sub, age_seconds=600)
        answer = come_back(client, service, press(client), stale)
        assert answer.status_code == 502
        assert service.reasons() == ["id_token_auth_time_too_old"]
        assert service.account_of(CHAN) is None

    def test_an_open_eid_session_is_not_enough_either(self, service: Service) -> None:
        client = service.browser()
        log_in(client, service)
        client.get("/as/chan")
        begun = press(client)
        assert begun.headers["Location"].startswith("https://eid.example.hk/authorize")
        assert service.account_of(CHAN) is None

    def test_a_weak_login_is_not_enough(self) -> None:
        service = Service(acr="urn:hkeid:acr:eid-plus")
        answer = link(service.browser("chan"), service)
        assert kind_in(answer.text) == "stronger"
        assert service.reasons() == ["id_token_acr_too_low"]
        plus = AccountHolder(sub=CHAN.sub, acr="urn:hkeid:acr:eid-plus")
        assert link(service.browser("chan"), service, plus).status_code == 303

    def test_the_floor_of_all_logins_holds(self) -> None:
        """A lower rung for linking than for logging in is no way around."""
        service = Service("urn:hkeid:acr:eid-plus", acr="urn:hkeid:acr:eid")
        begun = press(service.browser("chan"))
        asked = parse_qs(urlsplit(begun.headers["Location"]).query)
        assert asked["acr_values"] == ["urn:hkeid:acr:eid-plus"]

    def test_one_eid_and_two_accounts(self, service: Service) -> None:
        link(service.browser("chan"), service, CHAN)
        client = service.browser("mallory")
        answer = link(client, service, CHAN)
        assert (answer.status_code, kind_in(answer.text)) == (403, "link_eid_taken")
        assert "&lt;old&gt;" not in answer.text, "which account it is, is not told"
        assert service.account_of(CHAN) == "chan"
        assert service.reasons() == ["link_eid_taken"]
        assert client.get("/who").text == "None|None"

    def test_one_account_and_two_eids(self, service: Service) -> None:
        client = service.browser("chan")
        begun = press(client)
        link(service.browser("chan"), service, WONG)
        answer = come_back(client, service, begun, CHAN)
        assert kind_in(answer.text) == "link_account_taken"
        page = client.get("/eid/link")
        assert kind_in(page.text) == "linked"
        assert "eid_form" not in page.text

    def test_an_account_made_before_its_victim_came(self, service: Service) -> None:
        """Pre-hijacking: Mallory's account bears Chan's e-mail address; eID brings Chan nowhere by it."""
        client = service.browser()
        log_in(client, service, CHAN)
        assert client.get("/who").text == "sub-of-chan|None"
        assert service.links.of_account("mallory") == []

    def test_the_session_before_is_not_the_session_after(self, service: Service) -> None:
        """Session fixation: what the browser held before the link does not open the account."""
        client = service.browser()
        log_in(client, service)
        name = next(one.key for one in _cookies(client) if one.key.startswith("eid-"))
        before = client.get_cookie(name)
        client.get("/as/chan")
        link(client, service)
        after = client.get_cookie(name)
        assert before is not None
        assert after is not None
        assert before.value != after.value

    @pytest.mark.parametrize("next_page", ["//evil.example", "https://evil.example", "/\\evil"])
    def test_the_way_on_stays_here(self, next_page: str, service: Service) -> None:
        client = service.browser("chan")
        assert "evil" not in client.get("/eid/link", query_string={"next": next_page}).text
        begun = press(client, next=next_page)
        back = come_back(client, service, begun, CHAN)
        assert back.headers["Location"] == "/eid/link?next=%2F"

    @pytest.mark.parametrize(
        "fault", [Fault.CALLBACK_ACCESS_DENIED, Fault.ID_TOKEN_NONCE_OTHER, Fault.TOKEN_DOWN]
    )
    def test_a_login_that_fails_links_nothing(self, fault: Fault, service: Service) -> None:
        client = service.browser("chan")
        begun = press(client)
        service.provider.fault = fault
        answer = come_back(client, service, begun, CHAN)
        assert answer.status_code in (403, 502, 503)
        assert 'id="eid-retry" class="primary" href="/eid/link?next=' in answer.text
        assert len(service.reasons()) == 1
        assert service.account_of(CHAN) is None


def _cookies(client: FlaskClient) -> list[Any]:
    return list(client._cookies.values())


class TestMatch:
    @pytest.fixture
    def service(self) -> Service:
        known = {"chan": "A123456(3)"}
        match = Match(
            claims=("hkic_number",),
            agrees=lambda account, values: known.get(account) == values["hkic_number"],
        )
        return Service(match=match)

    def test_a_value_that_agrees(self, service: Service) -> None:
        client = service.browser("chan")
        assert "identity-card number" in client.get("/eid/link").text
        begun = press(client)
        assert "hkic_number" in parse_qs(urlsplit(begun.headers["Location"]).query)["claims"][0]
        assert come_back(client, service, begun, CHAN).status_code == 303
        assert service.reasons(EventKind.LINKED) == ["confirmed_and_matched"]

    def test_a_value_that_does_not_agree_tells_nothing(self, service: Service) -> None:
        answer = link(service.browser("chan"), service, WONG)
        assert (answer.status_code, kind_in(answer.text)) == (403, "link_not_made")
        other = link(service.browser("mallory"), service, CHAN)

        def without_number(html: str) -> str:
            return re.sub(r'id="eid-reference">[0-9A-F]+', "", html)

        assert without_number(answer.text) == without_number(other.text)
        assert "identity" not in answer.text
        assert service.reasons() == ["link_match_failed", "link_match_failed"]
        assert service.told == []

    def test_a_value_that_was_kept_back(self, service: Service) -> None:
        silent = AccountHolder(sub=CHAN.sub, claims={"email": "chan@example.hk"})
        answer = link(service.browser("chan"), service, silent)
        assert kind_in(answer.text) == "link_not_compared"
        assert service.reasons() == ["link_match_missing"]


class TestUnlinking:
    @pytest.fixture
    def client(self, service: Service) -> FlaskClient:
        client = service.browser("chan")
        link(client, service)
        return client

    def test_after_a_new_eid_login(self, client: FlaskClient, service: Service) -> None:
        begun = press(client, "/eid/unlink?next=/home", by="eid", next="/home")
        asked = parse_qs(urlsplit(begun.headers["Location"]).query)
        assert (asked["max_age"], asked["prompt"]) == (["0"], ["login"])
        assert service.account_of(CHAN) == "chan"
        back = come_back(client, service, begun, CHAN)
        assert back.headers["Location"] == "/eid/link?done=unlink&next=%2Fhome"
        assert kind_in(client.get(back.headers["Location"]).text) == "unlinked"
        assert client.get("/who").text == "sub-of-chan|None"
        assert service.reasons(EventKind.UNLINKED) == ["after_eid_login"]
        assert [event.kind for event in service.told] == ["linked", "unlinked"]

    def test_by_whoever_came_with_eid_alone(self, client: FlaskClient, service: Service) -> None:
        other = service.browser()
        log_in(other, service)
        page = other.get("/eid/unlink").text
        assert "eid-unlink-now" not in page
        assert "eid-account-login-again" not in page
        back = come_back(other, service, press(other, "/eid/unlink"), CHAN)
        assert kind_in(other.get(back.headers["Location"]).text) == "unlinked"
        assert service.account_of(CHAN) is None

    def test_another_eid_does_not_unlink(self, client: FlaskClient, service: Service) -> None:
        other = service.browser("chan")
        answer = come_back(other, service, press(other, "/eid/unlink"), WONG)
        assert kind_in(answer.text) == "other_resident"
        assert service.account_of(CHAN) == "chan"

    def test_a_foreign_eid_is_removed_by_the_account(self, service: Service) -> None:
        """Somebody linked their own eID to an account left open: its owner has no such eID."""
        link(service.browser("chan"), service, WONG)
        owner = service.browser("chan")
        page = owner.get("/eid/unlink").text
        assert "/login?next=%2Feid%2Funlink%3Fnext%3D%252F&amp;again=1" in page
        refused = press(owner, "/eid/unlink", by="account")
        assert kind_in(refused.text) == "link_again"
        assert service.reasons() == ["unlink_not_fresh"]
        service.fresh = True
        done = press(owner, "/eid/unlink", by="account")
        assert done.headers["Location"] == "/eid/link?done=unlink&next=%2F"
        assert service.account_of(WONG) is None
        assert service.reasons(EventKind.UNLINKED) == ["after_account_login"]

    def test_never_without_another_way_in(self, client: FlaskClient, service: Service) -> None:
        begun = press(client, "/eid/unlink")
        service.passwords.clear()
        assert kind_in(client.get("/eid/unlink").text) == "link_only_way_in"
        answer = come_back(client, service, begun, CHAN)
        assert (answer.status_code, kind_in(answer.text)) == (403, "link_only_way_in")
        assert service.account_of(CHAN) == "chan"
        assert service.reasons() == ["unlink_only_way_in"]

    def test_a_forged_form(self, client: FlaskClient, service: Service) -> None:
        service.fresh = True
        client.get("/eid/unlink")
        for fields in ({"by": "account"}, {"by": "account", "eid_form": "guess"}):
            assert client.post("/eid/unlink", data=fields).status_code == 400
        assert service.account_of(CHAN) == "chan"

    def test_what_began_as_unlinking_links_nothing(self, service: Service) -> None:
        client = service.browser("chan")
        link(client, service)
        begun = press(client, "/eid/unlink")
        chan = service.links.of_account("chan")[0]
        service.links.remove(chan, service.links.events[-1])
        answer = come_back(client, service, begun, CHAN)
        assert kind_in(answer.text) == "link_again"
        assert service.account_of(CHAN) is None
        assert service.reasons() == ["unlink_nothing"]

    def test_every_session_hears_of_it_at_once(self, client: FlaskClient, service: Service) -> None:
        other = service.browser()
        log_in(other, service)
        assert other.get("/who").text == "sub-of-chan|chan"
        come_back(client, service, press(client, "/eid/unlink"), CHAN)
        assert other.get("/who").text == "sub-of-chan|None"

    def test_nothing_to_unlink(self, service: Service) -> None:
        for client in (service.browser(), service.browser("wong")):
            assert client.get("/eid/unlink").headers["Location"] == "/eid/link?next=%2F"


def test_options_are_given_once(service: Service) -> None:
    with pytest.raises(ConfigurationError) as caught:
        service.eid.link_account(
            service.links,
            current_account=lambda: None,
            account_login="/login",
            has_other_login=lambda _account: True,
        )
    assert caught.value.reason == "links_given_twice"


@pytest.mark.parametrize("page", ["https://evil.example/login", "login", "//evil"])
def test_the_accounts_login_page_is_here(page: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Service(account_login=page)
    assert caught.value.reason == "account_login_not_local"


def test_an_application_made_later() -> None:
    links, provider = MemoryAccountLinks(), FakeProvider()
    eid = EidLogin(issuer=provider.issuer, client_id="service", http=provider)
    eid.link_account(
        links,
        current_account=lambda: "chan",
        account_login="/login",
        has_other_login=lambda _account: True,
    )
    app = flask.Flask(__name__)
    app.secret_key = "a secret of enough characters"
    eid.init_app(app)
    assert kind_in(app.test_client().get("/eid/link").text) == "confirm"


def test_an_application_that_links_nothing_has_no_such_page() -> None:
    provider = FakeProvider()
    app = flask.Flask(__name__)
    app.secret_key = "a secret of enough characters"
    eid = EidLogin(app, issuer=provider.issuer, client_id="service", http=provider)
    assert app.test_client().get("/eid/link").status_code == 404
    with app.test_request_context():
        account: Callable[[], str | None] = lambda: eid.account  # noqa: E731
        assert account() is None

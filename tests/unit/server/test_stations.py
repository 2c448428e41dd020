"""The stations' interface and pages in one process: strict parsing, who is let in, what pages show."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from hkeid.adapters.station_ca import StationCa, make_key, make_request
from hkeid.adapters.system import SystemClock
from hkeid.enrolment.stations import StationMode
from hkeid.enrolment.upgrade import UpgradeStep
from hkeid.kernel.errors import ConfigurationError, Expired
from hkeid_server.config import read_config
from hkeid_server.sandbox import seed_sandbox
from hkeid_server.stations.nginx import StationDoor
from hkeid_server.wsgi import serve_house

SECRET = "a-secret-of-thirty-two-characters"
PROXY = "10.0.0.5"


@pytest.fixture
def house(make_house, tmp_path, clock) -> Any:
    clock.moment = SystemClock().now()
    StationCa.create(tmp_path / "stations", name="t", now=clock.now())
    house = make_house(
        stations={
            "enabled": True,
            "proxies": [PROXY],
            "proxy_secret": SECRET,
            "authority": "stations",
        },
        registry={"url": "personas"},
        faces={"matcher": "none"},
        liveness={"check": "none"},
        documents={"reader": "none"},
    )
    seed_sandbox(house)
    return house


@pytest.fixture
def front(house) -> Any:
    return serve_house(house)


@pytest.fixture
def kiosk(house) -> Any:
    return enrolled(house, StationMode.KIOSK)


def enrolled(house: Any, mode: StationMode) -> Any:
    _, code = house.stations.stations.add("Sha Tin", mode)
    request = make_request(make_key())
    return house.stations.stations.enrol(code.reveal(), request, network="n")


def call(front: Any, path: str, body: Any = b"{}", **environ: Any) -> tuple[int, dict[str, Any]]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    statuses: list[str] = []
    base = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(sent)),
        "wsgi.input": io.BytesIO(sent),
        "REMOTE_ADDR": PROXY,
        "HTTP_HKEID_PROXY_SECRET": SECRET,
    }
    answer = front({**base, **environ}, lambda status, headers: statuses.append(status))
    return int(statuses[0].split()[0]), json.loads(b"".join(answer))


def as_station(made: Any) -> dict[str, str]:
    return {
        "HTTP_HKEID_CLIENT_VERIFY": "SUCCESS",
        "HTTP_HKEID_CLIENT_CERT": quote(made.issued.pem, safe=""),
    }


def test_a_station_is_known_by_its_certificate(front, kiosk) -> None:
    status, said = call(front, "/station/hello", **as_station(kiosk))
    assert (status, said["mode"], said["busy"]) == (200, "kiosk", False)
    assert call(front, "/station/work", **as_station(kiosk)) == (200, {"work": None})


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HTTP_HKEID_CLIENT_VERIFY": "NONE"}, "certificate_missing"),
        ({"HTTP_HKEID_CLIENT_VERIFY": ""}, "certificate_missing"),
        ({"HTTP_HKEID_CLIENT_VERIFY": "FAILED:unable"}, "certificate_unverified"),
        ({"HTTP_HKEID_CLIENT_VERIFY": "success"}, "certificate_unverified"),
        ({"REMOTE_ADDR": "127.0.0.1"}, "certificate_from_elsewhere"),
        ({"REMOTE_ADDR": ""}, "certificate_from_elsewhere"),
        ({"HTTP_HKEID_PROXY_SECRET": ""}, "certificate_from_elsewhere"),
        ({"HTTP_HKEID_PROXY_SECRET": SECRET[:-1]}, "certificate_from_elsewhere"),
        ({"HTTP_HKEID_PROXY_SECRET": "é\udcff"}, "certificate_from_elsewhere"),
    ],
)
def test_nobody_else_is_let_in(front, house, kiosk, environ, expected) -> None:
    found = call(front, "/station/hello", **{**as_station(kiosk), **environ})
    assert found == (403, {"error": expected})
    with house.store.transaction() as tx:
        bodies = [
            json.loads(record.body)
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
            if record.name == "enrolment:station:turned-away"
        ]
    assert expected in {body["reason"] for body in bodies}


def test_without_any_header_it_is_a_missing_certificate(front) -> None:
    environ = {"REMOTE_ADDR": "1.2.3.4", "HTTP_HKEID_PROXY_SECRET": ""}
    assert call(front, "/station/hello", **environ) == (403, {"error": "certificate_missing"})


@pytest.mark.parametrize(
    ("body", "environ", "expected"),
    [
        (b"", {}, (400, "json_malformed")),
        (b"[]", {}, (400, "json_not_object")),
        (b'{"a":1}', {}, (400, "members_wrong")),
        (b'{"number":1}', {}, (400, "members_wrong")),
        (b'{"number":"1","number":"2"}', {}, (400, "json_malformed")),
        (b'{"number":"1"}', {}, (400, "number_malformed")),
        (b'{"number":"12345678"}', {}, (409, "number_unknown")),
        (b"{}", {"REQUEST_METHOD": "GET"}, (405, "method_not_allowed")),
        (b"{}", {"CONTENT_TYPE": "text/plain"}, (400, "media_type_wrong")),
        (b"{}", {"CONTENT_LENGTH": "99999999"}, (413, "body_too_large")),
        (b"{}", {"CONTENT_LENGTH": "-1"}, (413, "body_too_large")),
        (b"\xff", {}, (400, "json_malformed")),
        (b"[" * 20_000, {}, (400, "json_malformed")),
    ],
)
def test_bodies_are_parsed_strictly(front, kiosk, body, environ, expected) -> None:
    status, said = call(front, "/station/claim", body, **{**as_station(kiosk), **environ})
    assert (status, said["error"]) == expected


def test_unknown_paths_and_evidence_for_nobody(front, kiosk) -> None:
    who = as_station(kiosk)
    assert call(front, "/station/nothing", **who) == (404, {"error": "path_unknown"})
    body = {"upgrade": "x", "document": "{}", "signature": "AAAA"}
    assert call(front, "/station/evidence", body, **who) == (404, {"error": "upgrade_unknown"})
    body["signature"] = "not base64url!"
    assert call(front, "/station/evidence", body, **who)[1] == {"error": "base64url_malformed"}
    malformed = {"HTTP_HKEID_CLIENT_CERT": "nothing"}
    found = call(front, "/station/hello", **{**who, **malformed})
    assert found == (400, {"error": "certificate_malformed"})
    assert call(front, "/station/shift", **who) == (403, {"error": "station_not_allowed"})


def test_a_browser_without_a_seat_sees_that_it_is_no_station(stranger) -> None:
    for path in ("/kiosk", "/kiosk/u/x", "/kiosk/open?ticket=x", "/kiosk/officer"):
        assert stranger.get(path).status_code == 403
        assert "number-form" not in stranger.page.text


def test_the_counter_from_number_to_end(front, house, resident, stranger) -> None:
    counter = enrolled(house, StationMode.COUNTER)
    address = call(front, "/station/ticket", **as_station(counter))[1]["url"]
    assert stranger.get(address.removeprefix(house.config.origin)).status_code == 303
    stranger.follow()
    stranger.post("/kiosk/number", {"number": "1"})
    assert stranger.page.status_code == 422
    resident.get("/account")
    assert "upgrade-link" in resident.page.text
    resident.get("/account/upgrade")
    resident.post("/account/upgrade/begin")
    resident.follow()
    assert "<svg" in resident.page.text
    number = re.search(r'id="number">([0-9 ]+)<', resident.page.text)[1]
    resident.post("/account/upgrade/extend")
    resident.follow()
    assert number in resident.page.text
    stranger.get("/kiosk")
    stranger.post("/kiosk/number", {"number": number})
    assert stranger.page.status_code == 303
    stranger.follow()
    assert "digits-form" in stranger.page.text
    stranger.post(f"{stranger.page.request.path}/digits", {"digits": "12345"})
    assert 'data-problem="six"' in stranger.page.text
    address = stranger.page.request.path.removesuffix("/digits")
    stranger.post(f"{address}/digits", {"digits": "123456"})
    work = call(front, "/station/work", **as_station(counter))[1]["work"]
    assert work["access"] == "123456"
    assert call(front, "/station/hello", **as_station(counter))[1]["busy"] is True
    body = {"upgrade": work["upgrade"], "reason": "card_removed"}
    assert call(front, "/station/trouble", body, **as_station(counter))[0] == 200
    stranger.get(address)
    assert 'data-problem="moved"' in stranger.page.text
    resident.get("/account/upgrade")
    assert 'data-step="station"' in resident.page.text
    stranger.post(f"{address}/leave")
    stranger.get(address)
    assert 'data-problem="stopped"' in stranger.page.text
    resident.get("/account/upgrade")
    assert 'data-step="ended"' in resident.page.text


def test_other_seats_see_nothing_of_it(front, house, resident, stranger) -> None:
    first, second = (enrolled(house, StationMode.COUNTER) for _ in range(2))
    resident.get("/account/upgrade")
    resident.post("/account/upgrade/begin")
    resident.follow()
    number = re.search(r'id="number">([0-9 ]+)<', resident.page.text)[1]
    upgrade = house.stations.upgrades.offers.claim(first.station, number)
    address = call(front, "/station/ticket", **as_station(second))[1]["url"]
    stranger.get(address.removeprefix(house.config.origin))
    for path in ("", "/confirm", "/key", "/portrait"):
        assert stranger.get(f"/kiosk/u/{upgrade.id}{path}").status_code in {303, 404}
        assert "digits-form" not in stranger.page.text


def test_residents_without_a_session_log_in_first(stranger) -> None:
    assert stranger.get("/account/upgrade").headers["Location"].endswith("/login")


def test_nothing_of_it_is_served_where_stations_are_off(make_house) -> None:
    house = make_house()
    front = serve_house(house)
    from tests.unit.server.conftest import Person

    person = Person(front)
    assert person.get("/kiosk").status_code == 404
    assert person.get("/account/upgrade").status_code == 404
    assert person.get("/station/hello").status_code == 404


@pytest.mark.parametrize(
    "section",
    [
        {"proxies": ["nginx"]},
        {"proxies": [PROXY]},
        {"proxies": [PROXY], "proxy_secret": "short"},
        {"address": "http://stations.example.hk"},
        {"certificate_days": 32},
        {"officer_idle_minutes": 0},
        {"officer_idle_minutes": 481},
    ],
)
def test_configurations_that_would_not_protect_are_refused(section, tmp_path) -> None:
    content = {"profile": "sandbox", "issuer": "http://localhost:1", "stations": section}
    with pytest.raises(ConfigurationError, match=r"stations\."):
        read_config(content, {}, tmp_path)


def test_the_door_needs_its_parts_and_plain_values(house) -> None:
    names = {"server_name": "s", "listen": "443", "certificate": "/c", "certificate_key": "/k"}
    door = StationDoor.of(house.config, **names, client_ca=None)
    text = door.text()
    assert f"proxy_bind {PROXY};" in text
    assert SECRET in text
    assert SECRET not in repr(door)
    for header in ("HKEID-Client-Verify", "HKEID-Client-Cert", "HKEID-Proxy-Secret"):
        assert f'#     proxy_set_header {header} "";' in text
    with pytest.raises(ConfigurationError, match="station_door_malformed"):
        StationDoor.of(house.config, **{**names, "server_name": "s; }"}, client_ca=None).text()


# --- what the pages say, and what the code does ---------------------------------------------------


def words_of(house: Any, upgrade: Any, station: Any, stranger: Any, tag: str) -> str:
    """The page of an upgrade at a station, as its browser shows it in a language."""
    stranger.get(f"/kiosk/u/{upgrade.id}?lang={tag}")
    return stranger.page.text


@pytest.mark.parametrize(
    ("tag", "phone", "here"),
    [
        ("en", "Now confirm on your phone", "It cannot be done elsewhere."),
        ("zh-Hant-HK", "現在請在手機上確認", "不能在別處確認"),
        ("zh-Hans", "现在请在手机上确认", "不能在别处确认"),
    ],
)
def test_a_card_alone_is_confirmed_at_the_station_and_the_page_says_so(
    front, house, resident, stranger, tag, phone, here
) -> None:
    counter = enrolled(house, StationMode.COUNTER)
    address = call(front, "/station/ticket", **as_station(counter))[1]["url"]
    stranger.get(address.removeprefix(house.config.origin))
    stranger.post("/kiosk/officer")
    offers = house.stations.upgrades.offers
    resident.get("/account/upgrade")
    resident.post("/account/upgrade/begin")
    resident.follow()
    number = re.search(r'id="number">([0-9 ]+)<', resident.page.text)[1]
    for upgrade, alone in (
        (offers.claim(counter.station, number), False),
        (offers.begin_with_card(counter.station, "sandbox-officer"), True),
    ):
        to_confirm(house, upgrade)
        shown = words_of(house, upgrade, counter, stranger, tag)
        assert (phone in shown) is not alone
        assert (here in shown) is alone
        assert ('id="finish"' in shown) is not alone
        assert 'id="confirm-here"' in shown
        # Who walks away loses nothing where the phone may confirm; else the page ends it.
        assert ('id="leave-form"' in shown) is alone


def to_confirm(house: Any, upgrade: Any) -> None:
    """As after chip, face and register."""
    with house.store.transaction() as tx:
        known = tx.upgrades.get(upgrade.id)
        assert tx.upgrades.change(known, replace(known, step=UpgradeStep.CONFIRM))


def test_a_minor_at_a_counter_is_sent_to_what_exists(front, house, stranger) -> None:
    counter = enrolled(house, StationMode.COUNTER)
    address = call(front, "/station/ticket", **as_station(counter))[1]["url"]
    stranger.get(address.removeprefix(house.config.origin))
    upgrade = house.stations.upgrades.offers.begin_with_card(counter.station, "sandbox-officer")
    with house.store.transaction() as tx:
        known = tx.upgrades.get(upgrade.id)
        ended = replace(known, step=UpgradeStep.REFUSED, reason="registers_adults_only")
        assert tx.upgrades.change(known, ended)
    shown = words_of(house, upgrade, counter, stranger, "en")
    assert "parent or guardian" in shown
    assert "at a counter." not in shown


# --- recovery at a counter ------------------------------------------------------------------------


def at_counter(
    front: Any, house: Any, stranger: Any, mode: StationMode = StationMode.COUNTER
) -> Any:
    made = enrolled(house, mode)
    address = call(front, "/station/ticket", **as_station(made))[1]["url"]
    stranger.get(address.removeprefix(house.config.origin))
    stranger.follow()
    return made.station


def put(house: Any, upgrade_id: str, **changes: Any) -> None:
    with house.store.transaction() as tx:
        known = tx.upgrades.get(upgrade_id)
        assert tx.upgrades.change(known, replace(known, **changes))


def test_a_recovery_begins_where_an_officer_sits(front, house, stranger) -> None:
    station = at_counter(front, house, stranger)
    assert "begin-recovery" not in stranger.page.text
    stranger.post("/kiosk/recover")
    assert stranger.page.status_code == 409
    assert 'data-problem="officer"' in stranger.page.text
    stranger.get("/kiosk/officer")
    stranger.post("/kiosk/officer")
    stranger.follow()
    assert "begin-recovery" in stranger.page.text
    stranger.post("/kiosk/recover")
    address = stranger.page.headers["Location"]
    stranger.follow()
    assert "digits-form" in stranger.page.text
    upgrade_id = address.rpartition("/")[2]
    assert house.stations.upgrades.look(upgrade_id, station_id=station.id).recovers

    put(house, upgrade_id, step=UpgradeStep.REVIEW, reason="recovery_second_officer")
    stranger.get(address)
    assert 'id="second-officer"' in stranger.page.text
    assert 'data-then="/kiosk"' not in stranger.page.text, (
        "the person waits, and the page looks again"
    )
    put(house, upgrade_id, step=UpgradeStep.BIND)
    stranger.get(address)
    assert stranger.page.headers["Location"] == f"{address}/key"
    stranger.follow()
    assert "passkey-form" not in stranger.page.text, "no key without a decision"
    put(house, upgrade_id, step=UpgradeStep.REFUSED, reason="registers_adults_only")
    stranger.get(address)
    assert "Your eID was not recovered" in stranger.page.text
    assert "Counters recover the eID of adults only." in stranger.page.text


def test_no_recovery_on_the_road_or_at_a_kiosk(front, house, stranger) -> None:
    for mode in (StationMode.MOBILE, StationMode.KIOSK):
        at_counter(front, house, stranger, mode)
        if mode is StationMode.MOBILE:
            stranger.get("/kiosk/officer")
            stranger.post("/kiosk/officer")
            stranger.follow()
            assert "begin-card" in stranger.page.text
        assert "begin-recovery" not in stranger.page.text
        stranger.post("/kiosk/recover")
        assert stranger.page.status_code == 409


def test_pictures_that_came_too_late_are_asked_for_again(
    front, house, resident, stranger, monkeypatch
) -> None:
    """A challenge that ran out at a kiosk is no fault of the page, and no try."""
    station = at_counter(front, house, stranger, StationMode.KIOSK)
    resident.get("/account/upgrade")
    resident.post("/account/upgrade/begin")
    resident.follow()
    number = re.search(r'id="number">([0-9 ]+)<', resident.page.text)[1]
    upgrade = house.stations.upgrades.offers.claim(station, number)
    put(house, upgrade.id, step=UpgradeStep.FACE)

    def late(*_: Any) -> None:
        raise Expired("liveness_expired")

    monkeypatch.setattr(house.stations.upgrades.faces, "give", late)
    stranger.get("/kiosk")
    sent = {"upgrade": upgrade.id, "nonce": "n", "times": "[0]", "frames": (io.BytesIO(b"x"), "f")}
    stranger.post("/kiosk/face", sent)
    assert stranger.page.status_code == 422
    assert 'class="kiosk"' in stranger.page.text


# --- the ticket that opens the station's browser --------------------------------------------------


def test_a_ticket_is_good_once_briefly_and_stays_in_no_address(
    front, house, stranger, clock, monkeypatch
) -> None:
    counter = enrolled(house, StationMode.COUNTER)

    def address() -> str:
        given = call(front, "/station/ticket", **as_station(counter))[1]["url"]
        return str(given).removeprefix(house.config.origin)

    said: list[object] = []
    monkeypatch.setattr(house.journal, "event", lambda *words, **more: said.append((words, more)))
    given = call(front, "/station/ticket", **as_station(counter))[1]
    assert given["seat_seconds"] == 14 * 3600
    first = address()
    stranger.client.head(first)
    page = stranger.get(first)
    assert (page.status_code, page.headers["Location"]) == (303, "/kiosk")
    assert page.headers["Cache-Control"] == "no-store"
    cookie = next(one for one in page.headers.getlist("Set-Cookie") if "seat=" in one)
    ticket = first.partition("=")[2]
    assert ticket not in cookie
    assert "HttpOnly" in cookie
    assert ticket not in stranger.follow().text
    assert stranger.get(first).status_code == 403, "once"
    late = address()
    clock.wait(minutes=2)
    assert stranger.get(late).status_code == 403, "two minutes"
    assert said
    assert ticket not in repr(said)
    assert late.partition("=")[2] not in repr(said)

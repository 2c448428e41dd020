"""At a station, when something goes wrong: the page says it, and nobody leaves the station's pages."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from hkeid.adapters.station_ca import StationCa, make_key, make_request
from hkeid.adapters.system import SystemClock
from hkeid.enrolment.stations import StationMode
from hkeid.enrolment.upgrade import UpgradeRefused, UpgradeStep
from hkeid.enrolment.upgrade.parts import PORTRAIT, UpgradeParts
from hkeid.kernel.errors import Expired, Unavailable
from hkeid.testing.personas import PERSONAS
from hkeid_server.sandbox import seed_sandbox
from hkeid_server.wsgi import serve_house


@pytest.fixture
def house(make_house: Any, tmp_path: Any, clock: Any) -> Any:
    clock.moment = SystemClock().now()
    StationCa.create(tmp_path / "stations", name="t", now=clock.now())
    house = make_house(
        stations={
            "enabled": True,
            "proxies": ["10.0.0.5"],
            "proxy_secret": "a-secret-of-thirty-two-characters",
            "authority": "stations",
        },
        registry={"url": "personas"},
        faces={"matcher": "fake"},
        liveness={"check": "fake"},
        documents={"reader": "none"},
    )
    seed_sandbox(house)
    return house


@pytest.fixture
def front(house: Any) -> Any:
    return serve_house(house)


class Desk:
    """A station's browser, and the upgrade that it is at."""

    def __init__(self, house: Any, browser: Any, mode: StationMode) -> None:
        self.house, self.browser = house, browser
        rooms = house.stations
        _, code = rooms.stations.add("Sha Tin", mode)
        made = rooms.stations.enrol(code.reveal(), make_request(make_key()), network="n")
        self.station = made.station
        ticket = rooms.seats.ticket(self.station).reveal()
        browser.get(f"/kiosk/open?ticket={ticket}")
        browser.follow()

    def begin(self, resident: Any, step: UpgradeStep) -> str:
        """An upgrade that has come to a step; its address."""
        offers = self.house.stations.upgrades.offers
        resident.get("/account/upgrade")
        resident.post("/account/upgrade/begin")
        resident.follow()
        number = re.search(r'id="number">([0-9 ]+)<', resident.page.text)[1]
        self.upgrade = offers.claim(self.station, number)
        vault = self.house.evidence
        vault.open(self.upgrade.id, expires_at=self.upgrade.expires_at)
        vault.put(self.upgrade.id, PORTRAIT, b"portrait")
        with self.house.store.transaction() as tx:
            known = tx.upgrades.get(self.upgrade.id)
            assert tx.upgrades.change(known, replace(known, step=step))
        address = f"/kiosk/u/{self.upgrade.id}"
        self.browser.get(address)
        return address

    def send_face(self, nonce: str) -> Any:
        return self.browser.post(
            "/kiosk/face",
            {
                "upgrade": self.upgrade.id,
                "nonce": nonce,
                "times": "[0]",
                "frames": (io.BytesIO(b"frame"), "0.jpg"),
            },
        )

    def put(self, **changes: Any) -> None:
        """Change the upgrade as something else would have."""
        with self.house.store.transaction() as tx:
            known = tx.upgrades.get(self.upgrade.id)
            assert tx.upgrades.change(known, replace(known, **changes))

    def look(self) -> Any:
        return self.house.stations.upgrades.look(self.upgrade.id)

    @property
    def problem(self) -> str:
        found = re.search(r'id="problem" data-problem="([^"]*)"', self.browser.page.text)
        assert found, self.browser.page.text
        return found[1]


@pytest.fixture
def kiosk(house: Any, stranger: Any) -> Desk:
    return Desk(house, stranger, StationMode.KIOSK)


@pytest.fixture
def counter(house: Any, stranger: Any) -> Desk:
    desk = Desk(house, stranger, StationMode.COUNTER)
    desk.browser.post("/kiosk/officer")
    return desk


def test_a_challenge_that_waited_too_long_is_said_at_the_camera(kiosk, resident, clock) -> None:
    address = kiosk.begin(resident, UpgradeStep.FACE)
    begun = json.loads(kiosk.browser.post(f"{address}/challenge").text)
    clock.wait(minutes=5)
    kiosk.browser.get(address)
    answer = kiosk.send_face(begun["nonce"])
    assert (answer.status_code, kiosk.problem) == (422, "liveness_expired")
    assert "had waited too long" in answer.text
    assert 'id="selfie-form"' in answer.text


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("en", "We did not see your head turn"),
        ("zh-Hant-HK", "相片"),
        ("zh-Hans", "照片"),
    ],
)
def test_advice_at_the_camera_is_the_one_of_the_phone(kiosk, resident, tag, words) -> None:
    address = kiosk.begin(resident, UpgradeStep.FACE)
    shown: dict[str, str] = {}
    for reason in ("turn_missing", "two_faces", "face_too_small", "frames_missing", "unknown"):
        with kiosk.house.store.transaction() as tx:
            known = tx.upgrades.get(kiosk.upgrade.id)
            facts = {**known.facts, "face_advice": reason}
            assert tx.upgrades.change(known, replace(known, facts=facts))
        text = kiosk.browser.get(f"{address}?lang={tag}").text
        assert kiosk.problem == reason
        found = re.search(r'id="problem".*?<p>(.*?)</p>', text, re.DOTALL)
        shown[reason] = found[1].strip()
    assert len(set(shown.values())) == len(shown), "words of its own for each"
    assert any(words in one for one in shown.values())


@pytest.mark.parametrize("error", [RuntimeError("boom"), Unavailable("store_unavailable")])
def test_an_error_stays_on_the_stations_pages(kiosk, resident, monkeypatch, error) -> None:
    address = kiosk.begin(resident, UpgradeStep.CHIP)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(kiosk.house.stations.upgrades.offers, "give_access", fail)
    answer = kiosk.browser.post(f"{address}/digits", {"digits": "123456"})
    kind, status = ("internal", 500) if type(error) is RuntimeError else ("unavailable", 503)
    assert (answer.status_code, kiosk.problem) == (status, kind)
    assert 'data-refresh="25" data-then="/kiosk"' in answer.text
    assert f'id="again" href="{address}"' in answer.text
    assert 'href="/"' not in answer.text
    assert 'href="/help"' not in answer.text
    assert "Sha Tin" in answer.text
    # In another language it is the same page with the same number.
    reference = re.search(r'id="reference">([^<]+)<', answer.text)[1]
    here = re.search(r'href="(/kiosk/problem/[^"]+)\?lang=zh-Hans"', answer.text)[1]
    again = kiosk.browser.get(f"{here}?lang=zh-Hans")
    assert (again.status_code, kiosk.problem) == (200, kind)
    assert reference in again.text
    assert "Sha Tin" in again.text


def test_what_is_not_there_and_what_is_not_ours_stay_there_too(kiosk, resident) -> None:
    for path in ("/kiosk/nothing", "/kiosk/u/nothing", "/kiosk/problem/nothing/X"):
        answer = kiosk.browser.get(path)
        assert (answer.status_code, kiosk.problem) == (404, "not-found")
        assert 'id="to-start" href="/kiosk"' in answer.text
        assert 'id="again"' not in answer.text
    answer = kiosk.browser.post("/kiosk/number", {"csrf": "wrong"})
    assert (answer.status_code, kiosk.problem) == (403, "form")
    assert kiosk.browser.get("/nothing").status_code == 404
    assert 'id="go-home"' in kiosk.browser.page.text


@pytest.mark.parametrize(
    ("act", "fields", "step"),
    [
        ("digits", {"digits": "123456"}, UpgradeStep.FACE),
        ("retry", {}, UpgradeStep.CHIP),
        ("same", {"same": "yes"}, UpgradeStep.CHIP),
    ],
)
def test_a_refusal_is_said_on_the_page_of_the_step(counter, resident, act, fields, step) -> None:
    address = counter.begin(resident, step)
    answer = counter.browser.post(f"{address}/{act}", fields)
    assert (answer.status_code, counter.problem) == (409, "upgrade_other_step")
    assert "was done already" in answer.text


@pytest.mark.parametrize("act", ["digits", "same", "retry"])
def test_when_the_time_is_over_the_page_says_so(counter, resident, clock, act) -> None:
    address = counter.begin(resident, UpgradeStep.FACE)
    clock.wait(minutes=20)
    counter.browser.post("/kiosk/officer")
    counter.browser.get(address)
    answer = counter.browser.post(f"{address}/{act}", {"digits": "123456", "same": "yes"})
    assert answer.status_code == 409
    assert 'id="ended" data-problem="time"' in answer.text


def test_a_register_that_still_does_not_answer_is_said(counter, resident, monkeypatch) -> None:
    address = counter.begin(resident, UpgradeStep.FACE)
    with counter.house.store.transaction() as tx:
        known = tx.upgrades.get(counter.upgrade.id)
        assert tx.upgrades.change(known, replace(known, facts={**known.facts, "face": "match"}))
    counter.browser.get(address)

    def silent(*_: object) -> None:
        raise Unavailable("registry_unavailable")

    monkeypatch.setattr(counter.house.stations.upgrades.register, "retry", silent)
    answer = counter.browser.post(f"{address}/retry")
    assert (answer.status_code, counter.problem) == (503, "registry_unavailable")
    assert 'id="retry"' in answer.text


def test_a_page_that_answers_a_post_looks_again_at_its_own_address(counter, resident) -> None:
    address = counter.begin(resident, UpgradeStep.CONFIRM)
    answer = counter.browser.post(f"{address}/digits", {"digits": "123456"})
    assert (answer.status_code, counter.problem) == (409, "upgrade_other_step")
    assert f'data-refresh="8" data-then="{address}"' in answer.text


def test_a_key_that_cannot_be_registered_now_is_said_at_the_start(
    counter, resident, monkeypatch
) -> None:
    address = counter.begin(resident, UpgradeStep.BIND)

    def refuse(*_: object, **__: object) -> None:
        raise UpgradeRefused("registration_not_decided")

    monkeypatch.setattr(counter.house.stations.upgrades.counter, "start", refuse)
    answer = counter.browser.get(f"{address}/key")
    assert (answer.status_code, counter.problem) == (409, "registration_not_decided")
    assert 'id="number-form"' in answer.text


def test_cancelling_an_upgrade_that_is_all_but_done_asks_first(counter, resident) -> None:
    address = counter.begin(resident, UpgradeStep.CONFIRM)
    text = counter.browser.page.text
    asked = re.search(r'<details class="ask" id="cancel-ask">(.*?)</details>', text, re.DOTALL)
    assert asked
    assert f'action="{address}/leave"' in asked[1]
    assert text.count(f'action="{address}/leave"') == 1
    # At the passkey one goes back, and whoever walks away loses nothing.
    text = counter.browser.get(f"{address}/confirm").text
    assert "/leave" not in text
    assert f'id="back" href="{address}"' in text


def test_who_was_accepted_by_officers_comes_back_with_the_reference_number(
    counter, resident
) -> None:
    counter.begin(resident, UpgradeStep.CONFIRM)
    with counter.house.store.transaction() as tx:
        known = tx.upgrades.get(counter.upgrade.id)
        assert tx.upgrades.change(known, replace(known, reason="liveness_not_assured"))
    text = counter.browser.get("/kiosk").text
    assert 'id="resume-form"' in text
    answer = counter.browser.post("/kiosk/resume", {"receipt": "0000-0000-0000"})
    assert (answer.status_code, counter.problem) == (422, "receipt")
    answer = counter.browser.post("/kiosk/resume", {"receipt": counter.upgrade.receipt})
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/kiosk/u/{counter.upgrade.id}",
    )
    counter.browser.get("/kiosk")
    counter.browser.post("/kiosk/officer", {"leave": "1"})
    counter.browser.get("/kiosk")
    answer = counter.browser.post("/kiosk/resume", {"receipt": counter.upgrade.receipt})
    assert (answer.status_code, counter.problem) == (422, "officer")


def test_a_suspended_station_has_the_residents_page_wait(kiosk, resident) -> None:
    kiosk.begin(resident, UpgradeStep.CONFIRM)
    stations = kiosk.house.stations.stations
    stations.suspend(kiosk.station.id)
    page = resident.get("/account/upgrade")
    assert page.status_code == 409
    assert "come back to this page later" in page.text
    assert 'id="begin"' not in page.text
    stations.resume(kiosk.station.id)
    assert 'id="use-passkey"' in resident.get("/account/upgrade").text
    stations.revoke(kiosk.station.id)
    resident.get("/account/upgrade")
    assert "The station that read the card is out of use" in resident.follow().text


PERSON = next(iter(PERSONAS.values())).person


@pytest.fixture
def came_back(counter: Desk, resident: Any, monkeypatch: Any) -> str:
    """Somebody brings the reference number of a case that officers accepted; the upgrade's address."""
    holder = SimpleNamespace(person=PERSON)
    monkeypatch.setattr(UpgradeParts, "holder", lambda *_: holder)
    address = counter.begin(resident, UpgradeStep.BIND)
    counter.put(reason="registration_unclear", registers=True, round=0)
    counter.browser.get("/kiosk")
    counter.browser.post("/kiosk/resume", {"receipt": counter.upgrade.receipt})
    counter.browser.follow()
    return address


def test_the_officer_sees_who_was_accepted_before_a_key_is_made(counter, came_back) -> None:
    text = counter.browser.page.text
    assert 'id="accepted-person"' in text
    assert f"<strong>{PERSON.name.english}</strong>" in text
    assert f'src="{came_back}/portrait"' in text
    assert "passkey-form" not in text
    with counter.house.store.transaction() as tx:
        assert tx.upgrades.get(counter.upgrade.id).facts["returned"] == {
            "shown": ["sandbox-officer"]
        }
    assert counter.browser.get(f"{came_back}/portrait").data == b"portrait"
    answer = counter.browser.get(f"{came_back}/key")
    assert (answer.status_code, answer.headers["Location"]) == (303, came_back)
    counter.browser.follow()
    answer = counter.browser.post(f"{came_back}/returned", {"same": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{came_back}/key")
    assert counter.look().facts["returned"]["officer"] == "sandbox-officer"


def test_a_no_leads_back_to_the_start_and_keeps_the_case(counter, came_back) -> None:
    answer = counter.browser.post(f"{came_back}/returned", {})
    assert answer.status_code == 400
    counter.browser.get(came_back)
    answer = counter.browser.post(f"{came_back}/returned", {"same": "no"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/kiosk")
    assert counter.look().step is UpgradeStep.BIND
    assert "returned" not in counter.look().facts
    counter.browser.get(f"{came_back}/key")
    assert counter.browser.page.headers["Location"] == came_back


def test_without_an_officer_nobody_is_shown(counter, came_back) -> None:
    counter.browser.get("/kiosk/officer")
    counter.browser.post("/kiosk/officer", {"leave": "1"})
    text = counter.browser.get(came_back).text
    assert 'id="no-officer"' in text
    assert PERSON.name.english not in text
    assert counter.browser.get(f"{came_back}/portrait").status_code == 404
    counter.browser.get(came_back)
    answer = counter.browser.post(f"{came_back}/returned", {"same": "yes"})
    assert (answer.status_code, counter.problem) == (409, "officer_missing")


@pytest.mark.parametrize("step", [UpgradeStep.BIND, UpgradeStep.CONFIRM])
def test_whoever_leaves_does_not_undo_what_officers_accepted(counter, came_back, step) -> None:
    counter.put(step=step)
    text = counter.browser.get(came_back).text
    assert 'data-idle="90"' in text
    assert 'id="end-now" type="button">Finish here<' in text
    answer = counter.browser.post(f"{came_back}/leave", {})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/kiosk")
    assert counter.look().step is step
    counter.browser.get(came_back)
    counter.browser.post(f"{came_back}/leave", {"sure": "yes"})
    assert counter.look().step is UpgradeStep.CANCELLED


def test_only_who_was_asked_cancels_what_officers_accepted(counter, came_back) -> None:
    counter.put(step=UpgradeStep.CONFIRM)
    text = counter.browser.get(came_back).text
    assert 'id="finish" href="/kiosk"' in text
    asked = re.search(r'<details class="ask" id="cancel-ask">(.*?)</details>', text, re.DOTALL)[1]
    assert 'name="sure" value="yes"' in asked
    assert text.count('name="sure"') == 1


def test_a_card_that_is_no_longer_kept_is_said_at_the_start(
    counter, came_back, monkeypatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise Expired("evidence_destroyed")

    counter.browser.post(f"{came_back}/returned", {"same": "yes"})
    monkeypatch.setattr(counter.house.stations.upgrades.counter, "start", gone)
    answer = counter.browser.get(f"{came_back}/key")
    assert (answer.status_code, counter.problem) == (409, "evidence_destroyed")
    counter.house.evidence.destroy(counter.upgrade.id)
    counter.browser.post("/kiosk/resume", {"receipt": counter.upgrade.receipt})
    counter.browser.follow()
    assert counter.problem == "evidence_destroyed"
    monkeypatch.setattr(counter.house.stations.upgrades.offers, "resume", gone)
    answer = counter.browser.post("/kiosk/resume", {"receipt": counter.upgrade.receipt})
    assert (answer.status_code, counter.problem) == (422, "evidence_destroyed")
    assert "What was read from the card is no longer here." in answer.text


@pytest.mark.parametrize(("act", "step"), [("same", UpgradeStep.FACE), ("key", UpgradeStep.BIND)])
def test_nobody_serves_themselves_is_said_in_its_own_words(
    counter, resident, monkeypatch, act, step
) -> None:
    def own(*_: object, **__: object) -> None:
        raise UpgradeRefused("own_record")

    address = counter.begin(resident, step)
    upgrades = counter.house.stations.upgrades
    monkeypatch.setattr(upgrades.officers, "says", own)
    monkeypatch.setattr(upgrades.counter, "start", own)
    if act == "same":
        answer = counter.browser.post(f"{address}/same", {"same": "yes"})
    else:
        answer = counter.browser.get(f"{address}/key")
    assert (answer.status_code, counter.problem) == (409, "own_record")
    assert "Nobody serves their own card." in answer.text
    assert "That did not work." not in answer.text


def test_a_case_at_the_camera_keeps_the_seat(counter, resident, clock, monkeypatch) -> None:
    """Numbers taken up and faces compared; not what anybody may press."""
    clock.wait(minutes=25)
    counter.browser.get("/kiosk")
    resident.get("/account/upgrade")
    resident.post("/account/upgrade/begin")
    resident.follow()
    number = re.search(r'id="number">([0-9 ]+)<', resident.page.text)[1]
    answer = counter.browser.post("/kiosk/number", {"number": number})
    counter.upgrade = counter.house.stations.upgrades.at_station(counter.station.id)
    assert answer.headers["Location"] == f"/kiosk/u/{counter.upgrade.id}"
    clock.wait(minutes=25)
    counter.browser.get("/kiosk")
    faces = counter.house.stations.upgrades.faces
    monkeypatch.setattr(faces, "give", lambda *_: counter.upgrade)
    assert counter.send_face("any").status_code == 303
    clock.wait(minutes=25)
    assert 'id="begin-card"' in counter.browser.get("/kiosk").text
    counter.browser.post("/kiosk/number", {"number": "1"})
    clock.wait(minutes=10)
    assert 'id="begin-card"' not in counter.browser.get("/kiosk").text


@pytest.mark.parametrize("step", [UpgradeStep.REVIEW, UpgradeStep.CONFIRM])
def test_the_residents_page_leads_on_from_a_station_out_of_work(
    kiosk, resident, clock, step
) -> None:
    kiosk.begin(resident, step)
    stations = kiosk.house.stations.stations
    stations.suspend(kiosk.station.id)
    assert 'id="cancel"' in resident.get("/account/upgrade").text
    stations.revoke(kiosk.station.id)
    resident.get("/account/upgrade")
    if step is UpgradeStep.CONFIRM:
        resident.follow()
    assert "The station that read the card is out of use" in resident.page.text
    clock.wait(seconds=1)
    resident.post("/account/upgrade/begin")
    assert 'id="number"' in resident.follow().text
    assert kiosk.look().reason == "station_revoked"


@pytest.mark.parametrize("step", [UpgradeStep.REVIEW, UpgradeStep.CONFIRM])
def test_who_waits_may_cancel(kiosk, resident, step) -> None:
    kiosk.begin(resident, step)
    kiosk.house.stations.stations.suspend(kiosk.station.id)
    resident.get("/account/upgrade")
    resident.post("/account/upgrade/cancel")
    assert 'id="begin"' in resident.follow().text
    assert kiosk.look().reason == "cancelled_by_resident"

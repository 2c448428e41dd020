"""Seats at stations, and upgrades that need an officer, on the console's pages beside the station's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hkeid.adapters.station_ca import StationCa, make_key, make_request
from hkeid.adapters.system import SystemClock
from hkeid.chip.document import ChipDocument
from hkeid.chip.evidence import ChipEvidence, ChipGenuine, ChipHolder, PassiveOutcome
from hkeid.chip.proofs import AccessProtocol
from hkeid.enrolment.stations import StationMode
from hkeid.enrolment.upgrade import Upgrade, UpgradeStep
from hkeid.enrolment.upgrade.document_text import dumps
from hkeid.officers import Role
from hkeid.residents import find_by_hkic
from hkeid.testing.personas import PERSONAS
from hkeid_server.sandbox import seed_sandbox
from hkeid_server.wiring.trusted_countries import TrustedCountries

WHO = "chan-tai-man"
REASON = {"reason": "review_of_upgrade"}


@pytest.fixture
def house(make_house: Any, tmp_path: Any, clock: Any) -> Any:
    clock.moment = SystemClock().now()
    StationCa.create(tmp_path / "stations", name="t", now=clock.now())
    house = make_house(
        stations={"enabled": True, "authority": "stations"},
        registry={"url": "personas"},
        faces={"matcher": "none"},
        liveness={"check": "none"},
        documents={"reader": "none"},
    )
    seed_sandbox(house)
    return house


def enrolled(house: Any, mode: StationMode, name: str = "Sha Tin 1") -> Any:
    _, code = house.stations.stations.add(name, mode)
    return house.stations.stations.enrol(code.reveal(), make_request(make_key()), network="n")


@pytest.fixture
def counter(house: Any) -> Any:
    return enrolled(house, StationMode.COUNTER).station


@pytest.fixture
def at_counter(house: Any, counter: Any, stranger: Any) -> Any:
    """The browser at the counter."""
    ticket = house.stations.seats.ticket(counter)
    assert stranger.get(f"/kiosk/open?ticket={ticket.reveal()}").status_code == 303
    return stranger


@pytest.fixture
def upgrade(
    house: Any, jpeg: bytes, monkeypatch: pytest.MonkeyPatch, resident: Any
) -> Callable[..., str]:
    """An upgrade that a kiosk referred; what its chip proves is said here."""
    person = PERSONAS[WHO].person
    holder = ChipHolder(
        person=person,
        document_number="Q0000001",
        issuing_state="UTO",
        expires=date(2036, 1, 1),
        portrait=jpeg,
        portrait_type="image/jpeg",
    )
    proved = ChipEvidence(
        findings=(),
        passive=PassiveOutcome.TRUSTED,
        genuine=ChipGenuine.ACTIVE,
        holder=holder,
        signer="CN=test",
        sod_digest=b"d" * 32,
    )
    monkeypatch.setattr(TrustedCountries, "verify", lambda *_, at: proved)

    def make(reason: str = "liveness_not_assured", **facts: Any) -> str:
        now = house.clock.now()
        kiosk = enrolled(house, StationMode.KIOSK, "Sha Tin 2").station
        with house.store.transaction() as tx:
            resident_id = find_by_hkic(tx, house.keys, PERSONAS[WHO].hkic_number)
            upgrade = Upgrade(
                id=house.random.token(16),
                receipt="7F3K-9Q2M-XA4D",
                step=UpgradeStep.REVIEW,
                round=1,
                resident_id=resident_id,
                station_id=kiosk.id,
                channel=StationMode.KIOSK,
                reason=reason,
                facts={"genuine": "active", "passive": "trusted", "signer": "CN=test", **facts},
                created_at=now,
                claimed_at=now,
                updated_at=now,
                expires_at=now + house.stations.upgrades._parts.policy.review,
            )
            assert tx.upgrades.add(upgrade)
        document = ChipDocument(
            files={"SOD": b"s"},
            card_access=None,
            access=AccessProtocol.PACE_GM,
            cipher="aes-256",
            proofs=(),
            findings=(),
            read_at=now,
            profile="hkic",
            apdus=1,
        )
        house.evidence.open(upgrade.id, expires_at=upgrade.expires_at)
        for name, content in (("document", dumps(document)), ("portrait", jpeg), ("face", jpeg)):
            house.evidence.put(upgrade.id, name, content)
        return upgrade.case_id

    return make


def take(officer: Any, case_id: str, reason: str = REASON["reason"]) -> Any:
    officer.get(f"/console/cases/{case_id}")
    officer.post(f"/console/cases/{case_id}/take", {"reason": reason})
    return officer.follow() if officer.page.status_code == 303 else officer.page


def step_of(house: Any, case_id: str) -> UpgradeStep:
    found = house.stations.upgrades.look(case_id.removeprefix("upgrade."))
    return UpgradeStep(found.step)


# --- seats ----------------------------------------------------------------------------------------


def test_an_officer_sits_down_in_the_console_and_the_counter_knows(
    hire: Callable[..., Any], counter: Any, at_counter: Any
) -> None:
    at_counter.get("/kiosk")
    assert "Ask the officer to sign on in the console" in at_counter.page.text
    assert "begin-card" not in at_counter.page.text
    officer = hire(Role.STATION_OFFICER, name="KO, Kap")
    page = officer.get("/console/stations")
    assert f'data-name="{counter.name}" data-seat="free"' in page.text
    page = officer.post(f"/console/stations/{counter.id}/take")
    assert page.headers["Location"] == "/console/stations?done=taken"
    page = officer.follow()
    assert 'data-seat="mine"' in page.text
    at_counter.get("/kiosk")
    assert "Counter officer" in at_counter.page.text
    assert "KO, Kap" not in at_counter.page.text
    assert "begin-card" in at_counter.page.text
    at_counter.get("/kiosk/officer")
    assert "Here now: Counter officer" in at_counter.page.text
    officer.get("/console/stations")
    officer.post(f"/console/stations/{counter.id}/leave")
    assert "Ask the officer to sign on" in at_counter.get("/kiosk").text


def test_logging_out_empties_the_seat(
    hire: Callable[..., Any], counter: Any, at_counter: Any, house: Any
) -> None:
    officer = hire(Role.STATION_OFFICER)
    officer.get("/console/stations")
    officer.post(f"/console/stations/{counter.id}/take")
    assert house.stations.officers.at(counter.id, house.clock.now()) is not None
    officer.get("/console/stations")
    officer.post("/console/log-out")
    assert house.stations.officers.at(counter.id, house.clock.now()) is None
    page = at_counter.post("/kiosk/card")
    assert page.status_code == 403, "the token of the form is missing"
    at_counter.get("/kiosk")
    assert at_counter.post("/kiosk/card").status_code == 409


def test_what_the_officer_does_at_the_station_keeps_the_seat(
    hire: Callable[..., Any], counter: Any, at_counter: Any, house: Any
) -> None:
    officer = hire(Role.STATION_OFFICER)
    officer.get("/console/stations")
    officer.post(f"/console/stations/{counter.id}/take")
    for _ in range(2):
        house.clock.wait(minutes=20)
        at_counter.get("/kiosk")
        assert at_counter.post("/kiosk/card").status_code == 303
    for _ in range(2):
        house.clock.wait(minutes=15)
        at_counter.get("/kiosk")
        at_counter.post("/kiosk/number", {"number": "1"})  # anybody may press this
    assert "Nobody sits here" in at_counter.get("/kiosk").text
    assert at_counter.post("/kiosk/card").status_code == 409


def test_a_stale_passkey_is_asked_for_again_before_one_sits_down(
    hire: Callable[..., Any], counter: Any, house: Any
) -> None:
    officer = hire(Role.STATION_OFFICER)
    house.clock.wait(minutes=6)
    officer.get("/console/stations")
    page = officer.post(f"/console/stations/{counter.id}/take")
    assert page.headers["Location"] == "/console/step-up?next=/console/stations"
    officer.follow()
    officer.ceremony()
    officer.follow()
    officer.post(f"/console/stations/{counter.id}/take")
    assert 'data-seat="mine"' in officer.follow().text


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.STATION_OFFICER}))
def test_nobody_else_sits_down(
    hire: Callable[..., Any], counter: Any, house: Any, role: Role
) -> None:
    officer = hire(role)
    page = officer.get("/console/stations")
    assert page.status_code == (200 if role is Role.OPERATOR else 403)
    assert "/take" not in page.text
    officer.get("/console/enrol")
    assert officer.post(f"/console/stations/{counter.id}/take").status_code == 403
    assert house.stations.officers.at(counter.id, house.clock.now()) is None


def test_kiosks_take_no_officer_and_operators_see_names(
    hire: Callable[..., Any], counter: Any, house: Any
) -> None:
    kiosk = enrolled(house, StationMode.KIOSK, "Sha Tin 2").station
    officer = hire(Role.STATION_OFFICER, name="KO, Kap")
    page = officer.get("/console/stations")
    assert f"take-{kiosk.id}" not in page.text
    page = officer.post(f"/console/stations/{kiosk.id}/take")
    assert page.status_code == 409
    assert "You cannot sit there" in page.text
    officer.post(f"/console/stations/{counter.id}/take")
    other = hire(Role.STATION_OFFICER, name="YUET, Sing")
    page = other.get("/console/stations")
    assert "KO, Kap" not in page.text
    assert "Counter officer" in page.text
    other.post(f"/console/stations/{counter.id}/leave")
    assert house.stations.officers.at(counter.id, house.clock.now()) is not None
    page = hire(Role.OPERATOR, name="SING, Fai").get("/console/stations")
    assert "KO, Kap" in page.text
    assert "take-" not in page.text


def test_the_sandbox_button_is_the_sandboxs(at_counter: Any, counter: Any, house: Any) -> None:
    at_counter.get("/kiosk/officer")
    assert "Only in the sandbox" in at_counter.page.text
    at_counter.post("/kiosk/officer")
    assert "Test officer" in at_counter.get("/kiosk").text
    object.__setattr__(house.stations.officers, "_test_officer", False)
    assert "Nobody sits here" in at_counter.get("/kiosk").text
    at_counter.get("/kiosk/officer")
    assert at_counter.post("/kiosk/officer").status_code in {403, 409}
    assert house.stations.officers.at(counter.id, house.clock.now()) is None


# --- upgrades -------------------------------------------------------------------------------------


def test_an_upgrade_is_decided_with_its_evidence_side_by_side(
    hire: Callable[..., Any], upgrade: Callable[..., str], house: Any, jpeg: bytes, resident: Any
) -> None:
    case, officer = upgrade(), hire()
    page = officer.get("/console/queue")
    assert 'data-kind="upgrade"' in page.text
    assert "7F3K-9Q2M-XA4D" in page.text
    page = take(officer, case)
    assert page.status_code == 200
    shown = set(re.findall(r'<img src="([^"]+)"', page.text))
    assert shown == {f"/console/cases/{case}/pictures/{name}" for name in ("portrait", "face")}
    assert "CHAN, Tai Man" in page.text
    assert "Sha Tin 2 (Kiosk)" in page.text
    assert "No officer had signed on" in page.text
    assert "signed our challenge" in page.text
    picture = officer.get(f"/console/cases/{case}/pictures/face")
    assert (picture.data, picture.mimetype) == (jpeg, "image/jpeg")
    assert picture.headers["Cache-Control"] == "no-store"
    officer.get(f"/console/cases/{case}")
    answer = officer.vote(case, "accept", "same_person", **REASON)
    assert answer.headers["Location"] == "/console/queue?done=decided"
    assert step_of(house, case) is UpgradeStep.CONFIRM
    assert house.evidence.names(case.removeprefix("upgrade.")) == ()
    assert officer.get(f"/console/cases/{case}/pictures/face").status_code == 403
    page = resident.get("/account/upgrade")
    assert 'data-step="confirm"' in page.text


def test_evidence_in_other_hands_other_reasons_and_replays(
    hire: Callable[..., Any], upgrade: Callable[..., str], house: Any
) -> None:
    case, first, second = upgrade(), hire(), hire(Role.SENIOR_OFFICER, name="SUI, Ling")
    page = take(first, case, "review_of_registration")
    assert page.status_code == 400, "a reason that would tell the resident wrongly"
    assert '"review_of_registration"' not in page.text
    take(first, case)
    lease = re.search(r'name="lease" value="([^"]+)"', first.page.text)[1]
    for name in ("portrait", "face", "document", "card"):
        assert second.get(f"/console/cases/{case}/pictures/{name}").status_code == 403
    second.get(f"/console/cases/{case}")
    assert 'id="evidence"' not in second.page.text
    page = second.vote(case, "accept", "same_person", lease=lease, **REASON)
    assert page.status_code == 409
    assert step_of(house, case) is UpgradeStep.REVIEW
    first.get(f"/console/cases/{case}")
    first.vote(case, "refuse", "not_the_same_person", **REASON)
    first.get("/console/queue")
    page = first.vote(case, "accept", "same_person", lease=lease, **REASON)
    assert page.status_code == 409
    assert step_of(house, case) is UpgradeStep.REFUSED
    for wrong in ("upgrade.x", "upgrade.../x", "upgrade."):
        page = first.post(f"/console/cases/{wrong}/take", REASON)
        assert page.status_code in {404, 409}, wrong


def test_a_face_that_nobody_saw_is_shown_as_refusable_only(
    hire: Callable[..., Any], upgrade: Callable[..., str], house: Any
) -> None:
    case, officer = upgrade("face_not_assessed"), hire()
    page = take(officer, case)
    assert 'id="hindrances"' in page.text
    assert "Nobody saw the face" in page.text
    page = officer.vote(case, "accept", "same_person", **REASON)
    assert page.status_code == 409
    assert step_of(house, case) is UpgradeStep.REVIEW


def test_a_mobile_reading_says_who_compared(
    hire: Callable[..., Any], upgrade: Callable[..., str], house: Any
) -> None:
    case = upgrade("read_offline", offline=True, team=None)
    page = take(hire(), case)
    assert 'id="compared"' in page.text
    assert "No officer had signed on with the team" in page.text
    with house.store.transaction() as tx:
        assert tx.reviews.lease(case) is not None


def test_where_no_stations_are_served(
    make_house: Any, clock: Any, hire: Callable[..., Any], parts: Any
) -> None:
    from hkeid_server.console import create_console

    bare = create_console(replace(parts, seats=None))
    officer = hire(Role.STATION_OFFICER)
    officer.client.application = bare
    page = officer.get("/console/stations")
    assert "No stations are served here" in page.text
    assert officer.post("/console/stations/x/take").status_code == 404

"""The officers' console in a real Chromium: enrol, review with another officer, records, audit."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from hkeid.enrolment.proofing_policy import Findings
from hkeid.enrolment.registration import (
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationStep,
)
from hkeid.enrolment.registration.particulars import keep_texts
from hkeid.kernel import canonical_json
from hkeid.testing.fakes_proofing import card_texts
from hkeid.testing.personas import PERSONAS
from hkeid.testing.portraits import portrait, selfie
from hkeid.testing.specimen_card import draw_card, face_of
from hkeid.testing.virtual_officer import VirtualOfficer
from hkeid_server.config import load_config
from hkeid_server.wiring import build_house, close_store

LANGUAGES = ("en", "zh-Hant-HK", "zh-Hans")
SMALL, WIDE, NARROW = ({"width": w, "height": 900} for w in (390, 1280, 320))
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}

FINDINGS = Findings(
    details="corrected",
    age="adult",
    liveness="live",
    face="review",
    registry="match",
    registry_face="review",
    existing="none",
    differing=("name_english",),
    warnings=("code_disagrees_with_name",),
)


@contextmanager
def _house(places: Any) -> Iterator[Any]:
    house = build_house(load_config(places.config))
    try:
        yield house
    finally:
        close_store(house.store)


@dataclass
class Cases:
    """Makes referred cases in the running server's store, as registration leaves them."""

    places: Any

    def refer(self, key: str, *, waited: timedelta = timedelta(hours=5), **more: Any) -> str:
        with _house(self.places) as house:
            return self._refer(house, key, waited, more)

    def _refer(self, house: Any, key: str, waited: timedelta, more: dict[str, Any]) -> str:
        now = house.clock.now()
        record = RegistrationRecord(
            id=house.random.token(16),
            reference=house.random.token(6).upper().replace("_", "X").replace("-", "Y"),
            purpose=RegistrationPurpose.NEW,
            step=RegistrationStep.REFERRED,
            browser=house.random.token_bytes(32),
            language="en",
            statement="2026-11",
            findings=canonical_json.dumps(replace(FINDINGS, **more).as_json()),
            reason="face_unclear",
            created_at=now - waited,
            updated_at=now - waited,
            expires_at=now + timedelta(days=30),
        )
        with house.store.transaction() as tx:
            assert tx.registrations.add(record)
        house.evidence.open(record.id, expires_at=now + timedelta(days=30))
        texts = card_texts(PERSONAS[key])
        house.evidence.put(record.id, "details", keep_texts(texts))
        misread = {name: text.replace("AU", "4U") for name, text in texts.items()}
        house.evidence.put(record.id, "reading", keep_texts(misread))
        for name, content in _pictures(key).items():
            house.evidence.put(record.id, name, content)
        return record.id


def _pictures(key: str) -> dict[str, bytes]:
    """The specimen card of an invented person, and the freely usable face that stands in."""
    card = draw_card(face_of(PERSONAS[key]), portrait=portrait(key))
    return {"card": card, "portrait": portrait(key), "selfie": selfie(key)}


@pytest.fixture(scope="module")
def console(places: Any) -> str:
    return f"http://localhost:{places.admin.rpartition(':')[2]}"


@pytest.fixture(scope="module")
def code(places: Any) -> Callable[..., str]:
    """An enrolment code by the operator's command."""

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "hkeid_server.cli", "officers", *words,
             "--config", str(places.config)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def invite(name: str, *roles: str) -> str:
        if not roles:
            return run("code", name).split()[-1]
        flags = [flag for role in roles for flag in ("--role", role)]
        return run("add", name, *flags).split()[-1]

    return invite


@pytest.fixture(scope="module")
def cases(places: Any) -> Cases:
    return Cases(places)


def _enrol(page: Page, console: str, code: str) -> None:
    page.goto(f"{console}/console/enrol?lang=en")
    page.fill("#code", code)
    page.click("#continue")
    page.click("#create-passkey")
    page.wait_for_url("**/console/today")


def _age_passkey(places: Any) -> None:
    """As if every officer had used the passkey an hour ago."""
    with closing(sqlite3.connect(places.config.parent / "hkeid.sqlite", timeout=10)) as database:
        database.execute("UPDATE officer_sessions SET stepped_up_at = stepped_up_at - 3600000000")
        database.commit()


def _picture(page: Page, name: str, artefacts: Path) -> None:
    for size in (SMALL, WIDE):
        page.set_viewport_size(size)
        page.screenshot(path=artefacts / f"console-{name}.en.{size['width']}.png", full_page=True)


def _look(page: Page, name: str, artefacts: Path) -> None:
    """In three languages and two widths: pictures, axe, no sideways scrolling at 320 px."""
    for language in LANGUAGES:
        page.set_viewport_size(SMALL)
        page.goto(f"{page.url.partition('?')[0]}?lang={language}")
        page.screenshot(path=artefacts / f"console-{name}.{language}.390.png", full_page=True)
        page.set_viewport_size(WIDE)
        page.screenshot(path=artefacts / f"console-{name}.{language}.1280.png", full_page=True)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        found = Axe().run(page, options=RULES).response["violations"]
        assert [(one["id"], node["html"][:160]) for one in found for node in one["nodes"]] == []
        page.set_viewport_size(NARROW)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, (name, language)
    page.set_viewport_size(WIDE)
    page.goto(f"{page.url.partition('?')[0]}?lang=en")


def test_officers_review_cases_side_by_side(
    new_phone: Callable[..., Any],
    console: str,
    code: Callable[..., str],
    cases: Cases,
    artefacts: Path,
    places: Any,
) -> None:
    case = cases.refer("ho-sau-lan", waited=timedelta(days=4))
    cases.refer("kwok-lai-king")
    page = new_phone(viewport=WIDE).page
    page.goto(f"{console}/console/login?lang=en")
    _look(page, "login", artefacts)
    page.goto(f"{console}/console/enrol")
    _look(page, "enrol", artefacts)
    _enrol(page, console, code("KWOK, Kwun"))
    expect(page.locator("#office")).to_have_text("Registration officer")
    page.goto(f"{console}/console/queue")
    _look(page, "queue", artefacts)
    page.set_viewport_size(SMALL)
    expect(page.locator(f"#open-{case}")).to_be_in_viewport(ratio=1)
    page.set_viewport_size(WIDE)
    page.click(f"#open-{case}")
    page.wait_for_selector("#take-form")
    _look(page, "take", artefacts)
    page.select_option("#take-reason", "review_of_registration")
    page.click("#take")
    page.wait_for_selector("#vote-form")
    for name in ("card", "portrait", "selfie"):
        loaded = page.locator(f".picture-{name} img").evaluate("one => one.naturalWidth > 0")
        assert loaded, name
    _look(page, "case", artefacts)
    page.check("#accept")
    page.select_option("#why", "same_person")
    page.select_option("#vote-reason", "review_of_registration")
    _age_passkey(places)
    page.click("#vote")
    expect(page.locator("#carried")).to_be_visible()
    _picture(page, "step-up-carrying", artefacts)
    page.click("#use-passkey")
    expect(page.locator("#done")).to_contain_text("Another officer")
    second = VirtualOfficer(console)
    second.enrol(code("SUI, Ling"))
    waiting = second.queue()
    assert case in waiting.values()
    reference = next(one for one, found in waiting.items() if found == case)
    assert second.decide(reference, accept=False, why="not_the_same_person") == "second-needed"
    senior = new_phone(viewport=WIDE).page
    _enrol(senior, console, code("KO, Kap"))
    _look(senior, "today", artefacts)
    senior.goto(f"{console}/console/cases/{case}")
    senior.select_option("#take-reason", "review_of_registration")
    senior.click("#take")
    expect(senior.locator("#decide")).to_contain_text("Two officers disagree")
    senior.check("#refuse")
    senior.select_option("#why", "not_the_same_person")
    senior.select_option("#vote-reason", "review_of_registration")
    senior.click("#vote")
    expect(senior.locator("#done")).to_contain_text("Decided")
    with _house(cases.places) as house:
        assert house.registration.view(case).step is RegistrationStep.REFUSED
        assert house.evidence.names(case) == ()


def test_records_audit_and_officers(
    new_phone: Callable[..., Any], console: str, code: Callable[..., str], artefacts: Path
) -> None:
    page = new_phone(viewport=WIDE).page
    _enrol(page, console, code("WAN, Kwok", "senior_officer"))
    page.goto(f"{console}/console/records")
    _look(page, "record-find", artefacts)
    page.select_option("#find-reason", "resident_called")
    page.fill("#number", PERSONAS["cheung-sam"].hkic_number.reveal())
    page.click("#find")
    page.wait_for_selector("#masked-number")
    expect(page.locator("#masked-number")).to_have_text("Q000***(*)")
    expect(page.locator("#accesses")).to_contain_text("You called or wrote to us")
    _look(page, "record", artefacts)
    auditor = new_phone(viewport=WIDE).page
    _enrol(auditor, console, code("YU, Hat"))
    auditor.goto(f"{console}/console/audit?lang=en")
    auditor.fill("#name", "officers:access")
    auditor.click("#search")
    expect(auditor.locator("#records")).to_contain_text("officers:access:made")
    auditor.screenshot(path=artefacts / "console-audit-found.en.1280.png", full_page=True)
    auditor.goto(f"{console}/console/audit")
    _look(auditor, "audit", artefacts)
    auditor.goto(f"{console}/console/officers")
    _look(auditor, "officers", artefacts)
    operator = new_phone(viewport=WIDE).page
    _enrol(operator, console, code("TSO, Chok"))
    operator.goto(f"{console}/console/stations")
    _look(operator, "stations-unserved", artefacts)


def test_the_keyboard_alone_takes_and_decides_a_case(
    new_phone: Callable[..., Any], console: str, code: Callable[..., str], cases: Cases
) -> None:
    case = cases.refer("ho-sau-lan")
    page = new_phone(viewport=WIDE).page
    _enrol(page, console, code("LAW, Chi", "registration_officer"))
    page.goto(f"{console}/console/cases/{case}")
    page.locator("#take-reason").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#take")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_selector("#vote-form")
    page.locator("#accept").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#refuse")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.locator("#why")).to_be_focused()
    page.locator("#why").select_option("evidence_unusable")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#vote")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#done")).to_be_visible()


def test_a_residents_passkey_gets_a_plain_answer(
    new_phone: Callable[..., Any],
    console: str,
    activate: Callable[..., None],
    person: str,
) -> None:
    """On localhost both share a domain, so the browser offers it."""
    phone = new_phone()
    activate(phone, person)
    phone.page.goto(f"{console}/console/login?lang=en")
    phone.page.click("#use-passkey")
    expect(phone.page.locator("#problem")).to_contain_text("belongs to no officer")

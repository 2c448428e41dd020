"""Notices as they are configured and put together: sections, carriers, letters, rounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hkeid.enrolment.registration import (
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationStep,
)
from hkeid.kernel.errors import ConfigurationError, Unavailable
from hkeid.kernel.secret import Secret
from hkeid.ports.notices import Channel, Notice
from hkeid_server import housekeeping
from hkeid_server.config import read_config
from hkeid_server.config.notices import NoticesSection, check_notices
from hkeid_server.house import House
from hkeid_server.housekeeping import Housekeeper
from hkeid_server.wiring.notices import make_dispatcher, open_carriers
from hkeid_server.wiring.telling import DecisionLetters
from hkeid_server.wiring.upkeep import (
    end_registrations,
    make_keys,
    notice_rounds,
    purge_store,
    upgrade_store,
    upgrade_vault,
)

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
MAIL = {"mail_host": "mail.example.hk", "mail_sender": "eid@example.hk"}


def push_key() -> str:
    private = ec.generate_private_key(ec.SECP256R1())
    kind = serialization.PrivateFormat.PKCS8
    return private.private_bytes(
        serialization.Encoding.PEM, kind, serialization.NoEncryption()
    ).decode()


# --- the section ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "key"),
    [
        (NoticesSection(mail_host="mail.example.hk"), "mail_sender"),
        (NoticesSection(push_key=Secret("k")), "push_contact"),
        (NoticesSection(push_key=Secret("k"), push_contact="http://x"), "push_contact"),
        (NoticesSection(sms_url="https://sms.example.hk"), "sms_token"),
        (NoticesSection(every_seconds=-1), "every_seconds"),
        (NoticesSection(every_seconds=3601), "every_seconds"),
        (NoticesSection(kept_days=0), "kept_days"),
    ],
)
def test_what_cannot_be_meant_is_refused(section: NoticesSection, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_notices(section)
    assert caught.value.reason == "config_value_invalid"
    assert f"notices.{key}" in str(caught.value.detail)


def test_nothing_configured_is_fine() -> None:
    check_notices(NoticesSection())


def test_the_section_is_read_and_checked(tmp_path: Path) -> None:
    content = {"profile": "sandbox", "issuer": "http://localhost:8000"}
    config = read_config({**content, "notices": {"kept_days": 7}}, {}, tmp_path)
    assert config.notices.kept_days == 7
    with pytest.raises(ConfigurationError):
        read_config({**content, "notices": {"kept_days": 0}}, {}, tmp_path)


# --- carriers ------------------------------------------------------------------------------------


def test_in_a_sandbox_the_inbox_takes_what_nobody_else_does(make_house: Any) -> None:
    house = make_house()
    assert house.notices.channels == {Channel.INBOX, Channel.EMAIL, Channel.SMS}
    assert house.notices.carrier(Channel.EMAIL) is house.notices.inbox
    assert house.notices.push_key is None
    with pytest.raises(Unavailable) as caught:
        house.notices.carrier(Channel.WEB_PUSH)
    assert caught.value.reason == "notice_channel_missing"


def test_each_channel_has_its_carrier(make_house: Any) -> None:
    more = {
        "push_key": push_key(),
        "push_contact": "mailto:help@example.hk",
        "sms_url": "https://sms.example.hk/send",
        "sms_token": "a-token",
    }
    parts = make_house(notices={**MAIL, **more}).notices
    kinds = {one: type(parts.carrier(one)).__name__ for one in parts.channels}
    assert kinds == {
        Channel.EMAIL: "MailNotifier",
        Channel.WEB_PUSH: "WebPushNotifier",
        Channel.SMS: "SmsGateway",
        Channel.INBOX: "DevelopmentInbox",
    }
    assert len(parts.push_key) == 87


def test_a_push_key_that_is_none(make_house: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_house(notices={"push_key": "nonsense", "push_contact": "mailto:a@example.hk"})
    assert "notices.push_key" in str(caught.value.detail)


def test_production_has_no_inbox(make_house: Callable[..., House]) -> None:
    from hkeid.op.settings import Profile

    house = make_house(notices=MAIL)
    config = replace(house.config, profile=Profile.PRODUCTION)
    carriers, inbox = open_carriers(config, house.clock, house.random)
    assert inbox is None
    assert {one for carrier in carriers for one in carrier.channels} == {Channel.EMAIL}


# --- letters about decisions ---------------------------------------------------------------------


class Carrier:
    channels = frozenset({Channel.EMAIL})

    def __init__(self, failure: Exception | None = None) -> None:
        self.sent: list[Notice] = []
        self.failure = failure

    def send(self, notice: Notice) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append(notice)


def record(step: RegistrationStep, **more: Any) -> RegistrationRecord:
    values = {
        "id": "r1",
        "reference": "R7F3-K9Q2",
        "purpose": RegistrationPurpose.NEW,
        "step": step,
        "browser": b"b",
        "language": "zh-Hans",
        "statement": "2026-11",
        "created_at": NOW,
        "updated_at": NOW,
        "expires_at": NOW + timedelta(days=1),
    }
    return RegistrationRecord(**{**values, **more})


def told(carrier: Carrier, journal: Any, decided: RegistrationRecord, **more: Any) -> list[Notice]:
    letters = DecisionLetters((carrier,), journal, page="https://eid.example.hk/register/step")
    letters.decided(decided, **{"accepted": True, "contact": "a@mail.example.hk", **more})
    return carrier.sent


@pytest.fixture
def journal(make_house: Any) -> Any:
    return make_house().journal


@pytest.mark.parametrize(
    ("decided", "about"),
    [
        (record(RegistrationStep.BIND), "case_decided"),
        (record(RegistrationStep.REFUSED, reason="officer_refused"), "case_decided"),
        (record(RegistrationStep.GUARDIAN, findings=b'{"age":"minor"}'), "case_decided"),
        (record(RegistrationStep.BIND, findings=b'{"age":"minor"}'), "guardian_decided"),
        (record(RegistrationStep.REFUSED, reason="guardian_refused"), "guardian_decided"),
    ],
)
def test_one_letter_in_the_applicants_language(
    journal: Any, decided: RegistrationRecord, about: str
) -> None:
    (letter,) = told(Carrier(), journal, decided)
    assert letter.about == about
    assert letter.language == "zh-Hans"
    assert letter.address == "a@mail.example.hk"
    assert letter.link == "https://eid.example.hk/register/step"
    assert decided.reference not in letter.title + letter.body


def test_letters_that_are_not_written(journal: Any) -> None:
    assert told(Carrier(), journal, record(RegistrationStep.EXPIRED)) == []
    assert told(Carrier(), journal, record(RegistrationStep.BIND), contact=None) == []
    nobody = DecisionLetters((), journal, page="")
    nobody.decided(record(RegistrationStep.BIND), accepted=True, contact="a@mail.example.hk")


@pytest.mark.parametrize("failure", [Unavailable("notice_not_sent"), RuntimeError("full")])
def test_a_letter_that_fails_is_logged_only(journal: Any, log: Any, failure: Exception) -> None:
    assert told(Carrier(failure), journal, record(RegistrationStep.BIND)) == []
    assert "enrolment:applicant:told" in log.getvalue()
    assert "a@mail.example.hk" not in log.getvalue()


def test_an_unknown_language_is_the_default_one(journal: Any) -> None:
    (letter,) = told(Carrier(), journal, record(RegistrationStep.BIND, language="xx"))
    assert letter.language == "zh-Hant-HK"


# --- rounds --------------------------------------------------------------------------------------


def test_rounds_send_what_is_due(make_house: Any, clock: Any) -> None:
    from hkeid_server.sandbox import seed_sandbox

    house = make_house()
    seed_sandbox(house)
    send = notice_rounds(house.config, house.store, house.keys, clock, house.random, house.journal)
    assert send() > 0
    assert send() == 0
    assert purge_store(house.config, house.store, clock) == 0
    clock.wait(days=91)
    assert purge_store(house.config, house.store, clock) > 0


def test_ending_registrations_has_the_letters(make_house: Any, clock: Any) -> None:
    house = make_house()
    count = end_registrations(house.config, house.store, house.keys, clock, house.journal)
    assert count == 0


@pytest.mark.parametrize(
    ("minutes", "seconds", "expected"),
    [
        (10, 15, {"hkeid-housekeeping": 600, "hkeid-notices": 15, "hkeid-retirements": 15}),
        (0, 15, {"hkeid-notices": 15}),
        (10, 0, {"hkeid-housekeeping": 600, "hkeid-retirements": 15}),
        (0, 0, {}),
    ],
)
def test_notices_go_out_whoever_keeps_house(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
    seconds: int,
    expected: dict[str, int],
) -> None:
    content = {
        "profile": "sandbox",
        "issuer": "http://localhost:8000",
        "admin": {"housekeeping_minutes": minutes},
        "notices": {"every_seconds": seconds},
        "store": {"url": "sqlite:///hkeid.sqlite"},
        "vault": {"url": "sqlite:///vault.sqlite"},
    }
    config = read_config(content, {}, tmp_path)
    make_keys(config)
    upgrade_store(config)
    upgrade_vault(config)
    begun: dict[str, int] = {}

    def every(pause: int, work: Callable[[], None], *, name: str) -> None:
        begun[name] = pause
        work()

    monkeypatch.setattr(housekeeping, "_every", every)
    monkeypatch.setattr(housekeeping, "hear_libraries", lambda *_, **__: None)
    housekeeping.start_regular_work(config)
    # Relying parties are told of logouts in any case.
    assert begun == {**expected, "hkeid-logouts-again": 10}


def test_what_keeps_a_notice_back_is_logged_without_its_address(
    make_house: Any, clock: Any, log: Any
) -> None:
    from hkeid_server.sandbox import seed_sandbox

    house = make_house()
    seed_sandbox(house)

    class Broken:
        channels = frozenset({Channel.INBOX})

        def send(self, notice: Notice) -> None:
            raise ValueError(f"no such address: {notice.address}")

    parts = replace(house.notices, notifiers=(Broken(),))
    assert make_dispatcher(house.config, parts, house.store, clock, house.journal).round().later > 0
    line = log.events("enrolment:notice:failed")[0]
    assert (line["kind"], line["channel"], line["level"]) == ("ValueError", "inbox", "warning")
    assert "no such address" not in log.getvalue()


class Checkpointer:
    def make(self) -> None:
        return None


def test_housekeeping_goes_on_after_a_failure(journal: Any, log: Any) -> None:
    done: list[str] = []

    def fails() -> int:
        raise Unavailable("store_unavailable")

    def crashes() -> int:
        raise RuntimeError("a bug")

    def works() -> int:
        done.append("works")
        return 1

    more = {"enrolment:a:failed": fails, "enrolment:b:crashed": crashes, "enrolment:c:done": works}
    Housekeeper(Checkpointer(), lambda: 0, journal, more).round()  # type: ignore[arg-type]
    assert done == ["works"]
    assert "store_unavailable" in log.getvalue()
    assert "enrolment:b:crashed" in log.getvalue()
    assert log.events("enrolment:c:done")

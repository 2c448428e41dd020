"""What is due is told once it happened, to addresses that were proved, as often as it takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.broker.errors import StepUpRequired
from hkeid.enrolment.notices import (
    MESSAGES,
    Contacts,
    Dispatcher,
    DispatchSettings,
    NoticeOutcome,
    message,
)
from hkeid.enrolment.notices.addresses import parse_subscription
from hkeid.enrolment.standing import Actor
from hkeid.identity import parse_email
from hkeid.identity.language import Language
from hkeid.kernel import base64url
from hkeid.kernel.errors import Expired, MalformedInput, Refused, TooManyAttempts, Unavailable
from hkeid.ports.notices import Channel, Notice
from hkeid.residents.sealing import PersonalFields

LINK = "https://id.example.hk/account"
MAIL = "tai.man@example.hk"


def subscription(name: str = "one") -> str:
    keys = {"p256dh": base64url.encode(b"\x04" + bytes(64)), "auth": base64url.encode(bytes(16))}
    return json.dumps({"endpoint": f"https://push.example.net/{name}", "keys": keys})


@dataclass
class Post:
    """A notifier that remembers, and fails when told to."""

    channels: frozenset[Channel] = frozenset({Channel.EMAIL, Channel.WEB_PUSH, Channel.SMS})
    sent: list[Notice] = field(default_factory=list)
    failure: Exception | None = None
    failing: frozenset[Channel] = frozenset(Channel)

    def send(self, notice: Notice) -> None:
        if self.failure is not None and notice.channel in self.failing:
            raise self.failure
        self.sent.append(notice)

    def abouts(self) -> list[str]:
        return [one.about for one in self.sent]


@pytest.fixture
def contacts(hub: Any) -> Contacts:
    return Contacts(hub.store, hub.fields, hub.keys, hub.clock, hub.random)


@pytest.fixture
def post() -> Post:
    return Post()


class Failures(list[tuple[str, Channel | None]]):
    """Types of errors with the channels that they came from."""

    def __call__(self, error: Exception, *, channel: Channel | None) -> None:
        self.append((type(error).__name__, channel))


@pytest.fixture
def failures() -> Failures:
    return Failures()


@pytest.fixture
def dispatcher(hub: Any, contacts: Contacts, post: Post, failures: Failures) -> Dispatcher:
    settings = DispatchSettings(link=LINK)
    return Dispatcher(hub.store, contacts, [post], hub.clock, settings, failed=failures)


@pytest.fixture
def view(hub: Any, phone: Any) -> Any:
    return hub.activate(phone).view


def with_mail(contacts: Contacts, view: Any, address: str = MAIL) -> None:
    proof = contacts.start_email(view, address)
    assert contacts.finish_email(view, proof.code.reveal()) == address


def outcomes(hub: Any, view: Any) -> list[tuple[str, NoticeOutcome | None]]:
    found = hub.look("notices", "of_resident", view.authentication.resident_id)
    return [(one.about, one.outcome) for one in found]


def test_every_change_of_an_eid_leaves_a_notice(hub: Any, view: Any) -> None:
    resident_id = view.authentication.resident_id
    hub.standing.suspend(resident_id, by=Actor.OPERATOR, reason="a_reason")
    hub.standing.resume(resident_id, by=Actor.OPERATOR, reason="a_reason")
    assert {about for about, _ in outcomes(hub, view)} == {
        "eid_activated",
        "eid_suspended",
        "eid_resumed",
    }
    assert hub.events("enrolment:notice:due") == ["enrolment:notice:due"] * 3


def test_who_left_no_address_is_not_told(hub: Any, view: Any, dispatcher: Dispatcher) -> None:
    assert dispatcher.round().nobody == 1
    assert outcomes(hub, view) == [("eid_activated", NoticeOutcome.NOBODY)]
    assert dispatcher.round().nobody == 0


def test_a_notice_goes_to_every_address(
    hub: Any, view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    with_mail(contacts, view)
    contacts.add_browser(view, subscription())
    contacts.set_phone(view, "+852 9123 4567")
    contacts.choose_language(view, Language.ENGLISH)
    assert dispatcher.round().told == 4
    activated = [one for one in post.sent if one.about == "eid_activated"]
    assert {(one.channel, one.address) for one in activated} == {
        (Channel.EMAIL, MAIL),
        (Channel.WEB_PUSH, parse_subscription(subscription())),
        (Channel.SMS, "+85291234567"),
    }
    assert {one.title for one in activated} == {"Your eID is active"}
    assert {one.link for one in post.sent} == {LINK}
    assert dispatcher.round().told == 0


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [(MalformedInput("url_malformed"), "told"), (ValueError("no point of the curve"), "later")],
)
def test_one_address_that_breaks_a_notifier_silences_nobody_else(
    hub: Any,
    view: Any,
    contacts: Contacts,
    dispatcher: Dispatcher,
    post: Post,
    failures: Failures,
    failure: Exception,
    outcome: str,
) -> None:
    """Whatever is raised over one resident's browser, the other channels and residents are told."""
    with_mail(contacts, view)
    contacts.add_browser(view, subscription())
    post.failure, post.failing = failure, frozenset({Channel.WEB_PUSH})
    round_ = dispatcher.round()
    assert getattr(round_, outcome) == 3
    assert sorted(post.abouts()) == ["contact_changed", "contact_changed", "eid_activated"]
    assert set(failures) == ({("ValueError", Channel.WEB_PUSH)} if outcome == "later" else set())


def test_contacts_that_cannot_be_read_silence_nobody_else(
    hub: Any,
    view: Any,
    contacts: Contacts,
    dispatcher: Dispatcher,
    post: Post,
    failures: Failures,
) -> None:
    with_mail(contacts, view)
    broken = [True]
    readable = contacts.for_notice

    def for_notice(resident_id: str, about: str) -> Any:
        if broken:
            broken.pop()
            raise Refused("contact_unreadable")
        return readable(resident_id, about)

    contacts.for_notice = for_notice  # type: ignore[method-assign]
    assert (dispatcher.round().told, len(post.sent)) == (1, 1)
    assert failures == [("Refused", None)]


def test_notices_are_in_traditional_chinese_until_chosen(
    view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    with_mail(contacts, view)
    dispatcher.round()
    assert {one.language for one in post.sent} == {"zh-Hant-HK"}


def test_a_channel_that_fails_is_tried_again_and_the_others_are_not(
    hub: Any, view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    with_mail(contacts, view)
    contacts.set_phone(view, "+85291234567")
    dispatcher.round()
    post.sent.clear()
    hub.standing.suspend(view.authentication.resident_id, by=Actor.OPERATOR, reason="a_reason")
    post.failure, post.failing = Unavailable("notice_not_sent"), frozenset({Channel.SMS})
    assert dispatcher.round().later == 1
    assert [one.channel for one in post.sent] == [Channel.EMAIL]
    assert dispatcher.round().later == 0
    hub.clock.pass_(minutes=2)
    post.failure = None
    assert dispatcher.round().told == 1
    assert [one.channel for one in post.sent] == [Channel.EMAIL, Channel.SMS]


def test_at_last_it_gives_up(
    hub: Any, view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    with_mail(contacts, view)
    post.failure = Unavailable("notice_not_sent")
    rounds = [dispatcher.round()]
    while rounds[-1].later:
        hub.clock.pass_(hours=25)
        rounds.append(dispatcher.round())
    assert len(rounds) == 6
    assert rounds[-1].gave_up == 2
    bodies = hub.bodies("enrolment:notice:done")
    assert [(body["outcome"], body["channels"]) for body in bodies] == [("gave_up", [])] * 2


def test_who_dies_over_a_notice_leaves_it_to_the_next(
    hub: Any, view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    with_mail(contacts, view)

    class Died(BaseException):
        pass

    post.failure = Died()  # type: ignore[assignment]
    with pytest.raises(Died):
        dispatcher.round()
    post.failure = None
    told = dispatcher.round().told
    hub.clock.pass_(minutes=6)
    assert told + dispatcher.round().told == 2


def test_a_browser_that_is_gone_is_forgotten(
    view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    contacts.add_browser(view, subscription("one"))
    contacts.add_browser(view, subscription("two"))
    post.failure = Refused("notice_address_refused")
    dispatcher.round()
    assert contacts.of_resident(view.authentication.resident_id) == ()


def test_the_address_before_is_told_of_the_change(
    view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    with_mail(contacts, view)
    dispatcher.round()
    post.sent.clear()
    with_mail(contacts, view, "thief@example.org")
    dispatcher.round()
    assert {one.address for one in post.sent} == {MAIL, "thief@example.org"}
    post.sent.clear()
    contacts.set_phone(view, "+85291234567")
    dispatcher.round()
    assert {one.address for one in post.sent} == {"thief@example.org", "+85291234567"}


def test_who_was_erased_is_told_nothing(
    hub: Any, view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    with_mail(contacts, view)
    hub.fields.erase(hub.store, view.authentication.resident_id, hub.clock.now())
    assert dispatcher.round().nobody == 2
    assert post.sent == []


# --- proving an address --------------------------------------------------------------------------


def test_no_address_is_kept_until_the_code_comes_back(view: Any, contacts: Contacts) -> None:
    proof = contacts.start_email(view, MAIL)
    assert contacts.of_resident(view.authentication.resident_id) == ()
    with pytest.raises(Refused) as error:
        contacts.finish_email(view, "000000" if proof.code.reveal() != "000000" else "000001")
    assert error.value.reason == "email_code_wrong"
    contacts.finish_email(view, f" {proof.code.reveal()[:3]} {proof.code.reveal()[3:]} ")
    assert [one.address for one in contacts.of_resident(view.authentication.resident_id)] == [MAIL]


def test_a_code_serves_once(view: Any, contacts: Contacts) -> None:
    proof = contacts.start_email(view, MAIL)
    contacts.finish_email(view, proof.code.reveal())
    with pytest.raises(Expired) as error:
        contacts.finish_email(view, proof.code.reveal())
    assert error.value.reason == "email_code_expired"


def test_a_new_code_ends_the_one_before(view: Any, contacts: Contacts) -> None:
    first = contacts.start_email(view, MAIL).code.reveal()
    second = contacts.start_email(view, MAIL).code.reveal()
    if first != second:
        with pytest.raises(Refused):
            contacts.finish_email(view, first)
    assert contacts.finish_email(view, second) == MAIL


def test_a_code_is_guessed_a_few_times_only(view: Any, contacts: Contacts) -> None:
    code = contacts.start_email(view, MAIL).code.reveal()
    wrong = [f"{number:06}" for number in range(6) if f"{number:06}" != code][:5]
    for guess in wrong:
        with pytest.raises(Refused):
            contacts.finish_email(view, guess)
    with pytest.raises(TooManyAttempts) as error:
        contacts.finish_email(view, code)
    assert error.value.reason == "email_code_attempts"


def test_codes_are_sent_a_few_times_a_day_only(view: Any, contacts: Contacts) -> None:
    for _ in range(Contacts.codes_per_day):
        contacts.start_email(view, MAIL)
    with pytest.raises(TooManyAttempts) as error:
        contacts.start_email(view, MAIL)
    assert error.value.reason == "email_codes_exhausted"


def test_a_code_expires(hub: Any, view: Any, contacts: Contacts) -> None:
    code = contacts.start_email(view, MAIL).code.reveal()
    hub.clock.pass_(minutes=16)
    with pytest.raises(Expired):
        contacts.finish_email(view, code)


def test_a_change_needs_a_fresh_login(hub: Any, view: Any, contacts: Contacts) -> None:
    hub.clock.pass_(minutes=6)
    for change in (
        lambda: contacts.start_email(view, MAIL),
        lambda: contacts.set_phone(view, "+85291234567"),
        lambda: contacts.remove(view, Channel.EMAIL),
    ):
        with pytest.raises(StepUpRequired):
            change()


def test_another_resident_cannot_use_the_code(hub: Any, view: Any, contacts: Contacts) -> None:
    from hkeid.testing.authenticator import SoftwareAuthenticator

    other = hub.activate(SoftwareAuthenticator()).view
    code = contacts.start_email(view, MAIL).code.reveal()
    with pytest.raises(Refused):
        contacts.finish_email(other, code)
    assert contacts.finish_email(view, code) == MAIL


def test_a_channel_can_be_left(view: Any, contacts: Contacts) -> None:
    with_mail(contacts, view)
    contacts.remove(view, Channel.EMAIL)
    assert contacts.of_resident(view.authentication.resident_id) == ()


def test_no_address_stands_in_the_store_in_the_clear(
    hub: Any, view: Any, contacts: Contacts
) -> None:
    contacts.start_email(view, MAIL)
    with_mail(contacts, view)
    kept = hub.look("sealed_fields", "all", view.authentication.resident_id)
    everything = repr(kept) + repr(hub.memory._transaction.single_use._records.values())
    assert MAIL not in everything
    assert isinstance(hub.fields, PersonalFields)


# --- parsing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["a@b.hk", "first.last+tag@mail.Example.COM", " x@y.org "])
def test_addresses_that_mail_can_go_to(text: str) -> None:
    assert parse_email(text).count("@") == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a@b",
        "a b@c.hk",
        "a@b..hk",
        "a@b.hk\nBcc: c@d.hk",
        '"a"@b.hk',
        "a@b.hk,c@d.hk",
        "<a@b.hk>",
    ],
)
def test_texts_that_are_no_address(text: str) -> None:
    with pytest.raises(MalformedInput) as error:
        parse_email(text)
    assert error.value.reason == "email_malformed"


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = parse_email(text)
    except MalformedInput:
        return
    assert parse_email(address) == address
    assert "\n" not in address


@given(st.one_of(st.text(max_size=200), st.binary(max_size=100).map(lambda b: b.decode("latin-1"))))
def test_any_text_is_a_subscription_or_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_subscription(text)


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.example.net/x"},
        {"endpoint": "https://name@push.example.net/x"},
        {"endpoint": 5},
        {"keys": {"p256dh": "AA", "auth": "AA"}},
        {"keys": None},
    ],
)
def test_subscriptions_that_are_none(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput) as error:
        parse_subscription(json.dumps({**json.loads(subscription()), **change}))
    assert error.value.reason == "push_subscription_malformed"


# --- words ---------------------------------------------------------------------------------------


def test_every_notice_has_words_in_three_scripts() -> None:
    for about, texts in MESSAGES.items():
        assert set(texts) == set(Language), about
        assert len({one.title + one.body for one in texts.values()}) == 3, about


def test_what_has_no_words_is_told_in_general_ones() -> None:
    assert message("something_new", Language.ENGLISH).title == "Something changed in your eID"


def test_all_that_enrolment_tells_has_words_of_its_own() -> None:
    import re
    from pathlib import Path

    import hkeid.enrolment

    folder = Path(hkeid.enrolment.__file__).parent
    told = set()
    for file in folder.rglob("*.py"):
        told |= set(re.findall(r'tell\(\s*tx,\s*[\w.]+,\s*"(\w+)"', file.read_text("utf-8")))
    assert told
    assert told <= set(MESSAGES)


def test_the_pauses_grow() -> None:
    pauses = DispatchSettings(link=LINK).pauses
    assert list(pauses) == sorted(pauses)
    assert pauses[0] >= timedelta(minutes=1)

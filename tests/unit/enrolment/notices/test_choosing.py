"""Residents choose which notices come; warnings always do, and turning something off is one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hkeid.broker.errors import StepUpRequired
from hkeid.enrolment.errors import EnrolmentRefused
from hkeid.enrolment.notices import (
    CHOSEN_BY,
    MESSAGES,
    OPTIONAL,
    Contacts,
    Dispatcher,
    DispatchSettings,
    NoticeChoices,
    Topic,
    tell_as_chosen,
    topic_of,
)
from hkeid.enrolment.notices.changing import CHANGES_A_DAY
from hkeid.enrolment.notices.stopping import WORTH_STOPPING
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import Refused, TooManyAttempts
from hkeid.ports.notices import Channel
from hkeid.profile.eme.fields import EME_FIELDS

from .test_notices import LINK, Post, with_mail

BY_MAIL = {topic: (topic, Channel.EMAIL) for topic in OPTIONAL}
WANTED_AT_FIRST = {"record_seen", "profile_given_up", "profile_added.alias"}
UNWANTED_AT_FIRST = {"data_disclosed", "form_sent"}


@pytest.fixture
def choices(hub: Any) -> NoticeChoices:
    return NoticeChoices(hub.store, hub.clock, hub.random)


@pytest.fixture
def contacts(hub: Any) -> Contacts:
    return Contacts(hub.store, hub.fields, hub.keys, hub.clock, hub.random)


@pytest.fixture
def view(hub: Any, phone: Any) -> Any:
    return hub.activate(phone).view


def told(hub: Any, view: Any, about: str) -> bool:
    resident_id = view.authentication.resident_id
    with hub.store.transaction() as tx:
        return tell_as_chosen(tx, resident_id, about, now=hub.clock.now(), random=hub.random)


def abouts(hub: Any, view: Any) -> list[str]:
    return [
        one.about for one in hub.look("notices", "of_resident", view.authentication.resident_id)
    ]


def test_every_message_has_a_topic_and_warnings_are_none_to_choose() -> None:
    optional = {about for about in MESSAGES if topic_of(about) is not Topic.SECURITY}
    changes = {
        f"profile_{what}.{name}" for what in ("added", "changed", "removed") for name in EME_FIELDS
    }
    assert optional == {
        *changes, "profile_given_up", "record_seen", "data_disclosed", "form_sent",
    }  # fmt: skip
    assert not optional & WORTH_STOPPING
    assert topic_of("what nobody has sorted yet") is Topic.SECURITY
    assert Topic.SECURITY not in OPTIONAL
    assert set(OPTIONAL) | {Topic.SECURITY} == set(Topic)


@pytest.mark.parametrize("about", sorted(WANTED_AT_FIRST | UNWANTED_AT_FIRST))
def test_what_is_told_at_first(hub: Any, view: Any, about: str) -> None:
    assert told(hub, view, about) is (about in WANTED_AT_FIRST)
    assert (about in abouts(hub, view)) is (about in WANTED_AT_FIRST)


def test_a_choice_holds_both_ways(hub: Any, view: Any, choices: NoticeChoices) -> None:
    off = {(Topic.ACCESS, channel): False for channel in CHOSEN_BY}
    on = {BY_MAIL[Topic.DISCLOSURE]: True}
    assert choices.choose(view, {**off, **on}) == (Topic.ACCESS, Topic.DISCLOSURE)
    assert not told(hub, view, "record_seen")
    assert told(hub, view, "data_disclosed")
    assert told(hub, view, "device_added"), "a warning was turned off"
    kept = choices.of_resident(view.authentication.resident_id)
    assert not any(kept[Topic.ACCESS, channel] for channel in CHOSEN_BY)
    assert [one for one in CHOSEN_BY if kept[Topic.DISCLOSURE, one]] == [Channel.EMAIL]
    assert choices.choose(view, off) == (), "nothing changed"


def test_less_is_told_and_recorded_and_more_is_not(
    hub: Any, view: Any, choices: NoticeChoices
) -> None:
    choices.choose(view, {BY_MAIL[Topic.FORM]: True})
    assert "notice_choices_changed" not in abouts(hub, view)
    choices.choose(view, {BY_MAIL[Topic.PROFILE]: False})
    assert abouts(hub, view).count("notice_choices_changed") == 1
    assert topic_of("notice_choices_changed") is Topic.SECURITY
    with hub.store.transaction() as tx:
        bodies = [
            canonical_json.loads_object(record.body)["choices"]
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
            if record.name == "enrolment:notice-choices:changed"
        ]
    assert bodies == [["form.email.on"], ["profile.email.off"]]


def test_channels_are_chosen_one_by_one(hub: Any, view: Any, choices: NoticeChoices) -> None:
    """Looked at when it is sent: what is turned off while it waits does not come."""
    contacts, post = Contacts(hub.store, hub.fields, hub.keys, hub.clock, hub.random), Post()
    with_mail(contacts, view)
    contacts.set_phone(view, "+85291234567")
    dispatcher = Dispatcher(hub.store, contacts, [post], hub.clock, DispatchSettings(link=LINK))
    dispatcher.round()
    post.sent.clear()
    told(hub, view, "record_seen")
    choices.choose(view, {(Topic.ACCESS, Channel.SMS): False})
    dispatcher.round()
    by_about = {(one.about, one.channel) for one in post.sent}
    assert ("record_seen", Channel.EMAIL) in by_about
    assert ("record_seen", Channel.SMS) not in by_about
    assert {channel for about, channel in by_about if about == "notice_choices_changed"} == {
        Channel.EMAIL,
        Channel.SMS,
    }


@pytest.mark.parametrize("key", [(Topic.SECURITY, Channel.EMAIL), (Topic.ACCESS, Channel.INBOX)])
def test_what_is_not_to_be_chosen(view: Any, choices: NoticeChoices, key: Any) -> None:
    with pytest.raises(Refused, match="notice_not_optional"):
        choices.choose(view, {key: False})


def test_a_choice_wants_a_recent_login_of_a_verified_person(
    hub: Any, view: Any, choices: NoticeChoices
) -> None:
    unverified = replace(view, authentication=replace(view.authentication, amr=("hwk",)))
    with pytest.raises(StepUpRequired, match="authentication_too_old"):
        choices.choose(unverified, {BY_MAIL[Topic.ACCESS]: False})
    hub.clock.pass_(minutes=31)
    with pytest.raises(StepUpRequired, match="authentication_too_old"):
        choices.choose(view, {BY_MAIL[Topic.ACCESS]: False})
    assert told(hub, view, "record_seen")


def test_while_an_eid_cools_nothing_is_turned_off(
    hub: Any, view: Any, choices: NoticeChoices
) -> None:
    resident_id = view.authentication.resident_id
    with hub.store.transaction() as tx:
        resident = tx.residents.get(resident_id)
        until = hub.clock.now() + timedelta(days=3)
        assert tx.residents.change(resident, replace(resident, cooling_until=until))
    with pytest.raises(EnrolmentRefused, match="eid_cooling"):
        choices.choose(view, {BY_MAIL[Topic.ACCESS]: False})


def test_there_are_so_many_changes_a_day(view: Any, choices: NoticeChoices) -> None:
    for number in range(CHANGES_A_DAY):
        choices.choose(view, {BY_MAIL[Topic.FORM]: number % 2 == 0})
    with pytest.raises(TooManyAttempts, match="contact_changes_exhausted"):
        choices.choose(view, {BY_MAIL[Topic.ACCESS]: False})


def test_an_erasure_forgets_the_choices(hub: Any, view: Any, choices: NoticeChoices) -> None:
    resident_id = view.authentication.resident_id
    choices.choose(view, {BY_MAIL[Topic.FORM]: True})
    hub.fields.erase(hub.store, resident_id, hub.clock.now())
    with hub.store.transaction() as tx:
        assert tx.notice_choices.of_resident(resident_id) == {}

"""Whoever takes over a login, or a browser that is logged in, silences nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hkeid.broker.errors import StepUpRequired
from hkeid.enrolment.errors import EnrolmentRefused
from hkeid.enrolment.notices import (
    MOST_BROWSERS,
    Contacts,
    ContactsFull,
    Dispatcher,
    DispatchSettings,
)
from hkeid.enrolment.notices.addresses import parse_subscription
from hkeid.enrolment.notices.changing import CHANGES_A_DAY
from hkeid.enrolment.notices.former import (
    MOST_FORMER,
    FormerAddress,
    former_of,
    kept_former,
    with_former,
)
from hkeid.kernel import base64url
from hkeid.kernel.errors import TooManyAttempts, Unavailable
from hkeid.ports.notices import Channel, Notice

OWNER, THIEF = "+85290000001", "+85266666666"


def subscription(name: str) -> str:
    keys = {"p256dh": base64url.encode(b"\x04" + bytes(64)), "auth": base64url.encode(bytes(16))}
    return json.dumps({"endpoint": f"https://push.example.net/{name}", "keys": keys})


def address(name: str) -> str:
    return parse_subscription(subscription(name))


@dataclass
class Post:
    """A notifier that remembers."""

    channels: frozenset[Channel] = frozenset({Channel.EMAIL, Channel.WEB_PUSH, Channel.SMS})
    sent: list[Notice] = field(default_factory=list)
    silent: frozenset[Channel] = frozenset()

    def send(self, notice: Notice) -> None:
        if notice.channel in self.silent:
            raise Unavailable("notice_not_sent")
        self.sent.append(notice)

    def to(self, channel: Channel) -> set[str]:
        return {one.address for one in self.sent if one.channel is channel}


@pytest.fixture
def contacts(hub: Any) -> Contacts:
    return Contacts(hub.store, hub.fields, hub.keys, hub.clock, hub.random)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def dispatcher(hub: Any, contacts: Contacts, post: Post) -> Dispatcher:
    settings = DispatchSettings(link="https://id.example.hk/account")
    return Dispatcher(hub.store, contacts, [post], hub.clock, settings)


@pytest.fixture
def view(hub: Any, phone: Any) -> Any:
    return hub.activate(phone).view


@pytest.fixture
def again(hub: Any, view: Any) -> Callable[..., Any]:
    """The session after the passkey was used again."""

    def make(**changed: Any) -> Any:
        at = {"authenticated_at": hub.clock.now(), **changed}
        return replace(view, authentication=replace(view.authentication, **at))

    return make


CHANGES: dict[str, Callable[[Contacts, Any], object]] = {
    "a browser more": lambda contacts, view: contacts.add_browser(view, subscription("thief")),
    "a browser less": lambda contacts, view: contacts.remove_browser(view, "0" * 24),
    "another number": lambda contacts, view: contacts.set_phone(view, THIEF),
    "another e-mail": lambda contacts, view: contacts.start_email(view, "thief@example.org"),
    "no more": lambda contacts, view: contacts.remove(view, Channel.WEB_PUSH),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_needs_the_passkey_now(
    hub: Any, view: Any, contacts: Contacts, again: Any, change: str
) -> None:
    contacts.add_browser(view, subscription("owner"))
    before = contacts.of_resident(view.authentication.resident_id)
    hub.clock.pass_(minutes=6)
    with pytest.raises(StepUpRequired):
        CHANGES[change](contacts, view)
    with pytest.raises(StepUpRequired):
        CHANGES[change](contacts, again(amr=("hwk", "pop")))  # nobody was verified
    assert contacts.of_resident(view.authentication.resident_id) == before
    CHANGES[change](contacts, again())


def test_a_full_list_makes_no_room_by_itself(view: Any, contacts: Contacts) -> None:
    resident_id = view.authentication.resident_id
    for number in range(MOST_BROWSERS):
        contacts.add_browser(view, subscription(f"owner{number}"))
    before = contacts.of_resident(resident_id)
    with pytest.raises(ContactsFull) as error:
        contacts.add_browser(view, subscription("thief"))
    assert error.value.reason == "contact_browsers_full"
    assert contacts.of_resident(resident_id) == before
    contacts.add_browser(view, subscription("owner0"))  # is there already
    assert contacts.of_resident(resident_id) == before
    first = contacts.browsers_of(resident_id)[0]
    assert first.service == "push.example.net"
    contacts.remove_browser(view, first.reference)
    contacts.add_browser(view, subscription("new"))
    kept = [one.address for one in contacts.of_resident(resident_id)]
    assert kept == [*(address(f"owner{number}") for number in range(1, 5)), address("new")]


def test_a_browsers_reference_is_good_for_one_resident_only(
    hub: Any, view: Any, contacts: Contacts
) -> None:
    from hkeid.testing.authenticator import SoftwareAuthenticator

    other = hub.activate(SoftwareAuthenticator()).view
    contacts.add_browser(view, subscription("same"))
    contacts.add_browser(other, subscription("same"))
    mine, theirs = (
        contacts.browsers_of(one.authentication.resident_id)[0].reference for one in (view, other)
    )
    assert mine != theirs
    contacts.remove_browser(view, theirs)
    contacts.remove_browser(view, "\udc80")
    assert len(contacts.browsers_of(view.authentication.resident_id)) == 1


@pytest.mark.parametrize("new", [THIEF, None])
def test_the_number_before_is_told(
    view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post, new: str | None
) -> None:
    contacts.set_phone(view, OWNER)
    dispatcher.round()
    post.sent.clear()
    if new is None:
        contacts.remove(view, Channel.SMS)
    else:
        contacts.set_phone(view, new)
    dispatcher.round()
    assert post.to(Channel.SMS) == {OWNER} | ({new} if new else set())
    assert {one.about for one in post.sent} == {"contact_changed"}
    post.sent.clear()
    contacts.add_browser(view, subscription("later"))
    dispatcher.round()
    assert OWNER not in post.to(Channel.SMS), "it is told once"


def test_every_browser_before_is_told(
    view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    for name in ("one", "two", "three"):
        contacts.add_browser(view, subscription(name))
    dispatcher.round()
    post.sent.clear()
    contacts.remove(view, Channel.WEB_PUSH)
    contacts.add_browser(view, subscription("thief"))
    dispatcher.round()
    assert post.to(Channel.WEB_PUSH) == {address(n) for n in ("one", "two", "three", "thief")}


def test_a_new_browser_is_told_to_those_that_are_there(
    view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    contacts.set_phone(view, OWNER)
    contacts.add_browser(view, subscription("owner"))
    dispatcher.round()
    post.sent.clear()
    contacts.add_browser(view, subscription("thief"))
    dispatcher.round()
    assert post.to(Channel.WEB_PUSH) == {address("owner"), address("thief")}
    assert post.to(Channel.SMS) == {OWNER}


def sent(dispatcher: Dispatcher) -> None:
    while dispatcher.round().told:
        pass


def many_browsers(contacts: Contacts, fresh: Callable[[], Any], then: Callable[[], object]) -> None:
    """One browser after the other is added, and removed."""
    for turn in range(60):
        contacts.add_browser(fresh(), subscription(f"junk{turn}"))
        one = contacts.browsers_of(fresh().authentication.resident_id)[-1]
        contacts.remove_browser(fresh(), one.reference)
        then()


@pytest.mark.parametrize("notices_go_out", [False, True])
def test_changes_one_after_the_other_silence_nobody(
    view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post, *, notices_go_out: bool
) -> None:
    """Nobody is pushed out, and nobody is left out: sooner a change is refused."""
    contacts.set_phone(view, OWNER)
    contacts.add_browser(view, subscription("owner"))
    sent(dispatcher)
    post.sent.clear()
    with pytest.raises(TooManyAttempts) as refused:
        many_browsers(contacts, lambda: view, lambda: notices_go_out and sent(dispatcher))
    assert refused.value.reason == "contact_changes_exhausted"
    assert 0 < (refused.value.retry_after or 0) <= 24 * 3600
    before = contacts.of_resident(view.authentication.resident_id)
    for change in (
        lambda: contacts.set_phone(view, THIEF),
        lambda: contacts.remove(view, Channel.WEB_PUSH),
        lambda: contacts.remove(view, Channel.SMS),
    ):
        with pytest.raises(TooManyAttempts):
            change()
    assert contacts.of_resident(view.authentication.resident_id) == before
    sent(dispatcher)
    assert OWNER in post.to(Channel.SMS)
    assert address("owner") in post.to(Channel.WEB_PUSH)


def test_while_too_many_wait_to_be_told_none_is_left(
    hub: Any, contacts: Contacts, again: Any, dispatcher: Dispatcher, post: Post
) -> None:
    """Days of changes while nothing goes out, and the owner's addresses at the end."""
    contacts.set_phone(again(), OWNER)
    contacts.add_browser(again(), subscription("owner"))
    sent(dispatcher)
    post.sent.clear()
    with pytest.raises(TooManyAttempts) as refused:
        many_browsers(contacts, again, lambda: hub.clock.pass_(hours=3))
    assert refused.value.reason == "contact_former_full"
    for change in (
        lambda: contacts.set_phone(again(), THIEF),
        lambda: contacts.remove(again(), Channel.WEB_PUSH),
    ):
        with pytest.raises(TooManyAttempts, match="contact_former_full"):
            change()
    sent(dispatcher)
    contacts.set_phone(again(), THIEF)  # those that waited were told
    contacts.remove(again(), Channel.WEB_PUSH)
    post.sent.clear()
    sent(dispatcher)
    assert OWNER in post.to(Channel.SMS)
    assert address("owner") in post.to(Channel.WEB_PUSH)


def test_the_day_after_addresses_can_be_changed_again(
    hub: Any, contacts: Contacts, again: Any, dispatcher: Dispatcher
) -> None:
    for number in range(CHANGES_A_DAY):
        contacts.set_phone(again(), f"+8526{number:07}")
        sent(dispatcher)
    contacts.set_phone(again(), f"+8526{CHANGES_A_DAY - 1:07}")  # changes nothing
    with pytest.raises(TooManyAttempts, match="contact_changes_exhausted"):
        contacts.set_phone(again(), OWNER)
    hub.clock.pass_(hours=24)
    contacts.set_phone(again(), OWNER)


def test_what_was_left_after_a_notice_waits_for_its_own(
    hub: Any, view: Any, contacts: Contacts, dispatcher: Dispatcher, post: Post
) -> None:
    """A notice that is done late forgets only what it was about."""
    contacts.set_phone(view, OWNER)
    dispatcher.round()
    post.silent = frozenset({Channel.SMS})
    contacts.add_browser(view, subscription("owner"))
    dispatcher.round()
    post.sent.clear()
    hub.clock.pass_(minutes=2)
    contacts.set_phone(view, THIEF)
    (early,) = [
        one
        for one in contacts.lately(view.authentication.resident_id)
        if one.done_at is None and one.attempts == 1
    ]
    contacts.forget_former(view.authentication.resident_id, until=early.due_at)
    post.silent = frozenset()
    dispatcher.round()
    assert OWNER in post.to(Channel.SMS)


def test_a_change_that_changes_nothing_is_not_told(hub: Any, view: Any, contacts: Contacts) -> None:
    contacts.set_phone(view, OWNER)
    before = len(contacts.lately(view.authentication.resident_id))
    contacts.set_phone(view, " +852 9000 0001 ")
    contacts.remove(view, Channel.EMAIL)
    assert len(contacts.lately(view.authentication.resident_id)) == before


# --- what is kept of addresses that were left ------------------------------------------------------


def test_the_address_that_an_earlier_release_kept_is_read() -> None:
    (one,) = former_of("tai.man@example.hk")
    assert (one.channel, one.address) == (Channel.EMAIL, "tai.man@example.hk")


@pytest.mark.parametrize("kept", ["[", "[1]", '[["pigeon", "x", 1]]', '[["sms", "x"]]'])
def test_what_nobody_wrote_is_refused(kept: str) -> None:
    with pytest.raises(EnrolmentRefused, match="contact_unreadable"):
        former_of(kept)


ADDRESSES = st.builds(
    FormerAddress,
    channel=st.sampled_from([Channel.EMAIL, Channel.SMS, Channel.WEB_PUSH]),
    address=st.text(min_size=1, max_size=20),
    left_at=st.integers(0, 2**53),
)


@given(st.lists(ADDRESSES, max_size=30), st.lists(ADDRESSES, max_size=30))
def test_all_stay_or_none_is_left(first: list[FormerAddress], then: list[FormerAddress]) -> None:
    names = {(one.channel, one.address) for one in (*first, *then)}
    try:
        former = with_former((), first)
        more = with_former(former, then)
    except TooManyAttempts as error:
        assert error.reason == "contact_former_full"
        assert len(names) > MOST_FORMER
        return
    assert former_of(kept_former(former)) == former
    assert {(one.channel, one.address) for one in more} == names
    assert len(names) <= MOST_FORMER

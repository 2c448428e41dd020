"""Two changes of one resident's addresses at the same moment, on every store: no address is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hkeid.enrolment.notices import MOST_BROWSERS, Contacts
from hkeid.enrolment.notices.changing import CHANGES_A_DAY
from hkeid.enrolment.notices.former import former_of
from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError
from hkeid.ports.notices import Channel
from hkeid.testing.store_contract.crowd import Crowd

OWNER = "+85290000001"
TURNS = 12


def subscription(name: str) -> str:
    keys = {"p256dh": base64url.encode(b"\x04" + bytes(64)), "auth": base64url.encode(bytes(16))}
    return json.dumps({"endpoint": f"https://push.example.net/{name}", "keys": keys})


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def hub(request: pytest.FixtureRequest) -> Any:
    if request.param == "postgresql":
        return request.getfixturevalue("hub_on_postgresql")
    return request.getfixturevalue("make_hub_of")(request.param)


@pytest.fixture
def contacts(hub: Any) -> Contacts:
    return Contacts(hub.store, hub.fields, hub.keys, hub.clock, hub.random)


@pytest.fixture
def next_day(hub: Any, phone: Any) -> Callable[[], Any]:
    """The resident's session a day later, after the passkey was used again."""
    view = hub.activate(phone).view

    def make() -> Any:
        hub.clock.pass_(hours=24)
        return replace(
            view, authentication=replace(view.authentication, authenticated_at=hub.clock.now())
        )

    return make


def former(hub: Any, resident_id: str) -> set[Channel]:
    with hub.store.transaction() as tx:
        kept = hub.fields.read(tx, resident_id, ("contact_former",)).get("contact_former", "")
    return {one.channel for one in former_of(kept)}


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Reasons of those that were refused."""

    def outcome(number: int) -> str:
        try:
            acts[number]()
        except HkeidError as error:
            return error.reason
        return ""

    with Crowd[str](len(acts)) as crowd:
        return [reason for reason in crowd.at_once(outcome) if reason]


def test_two_addresses_left_at_once_are_both_told(
    hub: Any, contacts: Contacts, next_day: Any
) -> None:
    for _ in range(TURNS):
        view = next_day()
        resident_id = view.authentication.resident_id
        contacts.set_phone(view, OWNER)
        contacts.add_browser(view, subscription("owner"))
        contacts.forget_former(resident_id, until=hub.clock.now())
        refused = at_once(
            lambda view=view: contacts.remove(view, Channel.SMS),
            lambda view=view: contacts.remove(view, Channel.WEB_PUSH),
        )
        assert refused == []
        assert former(hub, resident_id) == {Channel.SMS, Channel.WEB_PUSH}


def test_forgetting_those_that_were_told_forgets_no_other(
    hub: Any, contacts: Contacts, next_day: Any
) -> None:
    for _ in range(TURNS):
        view = next_day()
        resident_id = view.authentication.resident_id
        contacts.set_phone(view, OWNER)
        contacts.add_browser(view, subscription("owner"))
        contacts.remove(view, Channel.WEB_PUSH)
        told = hub.clock.now()
        hub.clock.pass_(seconds=1)
        refused = at_once(
            lambda view=view: contacts.remove(view, Channel.SMS),
            lambda name=resident_id, told=told: contacts.forget_former(name, until=told),
        )
        assert refused == []
        assert former(hub, resident_id) == {Channel.SMS}
        contacts.forget_former(resident_id, until=hub.clock.now())


def test_browsers_added_and_forgotten_at_once(hub: Any, contacts: Contacts, next_day: Any) -> None:
    for _ in range(TURNS):
        view = next_day()
        resident_id = view.authentication.resident_id
        contacts.add_browser(view, subscription("gone"))
        gone = contacts.of_resident(resident_id)[0].address
        refused = at_once(
            lambda name=resident_id, gone=gone: contacts.forget_browser(name, gone),
            *(
                lambda view=view, name=name: contacts.add_browser(view, subscription(name))
                for name in ("one", "two", "three", "four")
            ),
        )
        assert refused == []
        assert len(contacts.browsers_of(resident_id)) == MOST_BROWSERS - 1
        contacts.remove(view, Channel.WEB_PUSH)
        contacts.forget_former(resident_id, until=hub.clock.now())


def test_of_changes_at_once_no_more_are_made_than_on_a_day(
    hub: Any, contacts: Contacts, next_day: Any
) -> None:
    view = next_day()
    for number in range(CHANGES_A_DAY - 2):
        contacts.set_phone(view, f"+8526{number:07}")
    refused = at_once(
        *(
            lambda number=number: contacts.set_phone(view, f"+8525{number:07}")
            for number in range(8)
        )
    )
    assert refused == ["contact_changes_exhausted"] * 6

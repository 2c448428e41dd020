"""A link in a letter freezes the eID it is about, once, within a week."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.enrolment.notices import Contacts, Dispatcher, DispatchSettings, StopLinks
from hkeid.enrolment.notices.stopping import WORTH_STOPPING
from hkeid.enrolment.notices.texts import MESSAGES
from hkeid.kernel.errors import AlreadyUsed, Expired, NotFound
from hkeid.ports.notices import Channel, Notice

PAGE = "https://id.example.hk/stop"


@pytest.fixture
def links(hub: Any) -> StopLinks:
    return StopLinks(hub.store, hub.clock, hub.random, page=PAGE)


def token_of(link: str) -> str:
    assert link.startswith(f"{PAGE}?token=")
    return link.partition("=")[2]


def test_a_link_names_its_resident_once(links: StopLinks) -> None:
    token = token_of(links.issue("somebody"))
    links.look(token)
    links.look(token)
    assert links.use(token) == "somebody"
    for again in (links.look, links.use):
        with pytest.raises(AlreadyUsed) as error:
            again(token)
        assert error.value.reason == "stop_link_used"


def test_a_link_lasts_a_week(hub: Any, links: StopLinks) -> None:
    token = token_of(links.issue("somebody"))
    hub.clock.pass_(days=7)
    for late in (links.look, links.use):
        with pytest.raises(Expired) as error:
            late(token)
        assert error.value.reason == "stop_link_expired"


@pytest.mark.parametrize("token", ["", "x", "ü", "\ud800"])
def test_a_link_that_nobody_sent(links: StopLinks, token: str) -> None:
    for call in (links.look, links.use):
        with pytest.raises(NotFound) as error:
            call(token)
        assert error.value.reason == "stop_link_unknown"


def test_letters_carry_it_and_telephones_do_not(hub: Any, phone: Any, links: StopLinks) -> None:
    view = hub.activate(phone).view
    contacts = Contacts(hub.store, hub.fields, hub.keys, hub.clock, hub.random)
    sent: list[Notice] = []

    class Post:
        channels = frozenset({Channel.EMAIL, Channel.SMS})

        def send(self, notice: Notice) -> None:
            sent.append(notice)

    proof = contacts.start_email(view, "a@example.hk")
    contacts.finish_email(view, proof.code.reveal())
    contacts.set_phone(view, "+85291234567")
    settings = DispatchSettings(link="https://id.example.hk/account")
    Dispatcher(hub.store, contacts, [Post()], hub.clock, settings, stop_links=links).round()
    links_of = {(one.channel, one.about): one.link or "" for one in sent}
    assert links.use(token_of(links_of[Channel.EMAIL, "eid_activated"])) == (
        view.authentication.resident_id
    )
    assert links_of[Channel.SMS, "eid_activated"] == settings.link


def test_only_notices_that_exist_can_be_stopped() -> None:
    assert set(MESSAGES) >= WORTH_STOPPING

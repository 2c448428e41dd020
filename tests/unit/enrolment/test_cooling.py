"""For some time after a recovery an eID gives little, and nothing is added to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hkeid.enrolment.new_phone import NewPhone
from hkeid.enrolment.notices import Contacts
from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import HkeidError
from hkeid.testing.authenticator import SoftwareAuthenticator


def reason(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args, **kwargs)
    return caught.value.reason


@pytest.fixture
def cooling(hub: Any, phone: Any) -> Any:
    """A session of a resident whose eID cools for two days."""
    view = hub.activate(phone).view
    with hub.store.transaction() as tx:
        resident = tx.residents.get(view.authentication.resident_id)
        until = hub.clock.now() + timedelta(days=2)
        assert tx.residents.change(resident, replace(resident, cooling_until=until))
    return hub.login(phone)


def test_the_lowest_rung_until_it_is_over(hub: Any, phone: Any, cooling: Any) -> None:
    assert cooling.view.authentication.acr is Acr.EID
    hub.clock.pass_(days=1, hours=23)
    assert hub.login(phone).view.authentication.acr is Acr.EID
    hub.clock.pass_(hours=1)
    assert hub.login(phone).view.authentication.acr is Acr.EID_BOUND


def test_no_device_and_no_address_is_added(hub: Any, phone: Any, cooling: Any) -> None:
    common = (hub.store, hub.policy, hub.fields, hub.broker)
    new_phone = NewPhone(*common, hub.keys, hub.clock, hub.random)
    contacts = Contacts(hub.store, hub.fields, hub.keys, hub.clock, hub.random)
    spare = SoftwareAuthenticator(synced=True)
    assert reason(hub.add_device, cooling, spare) == "eid_cooling"
    assert reason(new_phone.offer, cooling.view) == "eid_cooling"
    assert reason(contacts.set_phone, cooling.view, "+85291234567") == "eid_cooling"
    hub.clock.pass_(days=2)
    session = hub.login(phone)
    contacts.set_phone(session.view, "+85291234567")
    hub.add_device(session, spare)


def test_freezing_and_leaving_go_on(hub: Any, cooling: Any) -> None:
    hub.standing.freeze(cooling.view)
    assert hub.current(cooling) is None

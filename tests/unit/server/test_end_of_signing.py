"""Whose eID ends signs no more, and the authority's list says so."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509
from tests.unit.server.signing_town import ORIGIN, Town, sign, sign_page
from werkzeug.test import Client

from hkeid.enrolment.standing import Actor
from hkeid_server.housekeeping import make_housekeeper


@pytest.fixture
def person(town, make_person) -> Any:
    return make_person(town.front)


def revoked(town: Town) -> list[str]:
    """Serial numbers and reasons in the list that everybody may fetch."""
    answer = Client(town.front).get("/pki/issuing.crl", base_url=ORIGIN)
    content = answer.get_data()
    answer.close()
    listed = x509.load_der_x509_crl(content)
    return [
        f"{one.serial_number:x} {one.extensions.get_extension_for_class(x509.CRLReason).value.reason.value}"
        for one in listed
    ]


def resident_of(town: Town, person: Any) -> str:
    cookie = person.cookie(town.house.pages.cookies.session)
    session = town.house.broker.current(cookie, town.house.clock.now())
    return str(session.authentication.resident_id)


def keep_house(town: Town) -> None:
    house = town.house
    make_housekeeper(house.config, house.store, house.keys, house.clock, house.journal).round()


def test_a_revoked_eid_signs_no_more_and_the_list_says_so(town, person) -> None:
    town.resident(person, "chan-tai-man")
    assert 'data-kind="signed"' in sign(person, town.ask().url).text
    open_page = sign_page(person, town.ask().url)
    assert 'id="sign-now"' in open_page.text
    owner = resident_of(town, person)
    keep_house(town)
    assert revoked(town) == []

    town.house.standing.revoke(owner, by=Actor.OPERATOR, reason="court_order")
    person.ceremony()
    assert 'data-kind="signed"' not in person.page.text
    with town.house.store.transaction() as tx:
        (key,) = tx.signing_keys.of_resident(owner)
        assert len(tx.made_signatures.of_resident(owner)) == 1
    assert key.state.value == "retired"

    keep_house(town)
    serial = x509.load_der_x509_certificate(key.certificates[0]).serial_number
    assert revoked(town) == [f"{serial:x} privilegeWithdrawn"]
    with town.house.store.transaction() as tx:
        gone = tx.signing_keys.get(key.id)
    assert (gone.state.value, gone.handle) == ("revoked", b"")


def test_without_an_authority_the_key_waits(town, person) -> None:
    town.resident(person, "chan-tai-man")
    sign(person, town.ask().url)
    owner = resident_of(town, person)
    town.house.standing.revoke(owner, by=Actor.OPERATOR, reason="court_order")
    folder = town.house.config.path(town.house.config.certificates.folder)
    aside = folder.rename(folder.with_name("aside"))
    keep_house(town)
    (refused,) = [
        one
        for one in town.log.events("server:request:refused")
        if one["where"] == "signing:keys:revoked"
    ]
    assert refused["reason"] == "key_directory_missing"
    aside.rename(folder)
    keep_house(town)
    with town.house.store.transaction() as tx:
        (key,) = tx.signing_keys.of_resident(owner)
    assert key.state.value == "revoked"

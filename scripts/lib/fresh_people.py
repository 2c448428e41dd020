"""Applicants in any number, each with an activation ticket, for torture and load."""

from __future__ import annotations

from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber, check_character_of
from hkeid.identity.names import PersonName
from hkeid.identity.person import Person, Sex
from hkeid.testing.installation import Installation
from hkeid_server.config import load_config
from hkeid_server.wiring import build_house


def person(number: int) -> Person:
    """A person who does not exist: the number begins with a prefix that no card has."""
    hkic = f"QX{number:06}"
    return Person(
        name=PersonName(english=f"CHAN, Number {number}"),
        hkic_number=HkicNumber.parse(f"{hkic}({check_character_of(hkic)})"),
        birth_date=BirthDate.parse("1990-01-01"),
        sex=Sex.FEMALE,
    )


def applicants(installation: Installation, count: int) -> list[str]:
    """Activation codes of so many new applicants."""
    house = build_house(load_config(installation.configuration))
    codes = []
    for number in range(count):
        resident_id = house.activation.register_applicant(person(500_000 + number))
        codes.append(house.activation.issue_ticket(resident_id).reveal())
    house.store.close()
    return codes

"""The holder: what DG1, DG2 and DG11 say together."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hkeid.chip.lds.holder import read_holder
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.names import PersonName
from hkeid.identity.person import Person, Sex
from hkeid.testing.card_issuer import groups
from hkeid.testing.der import tlv
from hkeid.testing.personas import PERSONAS

NOW = datetime(2026, 11, 28, tzinfo=UTC)
CHAN = PERSONAS["chan-tai-man"].person


def card(person: Person = CHAN, **changes: bytes) -> dict[str, bytes]:
    zone = groups.zone_td1(person, state="UTO", number="SP0000001", expires=date(2036, 1, 1))
    return {
        "DG1": groups.dg1(zone),
        "DG2": groups.dg2(groups.face_record(b"\xff\xd8\xff\xe0")),
        "DG11": groups.dg11(person),
    } | changes


def read(files: dict[str, bytes], verified: set[str] | None = None):
    holder, findings = read_holder(
        files, verified=frozenset(files if verified is None else verified), at=NOW
    )
    return holder, [one.code.value for one in findings]


@pytest.mark.parametrize("key", list(PERSONAS))
def test_every_persona_comes_out_as_they_went_in(key: str) -> None:
    person = PERSONAS[key].person
    holder, codes = read(card(person))
    assert codes == []
    assert holder is not None
    assert holder.person.name.english == person.name.english
    assert holder.person.name.chinese == person.name.chinese
    assert holder.person.hkic_number == person.hkic_number
    assert holder.person.birth_date == person.birth_date
    assert holder.person.sex == person.sex
    assert holder.portrait == b"\xff\xd8\xff\xe0"
    assert holder.portrait_type == "image/jpeg"
    assert repr(holder) == "ChipHolder(…)"


def test_without_dg11_the_zone_speaks() -> None:
    files = card()
    del files["DG11"]
    holder, codes = read(files)
    assert codes == []
    assert holder is not None
    assert holder.person.name.english == "CHAN, TAI MAN"
    assert holder.person.hkic_number is None
    assert holder.person.birth_date == BirthDate(year=1985, month=4, day=12)
    assert holder.born == date(1985, 4, 12)


def test_groups_that_were_not_verified_are_not_looked_at() -> None:
    holder, codes = read(card(DG11=b"rubbish", DG2=b"rubbish"), {"DG1"})
    assert codes == []
    assert holder is not None
    assert holder.portrait is None
    assert read(card(), {"DG2", "DG11"})[0] is None


def test_a_zone_that_was_never_there() -> None:
    files = card()
    del files["DG1"]
    assert read(files) == (None, ["dg1_missing"])


def test_partial_birth_dates_stay_partial() -> None:
    person = Person(
        name=PersonName(english="YIP, Nin"), birth_date=BirthDate(year=1944), sex=Sex.FEMALE
    )
    holder, codes = read(card(person))
    assert codes == []
    assert holder is not None
    assert holder.person.birth_date == BirthDate(year=1944)
    assert holder.born is None


def test_another_persons_details() -> None:
    other = PERSONAS["lee-sze"].person
    _, codes = read(card(DG11=groups.dg11(other)))
    assert codes == ["dg11_name_different", "dg11_malformed"]


def test_a_name_longer_than_the_zone_is_no_difference() -> None:
    person = Person(
        name=PersonName(english="BARTHOLOMEW-FEATHERSTONE, Alexandrina Wilhelmina"),
        birth_date=BirthDate(year=1990, month=1, day=1),
    )
    assert read(card(person))[1] == []


def test_a_personal_number_of_another_kind_is_none_of_ours() -> None:
    details = tlv(0x6B, tlv(0x5C, b"\x5f\x10"), tlv(0x5F10, b"12345678901"))
    holder, codes = read(card(DG11=details))
    assert codes == []
    assert holder is not None
    assert holder.person.hkic_number is None


def test_a_sex_that_is_not_said() -> None:
    person = Person(name=PersonName(english="WONG, Ng"), birth_date=CHAN.birth_date)
    holder, _ = read(card(person))
    assert holder is not None
    assert holder.person.sex is None

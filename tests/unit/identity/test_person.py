"""A person's particulars and the sealed fields they become."""

from __future__ import annotations

import pytest

from hkeid.identity import BirthDate, HkicNumber, Person, PersonName, Sex
from hkeid.kernel.errors import MalformedInput
from hkeid.residents import FIELDS

WHOLE = Person(
    name=PersonName(
        english="CHAN, Tai Man",
        chinese="陳大文",
        chinese_simplified="陈大文",
        commercial_code=("7115", "1129", "2429"),
    ),
    hkic_number=HkicNumber.parse("A123456(3)"),
    birth_date=BirthDate.parse("1985-04"),
    sex=Sex.MALE,
)


def test_fields_there_and_back() -> None:
    fields = WHOLE.as_fields()
    assert Person.from_fields(fields) == WHOLE
    assert fields["hkic_number"] == "A123456(3)"
    assert fields["birth_date"] == "1985-04"


def test_every_field_is_declared() -> None:
    assert set(WHOLE.as_fields()) <= set(FIELDS)


def test_what_is_not_known_is_left_out() -> None:
    bare = Person(name=PersonName(english="CONTOHWATI"))
    assert bare.as_fields() == {"name_english": "CONTOHWATI"}
    assert Person.from_fields(bare.as_fields()) == bare


def test_a_person_has_a_name() -> None:
    with pytest.raises(MalformedInput) as refused:
        Person.from_fields({"sex": "F"})
    assert refused.value.reason == "person_without_name"


def test_sex() -> None:
    assert (Sex.parse("F").claim, Sex.parse("M").claim) == ("female", "male")
    for text in ("", "f", "X", "female"):
        with pytest.raises(MalformedInput) as refused:
            Sex.parse(text)
        assert refused.value.reason == "sex_malformed"


def test_it_does_not_print_itself() -> None:
    assert repr(WHOLE) == "Person(…)"

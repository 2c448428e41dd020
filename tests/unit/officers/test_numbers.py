"""One person is one officer: the own identity-card number, given at the entry or later."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import Refused
from hkeid.officers import Role

NUMBER, OTHER = HkicNumber.parse("A123456(3)"), HkicNumber.parse("C668668(9)")


def numbered(desk: Any) -> dict[str, bool]:
    return {one.id: one.numbered for one in desk.officers.staff.entries()}


def test_who_was_entered_without_gets_a_number(desk: Any) -> None:
    staff = desk.officers.staff
    officer = staff.add("KO, Kap", (Role.AUDITOR,))
    assert numbered(desk) == {officer.id: False}
    changed = staff.set_number(officer.id, NUMBER)
    assert changed.own_number
    assert numbered(desk) == {officer.id: True}
    with desk.store.transaction() as tx:
        assert tx.officers.get(officer.id) == changed
    with pytest.raises(Refused, match="own_number_taken"):
        staff.add("KO, Kap", (Role.SENIOR_OFFICER,), own_number=NUMBER)
    (event,) = desk.bodies("officers:officer:number-set")
    assert event["officer_id"] == officer.id
    assert event["before"] is False
    assert "123456" not in str(event)


def test_a_number_that_another_entry_has_is_refused(desk: Any) -> None:
    """Four eyes that were two: an entry of before, and one of the same person with a number."""
    staff = desk.officers.staff
    first = staff.add("KO, Kap", (Role.REGISTRATION_OFFICER,))
    staff.add("KO, Kap", (Role.SENIOR_OFFICER,), own_number=NUMBER)
    with pytest.raises(Refused, match="own_number_taken"):
        staff.set_number(first.id, NUMBER)
    assert numbered(desk)[first.id] is False
    assert desk.bodies("officers:officer:number-set") == []


def test_a_wrong_number_is_mended_and_the_same_changes_nothing(desk: Any) -> None:
    staff = desk.officers.staff
    officer = staff.add("KO, Kap", (Role.AUDITOR,), own_number=OTHER)
    again = staff.set_number(officer.id, OTHER)
    assert again.version == officer.version
    assert staff.set_number(officer.id, NUMBER).version == officer.version + 1
    assert [one["before"] for one in desk.bodies("officers:officer:number-set")] == [True]
    staff.add("LUI, Sze", (Role.AUDITOR,), own_number=OTHER)  # free again


def test_nobody_unknown_gets_a_number(desk: Any) -> None:
    with pytest.raises(Refused, match="officer_unknown"):
        desk.officers.staff.set_number("officer:nobody", NUMBER)

"""The fictional residents: enough of each kind, obviously nobody, and checked at load."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from hkeid.identity import Acr, AgeAnswer, EidState, HkicNumber, Precision
from hkeid.kernel.errors import ConfigurationError
from hkeid.testing.personas import (
    FICTIONAL_NUMBER,
    PERSONAS,
    Device,
    Persona,
    Residency,
    Role,
    read_personas,
)
from hkeid.testing.scripts import shipped

ALL = tuple(PERSONAS.values())
WRITTEN = date(2026, 11, 2)


def test_there_are_enough() -> None:
    assert len(ALL) >= 24
    assert all(key == persona.key for key, persona in PERSONAS.items())


def test_every_number_is_right_and_obviously_nobodys() -> None:
    for persona in ALL:
        assert FICTIONAL_NUMBER.fullmatch(persona.hkic_number.number)
        assert HkicNumber.parse(persona.hkic_number.reveal()) == persona.hkic_number
    assert len({persona.hkic_number for persona in ALL}) == len(ALL)


KINDS: dict[str, Callable[[Persona], bool]] = {
    "minor with guardian": lambda p: (
        p.guardian is not None and p.born.age_at_least(18, WRITTEN) is AgeAnswer.NO
    ),
    "upgraded": lambda p: p.state is EidState.UPGRADED,
    "attested key": lambda p: p.device is Device.SECURITY_KEY and p.proofed is Acr.EID_PLUS,
    "suspended": lambda p: p.state is EidState.SUSPENDED,
    "revoked": lambda p: p.state is EidState.REVOKED and not p.deceased,
    "deceased": lambda p: p.deceased,
    "applicant": lambda p: p.state is EidState.APPLICANT,
    "changed name": lambda p: bool(p.former_names),
    "no Chinese name": lambda p: p.name.chinese is None,
    "characters of HKSCS": lambda p: any(rare.hkscs for rare in p.name.rare),
    "characters beyond the BMP": lambda p: any(rare.supplementary for rare in p.name.rare),
    "private-use characters": lambda p: any(rare.private_use for rare in p.name.rare),
    "year of birth only": lambda p: p.born.precision is Precision.YEAR,
    "month of birth only": lambda p: p.born.precision is Precision.MONTH,
    "non-permanent resident": lambda p: p.residency is Residency.NON_PERMANENT,
    "overseas": lambda p: p.residency is Residency.OVERSEAS,
    "twins": lambda p: p.twin is not None and PERSONAS[p.twin].born == p.born,
    "officer": lambda p: p.role is Role.OFFICER,
    "auditor": lambda p: p.role is Role.AUDITOR,
    "without a smartphone": lambda p: not p.phone,
    "very long name": lambda p: len(p.name.english) > 100,
    "single name": lambda p: p.name.family_name is None,
    "two-letter number": lambda p: p.hkic_number.number[1].isalpha(),
    "reads simplified Chinese": lambda p: p.language == "zh-Hans",
    "to be registered on the phone": lambda p: not p.registered and p.phone and not p.deceased,
    "to be registered at the counter": lambda p: not p.registered and not p.phone,
    "minor to be registered": lambda p: not p.registered and p.guardian is not None,
    "deceased without an eID": lambda p: not p.registered and p.deceased,
    "card reported lost": lambda p: p.card.reported_lost,
    "register differs": lambda p: bool(p.differing),
    "reads English": lambda p: p.language == "en",
}


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_somebody_who_is(kind: str) -> None:
    assert any(KINDS[kind](persona) for persona in ALL)


def test_every_minor_has_a_guardian_who_is_of_age() -> None:
    for persona in ALL:
        if persona.born.age_at_least(18, WRITTEN) is AgeAnswer.NO:
            assert persona.guardian is not None
            guardian = PERSONAS[persona.guardian]
            assert guardian.born.age_at_least(18, WRITTEN) is AgeAnswer.YES


def test_nobody_holds_more_than_the_state_allows() -> None:
    for persona in ALL:
        assert (persona.device is Device.NONE) == (persona.state is EidState.REVOKED)


def _swap(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(entry: dict[str, Any]) -> None:
        *folders, last = path.split("/")
        for folder in folders:
            entry = entry[folder]
        if value is None:
            del entry[last]
        else:
            entry[last] = value

    return change


@pytest.mark.parametrize(
    "spoil",
    [
        _swap("hkic", "Q000101(2)"),
        _swap("hkic", "A123456(3)"),
        _swap("hkic", "Q000102(A)"),
        _swap("key", "cheung-sam"),
        _swap("key", None),
        _swap("born", "1985-02-30"),
        _swap("sex", "x"),
        _swap("state", "sleeping"),
        _swap("proofed", "eid-minus"),
        _swap("device", "abacus"),
        _swap("guardian", "nobody"),
        _swap("guardian", "chan-tai-man"),
        _swap("twin", "cheung-sam"),
        _swap("state", "upgraded"),
        _swap("story/zh-Hans", None),
        _swap("story/en", " "),
        _swap("story/fr", "x"),
        _swap("name/english", None),
        _swap("name/nickname", "x"),
        _swap("name/commercial_code", "12"),
        _swap("hobby", "x"),
        _swap("registered", False),
        _swap("card", {"colour": "x"}),
        _swap("card", {"first_registration": "2030-01"}),
        _swap("card", {"first_registration": "2003-13"}),
        _swap("card", {"access_number": "12345"}),
        _swap("differing", {"hkic_number": "x"}),
        _swap("portrait", "x"),
        _swap("language", "fr"),
    ],
)
def test_a_spoiled_file_does_not_load(spoil: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(shipped("personas.toml"))
    spoil(document["persona"][0])
    with pytest.raises(ConfigurationError) as refused:
        read_personas(document)
    assert refused.value.reason == "shipped_file_invalid"


def test_a_persona_shows_neither_number_nor_birth_date() -> None:
    persona = PERSONAS["chan-tai-man"]
    assert "000101" not in repr(persona)
    assert "1985" not in repr(persona)


def test_it_loads_without_heavy_packages() -> None:
    code = (
        "import sys, hkeid.testing.personas, hkeid.testing.services\n"
        "heavy = {'flask', 'sqlalchemy', 'fido2', 'authlib', 'requests', 'granian', 'alembic'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

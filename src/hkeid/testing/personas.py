"""The fictional residents that demo, tests and documentation share (S16).

They are read from ``personas.toml`` and checked when this module is imported: an identity-card
number with a wrong check character, an unknown state or a guardian who is nobody stops the import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from hkeid.identity.assurance import Acr
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.language import Language
from hkeid.identity.names import PersonName, parse_commercial_code
from hkeid.identity.person import Person, Sex
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.testing.scripts import only_keys, refuse, shipped, three_scripts

FICTIONAL_NUMBER = re.compile(r"(?:Q|QX)000[0-9]{3}")
"""How every persona's identity-card number begins: prefixes that no published list knows."""


class Device(StrEnum):
    """What a persona logs in with."""

    SYNCED_PHONE = "synced-phone"
    """A phone whose passkeys are copied to the maker's cloud (BE=1)."""
    PHONE = "phone"
    """A phone whose key stays in it (BE=0), unattested."""
    SECURITY_KEY = "security-key"
    """A hardware key with an attestation that verifies."""
    NONE = "none"


class Residency(StrEnum):
    """How a persona lives in Hong Kong. Not a claim: no back door tells it."""

    PERMANENT = "permanent"
    NON_PERMANENT = "non-permanent"
    OVERSEAS = "overseas"


class Role(StrEnum):
    """What a persona does beside being a resident."""

    RESIDENT = "resident"
    OFFICER = "officer"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaCard:
    """A fictional identity card, as its face and chip would be.

    :ivar first_registration: month of the first registration, ``2003-09``.
    :ivar symbols: the symbols printed below the birth date (``***AZ``).
    :ivar chip: whether the card has a chip that can be read.
    :ivar access_number: the six digits that open the chip (CAN).
    :ivar reported_lost: somebody else may hold it; the register knows.
    """

    issued: date
    first_registration: str
    symbols: str
    chip: bool
    access_number: str = field(repr=False)
    reported_lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """A fictional resident.

    :ivar key: short name for commands, files and addresses (``chan-tai-man``).
    :ivar story: what the persona is for, one sentence, by language tag.
    :ivar state: the eID's state once the story is told; ``applicant`` has still to activate.
    :ivar proofed: the rung of identity proofing.
    :ivar phone: whether the persona has a smartphone.
    :ivar language: the script that the persona reads.
    :ivar guardian: key of the guardian of a minor, or None.
    :ivar twin: key of the twin, or None.
    :ivar former_names: English names before a change, oldest first.
    :ivar registered: whether the sandbox enters the person beforehand; False: no eID at all yet.
    :ivar card: the identity card that the person holds.
    :ivar differing: what the register holds otherwise than the card, by field of the card.
    :ivar portrait: the freely usable picture that stands in for the face, or None: a drawn one.
    """

    key: str
    story: Mapping[str, str]
    person: Person
    state: EidState
    proofed: Acr
    device: Device
    phone: bool
    residency: Residency
    role: Role
    language: Language
    guardian: str | None
    twin: str | None
    former_names: tuple[str, ...]
    deceased: bool
    registered: bool
    card: PersonaCard
    differing: Mapping[str, str] = field(repr=False)
    portrait: str | None
    born: BirthDate = field(repr=False)
    hkic_number: HkicNumber = field(repr=False)

    @property
    def name(self) -> PersonName:
        """The name in all its forms."""
        return self.person.name

    @property
    def sex(self) -> Sex | None:
        """Sex as on the card."""
        return self.person.sex


_MEMBERS = frozenset(
    [
        "key",
        "story",
        "name",
        "hkic",
        "born",
        "sex",
        "state",
        "proofed",
        "device",
        "phone",
        "residency",
        "role",
        "language",
        "guardian",
        "twin",
        "former_names",
        "deceased",
        "registered",
        "card",
        "differing",
        "portrait",
    ]
)
_NAME_MEMBERS = frozenset({"english", "chinese", "simplified", "commercial_code"})
_CARD_MEMBERS = frozenset(
    {"issued", "first_registration", "symbols", "chip", "access_number", "reported_lost"}
)
_DIFFERING = frozenset({"name_english", "name_chinese", "birth_date", "sex"})
_PORTRAITS = frozenset({"astronaut", "grace_hopper"})
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_ACCESS_NUMBER = re.compile(r"[0-9]{6}")
_PROOFED = {"eid": Acr.EID, "eid-plus": Acr.EID_PLUS}


def _name(where: str, entry: Mapping[str, Any]) -> PersonName:
    only_keys(where, entry, _NAME_MEMBERS)
    code = entry.get("commercial_code")
    return PersonName(
        english=entry["english"],
        chinese=entry.get("chinese"),
        chinese_simplified=entry.get("simplified"),
        commercial_code=parse_commercial_code(code) if code else (),
    )


_FIRST_CHIP_CARDS = 2019
_AGE_OF_CHILDREN = 11
_OF_AGE = 18
_SYMBOLS = {Residency.PERMANENT: "AZ", Residency.NON_PERMANENT: "CO", Residency.OVERSEAS: "RO"}


def _card(
    where: str, entry: Mapping[str, Any], number: HkicNumber, born: BirthDate, residency: Residency
) -> PersonaCard:
    """The card of an entry; what it does not say follows from birth date and number."""
    said = entry.get("card", {})
    only_keys(where, said, _CARD_MEMBERS)
    year = born.year or 1950
    issued = said.get("issued", date(max(year + _AGE_OF_CHILDREN, _FIRST_CHIP_CARDS), 10, 8))
    stars = "" if residency is not Residency.PERMANENT else "*" * 3
    if stars and issued.year - year < _OF_AGE:
        stars = "*"
    card = PersonaCard(
        issued=issued,
        first_registration=said.get("first_registration", f"{year + _AGE_OF_CHILDREN:04}-10"),
        symbols=said.get("symbols", stars + _SYMBOLS[residency]),
        chip=said.get("chip", True),
        access_number=said.get("access_number", f"{int(number.number[-3:]) * 7919 % 10**6:06}"),
        reported_lost=said.get("reported_lost", False),
    )
    if _MONTH.fullmatch(card.first_registration) is None:
        raise refuse(where, "first registration is a month")
    if card.first_registration > card.issued.isoformat()[:7]:
        raise refuse(where, "the card was issued before the first registration")
    if _ACCESS_NUMBER.fullmatch(card.access_number) is None:
        raise refuse(where, "an access number has six digits")
    return card


def _portrait(where: str, name: str | None) -> str | None:
    if name is not None and name not in _PORTRAITS:
        raise refuse(where, f"no portrait called {name}")
    return name


def _persona(entry: Mapping[str, Any]) -> Persona:
    key = entry["key"]
    only_keys(key, entry, _MEMBERS)
    number = HkicNumber.parse(entry["hkic"])
    if FICTIONAL_NUMBER.fullmatch(number.number) is None:
        raise refuse(key, "the identity-card number could be somebody's")
    born = BirthDate.parse(entry["born"])
    device = Device(entry["device"])
    residency = Residency(entry.get("residency", "permanent"))
    differing = entry.get("differing", {})
    only_keys(key, differing, _DIFFERING)
    return Persona(
        key=key,
        story=three_scripts(key, entry["story"]),
        person=Person(
            name=_name(key, entry["name"]),
            hkic_number=number,
            birth_date=born,
            sex=Sex.parse(entry["sex"]),
        ),
        state=EidState(entry["state"]),
        proofed=_PROOFED[entry["proofed"]],
        device=device,
        phone=entry.get("phone", True),
        residency=residency,
        role=Role(entry.get("role", "resident")),
        language=Language.parse(entry.get("language", Language.TRADITIONAL)),
        guardian=entry.get("guardian"),
        twin=entry.get("twin"),
        former_names=tuple(entry.get("former_names", ())),
        deceased=entry.get("deceased", False),
        registered=entry.get("registered", True),
        card=_card(key, entry, number, born, residency),
        differing=MappingProxyType(dict(differing)),
        portrait=_portrait(key, entry.get("portrait")),
        born=born,
        hkic_number=number,
    )


def read_personas(document: Mapping[str, Any]) -> Mapping[str, Persona]:
    """Personas by key, in the order of the file.

    :param document: the parsed ``personas.toml``, or one like it.
    :raises hkeid.kernel.errors.ConfigurationError: reason ``shipped_file_invalid``.
    """
    personas: dict[str, Persona] = {}
    numbers: set[HkicNumber] = set()
    for entry in document["persona"]:
        where = str(entry.get("key", "a persona without key"))
        try:
            persona = _persona(entry)
        except (HkeidError, KeyError, ValueError) as error:
            raise refuse(where, f"{type(error).__name__} {error}") from None
        if persona.key in personas or persona.hkic_number in numbers:
            raise refuse(where, "key or number appears twice")
        personas[persona.key] = persona
        numbers.add(persona.hkic_number)
    _check_relations(personas)
    return MappingProxyType(personas)


def _check_relations(personas: Mapping[str, Persona]) -> None:
    for persona in personas.values():
        for relative in (persona.guardian, persona.twin):
            if relative is not None and (relative not in personas or relative == persona.key):
                raise refuse(persona.key, f"no relative called {relative}")
        if persona.twin is not None and personas[persona.twin].twin != persona.key:
            raise refuse(persona.key, "the twin knows nothing of it")
        if not persona.registered and persona.state is not EidState.APPLICANT:
            raise refuse(persona.key, "has an eID without being registered")
        if persona.state is EidState.UPGRADED and persona.proofed is not Acr.EID_PLUS:
            raise refuse(persona.key, "upgraded without proofing")


PERSONAS: Mapping[str, Persona] = read_personas(shipped("personas.toml"))
"""All personas by key."""

"""What a card prints, and in which form a reader should give it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from hkeid.identity.birth_date import BirthDate
from hkeid.identity.person import Sex
from hkeid.ports.documents import CardField
from hkeid.testing.personas import Persona, Residency


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CardFace:
    """The face of a card. Nothing is checked: tests print wrong cards too.

    :ivar first_registration: the month, ``2003-09``.
    :ivar number: with its check character, ``Q000101(1)``.
    :ivar permanent: whether the heading says that the holder is a permanent resident.
    """

    name_english: str
    name_chinese: str | None
    commercial_code: tuple[str, ...]
    birth_date: BirthDate
    sex: Sex
    symbols: str
    first_registration: str
    issued: date
    number: str
    permanent: bool = True

    def __repr__(self) -> str:
        return "CardFace(…)"

    def but(self, **changes: object) -> CardFace:
        """The same face with something printed otherwise."""
        return replace(self, **changes)  # type: ignore[arg-type]


def face_of(persona: Persona) -> CardFace:
    """The card of a persona."""
    return CardFace(
        name_english=persona.name.english,
        name_chinese=persona.name.chinese,
        commercial_code=persona.name.commercial_code,
        birth_date=persona.born,
        sex=persona.sex or Sex.FEMALE,
        symbols=persona.card.symbols,
        first_registration=persona.card.first_registration,
        issued=persona.card.issued,
        number=persona.hkic_number.reveal(),
        permanent=persona.residency is Residency.PERMANENT,
    )


def printed_fields(face: CardFace) -> Mapping[CardField, str]:
    """The fields of a card, in the form of :class:`hkeid.ports.documents.ReadField`."""
    fields = {
        CardField.NAME_CHINESE: face.name_chinese,
        CardField.NAME_ENGLISH: face.name_english,
        CardField.COMMERCIAL_CODE: " ".join(face.commercial_code),
        CardField.BIRTH_DATE: face.birth_date.isoformat(),
        CardField.SEX: face.sex.value,
        CardField.SYMBOLS: face.symbols,
        CardField.FIRST_REGISTRATION: face.first_registration,
        CardField.ISSUED: face.issued.isoformat(),
        CardField.HKIC_NUMBER: face.number,
    }
    return {field: value for field, value in fields.items() if value}


def printed_birth_date(born: BirthDate) -> str:
    """``12-04-1985``; what is unknown is left out from the front: ``11-1961``, ``1938``."""
    parts = [f"{part:02}" for part in (born.day, born.month) if part is not None]
    return "-".join([*parts, f"{born.year or 0:04}"])

"""All fields of the card's face, and the one thing to say when they are not enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from hkeid.enrolment.card_face.codes import TelegraphCodes, cross_check
from hkeid.enrolment.card_face.dates import find_dates
from hkeid.enrolment.card_face.layout import lay_out
from hkeid.enrolment.card_face.lines import TextLine
from hkeid.enrolment.card_face.marks import find_sex, find_symbols
from hkeid.enrolment.card_face.names import find_names
from hkeid.enrolment.card_face.number import find_number
from hkeid.identity.birth_date import AgeAnswer, BirthDate
from hkeid.ports.documents import CardField, ReadField, RetakeAdvice

NEEDED = (
    CardField.HKIC_NUMBER,
    CardField.NAME_ENGLISH,
    CardField.BIRTH_DATE,
    CardField.SEX,
    CardField.ISSUED,
)
"""Without these the photograph is taken again."""

_ALWAYS_PRINTED = (*NEEDED, CardField.SYMBOLS, CardField.FIRST_REGISTRATION)
_MOST_LINES = 200
_YOUNGEST = 11
_FIRST_CARDS_OF_2018 = date(2018, 11, 26)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CardFaceReading:
    """What the lines say.

    :ivar missing: fields that every card has (and a code where there is a Chinese name) and that
        could not be read; a reader may look there again.
    :ivar identity_card: the heading of a Hong Kong identity card was read.
    """

    fields: Mapping[CardField, ReadField] = field(default_factory=dict)
    missing: tuple[CardField, ...] = ()
    advice: RetakeAdvice | None = None
    warnings: tuple[str, ...] = ()
    identity_card: bool = False
    generation: str = "unknown"

    def __repr__(self) -> str:
        return f"CardFaceReading({len(self.fields)} fields, advice={self.advice})"


def read_card_face(
    lines: Sequence[TextLine], *, today: date, codes: TelegraphCodes | None = None
) -> CardFaceReading:
    """Make fields of the lines of a straightened card.

    :param today: the day in Hong Kong; no date on a card lies behind it.
    :param codes: tables for the commercial code; None: only the number of groups is compared.
    """
    layout = lay_out(lines[:_MOST_LINES])
    warnings: list[str] = []
    dates = find_dates(layout, today=today)
    fields = dict(dates.fields)
    number = find_number(layout.lines)
    if number.disagreeing:
        warnings.append("numbers_disagree")
    names = find_names(layout)
    name = names.chinese
    if name is not None and names.code is not None:
        name, said = cross_check(name, names.code, codes)
        warnings.extend(said)
    if names.code_broken:
        warnings.append("commercial_code_unreadable")
    born = _born(fields)
    issued = _issued(fields)
    symbols, decided = find_symbols(layout, born=born, issued=issued)
    if decided:
        warnings.append("symbols_decided_by_age")
    others = {
        CardField.HKIC_NUMBER: number.field,
        CardField.NAME_CHINESE: name,
        CardField.NAME_ENGLISH: names.english,
        CardField.COMMERCIAL_CODE: names.code,
        CardField.SEX: find_sex(layout),
        CardField.SYMBOLS: symbols,
    }
    fields |= {key: value for key, value in others.items() if value is not None}
    if born is not None and born.age_at_least(_YOUNGEST, today) is AgeAnswer.NO:
        warnings.append("holder_below_eleven")
    return CardFaceReading(
        fields=fields,
        missing=_missing(fields),
        advice=_advice(fields, identity_card=layout.identity_card, impossible=dates.impossible),
        warnings=tuple(sorted(warnings)),
        identity_card=layout.identity_card,
        generation=_generation(fields, issued, identity_card=layout.identity_card),
    )


def _born(fields: Mapping[CardField, ReadField]) -> BirthDate | None:
    found = fields.get(CardField.BIRTH_DATE)
    return None if found is None else BirthDate.parse(found.value)


def _issued(fields: Mapping[CardField, ReadField]) -> date | None:
    found = fields.get(CardField.ISSUED)
    return None if found is None else date.fromisoformat(found.value)


def _missing(fields: Mapping[CardField, ReadField]) -> tuple[CardField, ...]:
    expected = list(_ALWAYS_PRINTED)
    if CardField.NAME_CHINESE in fields:
        expected.append(CardField.COMMERCIAL_CODE)
    if CardField.COMMERCIAL_CODE in fields:
        expected.append(CardField.NAME_CHINESE)
    return tuple(name for name in expected if name not in fields)


def _advice(
    fields: Mapping[CardField, ReadField], *, identity_card: bool, impossible: bool
) -> RetakeAdvice | None:
    if not identity_card:
        return RetakeAdvice.NOT_AN_IDENTITY_CARD
    if CardField.HKIC_NUMBER not in fields:
        return RetakeAdvice.NUMBER_UNREADABLE
    if impossible:
        return RetakeAdvice.DATES_IMPOSSIBLE
    if any(name not in fields for name in NEEDED):
        return RetakeAdvice.FIELDS_UNREADABLE
    return None


def _generation(
    fields: Mapping[CardField, ReadField], issued: date | None, *, identity_card: bool
) -> str:
    """By the day of issue: the cards before have another face, which is not read here."""
    if not identity_card or issued is None or CardField.HKIC_NUMBER not in fields:
        return "unknown"
    return "hkic-2018" if issued >= _FIRST_CARDS_OF_2018 else "hkic-2003"

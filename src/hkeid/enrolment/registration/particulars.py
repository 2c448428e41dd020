"""Particulars as the machine read them and as the applicant made them: kept apart, compared, parsed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hkeid.enrolment.registration.errors import RegistrationRefused
from hkeid.identity.birth_date import AgeAnswer, BirthDate
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.names import PersonName, parse_commercial_code
from hkeid.identity.person import Person, Sex
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant
from hkeid.ports.documents import CardField, DocumentReading
from hkeid.ports.keys import KeyPurpose, KeyStore

NEEDED = (
    CardField.NAME_ENGLISH,
    CardField.BIRTH_DATE,
    CardField.SEX,
    CardField.HKIC_NUMBER,
)
"""Without these nobody can be registered."""

EDITABLE = frozenset(CardField) - {CardField.SYMBOLS}
_LIMITED = (CardField.HKIC_NUMBER, CardField.BIRTH_DATE)
_FURTHEST = 2
_LONGEST = 200
_YOUNGEST = 11
_OF_AGE = 18
_HONG_KONG = timedelta(hours=8)
_NUMBER_LABEL = b"hkeid-registration-1:hkic_number:"

Texts = Mapping[CardField, str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Details:
    """What the applicant confirmed.

    :ivar state: ``as_read``, ``corrected`` or ``typed``.
    """

    texts: Texts
    person: Person
    issued: date | None
    state: str


def keep_texts(texts: Texts) -> bytes:
    """Texts by field as the evidence vault keeps them."""
    return canonical_json.dumps({field.value: text for field, text in texts.items()})


def kept_texts(kept: bytes) -> dict[CardField, str]:
    """The inverse of :func:`keep_texts`."""
    return {CardField(name): text for name, text in canonical_json.loads_object(kept).items()}


def machine_texts(reading: DocumentReading) -> dict[CardField, str]:
    """What the machine read."""
    return {field: one.value for field, one in reading.fields.items()}


def number_digest(keys: KeyStore, number: HkicNumber) -> bytes:
    """What a registration keeps of an identity-card number: an HMAC, of another label than the index
    of residents, so that the two cannot be laid side by side.
    """
    return keys.mac(KeyPurpose.BLIND_INDEX, _NUMBER_LABEL + number.number.encode("ascii"))


def confirm(machine: Texts, edits: Mapping[CardField, str], now: Instant) -> Details:
    """What follows from reading and edits.

    :raises hkeid.kernel.errors.MalformedInput: a field does not parse.
    :raises RegistrationRefused: ``edit_too_far``, ``dates_impossible``, ``details_incomplete``.
    """
    texts = dict(machine)
    for field, text in edits.items():
        if field not in EDITABLE:
            raise RegistrationRefused("edit_too_far", detail=field.value)
        if len(text) > _LONGEST:
            raise MalformedInput("field_too_long", field=field.value)
        tidy = " ".join(unicodedata.normalize("NFKC", text).split())
        texts[field] = _tidied(field, tidy)
    texts = {field: text for field, text in texts.items() if text}
    for field in _LIMITED:
        if field in machine and _distance(machine[field], texts.get(field, "")) > _FURTHEST:
            raise RegistrationRefused("edit_too_far", detail=field.value)
    if any(field not in texts for field in NEEDED):
        raise RegistrationRefused("details_incomplete")
    if not texts[CardField.NAME_ENGLISH].isascii():
        # Other alphabets have letters that look like these; the card has none of them.
        raise MalformedInput("name_characters_not_allowed", field=CardField.NAME_ENGLISH.value)
    person = person_of(texts)
    issued = issue_date(texts)
    _check_dates(texts, person, issued, today(now))
    return Details(texts=texts, person=person, issued=issued, state=_state(machine, texts))


def person_of(texts: Texts) -> Person:
    """The person whose card says this.

    :raises hkeid.kernel.errors.MalformedInput: a field does not parse.
    """
    code = texts.get(CardField.COMMERCIAL_CODE)
    return Person(
        name=PersonName(
            english=texts[CardField.NAME_ENGLISH],
            chinese=texts.get(CardField.NAME_CHINESE),
            commercial_code=parse_commercial_code(code) if code else (),
        ),
        hkic_number=HkicNumber.parse(texts[CardField.HKIC_NUMBER]),
        birth_date=BirthDate.parse(texts[CardField.BIRTH_DATE]),
        sex=Sex.parse(texts[CardField.SEX]),
    )


def issue_date(texts: Texts) -> date | None:
    """When the card was issued.

    :raises hkeid.kernel.errors.MalformedInput: ``issued_malformed``.
    """
    text = texts.get(CardField.ISSUED)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise MalformedInput("issued_malformed", field="issued") from None


def today(now: Instant) -> date:
    """The day in Hong Kong."""
    return (now + _HONG_KONG).date()


def age_group(born: BirthDate, now: Instant) -> str:
    """``child``, ``minor``, ``adult``; ``unknown`` where a partial birth date leaves it open."""
    day = today(now)
    if born.age_at_least(_OF_AGE, day) is AgeAnswer.YES:
        return "adult"
    youngest = born.age_at_least(_YOUNGEST, day)
    if youngest is AgeAnswer.NO:
        return "child"
    of_age = born.age_at_least(_OF_AGE, day)
    return "minor" if youngest is AgeAnswer.YES and of_age is AgeAnswer.NO else "unknown"


def _tidied(field: CardField, text: str) -> str:
    """One way of writing for what people write in several."""
    if not text:
        return text
    if field is CardField.HKIC_NUMBER:
        return HkicNumber.parse(text).reveal()
    if field is CardField.SEX:
        return text.upper()
    return text


def _check_dates(texts: Texts, person: Person, issued: date | None, day: date) -> None:
    """Birth, first registration, issue and today stand in this order, as far as they are known."""
    born = person.birth_date
    first = texts.get(CardField.FIRST_REGISTRATION)
    if first is not None and (len(first) != 7 or BirthDate.parse(first).month is None):
        raise MalformedInput("first_registration_malformed", field="first_registration")
    known = [
        *([born.isoformat()] if born is not None and born.year is not None else []),
        *([first] if first is not None else []),
        *([issued.isoformat()] if issued is not None else []),
        day.isoformat(),
    ]
    for earlier, later in pairwise(known):
        shared = min(len(earlier), len(later))
        if earlier[:shared] > later[:shared]:
            raise RegistrationRefused("dates_impossible")


def _state(machine: Texts, texts: Texts) -> str:
    """Without the date of issue the register cannot tell a lost card from the one that replaced it."""
    if any(field not in machine for field in _LIMITED) or CardField.ISSUED not in texts:
        return "typed"
    return "as_read" if dict(machine) == dict(texts) else "corrected"


def _distance(one: str, other: str) -> int:
    """Levenshtein's distance; both are short."""
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, right in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (left != right))
    return row[-1]


def as_words(value: Any) -> tuple[str, ...]:
    """Warnings as stable words, not too many."""
    return tuple(str(word)[:60] for word in tuple(value)[:10])

"""The particulars of a person: what registration learns and relying parties may be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.names import PersonName, parse_commercial_code
from hkeid.kernel.errors import MalformedInput


class Sex(StrEnum):
    """Sex as the identity card prints it."""

    FEMALE = "F"
    MALE = "M"

    @classmethod
    def parse(cls, text: str) -> Sex:
        """Read ``F`` or ``M``.

        :raises hkeid.kernel.errors.MalformedInput: reason ``sex_malformed``.
        """
        for sex in cls:
            if sex.value == text:
                return sex
        raise MalformedInput("sex_malformed", field="sex")

    @property
    def claim(self) -> str:
        """The ``gender`` claim (OpenID Connect Core §5.1): ``female`` or ``male``."""
        return "female" if self is Sex.FEMALE else "male"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Person:
    """A person's particulars; what is not known is None. Its ``repr`` shows nothing of them."""

    name: PersonName
    hkic_number: HkicNumber | None = None
    birth_date: BirthDate | None = None
    sex: Sex | None = None

    def __repr__(self) -> str:
        return "Person(…)"

    def as_fields(self) -> dict[str, str]:
        """The texts to be sealed, by name in the registry of personal fields; unknown ones left out."""
        texts = {
            "name_english": self.name.english,
            "name_chinese": self.name.chinese,
            "name_chinese_simplified": self.name.chinese_simplified,
            "name_commercial_code": " ".join(self.name.commercial_code),
            "hkic_number": self.hkic_number.reveal() if self.hkic_number else None,
            "birth_date": self.birth_date.isoformat() if self.birth_date else None,
            "sex": self.sex.value if self.sex else None,
        }
        return {field: text for field, text in texts.items() if text}

    @classmethod
    def from_fields(cls, texts: Mapping[str, str]) -> Person:
        """The inverse of :meth:`as_fields`; other fields are ignored.

        :raises hkeid.kernel.errors.MalformedInput: reason ``person_without_name``, or that of the
            part at fault.
        """
        if "name_english" not in texts:
            raise MalformedInput("person_without_name", field="name_english")
        number, born, sex = (texts.get(field) for field in ("hkic_number", "birth_date", "sex"))
        code = texts.get("name_commercial_code")
        return cls(
            name=PersonName(
                english=texts["name_english"],
                chinese=texts.get("name_chinese"),
                chinese_simplified=texts.get("name_chinese_simplified"),
                commercial_code=parse_commercial_code(code) if code else (),
            ),
            hkic_number=HkicNumber.parse(number) if number else None,
            birth_date=BirthDate.parse(born) if born else None,
            sex=Sex.parse(sex) if sex else None,
        )

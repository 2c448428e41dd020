"""A person's name in the forms that the identity card and the registry know.

English names are one string, ``SURNAME, Given names``; nothing says which part is which but the
comma, so that is the only place where one is split. Chinese names are optional and may hold
characters that common fonts lack. Names are kept code point by code point: Unicode normalisation
would replace compatibility ideographs, that is, write another name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from hkeid.identity.characters import characters_allowed
from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput

_LONGEST = 200
_COMMERCIAL_CODE = re.compile(r"[0-9]{4}(?:[ -]?[0-9]{4}){0,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RareCharacter:
    """A character of a Chinese name that a screen, printer or relying party may not know.

    :ivar hkscs: it came with the Hong Kong Supplementary Character Set.
    :ivar supplementary: beyond U+FFFF (four bytes of UTF-8, two units of UTF-16).
    :ivar private_use: it has no meaning outside the registry that assigned it.
    """

    character: str
    hkscs: bool
    supplementary: bool
    private_use: bool

    @property
    def code_point(self) -> str:
        """``U+20BB7``, for showing beside a missing glyph."""
        return f"U+{ord(self.character):04X}"


def _encodable(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def rare_characters(text: str) -> tuple[RareCharacter, ...]:
    """Those characters of ``text`` that need care, in order; ordinary ones are left out."""
    found = []
    for character in text:
        rare = RareCharacter(
            character=character,
            hkscs=_encodable(character, "big5hkscs") and not _encodable(character, "big5"),
            supplementary=ord(character) > 0xFFFF,
            private_use=unicodedata.category(character) == "Co",
        )
        if rare.hkscs or rare.supplementary or rare.private_use:
            found.append(rare)
    return tuple(found)


def check_name(text: str, field: str) -> None:
    """One written form of a name: not empty, not padded, at most 200 characters, none that does harm.

    :param field: what to call it in the error.
    :raises hkeid.kernel.errors.MalformedInput: reasons ``name_empty_or_padded``, ``name_too_long``,
        ``name_characters_not_allowed``.
    """
    if not text or text != text.strip():
        raise MalformedInput("name_empty_or_padded", field=field)
    if len(text) > _LONGEST:
        raise MalformedInput("name_too_long", field=field)
    if not characters_allowed(text):
        raise MalformedInput("name_characters_not_allowed", field=field)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PersonName:
    """A name in up to four forms. Its ``repr`` shows none of them.

    :ivar english: ``SURNAME, Given names`` as on the card; some names have no comma.
    :ivar chinese: in traditional characters, or None.
    :ivar chinese_simplified: in simplified characters, or None.
    :ivar commercial_code: the Chinese Commercial Code, groups of four digits, or ``()``.
    :raises hkeid.kernel.errors.MalformedInput: reasons ``name_empty_or_padded``, ``name_too_long``,
        ``name_characters_not_allowed``, ``name_commercial_code_malformed``.
    """

    english: str
    chinese: str | None = None
    chinese_simplified: str | None = None
    commercial_code: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.english, "name_english")
        if self.chinese is not None:
            check_name(self.chinese, "name_chinese")
        if self.chinese_simplified is not None:
            check_name(self.chinese_simplified, "name_chinese_simplified")
        for group in self.commercial_code:
            if len(group) != 4 or not (group.isascii() and group.isdigit()):
                raise MalformedInput("name_commercial_code_malformed", field="name_commercial_code")

    def __repr__(self) -> str:
        return "PersonName(…)"

    @property
    def family_name(self) -> str | None:
        """What stands before the first comma; None where there is no comma."""
        return self._split()[0]

    @property
    def given_name(self) -> str | None:
        """What stands after the first comma; None where there is no comma."""
        return self._split()[1]

    def _split(self) -> tuple[str | None, str | None]:
        family, comma, given = self.english.partition(",")
        if not comma:
            return None, None
        return family.strip() or None, given.strip() or None

    @property
    def rare(self) -> tuple[RareCharacter, ...]:
        """Rare characters of the Chinese forms, each once, in order."""
        both = (self.chinese or "") + (self.chinese_simplified or "")
        return rare_characters("".join(dict.fromkeys(both)))

    def shown_in(self, language: Language) -> str:
        """The form to greet the person with; English where there is no Chinese one."""
        if language is Language.SIMPLIFIED:
            return self.chinese_simplified or self.chinese or self.english
        if language is Language.TRADITIONAL:
            return self.chinese or self.english
        return self.english


def parse_commercial_code(text: str) -> tuple[str, ...]:
    """Groups of four digits, together or with a space or hyphen between: ``7115 1129 2429``.

    :raises hkeid.kernel.errors.MalformedInput: reason ``name_commercial_code_malformed``.
    """
    if _COMMERCIAL_CODE.fullmatch(text) is None:
        raise MalformedInput("name_commercial_code_malformed", field="name_commercial_code")
    digits = text.replace(" ", "").replace("-", "")
    return tuple(digits[start : start + 4] for start in range(0, len(digits), 4))

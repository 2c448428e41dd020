"""The Chinese commercial code against the Chinese name: a check that costs nothing.

The code is read off the card as digits, which readers do well; the characters it stands for are
known from public tables. Where both say the same character and it was read in a form that is no
traditional one (黄 for 黃), the table's form is taken, with a warning. Where both forms are in use
(峰 and 峯 share a code), what was read stands. Everything else is a warning only, for Hong Kong has
codes of its own that the tables lack.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from hkeid.ports.documents import ReadField

REPAIRED = "name_form_repaired_by_code"
DISAGREES = "code_disagrees_with_name"
COUNT = "code_count_differs_from_name"


class TelegraphCodes(Protocol):
    """Tables of four-digit codes for Chinese characters."""

    def codes_of(self, character: str) -> frozenset[str]:
        """Every code that some table has for a character; empty where none has."""
        ...

    def traditional_of(self, code: str) -> str | None:
        """The traditional character of a code, or None."""
        ...


def cross_check(
    name: ReadField, code: ReadField, codes: TelegraphCodes | None
) -> tuple[ReadField, tuple[str, ...]]:
    """The name, perhaps in another form, and what there is to warn of."""
    groups = code.value.split(" ")
    if len(groups) != len(name.value):
        return name, (COUNT,)
    if codes is None:
        return name, ()
    written, warnings = [], set()
    for character, group in zip(name.value, groups, strict=True):
        form = codes.traditional_of(group)
        known = group in codes.codes_of(character)
        if form is not None and form != character and not known:
            warnings.add(DISAGREES)
        if form is not None and known and _traditional(form) and not _traditional(character):
            written.append(form)
            warnings.add(REPAIRED)
        else:
            written.append(character)
    return replace(name, value="".join(written)), tuple(sorted(warnings))


def _traditional(character: str) -> bool:
    """Whether the character is in Big5, the traditional set."""
    try:
        character.encode("big5")
    except UnicodeEncodeError:
        return False
    return True

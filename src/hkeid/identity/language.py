"""The three scripts in which hkeid speaks to residents."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from hkeid.kernel.errors import MalformedInput


class Language(StrEnum):
    """BCP 47 tags of the texts that every page, reason and statement comes in."""

    ENGLISH = "en"
    TRADITIONAL = "zh-Hant-HK"
    SIMPLIFIED = "zh-Hans"

    @classmethod
    def parse(cls, tag: str) -> Language:
        """The language that ``tag`` names exactly (letter case apart, RFC 5646 §2.1.1).

        :raises hkeid.kernel.errors.MalformedInput: reason ``language_unknown``.
        """
        folded = tag.casefold()
        for language in cls:
            if language.value.casefold() == folded:
                return language
        raise MalformedInput("language_unknown", field="language")


def labels(english: str, traditional: str, simplified: str) -> Mapping[Language, str]:
    """One text in the three scripts, unchangeable."""
    return MappingProxyType(
        {
            Language.ENGLISH: english,
            Language.TRADITIONAL: traditional,
            Language.SIMPLIFIED: simplified,
        }
    )

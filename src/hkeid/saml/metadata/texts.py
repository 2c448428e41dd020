"""One text in several languages, as metadata has them (saml-metadata §2.2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# What a reader of one script would rather see than another language (BCP 47 tags, lower case).
_CHINESE = {
    "zh-hant-hk": ("zh-hant", "zh-hk", "zh-tw", "zh-mo", "zh"),
    "zh-hans": ("zh-hans-cn", "zh-cn", "zh-sg", "zh"),
}


@dataclass(frozen=True, slots=True)
class LocalisedText:
    """Texts by BCP 47 language tag, in the order of the document.

    :ivar values: pairs of a tag and a text; no tag twice.
    """

    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, str]) -> LocalisedText:
        """Out of a mapping from tags to texts."""
        return cls(tuple(values.items()))

    def get(self, *languages: str) -> str | None:
        """The text for the first of ``languages`` that there is one for; else English; else the first.

        A tag finds itself, then what shares its script (``zh-HK`` for ``zh-Hant-HK``), then shorter tags.
        """
        known = {tag.lower(): text for tag, text in reversed(self.values)}
        for language in (*languages, "en"):
            for tag in _widening(language.lower()):
                if tag in known:
                    return known[tag]
            for tag, text in self.values:
                if tag.lower().startswith(f"{language.lower()}-"):
                    return text
        return self.values[0][1] if self.values else None

    def __bool__(self) -> bool:
        return bool(self.values)


def _widening(tag: str) -> Iterator[str]:
    yield tag
    yield from _CHINESE.get(tag, ())
    while "-" in tag:
        tag = tag.rpartition("-")[0]
        yield tag

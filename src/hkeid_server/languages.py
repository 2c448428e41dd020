"""The languages of the pages: which there are, which one a browser gets, dates in their own form.

The English sentence in a template is the message; the other languages have one gettext catalogue
each, ``translations/TAG.po``, read when the server starts. So a fresh checkout works without a
compilation step, and nothing compiled can be out of date.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from io import BytesIO
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

_HONG_KONG = ZoneInfo("Asia/Hong_Kong")


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language that the pages speak.

    :ivar tag: BCP 47 tag, as in ``<html lang>`` and the language cookie.
    :ivar name: its name in itself.
    :ivar locale: Babel's name for it.
    :ivar content: the language of texts that others keep in three scripts (reasons, statements).
    """

    tag: str
    name: str
    locale: str
    translations: NullTranslations
    content: str

    def date(self, moment: datetime) -> str:
        """The day in Hong Kong, in the local form."""
        return format_date(moment.astimezone(_HONG_KONG), "long", locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """Day and time in Hong Kong, in the local form."""
        return format_datetime(
            moment.astimezone(_HONG_KONG), _MOMENT_FORMS[self.tag], locale=self.locale
        )


_MOMENT_FORMS = {
    "en": "d MMMM y, HH:mm",
    "zh-Hant-HK": "y年M月d日 HH:mm",
    "zh-Hans": "y年M月d日 HH:mm",
    "en-XA": "d MMMM y, HH:mm",
}


class PseudoTranslations(NullTranslations):
    """Every sentence half as long again, so that a layout that cannot stretch shows itself."""

    def gettext(self, message: str) -> str:
        """Lengthen ``message``; its place holders stay."""
        return f"[{message}{' ~lang~' * max(1, len(message) // 14)}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Lengthen the form for ``n``."""
        return self.gettext(msgid1 if n == 1 else msgid2)


def _read(tag: str) -> NullTranslations:
    source = resources.files("hkeid_server").joinpath("translations", f"{tag}.po")
    catalogue = read_po(BytesIO(source.read_bytes()), abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def languages() -> tuple[Language, ...]:
    """All languages, in the order of the language switch."""
    return (
        Language(
            tag="en",
            name="English",
            locale="en_HK",
            translations=NullTranslations(),
            content="en",
        ),
        Language(
            tag="zh-Hant-HK",
            name="繁體中文",
            locale="zh_Hant_HK",
            translations=_read("zh-Hant-HK"),
            content="zh-Hant-HK",
        ),
        Language(
            tag="zh-Hans",
            name="简体中文",
            locale="zh_Hans_CN",
            translations=_read("zh-Hans"),
            content="zh-Hans",
        ),
    )


@cache
def pseudo_language() -> Language:
    """The pseudo-locale (``en-XA``) for layout tests; offered by the sandbox only, unlisted."""
    return Language(
        tag="en-XA",
        name="[Pseudo]",
        locale="en_HK",
        translations=PseudoTranslations(),
        content="en",
    )


def by_tag(tag: str | None) -> Language | None:
    """The language with exactly this tag."""
    return next((language for language in languages() if language.tag == tag), None)


def match(tag: str) -> Language | None:
    """The language that serves a reader of ``tag`` (RFC 4647 lookup, with what Hong Kong means)."""
    words = tag.strip().lower().replace("_", "-").split("-")
    if words[0] == "en":
        return by_tag("en")
    if words[0] not in {"zh", "yue", "cmn", "wuu", "nan", "hak"}:
        return None
    if "hans" in words:
        return by_tag("zh-Hans")
    if "hant" in words:
        return by_tag("zh-Hant-HK")
    return by_tag("zh-Hans" if {"cn", "sg", "my"} & set(words) else "zh-Hant-HK")


def choose(
    *, chosen: str | None, wanted: Iterable[str], accept_language: str | None, default: str
) -> Language:
    """The language of a page.

    :param chosen: what the person chose with the switch, which comes before everything.
    :param wanted: ``ui_locales`` of the relying party, best first (OpenID Connect Core §3.1.2.1).
    :param accept_language: the browser's header (RFC 9110 §12.5.4).
    :param default: tag for a browser that says nothing at all.
    """
    picked = by_tag(chosen)
    if picked is not None:
        return picked
    for tag in (*wanted, *_accepted(accept_language or "")):
        found = match(tag)
        if found is not None:
            return found
    fallback = by_tag("en" if accept_language else default)
    return fallback if fallback is not None else languages()[0]


def _accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header, best first; what does not parse is left out."""
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate(header[:512].split(",")):
        tag, _, parameter = part.strip().partition(";")
        weight = 1.0
        if parameter.strip().startswith("q="):
            try:
                weight = float(parameter.strip()[2:])
            except ValueError:
                continue
        if tag and tag != "*" and weight > 0:
            weighted.append((-weight, position, tag))
    return [tag for _, _, tag in sorted(weighted)]

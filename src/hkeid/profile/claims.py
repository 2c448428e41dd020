"""The personal claims there can be: what each is made of, called and shown as.

Wire names and values follow OpenID Connect Core §5.1 and, for other scripts, §5.2. A claim with a
language tag belongs to the claim without one: consent to ``name`` covers ``name#zh-Hant-HK``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.language import Language, labels
from hkeid.identity.names import PersonName
from hkeid.identity.person import Sex
from hkeid.profile.display import shown_birth_date, shown_moment, shown_sex

Texts = Mapping[str, str]
"""Opened personal fields by name; those that are not kept are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimDefinition:
    """One claim.

    :ivar name: wire name without language tag.
    :ivar label: what the resident sees it called.
    :ivar fields: the personal fields it is made of.
    :ivar render: values by wire name; empty when there is nothing to tell.
    :ivar show: the same for the resident's eyes, or None when there is nothing; the identity-card
        number is masked.
    """

    name: str
    label: Mapping[Language, str]
    fields: tuple[str, ...]
    render: Callable[[Texts], dict[str, Any]]
    show: Callable[[Texts, Language], str | None]


def _name(texts: Texts) -> PersonName:
    return PersonName(english=texts["name_english"])


def _render_name(texts: Texts) -> dict[str, Any]:
    pairs = {"name": texts.get("name_english"), "name#zh-Hant-HK": texts.get("name_chinese")}
    return {claim: value for claim, value in pairs.items() if value}


def _show_name(texts: Texts, language: Language) -> str | None:
    # Every form that would be sent is shown, whatever the language of the page.
    del language
    return "  ".join(_render_name(texts).values()) or None


def _render_family(texts: Texts) -> dict[str, Any]:
    family = _name(texts).family_name if "name_english" in texts else None
    return {"family_name": family} if family else {}


def _render_given(texts: Texts) -> dict[str, Any]:
    given = _name(texts).given_name if "name_english" in texts else None
    return {"given_name": given} if given else {}


def _render_birth(texts: Texts) -> dict[str, Any]:
    if "birth_date" not in texts:
        return {}
    return {"birthdate": BirthDate.parse(texts["birth_date"]).claim()}


def _show_birth(texts: Texts, language: Language) -> str | None:
    rendered = _render_birth(texts)
    if not rendered:
        return None
    return shown_birth_date(BirthDate.parse(rendered["birthdate"]), language)


def _render_gender(texts: Texts) -> dict[str, Any]:
    return {"gender": Sex.parse(texts["sex"]).claim} if "sex" in texts else {}


def _show_gender(texts: Texts, language: Language) -> str | None:
    return shown_sex(Sex.parse(texts["sex"]), language) if "sex" in texts else None


def _render_hkic(texts: Texts) -> dict[str, Any]:
    if "hkic_number" not in texts:
        return {}
    return {"hkic_number": HkicNumber.parse(texts["hkic_number"]).reveal()}


def _show_hkic(texts: Texts, language: Language) -> str | None:
    del language
    return HkicNumber.parse(texts["hkic_number"]).masked() if "hkic_number" in texts else None


def _render_updated(texts: Texts) -> dict[str, Any]:
    return {"updated_at": int(texts["updated_at"])} if "updated_at" in texts else {}


def _show_updated(texts: Texts, language: Language) -> str | None:
    return shown_moment(int(texts["updated_at"]), language) if "updated_at" in texts else None


def _as_is(render: Callable[[Texts], dict[str, Any]]) -> Callable[[Texts, Language], str | None]:
    def show(texts: Texts, language: Language) -> str | None:
        del language
        return next(iter(render(texts).values()), None)

    return show


_DEFINED = (
    ClaimDefinition(
        name="name",
        label=labels("Name", "姓名", "姓名"),
        fields=("name_english", "name_chinese"),
        render=_render_name,
        show=_show_name,
    ),
    ClaimDefinition(
        name="family_name",
        label=labels("Family name", "姓氏", "姓氏"),
        fields=("name_english",),
        render=_render_family,
        show=_as_is(_render_family),
    ),
    ClaimDefinition(
        name="given_name",
        label=labels("Given names", "名字", "名字"),
        fields=("name_english",),
        render=_render_given,
        show=_as_is(_render_given),
    ),
    ClaimDefinition(
        name="birthdate",
        label=labels("Date of birth", "出生日期", "出生日期"),
        fields=("birth_date",),
        render=_render_birth,
        show=_show_birth,
    ),
    ClaimDefinition(
        name="gender",
        label=labels("Sex", "性別", "性别"),
        fields=("sex",),
        render=_render_gender,
        show=_show_gender,
    ),
    ClaimDefinition(
        name="hkic_number",
        label=labels("Hong Kong identity card number", "香港身份證號碼", "香港身份证号码"),
        fields=("hkic_number",),
        render=_render_hkic,
        show=_show_hkic,
    ),
    ClaimDefinition(
        name="updated_at",
        label=labels("When these details last changed", "資料最近更新日期", "资料最近更新日期"),
        fields=("updated_at",),
        render=_render_updated,
        show=_show_updated,
    ),
)

CLAIMS: Mapping[str, ClaimDefinition] = MappingProxyType(
    {definition.name: definition for definition in _DEFINED}
)
"""Every claim by wire name, in the order in which pages list them."""


def base_names(names: Collection[str]) -> tuple[str, ...]:
    """The claims that ``names`` asks for, without language tags, in the order of :data:`CLAIMS`;
    unknown ones are left out.
    """
    asked = {name.partition("#")[0] for name in names}
    return tuple(claim for claim in CLAIMS if claim in asked)


def fields_of(claims: Collection[str]) -> tuple[str, ...]:
    """The personal fields that ``claims`` (base names) are made of, each once."""
    return tuple(dict.fromkeys(field for claim in claims for field in CLAIMS[claim].fields))


def render(names: Collection[str], permitted: Collection[str], texts: Texts) -> dict[str, Any]:
    """Values by wire name for those of ``names`` whose claim is ``permitted``.

    A name without a tag brings every form there is; with a tag only that one, its letter case
    apart (OpenID Connect Core §5.2).
    """
    folded = {name.casefold() for name in names if "#" in name}
    rendered: dict[str, Any] = {}
    for claim in base_names(names):
        if claim not in permitted:
            continue
        forms = CLAIMS[claim].render(texts)
        if claim in names:
            rendered |= forms
        else:
            rendered |= {wire: forms[wire] for wire in forms if wire.casefold() in folded}
    return rendered

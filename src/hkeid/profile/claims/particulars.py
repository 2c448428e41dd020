"""Claims made of the particulars that registration proves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hkeid.identity.birth_date import BirthDate
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.language import Language, labels
from hkeid.identity.names import PersonName
from hkeid.identity.person import Sex
from hkeid.profile.claims.definition import Texts, claim
from hkeid.profile.display import LINES, shown_birth_date, shown_moment, shown_sex


def _name(texts: Texts) -> PersonName:
    return PersonName(english=texts["name_english"])


def _render_name(texts: Texts) -> dict[str, Any]:
    pairs = {"name": texts.get("name_english"), "name#zh-Hant-HK": texts.get("name_chinese")}
    return {claim: value for claim, value in pairs.items() if value}


def _show_name(texts: Texts, language: Language) -> str | None:
    # Every form that would be sent is shown, whatever the language of the page.
    del language
    return LINES.join(_render_name(texts).values()) or None


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


PARTICULARS = (
    claim(
        "name",
        labels("Name", "姓名", "姓名"),
        ("name_english", "name_chinese"),
        _render_name,
        _show_name,
    ),
    claim(
        "family_name",
        labels("Family name", "姓氏", "姓氏"),
        ("name_english",),
        _render_family,
        _as_is(_render_family),
    ),
    claim(
        "given_name",
        labels("Given names", "名字", "名字"),
        ("name_english",),
        _render_given,
        _as_is(_render_given),
    ),
    claim(
        "birthdate",
        labels("Date of birth", "出生日期", "出生日期"),
        ("birth_date",),
        _render_birth,
        _show_birth,
    ),
    claim("gender", labels("Sex", "性別", "性别"), ("sex",), _render_gender, _show_gender),
    claim(
        "hkic_number",
        labels("Hong Kong identity card number", "香港身份證號碼", "香港身份证号码"),
        ("hkic_number",),
        _render_hkic,
        _show_hkic,
    ),
    claim(
        "updated_at",
        labels("When these details last changed", "資料最近更新日期", "资料最近更新日期"),
        ("updated_at",),
        _render_updated,
        _show_updated,
    ),
)
"""Name, date of birth, sex, identity-card number, and when anything changed."""

"""Claims that tell less than the particulars they are made of.

A service that needs an age gate gets yes or no, one that needs to recognise a card gets it masked. What
is not certain is not told: an age that a partial birth date leaves open, a number that the register of
persons did not give for this eID.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any, Final

from hkeid.identity.address_json import parse_address
from hkeid.identity.birth_date import AgeAnswer, BirthDate
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.language import Language, labels
from hkeid.kernel.instants import Instant
from hkeid.profile.claims.definition import (
    NUMBER_IS_REGISTERED,
    ClaimDefinition,
    Texts,
    claim,
)
from hkeid.profile.claims.values import profile_value
from hkeid.profile.display import LINES, shown_truth

AGES: Final = (11, 18, 21, 60, 65)
"""Ages that services may ask about: an eID's first, majority, 21, senior citizens' benefits."""

_HONG_KONG: Final = timezone(timedelta(hours=8))
_CERTAIN: Final = {AgeAnswer.YES: True, AgeAnswer.NO: False}


def _reached(texts: Texts, years: int, now: Instant) -> bool | None:
    """Whether the age is reached today in Hong Kong; None where that is not certain."""
    if "birth_date" not in texts:
        return None
    answer = BirthDate.parse(texts["birth_date"]).age_at_least(
        years, now.astimezone(_HONG_KONG).date()
    )
    return _CERTAIN.get(answer)


def _age(years: int) -> ClaimDefinition:
    name = f"age_over_{years}"

    def render(texts: Texts, now: Instant) -> dict[str, Any]:
        reached = _reached(texts, years, now)
        return {} if reached is None else {name: reached}

    def show(texts: Texts, language: Language, now: Instant) -> str | None:
        reached = _reached(texts, years, now)
        return None if reached is None else shown_truth(language, true=reached)

    return ClaimDefinition(
        name=name,
        label=labels(
            f"Whether you are {years} or older", f"是否已滿{years}歲", f"是否已满{years}岁"
        ),
        fields=("birth_date",),
        render=render,
        show=show,
    )


def _render_masked(texts: Texts) -> dict[str, Any]:
    if "hkic_number" not in texts:
        return {}
    return {"hkic_number_masked": HkicNumber.parse(texts["hkic_number"]).masked()}


def _render_verified(texts: Texts) -> dict[str, Any]:
    known = "hkic_number" in texts and NUMBER_IS_REGISTERED in texts
    return {"hkic_number_verified": True} if known else {}


def _render_district(texts: Texts) -> dict[str, Any]:
    kept = profile_value("residential_address", texts)
    district = None if kept is None else parse_address(kept).district
    if district is None:
        return {}
    return {
        "address_district": district.english,
        "address_district#zh-Hant-HK": district.name_in(Language.TRADITIONAL),
    }


def _show_first(
    render: Callable[[Texts], dict[str, Any]],
) -> Callable[[Texts, Language], str | None]:
    def show(texts: Texts, language: Language) -> str | None:
        del language
        return LINES.join(render(texts).values()) or None

    return show


def _show_verified(texts: Texts, language: Language) -> str | None:
    return shown_truth(language, true=True) if _render_verified(texts) else None


MINIMISED: Final = (
    *map(_age, AGES),
    claim(
        "hkic_number_masked",
        labels("Part of your identity card number", "部分身份證號碼", "部分身份证号码"),
        ("hkic_number",),
        _render_masked,
        _show_first(_render_masked),
    ),
    claim(
        "hkic_number_verified",
        labels(
            "That your identity card number was checked, without the number",
            "身份證號碼已經核實（不提供號碼）",
            "身份证号码已经核实（不提供号码）",
        ),
        ("hkic_number",),
        _render_verified,
        _show_verified,
    ),
    claim(
        "address_district",
        labels("District where you live", "居住地區", "居住地区"),
        ("eme_residential_address",),
        _render_district,
        _show_first(_render_district),
    ),
)
"""Whether an age is reached, the number in part or only that it was checked, the district."""

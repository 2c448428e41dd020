"""Languages: choice, local forms, and catalogues that are complete."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib import resources
from io import BytesIO

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from hkeid_server.languages import by_tag, choose, languages, match, pseudo_language

SOURCES = resources.files("hkeid_server")
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "translate": None}
PLACES = re.compile(r"%\((\w+)\)s")


def chosen(**values: object) -> str:
    defaults = {"chosen": None, "wanted": (), "accept_language": None, "default": "zh-Hant-HK"}
    return choose(**{**defaults, **values}).tag


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("zh-HK", "zh-Hant-HK"), ("zh-TW", "zh-Hant-HK"), ("zh-MO", "zh-Hant-HK"),
        ("zh", "zh-Hant-HK"), ("yue", "zh-Hant-HK"), ("yue-Hans", "zh-Hans"),
        ("zh-Hant-CN", "zh-Hant-HK"), ("zh-CN", "zh-Hans"), ("zh_SG", "zh-Hans"),
        ("ZH-hans-hk", "zh-Hans"), ("en-AU", "en"), ("de", None), ("", None),
    ],
)  # fmt: skip
def test_match(tag: str, expected: str | None) -> None:
    found = match(tag)
    assert (found.tag if found else None) == expected


def test_the_persons_own_choice_comes_first() -> None:
    assert chosen(chosen="en", wanted=("zh-Hans",), accept_language="zh-HK") == "en"


def test_then_the_relying_partys_wish_then_the_browser() -> None:
    assert chosen(wanted=("fr", "zh-CN"), accept_language="en") == "zh-Hans"
    assert chosen(accept_language="fr;q=0.9, en;q=0.5, zh-HK;q=0.8") == "zh-Hant-HK"
    assert chosen(accept_language="zh-HK;q=0, en;q=0.1") == "en"


def test_a_browser_that_says_nothing_gets_the_default_and_a_foreign_one_english() -> None:
    assert chosen() == "zh-Hant-HK"
    assert chosen(accept_language="de, fr;q=x, *") == "en"


@given(st.text(), st.text(), st.lists(st.text()))
def test_whatever_is_said_there_is_a_language(header: str, cookie: str, wanted: list[str]) -> None:
    assert chosen(chosen=cookie, wanted=wanted, accept_language=header) in {
        one.tag for one in languages()
    }


def test_local_forms() -> None:
    moment = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    english, traditional, simplified = languages()
    assert english.date(moment) == "24 November 2026", "midnight has passed in Hong Kong"
    assert traditional.date(moment) == "2026年11月24日"
    assert simplified.moment(moment) == "2026年11月24日 00:30"


def messages() -> set[str]:
    found = extract_from_dir(str(SOURCES), METHODS, keywords=KEYWORDS)
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


@pytest.mark.parametrize("tag", ["zh-Hant-HK", "zh-Hans"])
def test_catalogue_is_complete_and_nothing_is_left_over(tag: str) -> None:
    source = SOURCES.joinpath("translations", f"{tag}.po").read_bytes()
    catalogue = {one.id: one for one in read_po(BytesIO(source)) if one.id}
    assert set(catalogue) == messages()
    for message in catalogue.values():
        assert message.string, message.id
        assert not message.fuzzy, message.id
        assert set(PLACES.findall(message.string)) == set(PLACES.findall(message.id)), message.id


@pytest.mark.parametrize("tag", ["zh-Hant-HK", "zh-Hans"])
def test_chinese_has_chinese_punctuation(tag: str) -> None:
    source = SOURCES.joinpath("translations", f"{tag}.po").read_bytes()
    for message in read_po(BytesIO(source)):
        assert not re.search(r"[\u4e00-\u9fff][,:?;!]", str(message.string)), message.string


def test_scripts_are_not_mixed() -> None:
    only_traditional, only_simplified = (
        set("裝嗎個會這發與關處經應無請覽"),
        set("装吗个会这发与关处经应无请览"),
    )
    for tag, forbidden in (("zh-Hant-HK", only_simplified), ("zh-Hans", only_traditional)):
        language = by_tag(tag)
        assert language is not None
        for message in messages():
            wrong = forbidden & set(language.translations.gettext(message))
            assert not wrong, (tag, message, wrong)


def test_pseudo_locale_is_longer_and_keeps_place_holders() -> None:
    text = pseudo_language().translations.gettext("Since %(date)s")
    assert len(text) > len("Since %(date)s")
    assert "%(date)s" in text

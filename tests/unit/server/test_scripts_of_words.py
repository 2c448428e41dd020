"""Words in another script say which they are."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from hkeid_server.scripts_of_words import by_script


@pytest.mark.parametrize(
    ("words", "page", "expected"),
    [
        ("Sha Tin 沙田 2", "en", 'Sha Tin <span lang="zh-Hant-HK">沙田</span> 2'),
        ("沙田、大埔", "en", '<span lang="zh-Hant-HK">沙田、大埔</span>'),
        ("Sha Tin 沙田 2", "zh-Hant-HK", '<span lang="en">Sha Tin</span> 沙田 2'),
        ("eID 沙田", "zh-Hant-HK", "eID 沙田"),
        (
            "同意條款 I agree, of course",
            "zh-Hans",
            '同意條款 <span lang="en">I agree, of course</span>',
        ),
        ("Plain words", "en", "Plain words"),
        ("", "en", ""),
    ],
)
def test_what_is_in_another_script_is_marked(words: str, page: str, expected: str) -> None:
    assert by_script(words, page) == expected


def test_the_name_of_a_person_is_traditional_wherever_it_stands() -> None:
    marked = '<span lang="zh-Hant-HK">陳大文</span>'
    assert by_script("陳大文", "zh-Hans", of_a_person=True) == marked
    assert by_script("陳大文", "zh-Hant-HK", of_a_person=True) == "陳大文"
    assert by_script("陳大文", "zh-Hans") == "陳大文"


def test_what_others_wrote_is_escaped() -> None:
    assert (
        by_script("<b>沙田</b>", "en") == '&lt;b&gt;<span lang="zh-Hant-HK">沙田</span>&lt;/b&gt;'
    )
    assert by_script('<i x="a b c">', "zh-Hans").startswith("&lt;")


def test_what_is_marked_up_already_stays() -> None:
    assert by_script(Markup("<b>沙田</b>"), "en") == "<b>沙田</b>"
    assert by_script(Markup("Tom &amp; 沙田"), "en") == (
        'Tom &amp; <span lang="zh-Hant-HK">沙田</span>'
    )

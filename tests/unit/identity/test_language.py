"""The three scripts, and the tags by which they are named."""

from __future__ import annotations

import pytest

from hkeid.identity import Language
from hkeid.kernel.errors import MalformedInput
from hkeid.oidc.locales import SUPPORTED


def test_a_tag_is_read_whatever_its_letter_case() -> None:
    assert Language.parse("ZH-hant-hk") is Language.TRADITIONAL


def test_another_language_is_refused() -> None:
    with pytest.raises(MalformedInput) as refused:
        Language.parse("zh-TW")
    assert refused.value.reason == "language_unknown"


def test_the_wire_knows_the_same_scripts_english_first() -> None:
    assert SUPPORTED == ("en", "zh-Hant-HK", "zh-Hans")

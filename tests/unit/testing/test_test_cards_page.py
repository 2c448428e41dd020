"""The reference page of test cards is what the code says."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from hkeid.testing import card_issuer
from hkeid.testing.card_issuer import CardFeatures
from hkeid.testing.virtual_card.dishonesty import MUTATIONS, as_markdown

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "test-cards.md"


def test_the_page_lists_every_mutation() -> None:
    text = PAGE.read_text("utf-8")
    assert text.endswith(as_markdown())
    assert f"{len(MUTATIONS)} dishonest cards" in text


def test_the_page_lists_every_feature() -> None:
    text = PAGE.read_text("utf-8")
    for feature in fields(CardFeatures):
        assert f"\n| `{feature.name}` |" in text, feature.name


def test_the_page_names_what_is_there() -> None:
    text = PAGE.read_text("utf-8")
    for name in card_issuer.__all__:
        if name.isupper():
            assert f"| `{name}` |" in text, name

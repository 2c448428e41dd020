"""Findings: one code each, each explained, each reachable, and the reference page is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from hkeid.chip.errors import CardMalformed, CardRefused, finding_of
from hkeid.chip.finding_texts import MEANINGS, as_markdown, meaning_of
from hkeid.chip.findings import FindingCode, Severity, finding
from hkeid.kernel.errors import ConfigurationError
from hkeid.ports.cards import CardUnavailable

ROOT = Path(__file__).resolve().parents[3]


def test_every_code_is_explained_once() -> None:
    explained = [code for texts in MEANINGS.values() for code in texts]
    assert len(explained) == len(set(explained))
    assert set(explained) == set(FindingCode)
    assert meaning_of(FindingCode.CARD_ABSENT) == "No card is in the reader."


def test_codes_are_their_names_in_small_letters() -> None:
    assert all(code.value == code.name.lower() for code in FindingCode)


@pytest.mark.parametrize("code", FindingCode)
def test_every_code_is_used_by_some_rule(code: FindingCode) -> None:
    """A finding that nothing gives would be a promise."""
    texts = [
        path.read_text("utf-8")
        for path in (ROOT / "src" / "hkeid").rglob("*.py")
        if path.name not in {"findings.py", "finding_texts.py"}
    ]
    assert any(f"FindingCode.{code.name}" in text or f"`{code.value}`" in text for text in texts)


def test_the_reference_page_is_what_the_code_says() -> None:
    page = (ROOT / "docs" / "reference" / "chip-findings.md").read_text("utf-8")
    assert page.endswith("\n\n" + as_markdown())


def test_errors_become_findings() -> None:
    refused = CardRefused(FindingCode.ACCESS_KEY_WRONG, detail="6300")
    assert finding_of(refused) == finding(FindingCode.ACCESS_KEY_WRONG, "6300")
    assert finding_of(CardMalformed(FindingCode.TLV_LEFTOVER)).fatal
    assert finding_of(CardUnavailable("card_removed")).code is FindingCode.CARD_REMOVED
    odd = finding_of(ConfigurationError("something_else"))
    assert (odd.code, odd.detail) == (FindingCode.CARD_UNREADABLE, "something_else")


def test_severities() -> None:
    assert FindingCode.FILE_LOCKED.severity is Severity.NOTE
    assert FindingCode.CHIP_CLONEABLE.severity is Severity.WARNING
    assert FindingCode.SOD_SIGNATURE_WRONG.severity is Severity.FATAL
    assert not finding(FindingCode.BAC_ONLY).fatal

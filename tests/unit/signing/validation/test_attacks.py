"""Every kind of attack is refused, and the report says why."""

from __future__ import annotations

import pytest

from hkeid.signing.validation import Indication
from hkeid.testing.pdf_attacks import ATTACKS


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_never_called_valid(name, bench, validate) -> None:
    attack = ATTACKS[name]
    report = validate(attack.make(bench))
    assert not report.valid
    assert report.indication is not Indication.TOTAL_PASSED
    assert report.sub_indication
    assert attack.expected <= {one.code for one in report.findings}


def test_there_are_enough_kinds() -> None:
    assert len(ATTACKS) >= 30


@pytest.mark.parametrize(
    "name", ["signed", "stamped", "archived", "final", "form", "covered", "scanned"]
)
def test_what_attacks_start_from_is_valid(name, bench, validate) -> None:
    """Otherwise the refusals above would prove nothing."""
    report = validate(getattr(bench, name))
    assert report.valid, report.to_text()


@pytest.mark.parametrize("name", ["shadow_replace", "content_replaced", "page_added"])
def test_the_signed_revision_is_handed_out_and_is_valid(name, bench, validate) -> None:
    pdf = ATTACKS[name].make(bench)
    report = validate(pdf)
    revision = report.signed_revision(pdf, report.signatures[0].field_name)
    assert pdf.startswith(revision)
    assert validate(revision).valid


def test_changes_are_told_field_by_field(bench, validate) -> None:
    report = validate(ATTACKS["shadow_replace"].make(bench))
    (change,) = [one for one in report.signatures[0].changes if one.name == "payee"]
    assert (change.kind, change.event.value) == ("Tx", "value")
    assert (change.before, change.after) == ("Pay to: CHAN Tai Man", "Pay to: LEE Siu Ming")
    assert [place.page for place in change.places] == [0]

"""The gate by itself: what is not seen counts against a signature."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hkeid.ports.pdf_validation import (
    Coverage,
    ExaminedDocument,
    ExaminedSignature,
    FieldChange,
    FieldEvent,
    FieldPlace,
    Indication,
    Look,
    Modification,
    SignatureKind,
)
from hkeid.signing.validation import FindingCode
from hkeid.signing.validation.gate import LARGEST_SHARE, judge_signatures

GAP = b"<3003020101>"
FIRST = b"%PDF-1.7 " + GAP + b" startxref\n0\n%%EOF\n"
WHOLE = FIRST + b"more startxref\n50\n%%EOF\n"

GOOD = ExaminedSignature(
    field="first",
    kind=SignatureKind.SIGNATURE,
    byte_range=(0, 9, 9 + len(GAP), len(FIRST) - 9 - len(GAP)),
    contents=bytes.fromhex("3003020101"),
    same_in_revision=True,
    intact=True,
    genuine=True,
    indication=Indication.TOTAL_PASSED,
    sub_indication="",
    coverage=Coverage.REVISION,
    permitted=True,
    modification=Modification.LONG_TERM,
    look=Look.SAME,
)
SECOND = replace(GOOD, field="second", coverage=Coverage.FILE)
SECOND = replace(SECOND, byte_range=(0, 9, 21, len(WHOLE) - 21), modification=Modification.NONE)
PLACE = FieldPlace(page=0, box=(0, 0, 10, 10))
FILLED = FieldChange(name="second", kind="Sig", event=FieldEvent.SIGNED, places=(PLACE,))


def _codes(*signatures: ExaminedSignature, pdf: bytes = WHOLE):
    document = ExaminedDocument(revisions=2, hybrid=False, encrypted=False, signatures=signatures)
    first = judge_signatures(pdf, document)[0]
    return first.indication, {one.code for one in first.findings}


def _followed(*changes: FieldChange, second: ExaminedSignature = SECOND, **seen):
    first = replace(GOOD, modification=Modification.FORM_FILLING, changes=changes, **seen)
    return _codes(first, second)


def test_the_good_one_passes() -> None:
    assert _codes(GOOD)[0] is Indication.TOTAL_PASSED
    assert _followed(FILLED) == (
        Indication.TOTAL_PASSED,
        {
            FindingCode.SIGNED_LATER,
            FindingCode.REVOCATION_UNCHECKED,
            FindingCode.TIME_ONLY_CLAIMED,
        },
    )


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ({"coverage": Coverage.UNCLEAR}, FindingCode.COVERAGE_PARTIAL),
        ({"same_in_revision": None}, FindingCode.REVISION_UNREADABLE),
        ({"same_in_revision": False}, FindingCode.ENTRIES_DIFFER),
        ({"byte_range": ()}, FindingCode.RANGE_MALFORMED),
        ({"contents": b"\x30\x03\x02\x01\x02"}, FindingCode.RANGE_MALFORMED),
        ({"look": Look.UNKNOWN}, FindingCode.LOOK_UNKNOWN),
        ({"modification": Modification.UNKNOWN}, FindingCode.CHANGES_UNKNOWN),
        ({"modification": Modification.NONE}, FindingCode.CHANGE_UNEXPLAINED),
        ({"modification": Modification.FORM_FILLING}, FindingCode.CHANGE_UNEXPLAINED),
        ({"modification": Modification.ANNOTATIONS}, FindingCode.CHANGE_UNEXPLAINED),
        ({"permitted": False}, FindingCode.CHANGE_FORBIDDEN),
        ({"touched": ("payee",)}, FindingCode.FIELDS_CHANGED),
        ({"failure": "signature_unreadable"}, FindingCode.SIGNATURE_UNREADABLE),
        ({"failure": "validation_failed"}, FindingCode.VALIDATION_FAILED),
        ({"detached": False}, FindingCode.CMS_NOT_DETACHED),
        ({"also_in": ("other",)}, FindingCode.SIGNATURE_IN_TWO_FIELDS),
        ({"intact": False}, FindingCode.DIGEST_MISMATCH),
    ],
)
def test_one_thing_is_enough(seen, code) -> None:
    indication, codes = _codes(replace(GOOD, **seen))
    assert indication is not Indication.TOTAL_PASSED
    assert code in codes


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (replace(FILLED, kind="Tx"), FindingCode.FIELDS_CHANGED),
        (replace(FILLED, event=FieldEvent.ADDED), FindingCode.FIELDS_CHANGED),
        (replace(FILLED, event=FieldEvent.APPEARANCE), FindingCode.FIELDS_CHANGED),
        (replace(FILLED, name="third"), FindingCode.FIELDS_CHANGED),
        (
            replace(FILLED, places=(replace(PLACE, covers_content=True),)),
            FindingCode.LATER_SIGNATURE_COVERS,
        ),
        (
            replace(FILLED, places=(replace(PLACE, share=LARGEST_SHARE * 1.01),)),
            FindingCode.LATER_SIGNATURE_COVERS,
        ),
    ],
)
def test_the_exception_for_several_signers_is_narrow(change, code) -> None:
    indication, codes = _followed(change)
    assert indication is not Indication.TOTAL_PASSED
    assert code in codes


def test_a_later_signature_must_itself_be_good() -> None:
    indication, codes = _followed(FILLED, second=replace(SECOND, genuine=False))
    assert indication is Indication.INDETERMINATE
    assert FindingCode.LATER_SIGNATURE_NOT_VALID in codes


def test_two_fields_of_one_name_are_good_only_together() -> None:
    first = replace(GOOD, modification=Modification.FORM_FILLING, changes=(FILLED,))
    broken = replace(SECOND, genuine=False)
    assert _codes(first, SECOND, broken)[0] is Indication.INDETERMINATE
    assert _codes(first, broken, SECOND)[0] is Indication.INDETERMINATE


def test_the_file_must_end_behind_the_signed_revision() -> None:
    rolled_back = WHOLE.replace(b"startxref\n50", b"startxref\n05")
    indication, codes = _codes(GOOD, pdf=rolled_back)
    assert indication is Indication.INDETERMINATE
    assert FindingCode.CHANGE_UNEXPLAINED in codes

"""Certification, prepared fields, and signers in order."""

from __future__ import annotations

import io

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from hkeid.signing import (
    Certification,
    DocumentRefused,
    PlannedField,
    fields_in_order,
    prepare_fields,
    sign_pdf,
    signature_stamp,
)
from hkeid.testing.papers import paper

PLACES = {"applicant": (60, 60, 260, 120), "guardian": (300, 60, 500, 120), "officer": None}


@pytest.fixture
def form(plain, engine) -> bytes:
    return prepare_fields(plain, fields_in_order(PLACES), engine=engine)


def _reason(call) -> str:
    with pytest.raises(DocumentRefused) as refused:
        call()
    return refused.value.reason


def test_a_single_signer_certifies_as_final(authority, engine, plain, judge) -> None:
    """ISO 32000-2 §12.8.2.2: /P 1."""
    signed = sign_pdf(plain, authority.signer(), certify=True, engine=engine)
    judge.require_good(signed)
    reader = PdfFileReader(io.BytesIO(signed))
    assert reader.root["/Perms"]["/DocMDP"].get_object()["/Type"] == "/Sig"
    assert reader.embedded_signatures[0].docmdp_level.value == 1
    assert (
        _reason(lambda: sign_pdf(signed, authority.signer(), engine=engine))
        == "pdf_certified_final"
    )


def test_three_sign_in_order_and_all_stay_good(authority, engine, form, judge) -> None:
    first = sign_pdf(
        form, authority.signer(), field="applicant", certify=Certification.FILL_IN, engine=engine
    )
    second = sign_pdf(first, authority.signer("rsa2048"), engine=engine)  # the next one by itself
    third = sign_pdf(second, authority.signer(), field="officer", engine=engine)
    assert third.startswith(second)
    assert second.startswith(first)
    statuses = judge.statuses(third)
    assert len(statuses) == 3
    for status in statuses:
        assert status.bottom_line, status.summary()
        assert status.docmdp_ok
    judge.require_good(third)
    names = [one.field_name for one in PdfFileReader(io.BytesIO(third)).embedded_signatures]
    assert names == list(PLACES)
    assert judge.pdfsig(third).count("Signature is Valid") == 3


def test_nobody_signs_out_of_turn(authority, engine, form) -> None:
    for name in ("guardian", "officer"):
        reason = _reason(lambda n=name: sign_pdf(form, authority.signer(), field=n, engine=engine))
        assert reason == "field_out_of_order"


def test_after_the_last_one_there_is_no_field_left(authority, engine, form) -> None:
    document = form
    for number in range(3):
        certify = Certification.FILL_IN if number == 0 else False
        document = sign_pdf(document, authority.signer(), certify=certify, engine=engine)
    assert _reason(lambda: sign_pdf(document, authority.signer(), engine=engine)) == "field_absent"


def test_a_certified_document_gets_no_new_fields(authority, engine, form) -> None:
    signed = sign_pdf(form, authority.signer(), certify=Certification.FILL_IN, engine=engine)
    reason = _reason(lambda: sign_pdf(signed, authority.signer(), field="other", engine=engine))
    assert reason == "field_absent"
    fields = [PlannedField(name="late")]
    assert _reason(lambda: prepare_fields(signed, fields, engine=engine)) == "pdf_signed_already"


def test_only_the_first_signature_certifies(authority, engine, plain) -> None:
    signed = sign_pdf(plain, authority.signer(), engine=engine)
    reason = _reason(lambda: sign_pdf(signed, authority.signer(), certify=True, engine=engine))
    assert reason == "pdf_signed_already"


def test_approvals_without_certification_follow_each_other(authority, engine, plain, judge) -> None:
    document = plain
    for _ in range(3):
        document = sign_pdf(document, authority.signer(), engine=engine)
    assert all(one.intact and one.valid for one in judge.statuses(document))
    judge.require_good(document)


def test_a_locked_field_is_not_signed(authority, engine, plain) -> None:
    fields = [PlannedField(name="chair", open_after=()), PlannedField(name="clerk")]
    document = prepare_fields(plain, fields, engine=engine)
    reason = _reason(lambda: sign_pdf(document, authority.signer(), field="chair", engine=engine))
    assert reason == "field_out_of_order"
    clerk = sign_pdf(document, authority.signer(), field="clerk", engine=engine)
    both = sign_pdf(clerk, authority.signer(), field="chair", engine=engine)
    reason = _reason(lambda: sign_pdf(both, authority.signer(), field="third", engine=engine))
    assert reason == "field_locked"


def test_a_signed_field_is_not_signed_again(authority, engine, form) -> None:
    signed = sign_pdf(form, authority.signer(), field="applicant", engine=engine)
    reason = _reason(lambda: sign_pdf(signed, authority.signer(), field="applicant", engine=engine))
    assert reason == "field_signed"


@pytest.mark.parametrize("name", ["a.b", "", "x" * 65, "line\nbreak"])
def test_names_of_fields(name, engine, plain) -> None:
    fields = [PlannedField(name=name)]
    assert _reason(lambda: prepare_fields(plain, fields, engine=engine)) == "field_named_badly"


def test_fields_are_not_made_twice(engine, plain) -> None:
    fields = [PlannedField(name="one"), PlannedField(name="one")]
    assert _reason(lambda: prepare_fields(plain, fields, engine=engine)) == "field_exists"
    made = prepare_fields(plain, fields[:1], engine=engine)
    assert _reason(lambda: prepare_fields(made, fields[:1], engine=engine)) == "field_exists"


@pytest.mark.parametrize("page", [2, -3])
def test_pages_that_are_not_there(page, engine, plain) -> None:
    fields = [PlannedField(name="one", page=page)]
    assert _reason(lambda: prepare_fields(plain, fields, engine=engine)) == "page_absent"


def test_a_name_that_another_field_has(authority, engine) -> None:
    from pikepdf import Array, Dictionary, Name, String

    def text_field(document) -> None:
        field = document.make_indirect(Dictionary(FT=Name.Tx, T=String("name")))
        document.Root.AcroForm = Dictionary(Fields=Array([field]))

    document = paper(change=text_field)
    reason = _reason(lambda: sign_pdf(document, authority.signer(), field="name", engine=engine))
    assert reason == "field_not_a_signature"


def test_stamps_go_into_prepared_places(authority, engine, form, judge, rendered) -> None:
    now = authority.since
    stamp = signature_stamp("陳大文 CHAN Tai Man", now)
    signed = sign_pdf(
        form, authority.signer(), stamp=stamp, certify=Certification.FILL_IN, engine=engine
    )
    second = sign_pdf(
        signed, authority.signer(), stamp=signature_stamp("李 LEE", now), engine=engine
    )
    assert all(one.bottom_line for one in judge.statuses(second))
    assert "陳大文 CHAN Tai Man" in rendered(second, "text")
    assert "李 LEE" in rendered(second, "text")
    third = _reason(lambda: sign_pdf(second, authority.signer(), stamp=stamp, engine=engine))
    assert third == "field_invisible"

"""What may not be signed, each with its reason; and what looks like it and may."""

from __future__ import annotations

import pytest
from pikepdf import Array, Dictionary, Name, String

from hkeid.kernel.errors import HkeidError
from hkeid.signing import (
    DocumentMalformed,
    DocumentRefused,
    InputPolicy,
    PdfTrait,
    PlannedField,
    prepare_fields,
    prepare_pdf,
    sign_pdf,
)
from hkeid.testing.papers import UNFIT, encrypted, hybrid, paper


def _reason(document: bytes, authority, engine, **wishes) -> str:
    with pytest.raises(HkeidError) as refused:
        sign_pdf(document, authority.signer(), engine=engine, **wishes)
    assert isinstance(refused.value, DocumentRefused | DocumentMalformed)
    return refused.value.reason


@pytest.mark.parametrize("name", UNFIT)
def test_each_trait_is_refused_with_its_reason(name, authority, engine) -> None:
    trait, make = UNFIT[name]
    assert _reason(make(), authority, engine) == trait.value


@pytest.mark.parametrize("name", UNFIT)
def test_a_policy_may_let_a_trait_pass(name, authority, engine, judge) -> None:
    trait, make = UNFIT[name]
    document = make()
    policy = InputPolicy(refused=frozenset())
    assert sign_pdf(document, authority.signer(), policy=policy, engine=engine).startswith(document)
    only = InputPolicy(refused=frozenset({trait}))
    assert _reason(document, authority, engine, policy=only) == trait.value


def test_every_trait_has_a_document(authority, engine) -> None:
    covered = {trait for trait, _ in UNFIT.values()}
    covered |= {PdfTrait(_reason(encrypted(), authority, engine))}
    covered |= {PdfTrait(_reason(hybrid(), authority, engine))}
    covered |= {PdfTrait(_reason(paper() + b"%more", authority, engine))}
    covered |= {PdfTrait(_reason(_damaged(), authority, engine))}
    assert covered == set(PdfTrait)


def _damaged() -> bytes:
    """A document whose table points nowhere, which readers repair."""
    whole = paper()
    start = whole.rindex(b"startxref") + 10
    return whole[:start] + b"9" + whole[start:]


def test_preparing_refuses_as_signing_does(authority, engine) -> None:
    document = UNFIT["javascript"][1]()
    identity = authority.signer().identity
    with pytest.raises(DocumentRefused) as refused:
        prepare_pdf(document, identity, engine=engine)
    assert refused.value.reason == "pdf_javascript"
    with pytest.raises(DocumentRefused) as refused:
        prepare_fields(document, [PlannedField(name="one")], engine=engine)
    assert refused.value.reason == "pdf_javascript"


def test_all_traits_are_listed_in_the_detail(authority, engine) -> None:
    def several(document) -> None:
        document.Root.Collection = Dictionary(Type=Name.Collection)
        document.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("1"))

    with pytest.raises(DocumentRefused) as refused:
        sign_pdf(paper(change=several), authority.signer(), engine=engine)
    assert refused.value.detail == "pdf_javascript, pdf_open_action, pdf_collection"


def test_too_large_a_document_is_refused_unread(authority, engine) -> None:
    policy = InputPolicy(largest=500)
    assert _reason(paper(), authority, engine, policy=policy) == "pdf_too_large"


def _fine_cases():
    def link(document) -> None:
        there = Dictionary(S=Name.URI, URI=String("https://example.hk/"))
        one = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=there)
        document.pages[0].obj.Annots = Array([document.make_indirect(one)])

    def opens_on_a_page(document) -> None:
        document.Root.OpenAction = Array([document.pages[0].obj, Name.Fit])

    def goes_to_a_page(document) -> None:
        there = Array([document.pages[0].obj, Name.Fit])
        document.Root.OpenAction = Dictionary(S=Name.GoTo, D=there)

    def only_mentions_it(document) -> None:
        text = String("/JS /JavaScript /Launch /XFA /OC /AA /Annot /Ref")
        document.Root.PieceInfo = Dictionary(X=document.make_indirect(Dictionary(Note=text)))

    def filled_in_field(document) -> None:
        looks = Dictionary(N=document.make_stream(b""))
        field = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("name"), V=String("Chan"),
            Rect=Array([50, 50, 90, 70]), AP=looks, F=4,
        )  # fmt: skip
        made = document.make_indirect(field)
        document.pages[0].obj.Annots = Array([made])
        document.Root.AcroForm = Dictionary(Fields=Array([made]))

    def outlines_and_labels(document) -> None:
        document.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.D)]))
        document.Root.MarkInfo = Dictionary(Marked=True)

    def turns_the_page(document) -> None:
        there = Dictionary(S=Name.Named, N=Name.NextPage)
        one = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 9, 9]), A=there)
        document.pages[0].obj.Annots = Array([document.make_indirect(one)])

    return {
        one.__name__: one
        for one in (
            *(link, opens_on_a_page, goes_to_a_page, only_mentions_it, filled_in_field),
            *(outlines_and_labels, turns_the_page),
        )
    }


@pytest.mark.parametrize("name", _fine_cases())
def test_harmless_things_may_be_signed(name, authority, engine, judge) -> None:
    document = paper(change=_fine_cases()[name])
    judge.require_good(sign_pdf(document, authority.signer(), engine=engine))


def test_names_that_are_written_otherwise_are_found(authority, engine) -> None:
    """ISO 32000-2 §7.3.5: ``/J#53`` is ``/JS``."""
    document = UNFIT["open_action"][1]()
    changed = document.replace(b"/URI (https://example.hk/)", b"/J#53 (app.alert('0123'))")
    assert len(changed) != len(document) or changed != document
    padded = document.replace(b"/URI (https://example.hk/)", b"/J#53 (app.alert('0123  '))")
    assert len(padded) == len(document) + 1
    exact = document.replace(b"/URI (https://example.hk/)", b"/J#53 (app.alert('0123 '))")
    assert len(exact) == len(document)
    assert _reason(exact, authority, engine) == "pdf_javascript"


def test_hidden_in_an_object_stream_they_are_found(authority, engine) -> None:
    def script(document) -> None:
        one = document.make_indirect(Dictionary(S=Name.JavaScript, JS=String("1")))
        document.Root.PieceInfo = Dictionary(X=one)

    document = paper(change=script, compact=True)
    assert b"JavaScript" not in document
    assert _reason(document, authority, engine) == "pdf_javascript"

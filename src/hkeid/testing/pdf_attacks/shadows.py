"""Attacks that add to the file: Shadow attacks, changed pages, annotations, forms, later signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pikepdf import Array, Dictionary, Name, String

from hkeid.signing.validation import FindingCode
from hkeid.testing.pdf_attacks.bench import PLACE, WHOLE_PAGE, Attack, Bench
from hkeid.testing.pdf_attacks.updates import Update, last_table, stream
from hkeid.testing.signing_authority import SigningAuthority

_LOOK = frozenset({FindingCode.LOOK_CHANGED})
_PAGES = frozenset({FindingCode.PAGES_CHANGED})
_FORBIDDEN = frozenset({FindingCode.CHANGE_FORBIDDEN})
_UNEXPLAINED = frozenset({FindingCode.CHANGE_UNEXPLAINED})
_FIELDS = frozenset({FindingCode.FIELDS_CHANGED})
_OTHER_TEXT = b"BT /F1 40 Tf 60 700 Td (ANOTHER TEXT) Tj ET"


def _payee(base: bytes) -> bytes:
    """Shadow "replace": who is paid is a form field, and the form is filled in anew."""
    update = Update(base)
    field = next(one for one in update.root.AcroForm.Fields if one.T == "payee")
    field.V = String("Pay to: LEE Siu Ming")
    looks = field.AP.N
    text = b"BT /F1 12 Tf 2 5 Td (Pay to: LEE Siu Ming) Tj ET"
    number = update.add_stream(
        text,
        b"/Type /XObject /Subtype /Form /BBox [0 0 240 20] /Resources "
        + looks.Resources.unparse(resolved=True),
    )
    content = field.unparse(resolved=True)
    old = b"/N %d 0 R" % looks.objgen[0]
    assert old in content
    update.replace(field.objgen[0], content.replace(old, b"/N %d 0 R" % number))
    return update.bytes()


def _value_alone(bench: Bench) -> bytes:
    """The value is another, the drawing is the same: programs read what people do not see."""
    update = Update(bench.form)
    field = next(one for one in update.root.AcroForm.Fields if one.T == "payee")
    field.V = String("Pay to: LEE Siu Ming")
    update.change(field)
    return update.bytes()


def _font(bench: Bench) -> bytes:
    """Shadow "replace" by a font: the same letters, drawn as others."""
    update = Update(bench.signed)
    font = update.page().Resources.Font.F1
    font.Encoding = Dictionary(
        Type=Name.Encoding, Differences=Array([49, Name("/nine"), Name("/nine")])
    )
    update.change(font)
    return update.bytes()


def _curtain_gone(bench: Bench) -> bytes:
    """Shadow "hide": what covers the sentence is taken away."""
    update = Update(bench.covered)
    curtain = update.page().Resources.XObject.Curtain
    update.replace(
        curtain.objgen[0], stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 400 60]")
    )
    return update.bytes()


def _curtain_freed(bench: Bench) -> bytes:
    """The same by freeing the object."""
    update = Update(bench.covered)
    curtain = update.page().Resources.XObject.Curtain
    return update.bytes(free=(curtain.objgen[0],))


def _content(bench: Bench) -> bytes:
    update = Update(bench.signed)
    update.replace(update.page().Contents.objgen[0], stream(_OTHER_TEXT))
    return update.bytes()


def _other_pages(bench: Bench) -> bytes:
    """Shadow "hide-and-replace": another tree of pages takes the place of the signed one."""
    update = Update(bench.signed)
    contents = update.add_stream(_OTHER_TEXT)
    resources = update.page().Resources.unparse(resolved=True)
    numbers = [
        update.add(
            b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources %s >>"
            % (update.root.Pages.objgen[0], contents, resources)
        )
        for _ in range(2)
    ]
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    update.replace(update.root.Pages.objgen[0], b"<< /Type /Pages /Count 2 /Kids [ %s ] >>" % kids)
    return update.bytes()


def _page_added(bench: Bench) -> bytes:
    update = Update(bench.signed)
    pages = update.root.Pages
    number = update.add(
        b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] >>" % pages.objgen[0]
    )
    kids = b" ".join(b"%d 0 R" % one.objgen[0] for one in pages.Kids)
    update.replace(
        pages.objgen[0], b"<< /Type /Pages /Count 3 /Kids [ %s %d 0 R ] >>" % (kids, number)
    )
    return update.bytes()


def _kids(order: slice, count: int) -> Any:
    def make(bench: Bench) -> bytes:
        update = Update(bench.signed)
        pages = update.root.Pages
        kids = b" ".join(b"%d 0 R" % one.objgen[0] for one in list(pages.Kids)[order])
        update.replace(
            pages.objgen[0], b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (count, kids)
        )
        return update.bytes()

    return make


def _page_entry(key: str, value: Any) -> Any:
    def make(bench: Bench) -> bytes:
        update = Update(bench.signed)
        page = update.page()
        page[key] = value
        update.change(page)
        return update.bytes()

    return make


def _annotated(base: bytes, annotation: bytes, looks: bytes = b"") -> bytes:
    update = Update(base)
    if looks:
        number = update.add_stream(looks, b"/Type /XObject /Subtype /Form /BBox [0 0 400 100]")
        annotation += b" /AP << /N %d 0 R >>" % number
    made = update.add(b"<< /Type /Annot /Rect [50 700 450 800] /F 4 " + annotation + b" >>")
    page = update.page()
    listed = page.get("/Annots")
    old = b"" if listed is None else listed.unparse(resolved=True).strip()[1:-1]
    if "/Annots" in page:
        del page["/Annots"]
    content = page.unparse(resolved=True).rstrip().removesuffix(b">>")
    update.replace(page.objgen[0], content + b" /Annots [ %s %d 0 R ] >>" % (old, made))
    return update.bytes()


_COVER = b"1 1 0 rg 0 0 400 100 re f"


def _catalogue(key: str, value: Any) -> Any:
    def make(bench: Bench) -> bytes:
        update = Update(bench.signed)
        update.root[key] = value
        update.change(update.root)
        return update.bytes()

    return make


def _appearances(bench: Bench) -> bytes:
    """Readers are told to draw the form by themselves."""
    update = Update(bench.form)
    form = update.root.AcroForm
    form.NeedAppearances = True
    update.change(form if form.is_indirect else update.root)
    return update.bytes()


def _own_look(bench: Bench) -> bytes:
    """The signature's own stamp is drawn anew, with another name."""
    signed = bench.sign(bench.plain, stamp=bench.stamp(PLACE))
    update = Update(signed)
    field = update.root.AcroForm.Fields[0]
    looks = field.AP.N
    update.replace(
        looks.objgen[0],
        stream(b"1 0 0 rg 0 0 200 60 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 200 60]"),
    )
    return update.bytes()


def _hybrid(bench: Bench) -> bytes:
    """Old readers see one page, new ones another."""
    signed = bench.signed
    update = Update(signed)
    number = update.page().Contents.objgen[0]
    size = int(update.document.trailer.Size)
    other = b"%d 0 obj\n%s\nendobj\n" % (number, stream(_OTHER_TEXT))
    begin = len(signed)
    content = signed + other
    at = len(content)
    entry = b"\x01" + begin.to_bytes(4, "big") + b"\x00" + b"\x01" + at.to_bytes(4, "big") + b"\x00"
    content += (
        b"%d 0 obj\n<< /Type /XRef /Size %d /W [1 4 1] /Index [%d 1 %d 1] /Length %d >>\nstream\n%s"
        b"\nendstream\nendobj\n" % (size, size + 1, number, size, len(entry), entry)
    )
    table = len(content)
    return content + (
        b"xref\n0 1\n0000000000 65535 f \ntrailer << /Size %d /Root %d 0 R /Prev %d /XRefStm %d >>\n"
        b"startxref\n%d\n%%%%EOF\n"
        % (size + 1, update.root.objgen[0], last_table(signed), at, table)
    )


def _untrusted(bench: Bench) -> bytes:
    return bench.sign(bench.plain, authority=SigningAuthority())


def _untrusted_second(bench: Bench) -> bytes:
    """A stranger fills the second signer's field."""
    return bench.sign(
        bench.first_of_two, authority=SigningAuthority(), field="second", stamp=bench.stamp()
    )


SHADOWS: Mapping[str, Attack] = {
    "shadow_replace": Attack(lambda bench: _payee(bench.form), _LOOK | _FIELDS),
    "shadow_replace_certified": Attack(lambda bench: _payee(bench.certified_form), _LOOK | _FIELDS),
    "shadow_replace_value": Attack(_value_alone, _FIELDS),
    "shadow_replace_font": Attack(_font, _LOOK | _UNEXPLAINED),
    "shadow_hide": Attack(_curtain_gone, _LOOK | _UNEXPLAINED),
    "shadow_hide_freed": Attack(_curtain_freed, _UNEXPLAINED),
    "shadow_hide_and_replace": Attack(_other_pages, _LOOK | _UNEXPLAINED),
    "content_replaced": Attack(_content, _LOOK | _UNEXPLAINED),
    "page_added": Attack(_page_added, _PAGES | _UNEXPLAINED),
    "page_removed": Attack(_kids(slice(0, 1), 1), _PAGES | _UNEXPLAINED),
    "pages_swapped": Attack(_kids(slice(None, None, -1), 2), _LOOK | _UNEXPLAINED),
    "page_resized": Attack(_page_entry("/MediaBox", Array([0, 0, 595, 400])), _PAGES),
    "page_turned": Attack(_page_entry("/Rotate", 90), _PAGES),
    "annotation_over_text": Attack(
        lambda bench: _annotated(bench.signed, b"/Subtype /Stamp", _COVER), _LOOK | _UNEXPLAINED
    ),
    "annotation_on_archived": Attack(
        lambda bench: _annotated(bench.archived, b"/Subtype /Stamp", _COVER), _LOOK
    ),
    "link_added": Attack(
        lambda bench: _annotated(
            bench.signed, b"/Subtype /Link /A << /S /URI /URI (https://example.hk) >>"
        ),
        _UNEXPLAINED,
    ),
    "javascript_added": Attack(
        _catalogue("/OpenAction", Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))),
        _UNEXPLAINED,
    ),
    "layers_added": Attack(
        _catalogue("/OCProperties", Dictionary(OCGs=Array(), D=Dictionary())), _UNEXPLAINED
    ),
    "appearances_asked_for": Attack(_appearances, _LOOK),
    "own_look_replaced": Attack(_own_look, _LOOK),
    "hybrid_cross_reference": Attack(_hybrid, frozenset({FindingCode.HYBRID_CROSS_REFERENCE})),
    "certified_final_annotated": Attack(
        lambda bench: _annotated(bench.final, b"/Subtype /Stamp", _COVER), _LOOK | _FORBIDDEN
    ),
    "untrusted_signer": Attack(_untrusted, frozenset({FindingCode.CHAIN_NOT_TRUSTED})),
    "second_signer_untrusted": Attack(
        _untrusted_second, frozenset({FindingCode.LATER_SIGNATURE_NOT_VALID})
    ),
    "whole_page_field_signed": Attack(
        lambda bench: bench.sign(bench.first_of_two, field="large", stamp=bench.stamp()),
        frozenset({FindingCode.LATER_SIGNATURE_COVERS}),
    ),
    "scanned_sum_signed_over": Attack(
        lambda bench: bench.sign(bench.scanned, field="second", stamp=bench.stamp()),
        frozenset({FindingCode.LATER_SIGNATURE_COVERS}),
    ),
    "new_visible_field": Attack(
        lambda bench: bench.sign(bench.signed, stamp=bench.stamp(WHOLE_PAGE)), _LOOK | _FIELDS
    ),
}
"""By name."""

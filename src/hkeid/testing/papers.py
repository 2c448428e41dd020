"""PDF documents for tests: plain ones of any size, and one for each thing that must not be signed."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Callable
from typing import Any

from hkeid.kernel.errors import MissingExtra
from hkeid.ports.pdf import PdfTrait

try:
    import pikepdf
    from pikepdf import Array, Dictionary, Name, String
except ImportError:
    raise MissingExtra("pikepdf", "signing") from None

A4 = (595, 842)


def paper(
    size: int = 0,
    *,
    pages: int = 1,
    change: Callable[[pikepdf.Pdf], object] | None = None,
    compact: bool = False,
    version: str = "1.7",
) -> bytes:
    """A document with a few words on each page.

    :param size: about so many bytes, made up by pictures of noise.
    :param change: what else shall be in it.
    :param compact: with object streams and a cross-reference stream.
    """
    document = pikepdf.new()
    for number in range(pages):
        _page(document, f"SPECIMEN page {number + 1}")
    missing = size - 1500 * pages
    for number in range(max(0, -(-missing // (1 << 20)))):
        _picture(document, document.pages[number % pages], min(missing - (number << 20), 1 << 20))
    if change is not None:
        change(document)
    kept = io.BytesIO()
    mode = pikepdf.ObjectStreamMode.generate if compact else pikepdf.ObjectStreamMode.disable
    document.save(kept, object_stream_mode=mode, force_version=version, deterministic_id=True)
    return kept.getvalue()


def _page(document: pikepdf.Pdf, text: str) -> None:
    page = document.add_blank_page(page_size=A4)
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    page.obj.Resources = Dictionary(
        Font=Dictionary(F1=document.make_indirect(font)), XObject=Dictionary()
    )
    page.obj.Contents = document.make_stream(f"BT /F1 18 Tf 60 760 Td ({text}) Tj ET".encode())


def _picture(document: pikepdf.Pdf, page: Any, size: int) -> None:
    noise = zlib.compress(os.urandom(max(size, 64)), 0)
    picture = document.make_stream(
        noise,
        Type=Name.XObject, Subtype=Name.Image, Width=max(size, 64), Height=1,
        ColorSpace=Name.DeviceGray, BitsPerComponent=8, Filter=Name.FlateDecode,
    )  # fmt: skip
    name = f"/Im{len(page.obj.Resources.XObject.keys())}"
    page.obj.Resources.XObject[name] = picture


def _action(**entries: Any) -> Dictionary:
    return Dictionary(**entries)


def _javascript(document: pikepdf.Pdf) -> None:
    script = _action(S=Name.JavaScript, JS=String("app.alert('SPECIMEN')"))
    document.Root.Names = Dictionary(
        JavaScript=Dictionary(Names=Array([String("one"), document.make_indirect(script)]))
    )


def _open_action(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = _action(S=Name.URI, URI=String("https://example.hk/"))


def _additional_action(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.AA = Dictionary(O=_action(S=Name.URI, URI=String("https://example.hk/")))


def _launch(document: pikepdf.Pdf) -> None:
    _annotate(document, Subtype=Name.Link, A=_action(S=Name.Launch, F=String("specimen.exe")))


def _submit(document: pikepdf.Pdf) -> None:
    _annotate(
        document, Subtype=Name.Link, A=_action(S=Name.SubmitForm, F=String("https://example.hk"))
    )


def _xfa(document: pikepdf.Pdf) -> None:
    document.Root.AcroForm = Dictionary(Fields=Array(), XFA=document.make_stream(b"<xdp/>"))


def _layers(document: pikepdf.Pdf) -> None:
    layer = document.make_indirect(Dictionary(Type=Name.OCG, Name=String("layer")))
    document.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(ON=Array([layer])))


def _annotate(document: pikepdf.Pdf, **entries: Any) -> Any:
    one = Dictionary(Type=Name.Annot, Rect=Array([60, 600, 300, 700]), **entries)
    made = document.make_indirect(one)
    page = document.pages[0].obj
    if "/Annots" not in page:
        page.Annots = Array()
    page.Annots.append(made)
    return made


def _comment(document: pikepdf.Pdf) -> None:
    _annotate(document, Subtype=Name.FreeText, Contents=String("over the text"))


def _untyped_overlay(document: pikepdf.Pdf) -> None:
    made = _annotate(document, Subtype=Name.Stamp)
    del made["/Type"]


def _rollover(document: pikepdf.Pdf) -> None:
    looks = Dictionary(N=document.make_stream(b""), R=document.make_stream(b"0 0 240 100 re f"))
    _field(document, FT=Name.Btn, AP=looks, F=4)


def _field(document: pikepdf.Pdf, **entries: Any) -> None:
    field = _annotate(document, Subtype=Name.Widget, T=String("amount"), **entries)
    document.Root.AcroForm = Dictionary(Fields=Array([field]))


def _hidden_field(document: pikepdf.Pdf) -> None:
    looks = Dictionary(N=document.make_stream(b""))
    _field(document, FT=Name.Tx, V=String("1,000,000"), F=2, AP=looks)


def _undrawn_field(document: pikepdf.Pdf) -> None:
    _field(document, FT=Name.Tx, V=String("1,000,000"))


def _field_off_the_page(document: pikepdf.Pdf) -> None:
    looks = Dictionary(N=document.make_stream(b""))
    _field(document, FT=Name.Tx, V=String("1,000,000"), AP=looks, F=4)
    document.Root.AcroForm.Fields[0].Rect = Array([900, 900, 1000, 950])


def _need_appearances(document: pikepdf.Pdf) -> None:
    _field(document, FT=Name.Tx, AP=Dictionary(N=document.make_stream(b"")), F=4)
    document.Root.AcroForm.NeedAppearances = True


def _second_catalogue(document: pikepdf.Pdf) -> None:
    _keep(document, Dictionary(Type=Name.Catalog, Pages=document.Root.Pages))


def _orphaned_page(document: pikepdf.Pdf) -> None:
    page = Dictionary(Type=Name.Page, MediaBox=Array([0, 0, *A4]))
    _keep(document, page)


def _keep(document: pikepdf.Pdf, one: Dictionary) -> None:
    """In the file, but of no use to the pages."""
    document.Root[Name.PieceInfo] = Dictionary(SPECIMEN=document.make_indirect(one))


def _reference(document: pikepdf.Pdf) -> None:
    form = document.make_stream(b"", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]))
    form.Ref = Dictionary(F=String("other.pdf"), Page=0)
    document.pages[0].obj.Resources.XObject[Name.Fm0] = form


def _external_stream(document: pikepdf.Pdf) -> None:
    outside = document.make_stream(b"")
    outside.stream_dict.F = Dictionary(FS=Name.URL, F=String("https://example.hk/picture"))
    document.pages[0].obj.Resources.XObject[Name.Im9] = outside


def _alternates(document: pikepdf.Pdf) -> None:
    _picture(document, document.pages[0], 64)
    picture = document.pages[0].obj.Resources.XObject.Im0
    picture.Alternates = Array([Dictionary(Image=picture, DefaultForPrinting=True)])


def _collection(document: pikepdf.Pdf) -> None:
    document.Root.Collection = Dictionary(Type=Name.Collection)


def _link_frame(document: pikepdf.Pdf) -> None:
    """A frame so wide that it covers what is in it: pdfium does not draw it, poppler does."""
    _annotate(document, Subtype=Name.Link, Border=Array([0, 0, 90]), C=Array([1, 1, 1]))


def _link_bar(document: pikepdf.Pdf) -> None:
    """A frame around nothing: a bar."""
    bar = _annotate(document, Subtype=Name.Link, BS=Dictionary(W=2))
    bar.Rect = Array([60, 600, 300, 603])


def _curtain(flags: int) -> Callable[[pikepdf.Pdf], None]:
    def make(document: pikepdf.Pdf) -> None:
        looks = document.make_stream(
            b"1 g 0 0 240 100 re f",
            Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 240, 100]),
        )  # fmt: skip
        button = _annotate(
            document, Subtype=Name.Widget, FT=Name.Btn, Ff=1 << 16, T=String("curtain"),
            F=flags, AP=Dictionary(N=looks),
        )  # fmt: skip
        document.Root.AcroForm = Dictionary(Fields=Array([button]))

    return make


def _blend_list(document: pikepdf.Pdf) -> None:
    """A white bar, in a list of blend modes of which some readers know the second."""
    page = document.pages[0].obj
    page.Resources.ExtGState = Dictionary(
        Bar=Dictionary(Type=Name.ExtGState, BM=Array([Name.Unknown, Name.Multiply]))
    )
    page.Contents = document.make_stream(
        page.Contents.read_bytes() + b"\n/Bar gs 1 g 50 740 300 60 re f"
    )


def _undrawn_curtain(document: pikepdf.Pdf) -> None:
    """A signature field with a ground and without a look: pdfium draws nothing, poppler the ground."""
    ground = Dictionary(BG=Array([1, 1, 1]))
    field = _annotate(
        document, Subtype=Name.Widget, FT=Name.Sig, T=String("curtain"), F=4, MK=ground
    )
    document.Root.AcroForm = Dictionary(Fields=Array([field]))


def _font_absent(document: pikepdf.Pdf) -> None:
    """Words in a font that is not there: pdfium draws them, poppler does not."""
    _write_more(document, b"BT /F9 18 Tf 60 700 Td (not for everybody) Tj ET")


def _font_no_font(document: pikepdf.Pdf) -> None:
    document.pages[0].obj.Resources.Font[Name.F9] = 9
    _font_absent(document)


def _font_between_marks(document: pikepdf.Pdf) -> None:
    """The same where names stand elsewhere too, and a comment within."""
    _write_more(document, b"/P <</MCID 0>> BDC BT /F9 %x\n18 Tf 60 700 Td (one) Tj ET EMC")


def _form_without_resources(document: pikepdf.Pdf) -> None:
    _draw_form(document, b"BT /F1 18 Tf (where is F1?) Tj ET")


def _look_without_resources(document: pikepdf.Pdf) -> None:
    _field(document, FT=Name.Btn, AP=Dictionary(N=document.make_stream(b"/Im9 Do")), F=4)


def _glyph_absent(document: pikepdf.Pdf) -> None:
    glyph = document.make_stream(b"9 0 d0 /Im9 Do")
    document.pages[0].obj.Resources.Font[Name.F9] = Dictionary(
        Type=Name.Font, Subtype=Name.Type3, FontBBox=Array([0, 0, 9, 9]), FirstChar=65, LastChar=65,
        FontMatrix=Array([0.001, 0, 0, 0.001, 0, 0]), Widths=Array([9]), CharProcs=Dictionary(A=glyph),
        Encoding=Dictionary(Type=Name.Encoding, Differences=Array([65, Name.A])),
    )  # fmt: skip


def _write_more(document: pikepdf.Pdf, content: bytes) -> None:
    page = document.pages[0].obj
    page.Contents = document.make_stream(page.Contents.read_bytes() + b"\n" + content)


def _draw_form(document: pikepdf.Pdf, content: bytes) -> None:
    box = Array([0, 0, 300, 300])
    form = document.make_stream(content, Type=Name.XObject, Subtype=Name.Form, BBox=box)
    document.pages[0].obj.Resources.XObject[Name.Fm0] = form
    _write_more(document, b"/Fm0 Do")


UNFIT: dict[str, tuple[PdfTrait, Callable[[], bytes]]] = {
    name: (trait, lambda change=change: paper(change=change))  # type: ignore[misc]
    for name, trait, change in (
        ("javascript", PdfTrait.JAVASCRIPT, _javascript),
        ("open_action", PdfTrait.OPEN_ACTION, _open_action),
        ("additional_action", PdfTrait.OPEN_ACTION, _additional_action),
        ("launch", PdfTrait.LAUNCH_ACTION, _launch),
        ("submit", PdfTrait.LAUNCH_ACTION, _submit),
        ("xfa", PdfTrait.XFA, _xfa),
        ("layers", PdfTrait.OPTIONAL_CONTENT, _layers),
        ("comment", PdfTrait.OVERLAY, _comment),
        ("untyped_overlay", PdfTrait.OVERLAY, _untyped_overlay),
        ("rollover", PdfTrait.OVERLAY, _rollover),
        ("link_frame", PdfTrait.OVERLAY, _link_frame),
        ("link_bar", PdfTrait.OVERLAY, _link_bar),
        ("screen_alone", PdfTrait.OVERLAY, _curtain(0)),
        ("paper_alone", PdfTrait.OVERLAY, _curtain(4 | 32)),
        ("seen_after_a_click", PdfTrait.OVERLAY, _curtain(4 | 256)),
        ("undrawn_curtain", PdfTrait.OVERLAY, _undrawn_curtain),
        ("blend_list", PdfTrait.OVERLAY, _blend_list),
        ("hidden_field", PdfTrait.HIDDEN_FIELD, _hidden_field),
        ("undrawn_field", PdfTrait.HIDDEN_FIELD, _undrawn_field),
        ("field_off_the_page", PdfTrait.HIDDEN_FIELD, _field_off_the_page),
        ("need_appearances", PdfTrait.NEED_APPEARANCES, _need_appearances),
        ("second_catalogue", PdfTrait.HIDDEN_CONTENT, _second_catalogue),
        ("orphaned_page", PdfTrait.HIDDEN_CONTENT, _orphaned_page),
        ("reference", PdfTrait.EXTERNAL_CONTENT, _reference),
        ("external_stream", PdfTrait.EXTERNAL_CONTENT, _external_stream),
        ("alternates", PdfTrait.ALTERNATE_IMAGES, _alternates),
        ("font_absent", PdfTrait.UNDEFINED_RESOURCE, _font_absent),
        ("font_no_font", PdfTrait.UNDEFINED_RESOURCE, _font_no_font),
        ("font_between_marks", PdfTrait.UNDEFINED_RESOURCE, _font_between_marks),
        ("form_without_resources", PdfTrait.UNDEFINED_RESOURCE, _form_without_resources),
        ("look_without_resources", PdfTrait.UNDEFINED_RESOURCE, _look_without_resources),
        ("glyph_absent", PdfTrait.UNDEFINED_RESOURCE, _glyph_absent),
        ("collection", PdfTrait.COLLECTION, _collection),
    )
}
"""Documents that must not be signed: the trait, and how the document is made."""


def encrypted() -> bytes:
    """A document that opens without a password, but is encrypted."""
    with pikepdf.open(io.BytesIO(paper())) as document:
        kept = io.BytesIO()
        document.save(kept, encryption=pikepdf.Encryption(owner="specimen", user=""))
    return kept.getvalue()


def hybrid() -> bytes:
    """A document whose last section has ``/XRefStm`` beside its table (ISO 32000-2 §7.5.8.4)."""
    whole = paper()
    start = len(whole)
    number = int(whole.rsplit(b"/Size ", 1)[1].split(maxsplit=1)[0].rstrip(b"/>"))
    previous = int(whole.rsplit(b"startxref", 1)[1].split()[0])
    # One hidden object in a stream, and a table that says nothing about it.
    entry = b"\x01" + start.to_bytes(4, "big") + b"\x00"
    stream = b"%d 0 obj\n<< /Type /XRef /Size %d /W [1 4 1] /Index [%d 1] /Length %d >>\nstream\n" % (
        number, number + 1, number, len(entry),
    )  # fmt: skip
    stream += entry + b"\nendstream\nendobj\n"
    table = start + len(stream)
    trailer = whole.rsplit(b"trailer", 1)[1].split(b">>", 1)[0].split(b"<<", 1)[1]
    trailer = trailer.replace(b"/Size %d" % number, b"/Size %d" % (number + 1))
    return (
        whole
        + stream
        + b"xref\n0 1\n0000000000 65535 f \ntrailer << "
        + trailer
        + b" /Prev %d /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n" % (previous, start, table)
    )

"""Signature fields: finding, making, locking and filling them (ISO 32000-2 §12.7.5.5, §12.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.form_tools import annot_width_height, get_single_field_annot
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
    ensure_sig_flags,
    enumerate_sig_fields,
)
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1, ISO32002
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp, PdfSignedData, SignatureObject

from hkeid.ports.pdf import Box, Certification, PlannedField, SignatureRequest
from hkeid.signing.errors import DocumentRefused

Painter = Callable[[float, float], Any]
"""Makes an appearance of a width and height in points: a reference to a form XObject."""

_LONGEST_NAME = 64
_PDF_2 = (2, 0)


def fill_signature(
    writer: IncrementalPdfFileWriter, request: SignatureRequest, paint: Painter | None
) -> tuple[PdfSignedData, str]:
    """Put an empty signature into its field; the object whose contents are to come, and the field's name.

    :raises DocumentRefused: see :meth:`hkeid.ports.pdf.PdfEngine.prepare_signature`.
    """
    known = _fields(writer)
    name = request.field or _first_empty(known) or _new_name(known)
    exists = name in known
    _require_may_sign(writer, known, name, request)
    if not exists:
        _make(writer, name, request)
    embedding = PdfCMSEmbedder().write_cms(name, writer, existing_fields_only=True)
    field = next(embedding).get_object()
    if paint is not None:
        _paint(writer, field, paint)
    placeholder = SignatureObject(
        timestamp=request.signed_at,
        subfilter=SigSeedSubFilter.PADES,
        reason=request.reason,
        location=request.location,
        bytes_reserved=2 * request.room,
    )
    embedding.send(
        SigObjSetup(sig_placeholder=placeholder, mdp_setup=_restrictions(field, request))
    )
    _declare(writer, edwards=request.edwards)
    return placeholder, name


def fill_timestamp(writer: IncrementalPdfFileWriter, room: int) -> PdfSignedData:
    """Put an empty document time-stamp into an invisible field of its own (ETSI EN 319 142-1 §5.5)."""
    name = _new_name(_fields(writer), "DocumentTimestamp")
    embedding = PdfCMSEmbedder().write_cms(name, writer)
    next(embedding)
    placeholder = DocumentTimestamp(bytes_reserved=2 * room)
    embedding.send(SigObjSetup(sig_placeholder=placeholder))
    _declare(writer, edwards=False)
    return placeholder


def add_fields(writer: IncrementalPdfFileWriter, fields: Sequence[PlannedField]) -> None:
    """Make empty fields for several signers.

    :raises DocumentRefused: ``field_exists``, ``field_named_badly``, ``page_absent``,
        ``pdf_signed_already``.
    """
    known = _fields(writer)
    if any(value is not None for value, _ in known.values()):
        raise DocumentRefused("pdf_signed_already")
    for planned in fields:
        if planned.name in known:
            raise DocumentRefused("field_exists", detail=planned.name)
        lock = None
        if planned.open_after is not None:
            lock = (
                FieldMDPSpec(FieldMDPAction.EXCLUDE, list(planned.open_after))
                if planned.open_after
                else FieldMDPSpec(FieldMDPAction.ALL)
            )
        known[planned.name] = (None, None)
        _append(writer, planned.name, planned.page, planned.box, lock=lock, label=planned.label)


def _entry(dictionary: Any, key: str) -> Any:
    """An entry with its reference followed, or None; ``get`` of pyHanko follows none."""
    try:
        return dictionary[key]
    except KeyError:
        return None


def _items(array: Any) -> Iterator[Any]:
    """The items of an array, references followed."""
    for place in range(0 if array is None else len(array)):
        yield array[place]


def _fields(writer: IncrementalPdfFileWriter) -> dict[str, tuple[Any, Any]]:
    """Signature fields by name: value and reference, in the order of the form."""
    return {
        str(name): (None if value is None else value.get_object(), ref)
        for name, value, ref in enumerate_sig_fields(writer)
    }


def _first_empty(known: dict[str, tuple[Any, Any]]) -> str | None:
    return next((name for name, (value, _) in known.items() if value is None), None)


def _new_name(known: dict[str, tuple[Any, Any]], stem: str = "Signature") -> str:
    number = len(known) + 1
    while f"{stem}{number}" in known:
        number += 1
    return f"{stem}{number}"


def _require_may_sign(
    writer: IncrementalPdfFileWriter,
    known: dict[str, tuple[Any, Any]],
    name: str,
    request: SignatureRequest,
) -> None:
    """The document, as it is signed and certified so far, lets ``name`` be signed."""
    signed = [value for value, _ in known.values() if value is not None]
    if request.certification is not None and signed:
        raise DocumentRefused("pdf_signed_already", detail="only the first signature certifies")
    if name in known and known[name][0] is not None:
        raise DocumentRefused("field_signed", detail=name)
    permission = _certified_for(writer)
    if permission == Certification.NO_CHANGES:
        raise DocumentRefused("pdf_certified_final")
    if name not in known:
        if permission is not None:
            raise DocumentRefused("field_absent", detail="a certified document gets no new fields")
        if request.field is not None:
            _require_name(writer, name)
    for value in signed:
        lock = _lock_of(value)
        if lock is not None and lock.is_locked(name):
            raise DocumentRefused("field_locked", detail=name)
    if name in known:
        _require_order(known, name)


def _require_order(known: dict[str, tuple[Any, Any]], name: str) -> None:
    """Signing ``name`` must not lock a field that still waits for its signature."""
    lock = _entry(known[name][1].get_object(), "/Lock")
    if lock is None:
        return
    spec = FieldMDPSpec.from_pdf_object(lock)
    for other, (value, _) in known.items():
        if other != name and value is None and spec.is_locked(other):
            raise DocumentRefused("field_out_of_order", detail=f"{other} signs before {name}")


def _require_name(writer: IncrementalPdfFileWriter, name: str) -> None:
    if not 0 < len(name) <= _LONGEST_NAME or "." in name or not name.isprintable():
        raise DocumentRefused("field_named_badly")
    form = _entry(writer.root, "/AcroForm")
    taken = None if form is None else _entry(form, "/Fields")
    for field in _items(taken):
        if _entry(field, "/T") == name:
            raise DocumentRefused("field_not_a_signature", detail=name)


def _certified_for(writer: IncrementalPdfFileWriter) -> int | None:
    """``/P`` of the certifying signature, if there is one; 2 where it is not said."""
    try:
        references = writer.root["/Perms"]["/DocMDP"]["/Reference"]
    except KeyError:
        return None
    for reference in _items(references):
        if _entry(reference, "/TransformMethod") == "/DocMDP":
            permission = _entry(reference["/TransformParams"], "/P")
            return 2 if permission is None else int(permission)
    return None


def _lock_of(signature: Any) -> FieldMDPSpec | None:
    for reference in _items(_entry(signature, "/Reference")):
        if _entry(reference, "/TransformMethod") == "/FieldMDP":
            return FieldMDPSpec.from_pdf_object(reference["/TransformParams"])
    return None


def _make(writer: IncrementalPdfFileWriter, name: str, request: SignatureRequest) -> None:
    stamp = request.stamp
    if stamp is None:
        _append(writer, name, 0, None)
    elif stamp.box is None:
        raise DocumentRefused("field_invisible", detail="the stamp has no place on the page")
    else:
        _append(writer, name, stamp.page, stamp.box)


def _append(
    writer: IncrementalPdfFileWriter,
    name: str,
    page: int,
    box: Box | None,
    *,
    lock: FieldMDPSpec | None = None,
    label: str | None = None,
) -> None:
    _require_name(writer, name)
    pages = int(writer.root["/Pages"]["/Count"])
    if not -pages <= page < pages:
        raise DocumentRefused(
            "page_absent", detail=f"index {page}, and the document has {pages} pages"
        )
    append_signature_field(
        writer,
        SigFieldSpec(
            name,
            on_page=page,
            box=box,  # type: ignore[arg-type] # it takes fractions of points as well
            field_mdp_spec=lock,
            readable_field_name=label,
        ),
    )


def _paint(writer: IncrementalPdfFileWriter, field: Any, paint: Painter) -> None:
    annotation = get_single_field_annot(field)
    width, height = (float(one) for one in annot_width_height(annotation))
    if not (width and height):
        raise DocumentRefused("field_invisible", detail="the field has no place on the page")
    annotation["/AP"] = generic.DictionaryObject({pdf_name("/N"): paint(width, height)})
    writer.update_container(annotation)


def _restrictions(field: Any, request: SignatureRequest) -> SigMDPSetup | None:
    lock = _entry(field, "/Lock")
    certifies = request.certification is not None
    if lock is None and not certifies:
        return None
    return SigMDPSetup(
        md_algorithm="sha256",  # not written: the key /DigestMethod went out of use
        certify=certifies,
        docmdp_perms=MDPPerm(int(request.certification)) if request.certification else None,
        field_lock=None if lock is None else FieldMDPSpec.from_pdf_object(lock),
    )


def _declare(writer: IncrementalPdfFileWriter, *, edwards: bool) -> None:
    """Say in the catalogue which extensions are used, and that the file is only to be added to."""
    ensure_sig_flags(writer, lock_sig_flags=True)
    if edwards:
        writer.ensure_output_version((2, 0))
        writer.register_extension(ISO32002)
    elif writer.output_version < _PDF_2:
        writer.register_extension(ESIC_EXTENSION_1)

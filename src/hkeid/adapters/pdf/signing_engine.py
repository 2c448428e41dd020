"""The engine itself, with pyHanko and pikepdf. Made to live in a worker: see
:mod:`hkeid.adapters.pdf.worker_engine`.
"""

from __future__ import annotations

import gc
import mmap
import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hkeid.kernel.errors import HkeidError, MissingExtra
from hkeid.ports.certificates import ValidationMaterial
from hkeid.ports.pdf import (
    GapUpdate,
    PdfTrait,
    PlannedField,
    PreparedFields,
    PreparedUpdate,
    SignatureRequest,
    Stamp,
)
from hkeid.signing.errors import DocumentMalformed

try:
    import pikepdf  # noqa: F401 - whether it is there
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader
except ImportError as error:
    raise MissingExtra(error.name or "pyhanko", "signing") from None

from hkeid.adapters.pdf import signature_fields, validation_material
from hkeid.adapters.pdf.inspection import traits_of
from hkeid.adapters.pdf.stamps import StampPainter
from hkeid.adapters.pdf.syntax_speed import read_syntax_whole
from hkeid.adapters.pdf.updates import update_of, update_with_gap

_OBJECTS_BETWEEN_COLLECTIONS = 20_000
"""A document's objects refer to each other in circles; a few documents at a time are collected."""


class _Mapped(mmap.mmap):
    """A file mapped into memory, as the kind of stream that pyHanko wants."""

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False


class SigningEngine:
    """The engine; each method takes the file as one open descriptor.

    :param stamp_font: path of the font for stamps, or None.
    """

    def __init__(self, stamp_font: str | None = None) -> None:
        self._painter = StampPainter(None if stamp_font is None else Path(stamp_font))
        read_syntax_whole()
        # The modules stay for good: the collector need not walk through them with each document.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)

    def prepare_signature(
        self, request: SignatureRequest, *, handles: tuple[int, ...]
    ) -> PreparedUpdate:
        """As :meth:`hkeid.ports.pdf.PdfEngine.prepare_signature`."""
        with _opened(handles[0]) as mapped:
            writer, traits = _inspected(mapped, handles[0], request.refused)
            if writer is None:
                return PreparedUpdate(traits=traits)
            placeholder, field = signature_fields.fill_signature(
                writer, request, self._painted(writer, request.stamp)
            )
            return PreparedUpdate(
                traits=traits,
                update=update_with_gap(writer, placeholder, len(mapped)),
                field=field,
            )

    def prepare_timestamp(
        self, material: ValidationMaterial, room: int, *, handles: tuple[int, ...]
    ) -> GapUpdate:
        """As :meth:`hkeid.ports.pdf.PdfEngine.prepare_timestamp`."""
        with _opened(handles[0]) as mapped:
            writer = _writer(mapped)
            validation_material.supply(writer, material)
            placeholder = signature_fields.fill_timestamp(writer, room)
            return update_with_gap(writer, placeholder, len(mapped))

    def add_material(self, material: ValidationMaterial, *, handles: tuple[int, ...]) -> bytes:
        """As :meth:`hkeid.ports.pdf.PdfEngine.add_material`."""
        with _opened(handles[0]) as mapped:
            writer = _writer(mapped)
            validation_material.supply(writer, material)
            return update_of(writer, len(mapped)).getvalue()

    def prepare_fields(
        self,
        fields: Sequence[PlannedField],
        refused: frozenset[PdfTrait],
        *,
        handles: tuple[int, ...],
    ) -> PreparedFields:
        """As :meth:`hkeid.ports.pdf.PdfEngine.prepare_fields`."""
        with _opened(handles[0]) as mapped:
            writer, traits = _inspected(mapped, handles[0], refused)
            if writer is None:
                return PreparedFields(traits=traits)
            signature_fields.add_fields(writer, fields)
            update = update_of(writer, len(mapped)).getvalue()
            return PreparedFields(traits=traits, update=update)

    def _painted(self, writer: Any, stamp: Stamp | None) -> signature_fields.Painter | None:
        if stamp is None:
            return None
        return lambda width, height: self._painter.paint(writer, stamp, width, height)


def _inspected(
    mapped: _Mapped, handle: int, refused: frozenset[PdfTrait]
) -> tuple[IncrementalPdfFileWriter | None, tuple[PdfTrait, ...]]:
    """A writer, unless one of the traits is refused."""
    found = traits_of(mapped, handle)
    writer = None
    if not found & refused:
        writer = _writer(mapped)
        if writer.prev.xrefs.hybrid_xrefs_present:
            found |= {PdfTrait.HYBRID_CROSS_REFERENCE}
    traits = tuple(one for one in PdfTrait if one in found)
    return (None if found & refused else writer), traits


def _writer(mapped: _Mapped) -> IncrementalPdfFileWriter:
    return IncrementalPdfFileWriter.from_reader(PdfFileReader(mapped, strict=True))


@contextmanager
def _opened(handle: int) -> Iterator[_Mapped]:
    """The file; whatever the parsers raise over it comes out as ours.

    :raises DocumentMalformed: ``pdf_malformed``.
    """
    if not os.fstat(handle).st_size:
        raise DocumentMalformed("pdf_malformed", detail="empty")
    with _Mapped(handle, 0, access=mmap.ACCESS_READ) as mapped:
        try:
            yield mapped
        except (HkeidError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001
            # pyHanko over hostile files raises nearly anything: AssertionError, KeyError, TypeError …
            raise DocumentMalformed("pdf_malformed", detail=where(error)) from None


def where(error: Exception) -> str:
    """Type and place; never the text, which may quote the document."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"

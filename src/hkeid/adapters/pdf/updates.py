"""Writing the update alone: pyHanko writes whole files, we want what goes after the file."""

from __future__ import annotations

import io
from typing import IO, Any, cast

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers.pdf_byterange import PdfSignedData

from hkeid.ports.pdf import GapUpdate


class Tail(io.BytesIO):
    """A stream that begins where a file of ``beginning`` bytes ends, and keeps what is written after it."""

    def __init__(self, beginning: int) -> None:
        super().__init__()
        self._beginning = beginning

    def tell(self) -> int:
        """Offset in the whole file."""
        return super().tell() + self._beginning

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset in the whole file."""
        if whence == io.SEEK_SET:
            offset -= self._beginning
        return super().seek(offset, whence) + self._beginning


def update_of(writer: IncrementalPdfFileWriter, size: int) -> Tail:
    """What the writer has to say, for the end of a file of ``size`` bytes.

    The document's own metadata stay as they are: a later date in XMP alone would break PDF/A.
    """
    tail = Tail(size)
    # A file need not end in a line break, and an object must not begin on the line of %%EOF.
    tail.write(b"\n")
    writer._write_updated_section(cast("IO[Any]", tail))  # noqa: SLF001 - hence the exact version
    return tail


def update_with_gap(
    writer: IncrementalPdfFileWriter, placeholder: PdfSignedData, size: int
) -> GapUpdate:
    """The same where ``placeholder`` is the object whose ``/Contents`` stays empty; its ``/ByteRange`` is
    filled in.
    """
    writer.digest_aware_write = True
    tail = update_of(writer, size)
    start, end = placeholder.contents.offsets
    placeholder.byte_range.fill_offsets(tail, start, end, size + len(tail.getbuffer()))
    content = tail.getvalue()
    return GapUpdate(
        before=content[: start - size],
        room=(end - start - 2) // 2,
        after=content[end - size :],
    )

"""The engine itself. Made to live in a worker: see :mod:`hkeid.adapters.pdf.worker_validator`."""

from __future__ import annotations

import gc
import io
import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hkeid.kernel.errors import MissingExtra
from hkeid.ports.certificates import ValidationMaterial
from hkeid.ports.pdf_validation import (
    ExaminationRequest,
    ExaminedDocument,
    ExaminedSignature,
    Look,
    Modification,
)
from hkeid.signing.errors import DocumentMalformed

try:
    import pikepdf  # noqa: F401 - whether it is there
    import pypdfium2  # noqa: F401
    from pyhanko.pdf_utils.crypt import AuthStatus, StandardSecurityHandler
    from pyhanko.pdf_utils.reader import PdfFileReader
except ImportError as error:
    raise MissingExtra(error.name or "pyhanko", "signing") from None

from hkeid.adapters.pdf.signing_engine import where
from hkeid.adapters.pdf.validation.changes import Later, changes_since
from hkeid.adapters.pdf.validation.fields import FoundSignature, signatures_in
from hkeid.adapters.pdf.validation.looks import Budget, RevisionLook, compare
from hkeid.adapters.pdf.validation.revisions import Revision, read_revision
from hkeid.adapters.pdf.validation.revocation import store_of
from hkeid.adapters.pdf.validation.signature import examine_signature, stamp_revisions
from hkeid.adapters.pdf.validation.trust import TrustSettings, forget_evidence

_DRAWING_SECONDS = 6.0
_MOST_SIGNATURES = 200


@dataclass(slots=True)
class Opened:
    """A file, as pyHanko reads it in one way.

    :ivar stamps: revisions that document time-stamps came in.
    :ivar store: its security store.
    """

    reader: PdfFileReader
    strict: bool
    stamps: tuple[int, ...]
    store: ValidationMaterial | None


class ValidationEngine:
    """The engine; each method takes the file as one open descriptor.

    :param drawing_seconds: seconds of CPU for drawing pages.
    """

    def __init__(self, drawing_seconds: float = _DRAWING_SECONDS) -> None:
        self._drawing_seconds = drawing_seconds
        gc.collect()
        gc.freeze()

    def examine(self, request: ExaminationRequest, *, handles: tuple[int, ...]) -> ExaminedDocument:
        """As :meth:`hkeid.ports.pdf_validation.PdfValidator.examine`."""
        handle = handles[0]
        if not os.fstat(handle).st_size:
            raise DocumentMalformed("pdf_malformed", detail="empty")
        with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as mapped:
            content = mapped[:]
        return _Examination(content, request, self._drawing_seconds).run()


class _Examination:
    """One file."""

    def __init__(self, content: bytes, request: ExaminationRequest, seconds: float) -> None:
        self._content = content
        self._request = request
        self._seconds = seconds
        self._settings = TrustSettings(request)
        self._lenient: tuple[Opened, list[FoundSignature]] | None = None

    def run(self) -> ExaminedDocument:
        forget_evidence()
        opened, found = self._open()
        reader = opened.reader
        examined = [self._examined(opened, one, place) for place, one in enumerate(found)]
        examined = self._compared(examined)
        return ExaminedDocument(
            revisions=reader.xrefs.total_revisions,
            hybrid=reader.xrefs.hybrid_xrefs_present,
            encrypted=reader.encrypted,
            signatures=tuple(sorted(examined, key=lambda one: one.number)),
        )

    def _open(self) -> tuple[Opened, list[FoundSignature]]:
        """Strictly, or else not."""
        try:
            return self._listed(strict=True)
        except DocumentMalformed:
            raise
        except Exception:  # noqa: BLE001, S110 - pyHanko raises nearly anything over hostile files
            pass
        try:
            return self._listed(strict=False)
        except (MemoryError, DocumentMalformed):
            raise
        except Exception as error:  # noqa: BLE001
            raise DocumentMalformed("pdf_malformed", detail=where(error)) from None

    def _listed(self, *, strict: bool) -> tuple[Opened, list[FoundSignature]]:
        reader = self._reader(strict=strict)
        found = signatures_in(reader.root)
        if len(found) > _MOST_SIGNATURES:
            raise ValueError("too many signatures")
        store = _quietly(lambda: store_of(reader.root))
        return Opened(reader, strict, stamp_revisions(reader, found), store), found

    def _reader(self, *, strict: bool) -> PdfFileReader:
        reader = PdfFileReader(io.BytesIO(self._content), strict=strict)
        if reader.encrypted and not _opens(reader):
            raise DocumentMalformed("pdf_locked")
        return reader

    def _examined(self, opened: Opened, found: FoundSignature, place: int) -> ExaminedSignature:
        """Each signature alone; where the letter of the specification defeats it, once more without."""
        first = self._seen(opened, found)
        first = replace(first, strict=opened.strict)
        if not first.failure or not opened.strict:
            return first
        if self._lenient is None:
            self._lenient = _quietly(lambda: self._listed(strict=False)) or (opened, [])
        lenient, again = self._lenient
        if place >= len(again) or again[place].name != found.name:
            return first
        second = self._seen(lenient, again[place])
        return first if second.failure else replace(second, strict=False)

    def _seen(self, opened: Opened, found: FoundSignature) -> ExaminedSignature:
        return examine_signature(
            opened.reader, found, self._request, self._settings, opened.store, opened.stamps
        )

    def _compared(self, examined: list[ExaminedSignature]) -> list[ExaminedSignature]:
        """What happened after each signature, by the other two parsers."""
        if not examined:
            return []
        content = self._content
        now = _quietly(lambda: read_revision(content))
        later = [_later(one, content, now) for one in examined]
        # Document time-stamps prove a time, and it is the signatures whose looks are relied upon; but a
        # document time-stamp after the last signature is the only one that something may hide behind.
        looks = [
            RevisionLook(one.end, one.masks)
            if one.end is not None and one.end < len(content)
            else None
            for one in later
        ]
        wanted = [one for one in looks if one is not None]
        if wanted:
            compare(content, wanted, Budget(self._seconds))
        return [
            _with_later(signature, one, look)
            for signature, one, look in zip(examined, later, looks, strict=True)
        ]


def _opens(reader: PdfFileReader) -> bool:
    """Without a password (ISO 32000-2 §7.6.4.1); a file that is encrypted for certificates does not (§7.6.5)."""
    if not isinstance(reader.security_handler, StandardSecurityHandler):
        return False
    return reader.decrypt("").status is not AuthStatus.FAILED


def _with_later(
    signature: ExaminedSignature, one: Later, look: RevisionLook | None
) -> ExaminedSignature:
    return replace(
        signature,
        same_in_revision=one.same,
        changes=one.changes,
        look=Look.UNKNOWN if look is None else look.look,
        changed_pages=() if look is None else tuple(look.pages),
        modification=Modification.UNKNOWN if one.failed else signature.modification,
    )


def _later(signature: ExaminedSignature, content: bytes, now: Revision | None) -> Later:
    try:
        return changes_since(signature, content, now)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - qpdf and pdfium over hostile files
        return Later(end=None, failed=True)


def _quietly(read: Callable[[], Any]) -> Any:
    """What can be read, or None."""
    try:
        return read()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001
        return None

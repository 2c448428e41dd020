"""Signing a file where it lies: the update is appended, the rest is never copied."""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hkeid.kernel.errors import NotFound
from hkeid.kernel.instants import Instant
from hkeid.ports.pdf import PdfEngine
from hkeid.signing import DocumentMalformed, Services, Signer, Wishes, signature_updates


def sign_file(
    path: Path,
    signer: Signer,
    *,
    wishes: Wishes | None = None,
    services: Services | None = None,
    output: Path | None = None,
    engine: PdfEngine | None = None,
    at: Instant | None = None,
) -> None:
    """Sign a PDF file in place, or into ``output``.

    What is appended is written through to the disk before this returns. If writing fails, the file is cut
    back to what it was; if the machine fails, the file has its old bytes and a torn end, and everything up
    to the old length is as it was. The file must not be changed by others meanwhile. ``output`` is there, or
    replaced, only once it is signed and whole; it is as readable as the file itself.

    :raises hkeid.kernel.errors.NotFound: ``file_absent``.
    :raises hkeid.kernel.errors.HkeidError: as :func:`hkeid.signing.sign_pdf`.
    """
    if not path.is_file():
        raise NotFound("file_absent")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if not size:
            raise DocumentMalformed("pdf_malformed", detail="empty")
        with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as mapped:
            view = memoryview(mapped)
            try:
                updates = signature_updates(
                    view, signer, wishes or Wishes(), services or Services(), engine=engine, at=at
                )
            finally:
                view.release()
    if output is None or output == path:
        _append(path, size, updates)
        return
    with _whole_or_not_at_all(output) as fresh:
        shutil.copyfile(path, fresh)
        shutil.copymode(path, fresh)
        _append(fresh, size, updates)


@contextmanager
def _whole_or_not_at_all(output: Path) -> Iterator[Path]:
    """A new file beside ``output`` that takes its place unless something fails: a copy that bears the name of the
    signed file must never be an unsigned one.
    """
    handle, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
    os.close(handle)
    fresh = Path(name)
    try:
        yield fresh
        fresh.replace(output)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _append(path: Path, size: int, updates: tuple[bytes, ...]) -> None:
    with path.open("r+b") as file:
        if os.fstat(file.fileno()).st_size != size:
            raise DocumentMalformed("pdf_malformed", detail="changed while it was signed")
        file.seek(size)
        try:
            for update in updates:
                file.write(update)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            file.truncate(size)
            raise

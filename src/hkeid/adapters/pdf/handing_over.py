"""A file for a worker: in memory, by a descriptor."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from hkeid.ports.pdf import PdfParts

_MOST_BUFFERS = 512


@contextmanager
def handed_over(parts: PdfParts) -> Iterator[int]:
    """A descriptor of the file that the parts make up: in memory, never under a name on a disk."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("hkeid-pdf", os.MFD_CLOEXEC)
    else:  # pragma: no cover - other systems than Linux
        with tempfile.TemporaryFile() as nameless:
            handle = os.dup(nameless.fileno())
    try:
        _write_all(handle, parts)
        yield handle
    finally:
        os.close(handle)


def _write_all(handle: int, parts: PdfParts) -> None:
    left = [memoryview(part).cast("B") for part in parts if len(part)]
    while left:
        written = os.writev(handle, left[:_MOST_BUFFERS])
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if written:
            left[0] = left[0][written:]

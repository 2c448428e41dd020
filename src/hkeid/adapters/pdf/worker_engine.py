"""The engine as this process sees it: files go to a worker, updates come back."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from hkeid.adapters.pdf.worker_client import WorkerClient
from hkeid.adapters.worker import Worker
from hkeid.ports.certificates import ValidationMaterial
from hkeid.ports.pdf import (
    GapUpdate,
    PdfParts,
    PdfTrait,
    PlannedField,
    PreparedFields,
    PreparedUpdate,
    SignatureRequest,
)

_FACTORY = "hkeid.adapters.pdf.signing_engine:SigningEngine"
_ANSWERS = (PreparedUpdate, PreparedFields, GapUpdate, PdfTrait)


class WorkerEngine(WorkerClient):
    """:class:`hkeid.ports.pdf.PdfEngine` whose parsers never run in this process."""

    FAILED = "pdf_engine_failed"

    def prepare_signature(self, parts: PdfParts, request: SignatureRequest) -> PreparedUpdate:
        """As :meth:`hkeid.ports.pdf.PdfEngine.prepare_signature`."""
        return self._call(PreparedUpdate, "prepare_signature", parts, request)

    def prepare_timestamp(
        self, parts: PdfParts, material: ValidationMaterial, room: int
    ) -> GapUpdate:
        """As :meth:`hkeid.ports.pdf.PdfEngine.prepare_timestamp`."""
        return self._call(GapUpdate, "prepare_timestamp", parts, material, room)

    def add_material(self, parts: PdfParts, material: ValidationMaterial) -> bytes:
        """As :meth:`hkeid.ports.pdf.PdfEngine.add_material`."""
        return self._call(bytes, "add_material", parts, material)

    def prepare_fields(
        self, parts: PdfParts, fields: Sequence[PlannedField], refused: frozenset[PdfTrait]
    ) -> PreparedFields:
        """As :meth:`hkeid.ports.pdf.PdfEngine.prepare_fields`."""
        return self._call(PreparedFields, "prepare_fields", parts, tuple(fields), refused)


def engine_in_worker(
    *,
    stamp_font: Path | None = None,
    timeout: float = 20,
    cpu_seconds: int = 15,
    memory_mib: int = 512,
    waiting: int = 16,
) -> WorkerEngine:
    """An engine in a worker process, which is started with the first document.

    :param stamp_font: font for visible stamps, an OpenType file or collection with outlines in CFF; without
        it Noto Sans CJK is looked for where Debian puts it.
    :param timeout: seconds on the clock for one step.
    :param cpu_seconds: seconds of CPU for one step.
    :param memory_mib: most MiB that the process may have.
    :param waiting: how many documents may wait.
    """
    worker = Worker(
        _FACTORY,
        name="pdf_engine",
        answers=_ANSWERS,
        settings={"stamp_font": None if stamp_font is None else str(stamp_font)},
        timeout=timeout,
        cpu_seconds=cpu_seconds,
        memory_mib=memory_mib,
        waiting=waiting,
    )
    return WorkerEngine(worker)


@functools.cache
def default_engine() -> WorkerEngine:
    """The engine that is shared by all who name none; its process ends with this one."""
    return engine_in_worker()

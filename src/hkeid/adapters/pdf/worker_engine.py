"""The engine as this process sees it: files go to a worker, updates come back."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from hkeid.adapters.pdf.handing_over import handed_over
from hkeid.adapters.worker import Worker
from hkeid.kernel.errors import Unavailable
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

T = TypeVar("T")


class WorkerEngine:
    """:class:`hkeid.ports.pdf.PdfEngine` whose parsers never run in this process."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def pid(self) -> int | None:
        """Process id of the worker, or None while there is none."""
        return self._worker.pid

    def start(self) -> None:
        """Start the process now rather than with the first document.

        :raises hkeid.kernel.errors.MissingExtra: a package of ``hkeid[signing]`` is not installed.
        """
        self._worker.start()

    def close(self) -> None:
        """End the process."""
        self._worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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

    def _call(self, kind: type[T], method: str, parts: PdfParts, *arguments: Any) -> T:
        with handed_over(parts) as handle:
            answer = self._worker.call(method, *arguments, handles=(handle,))
        if not isinstance(answer, kind):
            raise Unavailable("pdf_engine_failed", detail=f"answered {type(answer).__name__}")
        return answer


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

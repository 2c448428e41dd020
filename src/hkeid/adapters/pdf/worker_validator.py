"""The validator as this process sees it: files go to a worker of its own, observations come back."""

from __future__ import annotations

import functools
from typing import Self

from hkeid.adapters.pdf.handing_over import handed_over
from hkeid.adapters.worker import Worker
from hkeid.kernel.errors import Unavailable
from hkeid.ports.pdf import PdfParts
from hkeid.ports.pdf_validation import (
    Coverage,
    ExaminationRequest,
    ExaminedDocument,
    ExaminedSignature,
    ExaminedTimestamp,
    FieldChange,
    FieldEvent,
    FieldPlace,
    Indication,
    Look,
    Modification,
    RevocationRecord,
    SignatureKind,
)

_FACTORY = "hkeid.adapters.pdf.validation.engine:ValidationEngine"
_ANSWERS = (
    ExaminedDocument,
    ExaminedSignature,
    ExaminedTimestamp,
    FieldChange,
    FieldPlace,
    RevocationRecord,
    Coverage,
    FieldEvent,
    Indication,
    Look,
    Modification,
    SignatureKind,
)


class WorkerValidator:
    """:class:`hkeid.ports.pdf_validation.PdfValidator` whose parsers never run in this process."""

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

    def examine(self, parts: PdfParts, request: ExaminationRequest) -> ExaminedDocument:
        """As :meth:`hkeid.ports.pdf_validation.PdfValidator.examine`."""
        with handed_over(parts) as handle:
            answer = self._worker.call("examine", request, handles=(handle,))
        if not isinstance(answer, ExaminedDocument):
            raise Unavailable("pdf_validator_failed", detail=f"answered {type(answer).__name__}")
        return answer


def validator_in_worker(
    *,
    timeout: float = 10,
    cpu_seconds: int = 9,
    drawing_seconds: float = 5,
    memory_mib: int = 768,
    waiting: int = 16,
) -> WorkerValidator:
    """A validator in a worker process, which is started with the first document.

    :param timeout: seconds on the clock for one document.
    :param cpu_seconds: seconds of CPU for one document.
    :param drawing_seconds: of these, for drawing pages; what is not drawn by then counts as unknown.
    :param memory_mib: most MiB that the process may have.
    :param waiting: how many documents may wait.
    """
    worker = Worker(
        _FACTORY,
        name="pdf_validator",
        answers=_ANSWERS,
        settings={"drawing_seconds": drawing_seconds},
        timeout=timeout,
        cpu_seconds=cpu_seconds,
        memory_mib=memory_mib,
        waiting=waiting,
    )
    return WorkerValidator(worker)


@functools.cache
def default_validator() -> WorkerValidator:
    """The validator that is shared by all who name none; its process ends with this one."""
    return validator_in_worker()

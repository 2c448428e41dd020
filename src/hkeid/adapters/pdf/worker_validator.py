"""The validator as this process sees it: files go to a worker of its own, observations come back."""

from __future__ import annotations

import functools

from hkeid.adapters.pdf.worker_client import WorkerClient
from hkeid.adapters.worker import Worker
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


class WorkerValidator(WorkerClient):
    """:class:`hkeid.ports.pdf_validation.PdfValidator` whose parsers never run in this process."""

    FAILED = "pdf_validator_failed"

    def examine(self, parts: PdfParts, request: ExaminationRequest) -> ExaminedDocument:
        """As :meth:`hkeid.ports.pdf_validation.PdfValidator.examine`."""
        return self._call(ExaminedDocument, "examine", parts, request)


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

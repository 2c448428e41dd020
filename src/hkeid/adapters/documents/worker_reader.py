"""The reader in a process of its own: for servers."""

from __future__ import annotations

from typing import cast

from hkeid.adapters.system import SystemClock
from hkeid.adapters.worker import Worker
from hkeid.ports import Clock
from hkeid.ports.documents import CardField, DocumentReading, ReadField, RetakeAdvice

_FACTORY = "hkeid.adapters.documents.rapidocr_reader:RapidocrReader"


class WorkerReader:
    """:class:`hkeid.ports.DocumentReader` whose pictures and models never enter this process."""

    def __init__(self, worker: Worker, clock: Clock) -> None:
        self._worker = worker
        self._clock = clock

    def start(self) -> None:
        """Start the process and load the models now rather than with the first picture.

        :raises hkeid.kernel.errors.HkeidError: what is wrong with the installation.
        """
        self._worker.start()

    def read(self, image: bytes) -> DocumentReading:
        """Read an encoded picture.

        :raises hkeid.ports.documents.ImageRefused: the picture breaks a limit or does not decode.
        :raises hkeid.kernel.errors.Unavailable: ``document_reader_busy``, ``document_reader_failed``.
        """
        return cast("DocumentReading", self._worker.call("read_at", image, self._clock.now()))

    def close(self) -> None:
        """End the process."""
        self._worker.close()


def reader_in_worker(
    *,
    clock: Clock | None = None,
    threads: int = 1,
    timeout: float = 60,
    memory_mib: int = 2048,
    waiting: int = 4,
) -> WorkerReader:
    """A reader in a worker process, which is started with the first picture.

    :param threads: of the models; more than one needs as many free cores.
    :param timeout: seconds for one picture.
    :param memory_mib: most MiB that the process may have.
    :param waiting: how many pictures may wait.
    """
    worker = Worker(
        _FACTORY,
        name="document_reader",
        answers=(DocumentReading, ReadField, CardField, RetakeAdvice),
        settings={"threads": threads},
        timeout=timeout,
        memory_mib=memory_mib,
        waiting=waiting,
    )
    return WorkerReader(worker, clock or SystemClock())

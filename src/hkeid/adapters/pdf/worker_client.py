"""What every part has in common whose PDF parsers live in a worker: its life, and one call about a file."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from hkeid.adapters.pdf.handing_over import handed_over
from hkeid.adapters.worker import Worker
from hkeid.kernel.errors import Unavailable
from hkeid.ports.pdf import PdfParts

T = TypeVar("T")


class WorkerClient:
    """This process's side of one worker.

    :cvar FAILED: the reason where the worker's answer is of another kind than was asked for.
    """

    FAILED: ClassVar[str]

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

    def _call(self, kind: type[T], method: str, parts: PdfParts, *arguments: Any) -> T:
        """The worker's answer about a file.

        :raises hkeid.kernel.errors.Unavailable: :attr:`FAILED`.
        """
        with handed_over(parts) as handle:
            answer = self._worker.call(method, *arguments, handles=(handle,))
        if not isinstance(answer, kind):
            raise Unavailable(self.FAILED, detail=f"answered {type(answer).__name__}")
        return answer

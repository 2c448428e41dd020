"""Page images as this process sees them: files go to a worker, pictures come back."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from hkeid.adapters.pdf.handing_over import handed_over
from hkeid.adapters.worker import Worker
from hkeid.kernel.errors import Unavailable
from hkeid.ports.pages import PageImage
from hkeid.ports.pdf import PdfParts

_FACTORY = "hkeid.adapters.pdf.page_drawing:PageDrawing"

T = TypeVar("T")


class WorkerPages:
    """:class:`hkeid.ports.pages.PageImages` whose pdfium never runs in this process."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

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

    def count(self, parts: PdfParts) -> int:
        """As :meth:`hkeid.ports.pages.PageImages.count`."""
        return self._call(int, "count", parts)

    def draw(self, parts: PdfParts, first: int, count: int) -> tuple[PageImage, ...]:
        """As :meth:`hkeid.ports.pages.PageImages.draw`."""
        drawn = self._call(tuple, "draw", parts, first, count)
        if not all(isinstance(one, PageImage) for one in drawn):
            raise Unavailable("pdf_pages_failed", detail="answered something else")
        return drawn

    def _call(self, kind: type[T], method: str, parts: PdfParts, *arguments: Any) -> T:
        with handed_over(parts) as handle:
            answer = self._worker.call(method, *arguments, handles=(handle,))
        if not isinstance(answer, kind):
            raise Unavailable("pdf_pages_failed", detail=f"answered {type(answer).__name__}")
        return answer


def pages_in_worker(
    *, timeout: float = 20, cpu_seconds: int = 15, memory_mib: int = 768, waiting: int = 16
) -> WorkerPages:
    """Page images by a worker process, which is started with the first document.

    :param timeout: seconds on the clock for one call of at most ten pages.
    :param cpu_seconds: seconds of CPU for one call.
    :param memory_mib: most MiB that the process may have.
    :param waiting: how many calls may wait.
    """
    worker = Worker(
        _FACTORY,
        name="pdf_pages",
        answers=(PageImage,),
        timeout=timeout,
        cpu_seconds=cpu_seconds,
        memory_mib=memory_mib,
        waiting=waiting,
    )
    return WorkerPages(worker)

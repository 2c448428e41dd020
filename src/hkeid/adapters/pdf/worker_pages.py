"""Page images as this process sees them: files go to a worker, pictures come back."""

from __future__ import annotations

from hkeid.adapters.pdf.worker_client import WorkerClient
from hkeid.adapters.worker import Worker
from hkeid.kernel.errors import Unavailable
from hkeid.ports.pages import PageImage
from hkeid.ports.pdf import PdfParts

_FACTORY = "hkeid.adapters.pdf.page_drawing:PageDrawing"


class WorkerPages(WorkerClient):
    """:class:`hkeid.ports.pages.PageImages` whose pdfium never runs in this process."""

    FAILED = "pdf_pages_failed"

    def count(self, parts: PdfParts) -> int:
        """As :meth:`hkeid.ports.pages.PageImages.count`."""
        return self._call(int, "count", parts)

    def draw(self, parts: PdfParts, first: int, count: int) -> tuple[PageImage, ...]:
        """As :meth:`hkeid.ports.pages.PageImages.draw`."""
        drawn = self._call(tuple, "draw", parts, first, count)
        if not all(isinstance(one, PageImage) for one in drawn):
            raise Unavailable(self.FAILED, detail="answered something else")
        return drawn


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

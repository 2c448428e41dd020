"""Request bodies are taken in before anything else looks at the request: whole, within a limit, in time.

A WSGI server hands over a stream whose ``read`` waits for the client. It is read in small pieces, and
who sends more slowly than a least rate is told so (408). A client that sends nothing at all keeps its
thread until the connection ends, for a WSGI server offers no way to interrupt ``read``: so there are
threads to spare for bodies, and when most of them are taken further bodies are refused at once (503),
while requests without a body are served as ever. A proxy that sends requests on only when they are
whole (nginx does by default) keeps such clients away altogether.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore
from time import perf_counter
from typing import Any

from hkeid.kernel.errors import MalformedInput, Refused, Unavailable

CARD_LIMIT = 8 * 1024 * 1024
"""Most bytes of a photograph of a card."""
SELFIE_LIMIT = 6 * 1024 * 1024
"""Most bytes of all frames of a selfie."""
PDF_LIMIT = 10 * 1024 * 1024
"""Most bytes of a document that somebody checks."""
REPORT_LIMIT = 4 * 1024 * 1024
"""Most bytes of a form with a sealed report."""
UPLOADS: Mapping[str, int] = {
    "/register/card": CARD_LIMIT + 65_536,
    "/register/selfie": SELFIE_LIMIT + 65_536,
    "/kiosk/face": SELFIE_LIMIT + 65_536,
    "/verify": PDF_LIMIT + 65_536,
    "/verify/report": REPORT_LIMIT,
    "/verify/report.json": REPORT_LIMIT,
    "/verify/report.xml": REPORT_LIMIT,
    "/verify/signed-revision": PDF_LIMIT + REPORT_LIMIT,
}
"""Paths that take more than ``server.body_limit``, with their limits in bytes (form included)."""

BODIES_AT_ONCE = 56
"""Most bodies that one process takes in at a time; ``hkeid serve`` has threads for some more."""
_PIECE = 64


class BodySlow(Refused):
    """The body did not come in at the least rate (``body_too_slow``)."""

    default_safe_text = "The request took too long to arrive."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How slowly a body may come.

    :ivar grace: seconds before the rate counts.
    :ivar rate: least bytes per second after that.
    """

    grace: float = 10.0
    rate: int = 32_768


class Intake:
    """Takes in the bodies of one process.

    :param limit: most bytes of a body.
    :param limits: other limits, by path.
    :param at_once: most bodies that may be on their way; more are refused as ``server_busy``.
    """

    def __init__(
        self,
        limit: int,
        limits: Mapping[str, int] = UPLOADS,
        *,
        pace: Pace | None = None,
        at_once: int = BODIES_AT_ONCE,
    ) -> None:
        self._limit = limit
        self._limits = limits
        self._pace = pace or Pace()
        self._places = BoundedSemaphore(at_once)

    def limit_of(self, path: str) -> int:
        """Most bytes of a body that a path takes."""
        return max(self._limit, self._limits.get(path, 0))

    def take(self, environ: dict[str, Any]) -> None:
        """Replace the stream of a request by its whole body.

        :raises MalformedInput: ``body_too_large``.
        :raises BodySlow: ``body_too_slow``.
        :raises Unavailable: ``server_busy``, ``body_broken``.
        """
        length = environ.get("CONTENT_LENGTH") or ""
        chunked = not length and "HTTP_TRANSFER_ENCODING" in environ
        if not chunked and length in {"", "0"}:
            return
        limit = self.limit_of(environ.get("PATH_INFO", "/"))
        stream = environ["wsgi.input"]
        # Whatever happens, nobody else waits for this client.
        environ["wsgi.input"] = BytesIO()
        environ["CONTENT_LENGTH"] = "0"
        digits = len(length) < 20 and length.isascii() and length.isdigit()
        if not chunked and not (digits and int(length) <= limit):
            raise MalformedInput("body_too_large")
        body = self._read(stream, limit + 1 if chunked else int(length))
        if len(body) > limit:
            raise MalformedInput("body_too_large")
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))

    def _read(self, stream: Any, wanted: int) -> bytes:
        if not self._places.acquire(blocking=False):
            raise Unavailable("server_busy", detail="too many bodies are on their way")
        try:
            return self._fill(stream, wanted)
        except OSError as error:
            raise Unavailable("body_broken", detail=type(error).__name__) from None
        finally:
            self._places.release()

    def _fill(self, stream: Any, wanted: int) -> bytes:
        piece = max(_PIECE, wanted // 1024)
        parts: list[bytes] = []
        received, began = 0, perf_counter()
        while received < wanted:
            part = stream.read(min(piece, wanted - received))
            if not part:
                break
            parts.append(part)
            received += len(part)
            allowed = self._pace.grace + received / self._pace.rate
            if received < wanted and perf_counter() - began > allowed:
                raise BodySlow("body_too_slow")
        return b"".join(parts)

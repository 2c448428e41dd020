"""Request bodies are taken in before anything else looks at the request: whole, within a limit, in time.

A WSGI server hands over a stream whose ``read`` waits for the client, for as long as the client likes.
So the stream is read by a thread of its own, and the request's thread waits only as long as the body
comes in at a decent rate; who is slower is told so (408). The thread that still hangs on the stream
comes back when the connection ends; there are never more than ``readers`` of them.
"""

from __future__ import annotations

from _thread import LockType, allocate_lock
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from threading import Lock, Thread
from time import perf_counter
from typing import Any

from hkeid.kernel.errors import MalformedInput, Refused, Unavailable

CARD_LIMIT = 8 * 1024 * 1024
"""Most bytes of a photograph of a card."""
SELFIE_LIMIT = 6 * 1024 * 1024
"""Most bytes of all frames of a selfie."""
UPLOADS: Mapping[str, int] = {
    "/register/card": CARD_LIMIT + 65_536,
    "/register/selfie": SELFIE_LIMIT + 65_536,
    "/kiosk/face": SELFIE_LIMIT + 65_536,
}
"""Paths that take more than ``server.body_limit``, with their limits in bytes (form included)."""

_CHUNK = 65_536


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


@dataclass(slots=True)
class _Order:
    """One body being read. The reader alone writes, until ``done`` is released."""

    stream: Any
    wanted: int
    done: LockType = field(default_factory=allocate_lock)
    parts: list[bytes] = field(default_factory=list)
    received: int = 0
    failure: Exception | None = None
    abandoned: bool = False


class Intake:
    """Takes in the bodies of one process.

    :param limit: most bytes of a body.
    :param limits: other limits, by path.
    :param readers: most threads; beyond them bodies are refused as ``server_busy``.
    """

    def __init__(
        self,
        limit: int,
        limits: Mapping[str, int] = UPLOADS,
        *,
        pace: Pace | None = None,
        readers: int = 256,
    ) -> None:
        self._limit = limit
        self._limits = limits
        self._pace = pace or Pace()
        self._most = readers
        self._lock = Lock()
        self._idle: list[_Reader] = []
        self._alive = 0

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
        if not chunked and not (length.isascii() and length.isdigit() and int(length) <= limit):
            raise MalformedInput("body_too_large")
        body = self._read(stream, limit + 1 if chunked else int(length))
        if len(body) > limit:
            raise MalformedInput("body_too_large")
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))

    def _read(self, stream: Any, wanted: int) -> bytes:
        order = _Order(stream, wanted)
        order.done.acquire()
        self._reader().start(order)
        began = perf_counter()
        while True:
            left = began + self._pace.grace + order.received / self._pace.rate - perf_counter()
            if order.done.acquire(timeout=max(left, 0.0)):
                break
            if began + self._pace.grace + order.received / self._pace.rate <= perf_counter():
                order.abandoned = True
                raise BodySlow("body_too_slow")
        if order.failure is not None:
            raise Unavailable("body_broken", detail=type(order.failure).__name__)
        return order.parts[0] if len(order.parts) == 1 else b"".join(order.parts)

    def _reader(self) -> _Reader:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._alive >= self._most:
                raise Unavailable("server_busy", detail="too many slow bodies")
            self._alive += 1
        return _Reader(self._come_back)

    def _come_back(self, reader: _Reader) -> None:
        with self._lock:
            self._idle.append(reader)


class _Reader:
    """A thread that reads one body after another."""

    def __init__(self, finished: Any) -> None:
        self._finished = finished
        self._go = allocate_lock()
        self._go.acquire()
        self._order: _Order | None = None
        Thread(target=self._run, name="hkeid-intake", daemon=True).start()

    def start(self, order: _Order) -> None:
        """Read a body."""
        self._order = order
        self._go.release()

    def _run(self) -> None:
        while True:
            self._go.acquire()
            order, self._order = self._order, None
            assert order is not None
            try:
                _fill(order)
            except Exception as error:  # noqa: BLE001 - told to whoever waits
                order.failure = error
            order.done.release()
            del order
            self._finished(self)


def _fill(order: _Order) -> None:
    while order.received < order.wanted and not order.abandoned:
        part = order.stream.read(min(_CHUNK, order.wanted - order.received))
        if not part:
            return
        order.parts.append(part)
        order.received += len(part)

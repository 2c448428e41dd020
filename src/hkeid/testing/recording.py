"""A browser that remembers everything that went over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from hkeid.testing.browser import Browser


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer; redirects are exchanges of their own.

    :ivar sent_headers: as the browser sent them, cookies included.
    :ivar headers: of the answer, in order, repeated ones too.
    """

    method: str
    url: str = field(repr=False)
    sent_headers: Mapping[str, str] = field(repr=False)
    sent: bytes = field(repr=False)
    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """The first header of this name (in lower case) of the answer."""
        return next((value for key, value in self.headers if key.lower() == name), None)


class RecordingBrowser(Browser):
    """Keeps every :class:`Exchange`.

    :param exchanges: where to; browsers may share a list.
    """

    def __init__(self, exchanges: list[Exchange] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.exchanges = [] if exchanges is None else exchanges
        self._opener: Any = _Recorder(self._opener, self.exchanges)


class _Recorder:
    """Stands where the opener stands."""

    def __init__(self, opener: Any, exchanges: list[Exchange]) -> None:
        self._opener = opener
        self._exchanges = exchanges

    def open(self, request: Any, timeout: float) -> _Answer:
        with self._opener.open(request, timeout=timeout) as answer:
            body = answer.read()
        self._exchanges.append(
            Exchange(
                method=request.get_method(),
                url=request.full_url,
                sent_headers=dict(request.header_items()),
                sent=request.data or b"",
                status=answer.status,
                headers=tuple(answer.headers.items()),
                body=body,
            )
        )
        return _Answer(answer.status, answer.headers, body)


class _Answer:
    """An answer that was read already."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    def read(self) -> bytes:
        return self._body

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

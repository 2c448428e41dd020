"""The log: one JSON line per event, with a type, a time and the reference number of the request.

What may stand in a line is decided by type, not by pattern: an event has a name and fields that the
code names; messages of exceptions and arguments of other libraries' log calls never reach a line,
because nobody knows what is in them.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from hkeid.kernel.errors import HkeidError
from hkeid.ports import Clock

REFERENCE: ContextVar[str] = ContextVar("hkeid_reference", default="")
"""The reference number of the request that this thread serves."""

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class _Sink(Protocol):
    def write(self, text: str, /) -> Any: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


class Journal:
    """Writes events.

    :param sink: where lines go; one ``write`` per line, so that processes may share a file.
    :param level: the least important level that is written.
    """

    def __init__(self, clock: Clock, *, sink: _Sink | None = None, level: str = "info") -> None:
        self._clock = clock
        self._sink: _Sink = sys.stderr if sink is None else sink
        self._least = _LEVELS[level]

    def event(self, name: str, *, level: str = "info", **fields: str | float | bool | None) -> None:
        """Write an event; fields that are None are left out.

        :param name: ``room:thing:happened``.
        """
        if _LEVELS[level] < self._least:
            return
        line: dict[str, Any] = {
            "at": self._clock.now().isoformat(timespec="milliseconds"),
            "level": level,
            "event": name,
        }
        reference = REFERENCE.get()
        if reference:
            line["reference"] = reference
        line.update((key, value) for key, value in fields.items() if value is not None)
        self._sink.write(_encode(line) + "\n")
        self._sink.flush()

    def close(self) -> None:
        """Let go of the file."""
        if self._sink is not sys.stderr:
            self._sink.close()

    def refusal(self, error: HkeidError, *, where: str) -> None:
        """A deliberate error that a person or a relying party was told about."""
        self.event(
            "server:request:refused", level="info", reason=error.reason, detail=error.detail,
            kind=type(error).__name__, where=where,
        )  # fmt: skip

    def crash(self, error: BaseException, *, where: str) -> None:
        """Something that nobody foresaw: its type and the way to it, without any values."""
        frames = traceback.extract_tb(error.__traceback__)[-12:]
        way = " > ".join(f"{Path(f.filename).stem}.{f.name}:{f.lineno}" for f in frames)
        self.event(
            "server:request:crashed", level="error", kind=type(error).__name__, way=way, where=where
        )


def open_journal(clock: Clock, *, level: str, file: Path | None) -> Journal:
    """The journal of a process, on standard error or appended to a file."""
    sink = None if file is None else file.open("a", encoding="utf-8", buffering=1)
    return Journal(clock, sink=sink, level=level)


def hear_libraries(journal: Journal, *, level: str) -> None:
    """Let all other libraries' logging go through the journal, and nowhere else."""
    root = logging.getLogger()
    root.handlers[:] = [_Bridge(journal)]
    root.setLevel(_LEVELS[level])


class _Bridge(logging.Handler):
    """Turns other libraries' records into events: logger and template, never the arguments."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        level = record.levelname.lower()
        fields: Mapping[str, str | None] = {
            "logger": record.name,
            "message": record.msg if isinstance(record.msg, str) and record.args else None,
            "kind": record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None,
        }
        self._journal.event(
            "library:message:logged",
            level=level if level in _LEVELS else "error",
            **fields,
        )

"""Readers: which there are, waiting for a card, what comes and goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hkeid.adapters.pcsc.codes import NOTHING_HAPPENED, check, scard
from hkeid.adapters.pcsc.connection import PcscConnection, connect
from hkeid.ports.cards import CardUnavailable, ReaderEvent

_PLUG_AND_PLAY = "\\\\?PnP?\\Notification"
_LOOK_AGAIN = 0.2


def reader_names() -> tuple[str, ...]:
    """Names of the readers that are attached now, in the system's order.

    :raises CardUnavailable: ``reader_absent``: there is no smart-card service.
    """
    with _context() as context:
        return _list(context)


@contextmanager
def open_pcsc(name: str = "") -> Iterator[PcscReader]:
    """The first reader whose name has ``name`` in it.

    :raises CardUnavailable: ``reader_absent``.
    """
    for found in reader_names():
        if name in found:
            yield PcscReader(found)
            return
    raise CardUnavailable("reader_absent", detail=f"no reader with {name!r} in its name")


class PcscReader:
    """:class:`hkeid.ports.cards.CardReader` over PC/SC.

    :param name: the system's name, in full.
    :param patience: seconds that one exchange with a card may take.
    """

    def __init__(self, name: str, *, patience: float = 10.0) -> None:
        self._name = name
        self._patience = patience

    @property
    def name(self) -> str:
        """What the system calls it."""
        return self._name

    @contextmanager
    def connect(self, *, timeout: float = 10.0) -> Iterator[PcscConnection]:
        """Wait for a card up to ``timeout`` seconds, be alone with it until the block ends.

        :raises CardUnavailable: ``card_absent``, ``reader_absent``, ``reader_in_use``,
            ``card_silent``.
        """
        self._wait(timeout)
        connection = connect(self._name, self._patience)
        try:
            yield connection
        finally:
            connection.close()

    def events(self, *, timeout: float) -> Iterator[ReaderEvent]:
        """Insertions and removals, the present state first, until ``timeout`` seconds pass without.

        A reader that is pulled out gives one last event with ``attached`` false.
        """
        with _context() as context:
            state = scard.SCARD_STATE_UNAWARE
            known: bool | None = None
            ends = time.monotonic() + timeout
            while (left := ends - time.monotonic()) > 0:
                state, seen = self._change(context, state, left)
                if seen is None:
                    continue
                if seen & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
                    yield ReaderEvent(reader=self._name, inserted=False, attached=False)
                    return
                inserted = bool(seen & scard.SCARD_STATE_PRESENT)
                if inserted != known:
                    known = inserted
                    yield ReaderEvent(reader=self._name, inserted=inserted)
                    ends = time.monotonic() + timeout

    def _wait(self, timeout: float) -> None:
        """Until a card that answers is in the reader."""
        for event in self.events(timeout=max(timeout, 0.01)):
            if not event.attached:
                raise CardUnavailable("reader_absent", detail=self._name)
            if event.inserted:
                return
        raise CardUnavailable("card_absent", detail=f"none within {timeout} s")

    def _change(self, context: Any, state: int, left: float) -> tuple[int, int | None]:
        """The next change: the state to go on from, and the event, or None if nothing happened."""
        code, (answer,) = scard.SCardGetStatusChange(
            context, int(min(left, 1.0) * 1000) or 1, [(self._name, state)]
        )
        if code == NOTHING_HAPPENED:
            return state, None
        if code == scard.SCARD_E_UNKNOWN_READER:
            return state, int(scard.SCARD_STATE_UNKNOWN)
        check(code, otherwise="reader_removed")
        seen = int(answer[1])
        return seen & ~scard.SCARD_STATE_CHANGED, seen


def attached(*, timeout: float) -> Iterator[tuple[str, ...]]:
    """The readers now, and again whenever one comes or goes, until ``timeout`` seconds without."""
    with _context() as context:
        known: tuple[str, ...] | None = None
        ends = time.monotonic() + timeout
        while time.monotonic() < ends:
            names = _list(context)
            if names != known:
                known = names
                yield names
                ends = time.monotonic() + timeout
            scard.SCardGetStatusChange(
                context, int(_LOOK_AGAIN * 1000), [(_PLUG_AND_PLAY, scard.SCARD_STATE_UNAWARE)]
            )
            time.sleep(_LOOK_AGAIN / 10)


@contextmanager
def _context() -> Iterator[Any]:
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    check(code, otherwise="reader_absent")
    try:
        yield context
    finally:
        scard.SCardReleaseContext(context)


def _list(context: Any) -> tuple[str, ...]:
    code, names = scard.SCardListReaders(context, [])
    if code == scard.SCARD_E_NO_READERS_AVAILABLE:
        return ()
    check(code, otherwise="reader_absent")
    return tuple(names)

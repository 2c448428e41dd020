"""Reads metadata of SAML peers again when it is due, beside the requests that need it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread
from typing import Protocol

from hkeid.kernel.errors import HkeidError
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock
from hkeid_server import metrics
from hkeid_server.journal import Journal

_WHERE = "saml:metadata"
_AGAIN = timedelta(minutes=1)
"""After something that nobody foresaw."""
_LOOKS_EVERY = 60.0


class Outcome(Protocol):
    """What a refresh came to: :class:`hkeid.adapters.saml_metadata.RefreshOutcome`."""

    @property
    def changed(self) -> bool: ...
    @property
    def failure(self) -> HkeidError | None: ...
    @property
    def due(self) -> Instant: ...


class Refreshable(Protocol):
    """A source that keeps its last good document, whatever comes after it."""

    def refresh(self, now: Instant) -> Outcome:
        """Read it again; what goes wrong is in the outcome."""
        ...


@dataclass(slots=True, kw_only=True)
class _Watched:
    """A source and its turn.

    :ivar due: when to read it; None: at once, it was never read.
    :ivar untold: whether somebody has not heard yet that it changed.
    """

    name: str
    source: Refreshable
    due: Instant | None
    listeners: list[Callable[[], None]] = field(default_factory=list)
    untold: bool = False


class MetadataRounds:
    """Refreshes what is due, in one thread of its own. What fails is logged and counted, and tried again.

    The thread comes with :meth:`begin`, after the server has forked, and ends with the process.

    :param looks_every: seconds after which it looks at the clock at the latest, which may have been set, or stood
        still while the machine slept.
    """

    def __init__(
        self, clock: Clock, journal: Journal, *, looks_every: float = _LOOKS_EVERY
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._looks_every = looks_every
        self._watched: list[_Watched] = []
        self._thread: Thread | None = None
        self._ended = Event()
        self._read_once = Event()

    def watch(self, source: Refreshable, name: str, *, due: Instant | None = None) -> None:
        """Refresh a source from now on.

        :param name: of its place, for the log.
        :param due: when first; None: with the first round.
        """
        self._watched.append(_Watched(name=name, source=source, due=due))

    def when_changed(self, source: Refreshable, tell: Callable[[], None]) -> None:
        """Call ``tell`` after each change of a watched source, in the thread of the rounds; if it fails, again."""
        for one in self._watched:
            if one.source is source:
                one.listeners.append(tell)

    def begin(self, *, patience: float = 5.0) -> None:
        """Start the thread, where there is something to watch; once for each process.

        :param patience: seconds to wait for the first round. A place that is silent does not hold up the start for
            longer; it is read when it answers. 0: there is nobody who would wait.
        """
        if self._thread is not None or not self._watched:
            return
        self._thread = Thread(target=self._rounds, daemon=True, name="hkeid-saml-metadata")
        self._thread.start()
        if patience and not self._read_once.wait(patience):
            self._journal.event("saml:metadata:awaited", level="warning", seconds=patience)

    def end(self) -> None:
        """Let the thread end, and wait for it."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def round(self) -> float:
        """Refresh what is due; gives the seconds until something is due again."""
        for one in self._watched:
            if self._ended.is_set():
                break
            now = self._clock.now()
            if one.due is None or one.due <= now:
                one.due = self._refreshed(one, now)
            if one.untold:
                one.untold = not self._told(one)
                if one.untold:
                    one.due = min(one.due, now + _AGAIN)
        now = self._clock.now()
        pauses = [
            0.0 if one.due is None else (one.due - now).total_seconds() for one in self._watched
        ]
        return max(0.0, min(pauses, default=self._looks_every))

    def _rounds(self) -> None:
        while not self._ended.is_set():
            pause = self.round()
            self._read_once.set()
            # Never without a pause: a place whose turn comes at once again does not make this a loop.
            self._ended.wait(min(max(pause, 1.0), self._looks_every))

    def _refreshed(self, one: _Watched, now: Instant) -> Instant:
        try:
            outcome = one.source.refresh(now)
        except Exception as error:  # noqa: BLE001 - the other places must have their turn
            self._journal.crash(error, where=_WHERE)
            metrics.count_metadata_refresh("crashed")
            return now + _AGAIN
        if outcome.failure is not None:
            self._not_read(one, outcome.failure)
        else:
            metrics.count_metadata_refresh("changed" if outcome.changed else "unchanged")
        if outcome.changed:
            self._journal.event("saml:metadata:changed", place=one.name)
            one.untold = bool(one.listeners)
        return outcome.due

    def _not_read(self, one: _Watched, failure: HkeidError) -> None:
        metrics.count_metadata_refresh(failure.reason)
        self._journal.event(
            "saml:metadata:not_read", level="warning",
            place=one.name, reason=failure.reason, detail=failure.detail,
        )  # fmt: skip

    def _told(self, one: _Watched) -> bool:
        """Tell who wants to know; whether all of them could take it in."""
        done = True
        for tell in one.listeners:
            try:
                tell()
            except HkeidError as error:
                self._journal.refusal(error, where=_WHERE)
                done = False
            except Exception as error:  # noqa: BLE001 - likewise
                self._journal.crash(error, where=_WHERE)
                done = False
        return done

"""A source that is read again when it is due, beside whoever asks it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread
from typing import Protocol

from hkeid.adapters.saml_metadata.last_good import RefreshOutcome
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock
from hkeid.saml.metadata import Entity, MetadataSource


class Refreshable(MetadataSource, Protocol):
    """A source that serves what it read last. One thread at a time refreshes it."""

    def refresh(self, now: Instant) -> RefreshOutcome:
        """Read it again; raises nothing."""
        ...


Failed = Callable[[HkeidError], None]
"""Takes note of a refresh that failed; what was there before goes on serving."""


def _in_a_thread(work: Callable[[], None]) -> None:
    Thread(target=work, daemon=True, name="hkeid-saml-metadata").start()


class KeptFresh:
    """:class:`hkeid.saml.metadata.MetadataSource` in front of a source that has to be refreshed.

    Whoever asks for an entity after the source is due has it refreshed in a thread of its own, and is answered
    with what there is; so no process needs a timer, and none is started before a server has forked.

    :param failed: is told of every refresh that failed.
    :param start: runs work beside the caller.
    """

    def __init__(
        self,
        source: Refreshable,
        clock: Clock,
        failed: Failed,
        *,
        start: Callable[[Callable[[], None]], None] = _in_a_thread,
    ) -> None:
        self._source = source
        self._clock = clock
        self._failed = failed
        self._start = start
        self._due: Instant | None = None
        self._busy = Lock()

    def refresh(self) -> HkeidError | None:
        """Read the source now; why that failed, or None. What another thread is reading is not read twice."""
        if not self._busy.acquire(blocking=False):
            return None
        return self._refreshed()

    def entity(self, entity_id: str) -> Entity | None:
        """As of the source."""
        self._look()
        return self._source.entity(entity_id)

    def entity_of_source(self, source_id: bytes) -> Entity | None:
        """As of the source."""
        self._look()
        return self._source.entity_of_source(source_id)

    def _look(self) -> None:
        due = self._due
        if (due is None or due <= self._clock.now()) and self._busy.acquire(blocking=False):
            try:
                self._start(self._in_background)
            except RuntimeError:
                # No thread to be had: the next who asks tries again.
                self._busy.release()

    def _in_background(self) -> None:
        self._refreshed()

    def _refreshed(self) -> HkeidError | None:
        try:
            outcome = self._source.refresh(self._clock.now())
            self._due = outcome.due
            if outcome.failure is not None:
                self._failed(outcome.failure)
            return outcome.failure
        finally:
            self._busy.release()

"""What is done regularly beside serving: audit checkpoints, and sweeping out what expired.

It runs in the admin process. Several may run at once (one per node): a checkpoint is made by whoever
is first, and sweeping twice sweeps the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from hkeid.audit.checkpointer import Checkpointer
from hkeid.kernel.errors import HkeidError
from hkeid.ports import Clock
from hkeid_server.config import Config
from hkeid_server.journal import Journal

_KEEP = timedelta(days=1)
"""How long expired things stay, so that a replay is still known as one."""

_BATCH = 1000


class Housekeeper:
    """Does the regular work of one node."""

    def __init__(
        self, store: Any, checkpointer: Checkpointer, clock: Clock, journal: Journal
    ) -> None:
        self._store = store
        self._checkpointer = checkpointer
        self._clock = clock
        self._journal = journal

    def round(self) -> None:
        """One round; what fails is logged and tried again in the next."""
        self._try("audit:checkpoint:made", self._checkpoint)
        self._try("store:expired:swept", self._sweep)

    def _try(self, name: str, work: Callable[[], int]) -> None:
        try:
            count = work()
        except HkeidError as error:
            self._journal.refusal(error, where=name)
        except Exception as error:  # noqa: BLE001 - the next round must come
            self._journal.crash(error, where=name)
        else:
            self._journal.event(name, level="debug", count=count)

    def _checkpoint(self) -> int:
        made = self._checkpointer.make()
        return 0 if made is None else made.number

    def _sweep(self) -> int:
        """Small transactions, so that nobody waits."""
        before = self._clock.now() - _KEEP
        swept = 0
        for repository in ("single_use", "budgets", "access_tokens", "grants", "sessions"):
            while True:
                with self._store.transaction() as tx:
                    gone: int = getattr(tx, repository).purge(before, limit=_BATCH)
                swept += gone
                if gone < _BATCH:
                    break
        return swept


def start_housekeeping(config: Config) -> None:
    """Begin the rounds in a thread of this process; none for a store in memory."""
    from hkeid.adapters.system import SystemClock, SystemRandom
    from hkeid_server.wiring import MEMORY, make_journal, open_keys, open_store

    minutes = config.admin.housekeeping_minutes
    if config.store.url == MEMORY or not minutes:
        return
    clock = SystemClock()
    keys = open_keys(config, clock, SystemRandom())
    store = open_store(config, keys, clock, SystemRandom())
    keeper = Housekeeper(
        store, Checkpointer(store, keys, clock), clock, make_journal(config, clock)
    )
    pause = Event()

    def rounds() -> None:
        while True:
            keeper.round()
            pause.wait(minutes * 60)

    Thread(target=rounds, daemon=True, name="hkeid-housekeeping").start()

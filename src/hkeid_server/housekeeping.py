"""What is done regularly beside serving: audit checkpoints, sweeping out what expired, telling residents.

It runs in the admin process. Several may run at once (one per node): a checkpoint is made by whoever
is first, and sweeping twice sweeps the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event, Thread

from hkeid.audit.checkpointer import Checkpointer
from hkeid.kernel.errors import HkeidError
from hkeid_server.config import Config
from hkeid_server.journal import Journal, hear_libraries


class Housekeeper:
    """Does the regular work of one node.

    :param sweep: lets go of what has expired; returns how many records.
    :param more: further work by the name of its event; each returns how many things it did.
    """

    def __init__(
        self,
        checkpointer: Checkpointer,
        sweep: Callable[[], int],
        journal: Journal,
        more: Mapping[str, Callable[[], int]] | None = None,
    ) -> None:
        self._checkpointer = checkpointer
        self._sweep = sweep
        self._journal = journal
        self._more = dict(more or {})

    def round(self) -> None:
        """One round; what fails is logged and tried again in the next."""
        self.attempt("audit:checkpoint:made", self._checkpoint)
        self.attempt("store:expired:swept", self._sweep)
        for name, work in self._more.items():
            self.attempt(name, work)

    def attempt(self, name: str, work: Callable[[], int]) -> None:
        """Do one piece of work; what fails is logged."""
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


def start_housekeeping(config: Config, more: Mapping[str, Callable[[], int]] | None = None) -> None:
    """Begin the rounds in a thread of this process; none for a store in memory.

    :param more: see :class:`Housekeeper`.
    """
    from hkeid_server.wiring import (
        MEMORY,
        end_registrations,
        end_upgrades,
        make_journal,
        notice_rounds,
        open_keys,
        open_store,
        purge_store,
        surroundings,
    )

    minutes = config.admin.housekeeping_minutes
    if config.store.url == MEMORY or not minutes:
        return
    clock, random = surroundings()
    keys = open_keys(config, clock, random)
    store = open_store(config, keys, clock, random)
    journal = make_journal(config, clock)
    hear_libraries(journal, level=config.log.level)
    keeper = Housekeeper(
        Checkpointer(store, keys, clock),
        lambda: purge_store(config, store, clock),
        journal,
        {
            "enrolment:upgrades:ended": lambda: end_upgrades(config, store, keys, clock),
            "enrolment:registrations:ended": lambda: end_registrations(
                config, store, keys, clock, journal
            ),
            **(more or {}),
        },
    )
    pause = Event()

    def rounds() -> None:
        while True:
            keeper.round()
            pause.wait(minutes * 60)

    Thread(target=rounds, daemon=True, name="hkeid-housekeeping").start()
    seconds = config.notices.every_seconds
    if not seconds:
        return
    send = notice_rounds(config, store, keys, clock, random)

    def tell() -> None:
        while True:
            keeper.attempt("enrolment:notices:sent", send)
            pause.wait(seconds)

    Thread(target=tell, daemon=True, name="hkeid-notices").start()

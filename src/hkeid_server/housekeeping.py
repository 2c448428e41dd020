"""What is done regularly beside serving: audit checkpoints, sweeping out what expired, telling residents.

It runs in the admin process. Several may run at once (one per node): a checkpoint is made by whoever
is first, and sweeping twice sweeps the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from threading import Event, Thread
from typing import Any

from hkeid.audit.checkpointer import Checkpointer
from hkeid.kernel.errors import HkeidError
from hkeid.ports import Clock, KeyStore
from hkeid_server.config import Config
from hkeid_server.journal import Journal, hear_libraries

_RETIRED = "signing:keys:revoked"
_RETIRING_SECONDS = 15
"""A revocation is looked for in the list long before the next round."""


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


def start_regular_work(config: Config, more: Mapping[str, Callable[[], int]] | None = None) -> None:
    """Begin what this process does beside serving; nothing for a store in memory.

    Housekeeping and notices go their own ways: without the one (``admin.housekeeping_minutes = 0``) the
    other (``notices.every_seconds``) goes on, and so does telling relying parties of logouts.

    :param more: see :class:`Housekeeper`.
    """
    from hkeid_server.wiring import MEMORY, make_journal, open_keys, open_store, surroundings

    minutes, seconds = config.admin.housekeeping_minutes, config.notices.every_seconds
    if config.store.url == MEMORY:
        return
    clock, random = surroundings()
    keys = open_keys(config, clock, random)
    store = open_store(config, keys, clock, random)
    journal = make_journal(config, clock)
    hear_libraries(journal, level=config.log.level)
    keeper = make_housekeeper(config, store, keys, clock, journal, more)
    if minutes:
        _every(minutes * 60, keeper.round, name="hkeid-housekeeping")
        finish = retirements(config, store, keys, clock, journal)
        _every(
            _RETIRING_SECONDS, partial(keeper.attempt, _RETIRED, finish), name="hkeid-retirements"
        )
    if seconds:
        from hkeid_server.wiring import notice_rounds

        send = notice_rounds(config, store, keys, clock, random, journal)
        tell = partial(keeper.attempt, "enrolment:notices:sent", send)
        _every(seconds, tell, name="hkeid-notices")
    from hkeid_server.wiring import open_courier_of_its_own

    courier, metadata = open_courier_of_its_own(config, store, keys, clock, random, journal)
    if metadata is not None:
        # What is to be told again is told when metadata is there.
        metadata.begin(patience=0)
    _every(config.logout.every_seconds, courier.nudge, name="hkeid-logouts-again")


def make_housekeeper(
    config: Config,
    store: Any,
    keys: KeyStore,
    clock: Clock,
    journal: Journal,
    more: Mapping[str, Callable[[], int]] | None = None,
) -> Housekeeper:
    """The housekeeper of a configuration.

    :param more: see :class:`Housekeeper`.
    """
    from hkeid_server.wiring import end_registrations, end_upgrades, purge_store
    from hkeid_server.wiring.rights import finish_erasures, remind_of_requests
    from hkeid_server.wiring.signing import end_signature_requests

    return Housekeeper(
        Checkpointer(store, keys, clock),
        lambda: purge_store(config, store, clock),
        journal,
        {
            "enrolment:upgrades:ended": lambda: end_upgrades(config, store, keys, clock),
            "enrolment:registrations:ended": lambda: end_registrations(
                config, store, keys, clock, journal
            ),
            "signing:requests:expired": lambda: end_signature_requests(config, store, keys, clock),
            "profile:data-requests:reminded": lambda: remind_of_requests(store, clock),
            "profile:erasures:finished": lambda: finish_erasures(config, store, keys, clock),
            _RETIRED: retirements(config, store, keys, clock, journal),
            **(more or {}),
        },
    )


def retirements(
    config: Config, store: Any, keys: KeyStore, clock: Clock, journal: Journal
) -> Callable[[], int]:
    """What destroys signing keys that are out of use, takes their certificates back, and says how many."""
    from hkeid_server.wiring.signing import finish_retirements

    return lambda: finish_retirements(config, store, keys, clock, journal)


def _every(seconds: float, work: Callable[[], None], *, name: str) -> None:
    """Do some work now and again, in a thread that ends with the process."""
    pause = Event()

    def rounds() -> None:
        while True:
            work()
            pause.wait(seconds)

    Thread(target=rounds, daemon=True, name=name).start()

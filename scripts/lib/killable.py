"""Child processes that start quickly and are killed: imported once, forked for every kill.

A fork server imports the reference server before the first child; each child has only its house to
build. What a child writes to standard error lands in a file, so that a complaint is not overlooked.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
PRELOADED = [
    "werkzeug.serving",
    "hkeid_server.wsgi",
    "hkeid.adapters.backup",
    "hkeid.adapters.evidence.sql",
    "hkeid.adapters.keyfiles",
    "hkeid.adapters.sql",
    "hkeid.adapters.station_ca",
    "hkeid.adapters.vault.sql",
    "hkeid.chip.trust",
    "hkeid.testing.authenticator",
    "hkeid.testing.card_issuer",
    "hkeid.testing.databases",
    "hkeid.testing.fakes_proofing",
    "hkeid.testing.station_door",
    "hkeid.testing.virtual_card.reader",
    "hkeid.testing.virtual_station",
    "hkeid_server.pages.kiosk_person",
    "hkeid_server.pages.upgrade",
    "hkeid_server.station_agent",
    "psycopg",
]
_CONTEXT.set_forkserver_preload(PRELOADED)


class Killed(AssertionError):
    """A child did not come up, or complained."""


class Killable:
    """A child that runs ``work(say, *arguments)`` until it is killed.

    :param work: a function of a module; ``say(value)`` sends something to :meth:`heard`.
    :param folder: where its temporary files and its standard error go.
    """

    def __init__(self, work: Callable[..., None], *arguments: Any, folder: Path) -> None:
        self._errors = folder / "child.stderr"
        self._errors.write_bytes(b"")
        self._ears, mouth = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(
            target=_live, args=(work, mouth, str(folder), arguments), daemon=True
        )
        self._process.start()
        mouth.close()

    def heard(self, patience: float = 60.0) -> Any:
        """The next thing it says.

        :raises Killed: it says nothing in time, or is dead and has said everything.
        """
        try:
            if self._ears.poll(patience):
                return self._ears.recv()
        except (EOFError, OSError):
            raise Killed(f"the child is dead: {self._complaints()[-500:]}") from None
        raise Killed(f"the child says nothing for {patience} s: {self._complaints()[-500:]}")

    def kill(self) -> list[Any]:
        """SIGKILL; gives what it had still said. When this returns, it is gone."""
        if self._ears.closed:
            return []
        self._process.kill()
        rest = list(self._rest())
        self._process.join(60)
        self._ears.close()
        said = self._complaints()
        if said:
            raise Killed(f"the child complained: {said[-500:]}")
        return rest

    def _rest(self) -> Iterator[Any]:
        try:
            while self._ears.poll(60):
                yield self._ears.recv()
        except (EOFError, OSError):
            return

    def _complaints(self) -> str:
        return self._errors.read_text("utf-8", "replace").strip()


def _live(
    work: Callable[..., None], mouth: Connection, folder: str, arguments: tuple[Any, ...]
) -> None:
    os.environ["TMPDIR"] = f"{folder}/tmp"
    Path(folder, "tmp").mkdir(exist_ok=True)
    errors = os.open(f"{folder}/child.stderr", os.O_WRONLY | os.O_APPEND)
    os.dup2(errors, 2)
    work(mouth.send, *arguments)


@contextmanager
def stopped(child: Killable) -> Iterator[Killable]:
    """Kill it at the end, whatever happens."""
    try:
        yield child
    finally:
        child.kill()

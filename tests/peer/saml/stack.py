"""Software written elsewhere, started without privileges on loopback ports and ended with all its children."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534
"""Debian's ``nobody`` and ``nogroup``."""


def unprivileged(command: Sequence[str | Path]) -> list[str]:
    """The command, without root's privileges where the tests run as root."""
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}"]
    return ["setpriv", *ids, "--clear-groups", "--no-new-privs", "--", *words]


@contextmanager
def private_folder(name: str) -> Iterator[Path]:
    """A folder that ``nobody`` reaches: pytest's own are closed to all but the owner.

    Its path is short, as that of a UNIX socket has to be.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"hkeid-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def hand_over(folder: Path) -> None:
    """Give what is in ``folder`` to the one who runs the software."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)


@contextmanager
def listening_at(command: Sequence[str | Path], socket: Path, log: Path) -> Iterator[None]:
    """A daemon in a process group of its own that is ready once its UNIX socket is there."""
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 30
        while not socket.exists():
            text = log.read_text(errors="replace")
            assert process.poll() is None, f"it ended: {text[-2000:]}"
            assert time.monotonic() < deadline, f"no socket: {text[-2000:]}"
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def installed(path: str) -> Path:
    """A file of a Debian package."""
    found = Path(path)
    assert found.exists(), f"{path} is missing: run scripts/test --install-only"
    return found

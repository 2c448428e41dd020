"""Servers as processes: start, wait until they listen, measure, stop, kill.

For demonstrations, benchmarks and torture, where the process itself is what matters.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A TCP port on loopback on which nobody listens at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class DidNotStart(RuntimeError):
    """A server ended, or did not listen in time; the message has the end of its log."""


class ServerProcess:
    """A server with its children, in a process group of its own; as a context manager it stops at
    the end.

    :param port: where it will listen, on loopback.
    :param log: file that its standard output and error are appended to.
    :param patience: seconds until it must listen.
    :raises DidNotStart: it does not.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        port: int,
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        patience: float = 30.0,
    ) -> None:
        self.port = port
        self._log = log
        with log.open("ab") as stream:
            self._process = subprocess.Popen(  # noqa: S603 - the caller's own command
                [str(word) for word in command],
                env={**os.environ, **(environment or {})},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._await(patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def log_end(self, characters: int = 3000) -> str:
        """The end of the log, for messages."""
        return self._log.read_text("utf-8", errors="replace")[-characters:]

    def cpu_seconds(self) -> float:
        """User and system time of the process and all its descendants so far."""
        return sum(_ticks(pid) for pid in _tree(self._process.pid)) / _TICKS_PER_SECOND

    def memory_mb(self) -> float:
        """Memory of the whole tree in MiB, shared pages counted once (proportional set size)."""
        total = 0
        for pid in _tree(self._process.pid):
            for line in _lines(Path(f"/proc/{pid}/smaps_rollup")):
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024

    def stop(self, patience: float = 10.0) -> None:
        """Ask the whole process group to end, and see that it does."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
        # Children that outlived their parent.
        self._signal(signal.SIGKILL)

    def kill(self) -> None:
        """End the whole process group at once, as a power cut would (SIGKILL)."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _await(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self.running and time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.02)
        self.kill()
        raise DidNotStart(f"nobody listens on port {self.port}; the log ends:\n{self.log_end()}")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for line in _lines(children):
                found += [int(child) for child in line.split()]
    return found


def _ticks(pid: int) -> int:
    for line in _lines(Path(f"/proc/{pid}/stat")):
        # The command's name stands in parentheses and may contain blanks.
        after = line.rpartition(")")[2].split()
        # utime, stime, and those of children that ended: proc(5), fields 14 to 17.
        return sum(int(value) for value in after[11:15])
    return 0

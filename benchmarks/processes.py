"""Server processes under measurement: start, wait until they answer, CPU time of the whole tree."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerProcess:
    """A server with its children, started with a log of its own."""

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], log: Path, port: int
    ) -> None:
        self._log = log
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                list(command),
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._await(port)

    def _await(self, port: int, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"did not start:\n{self._log.read_text(errors='replace')[-3000:]}")

    def cpu_seconds(self) -> float:
        """User and system time of the process and all its descendants so far."""
        return sum(_ticks(pid) for pid in _tree(self._process.pid)) / _TICK

    def memory_mb(self) -> float:
        """Proportional set size of the whole tree, in MiB."""
        total = 0
        for pid in _tree(self._process.pid):
            for line in _lines(Path(f"/proc/{pid}/smaps_rollup")):
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024

    def stop(self) -> None:
        """End the whole process group."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            for line in _lines(task):
                found += [int(child) for child in line.split()]
    return found


def _ticks(pid: int) -> int:
    for line in _lines(Path(f"/proc/{pid}/stat")):
        # The command's name stands in parentheses and may contain blanks.
        after = line.rpartition(")")[2].split()
        # utime, stime, and those of children that ended (proc(5), fields 14 to 17).
        return sum(int(value) for value in after[11:15])
    return 0

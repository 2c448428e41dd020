"""HTTP servers as processes: start, wait until they answer, measure, stop, kill.

For demonstrations, benchmarks and torture, where the process itself is what matters.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


_PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections, one of which could otherwise take the port
of a server that was killed before it is started anew.
"""


def free_port() -> int:
    """A TCP port on loopback on which nobody listens at the moment."""
    for _ in range(100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", secrets.choice(_PORTS)))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise DidNotStart("no port is free")


class DidNotStart(RuntimeError):
    """A server ended, or did not answer in time; the message has the end of its log."""


class ServerProcess:
    """A server with its children, in a process group of its own; as a context manager it stops at
    the end.

    :param port: where it will listen, on loopback.
    :param log: file that its standard output and error are appended to.
    :param patience: seconds until it must answer.
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
        patience: float = 90.0,
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
        """End the whole process group at once, as a power cut would (SIGKILL).

        When this returns, nobody of it listens any more.
        """
        members = _tree(self._process.pid)
        self._signal(signal.SIGKILL)
        self._process.wait()
        while not all(_gone(pid) for pid in members):
            time.sleep(0.001)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def _await(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self.running and time.monotonic() < deadline:
            if _answers(self.port):
                return
            time.sleep(0.02)
        self.kill()
        raise DidNotStart(f"nobody answers on port {self.port}; the log ends:\n{self.log_end()}")


def _answers(port: int) -> bool:
    """Whether a request gets an answer, whichever. Listening is not enough: a server may listen
    before its workers do, and then drop who came early.
    """
    request = f"GET / HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(request.encode())
            first = connection.recv(65_536)
            while first and connection.recv(65_536):
                pass  # hanging up early would be noise in the server's log
            return bool(first)
    except OSError:
        return False


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


def _gone(pid: int) -> bool:
    """Ended; where nobody collects orphans they stay in the table as zombies."""
    for line in _lines(Path(f"/proc/{pid}/stat")):
        return line.rpartition(")")[2].split()[0] in ("Z", "X")
    return True


def _ticks(pid: int) -> int:
    for line in _lines(Path(f"/proc/{pid}/stat")):
        # The command's name stands in parentheses and may contain blanks.
        after = line.rpartition(")")[2].split()
        # utime, stime, and those of children that ended: proc(5), fields 14 to 17.
        return sum(int(value) for value in after[11:15])
    return 0

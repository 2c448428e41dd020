"""The parent's side of a worker."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn, Self

from hkeid.adapters.worker.answers import name_of, read_answer
from hkeid.adapters.worker.wire import WireError, pack, receive, send
from hkeid.kernel.errors import HkeidError, Unavailable

_ENVIRONMENT = {
    # No way out for what honours them; the child refuses the others itself.
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "no_proxy": "",
    "NO_PROXY": "",
    # One thread each: several workers share the machine.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_MODULE = "hkeid.adapters.worker.child"
_LOG = logging.getLogger("hkeid.adapters.worker")
_LOG.addHandler(logging.NullHandler())  # who wants to hear of it says so


class _Child:
    """One process: started, asked, ended."""

    def __init__(self, memory_mib: int, cpu_seconds: int, classes: Mapping[str, type]) -> None:
        self._classes = classes
        ours, theirs = socket.socketpair()
        self._lifeline_theirs, self._lifeline = os.pipe()
        environment = os.environ | _ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(sys.path)}
        handles = (theirs.fileno(), self._lifeline_theirs)
        numbers = (*handles, memory_mib, cpu_seconds, os.getpid())
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", _MODULE, *(str(one) for one in numbers)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=handles,
                env=environment,
            )
        except OSError:
            ours.close()
            os.close(self._lifeline)
            raise
        finally:
            theirs.close()
            os.close(self._lifeline_theirs)
        self.channel = ours
        self.pid = process.pid
        self.end = weakref.finalize(self, _end, process, ours, self._lifeline, os.getpid())

    def ask(self, message: bytes, deadline: float, handles: Sequence[int] = ()) -> tuple[str, Any]:
        """Send, and wait for the answer; raises OSError, EOFError or WireError."""
        self.channel.settimeout(max(deadline - time.monotonic(), 0.001))
        send(self.channel, message, handles)
        return self.listen(deadline)

    def listen(self, deadline: float) -> tuple[str, Any]:
        """Wait for a message."""
        self.channel.settimeout(max(deadline - time.monotonic(), 0.001))
        return read_answer(receive(self.channel), self._classes)


def _end(
    process: subprocess.Popen[bytes], channel: socket.socket, lifeline: int, owner: int
) -> None:
    """Kill and reap; in a fork of the owner only let go."""
    channel.close()
    os.close(lifeline)
    if os.getpid() == owner:
        process.kill()
        process.wait()
    else:
        process.returncode = 0  # not ours to wait for


class Worker:
    """An object that lives in a separate process and is called through :meth:`call`.

    The process is started with the first call, answers one call at a time, and is killed and replaced
    when it is silent for too long, breaks its memory limit or crashes. It never outlives this process.
    May be used by any number of threads; a fork gets a process of its own. Each replacement is a warning of
    the logger ``hkeid.adapters.worker.NAME``.

    :param factory: ``package.module:callable``, called in the child with ``settings``; importing the
        package must not be needed here.
    :param name: beginning of the reasons (``face_matcher`` gives ``face_matcher_busy``).
    :param answers: dataclasses and enumerations that answers may hold, each of them; nothing else of a
        class comes back but our errors.
    :param timeout: seconds for one call; as long again for building the object, and for one's turn.
    :param memory_mib: most MiB of data that the child may have.
    :param cpu_seconds: most seconds of CPU for one call, in whole ones; 0 is no limit but the time-out.
    :param waiting: how many calls may wait; one more is refused at once.
    """

    def __init__(
        self,
        factory: str,
        *,
        name: str,
        settings: Mapping[str, Any] = MappingProxyType({}),
        answers: Collection[type] = (),
        timeout: float = 30,
        memory_mib: int = 2048,
        cpu_seconds: int = 0,
        waiting: int = 4,
    ) -> None:
        self._beginning = pack((factory, dict(settings)))
        self._name = name
        self._classes = {name_of(one): one for one in answers}
        self._timeout = timeout
        self._memory_mib = memory_mib
        self._cpu_seconds = cpu_seconds
        self._waiting = waiting
        self._closed = False
        self._afresh()

    def _afresh(self) -> None:
        self._owner = os.getpid()
        self._child: _Child | None = None
        self._places = threading.BoundedSemaphore(self._waiting + 1)
        self._turn = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of the child, or None while there is none."""
        child = self._child
        return None if child is None else child.pid

    def start(self) -> None:
        """Build the object now rather than with the first call.

        :raises hkeid.kernel.errors.HkeidError: what the factory raised.
        :raises hkeid.kernel.errors.Unavailable: as :meth:`call`.
        """
        self._take_turn(None)

    def call(self, method: str, *arguments: Any, handles: Sequence[int] = ()) -> Any:
        """Call a method of the object.

        :param handles: open files; the method gets descriptors of its own as ``handles``, closed after it.
        :raises hkeid.kernel.errors.HkeidError: what the method raised, as itself.
        :raises hkeid.kernel.errors.Unavailable: ``NAME_busy``: too many wait, or too long;
            ``NAME_failed``: it raised something else, crashed, took too long or too much memory.
        """
        return self._take_turn(pack((method, arguments)), handles)

    def close(self) -> None:
        """End the process. A call under way fails; later ones do too."""
        self._closed = True
        child = self._child
        if child is not None and self._owner == os.getpid():
            with contextlib.suppress(OSError):
                child.channel.shutdown(socket.SHUT_RDWR)  # wakes who waits for an answer
            child.end()
        self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take_turn(self, message: bytes | None, handles: Sequence[int] = ()) -> Any:
        if self._owner != os.getpid():
            self._afresh()
        if not self._places.acquire(blocking=False):
            raise Unavailable(f"{self._name}_busy", detail="too many wait")
        try:
            if not self._turn.acquire(timeout=self._timeout):
                raise Unavailable(f"{self._name}_busy", detail="waited too long")
            try:
                return self._converse(message, handles)
            finally:
                self._turn.release()
        finally:
            self._places.release()

    def _converse(self, message: bytes | None, handles: Sequence[int]) -> Any:
        """One exchange; the child is ended unless it ended well."""
        kept = False
        try:
            child = self._started()
            answer: tuple[str, Any] = ("value", None)
            if message is not None:
                answer = child.ask(message, time.monotonic() + self._timeout, handles)
            outcome, value = answer
            kept = outcome in {"value", "refused", "raised"}
            if outcome == "refused":
                _raise(value)
            if outcome != "value":
                raise Unavailable(f"{self._name}_failed", detail=str(value))
        except (OSError, EOFError, WireError, ValueError, TypeError) as error:
            kept = False
            detail = "took too long" if isinstance(error, TimeoutError) else _why(error)
            raise Unavailable(f"{self._name}_failed", detail=detail) from error
        else:
            return value
        finally:
            if not kept:
                self._replaced()

    def _started(self) -> _Child:
        if self._closed:
            raise WireError("closed")
        if self._child is not None:
            return self._child
        self._child = child = _Child(self._memory_mib, self._cpu_seconds, self._classes)
        if self._closed:  # closed meanwhile, which did not see this child
            raise WireError("closed")
        outcome, value = child.ask(self._beginning, time.monotonic() + self._timeout)
        if outcome == "value":
            return child
        self._drop()
        if outcome == "refused":
            _raise(value)
        raise WireError(f"could not be built: {value}")

    def _replaced(self) -> None:
        if self._child is not None and not self._closed:
            _LOG.getChild(self._name).warning(
                "process %d ended; the next call starts another", self.pid
            )
        self._drop()

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()


def _raise(value: object) -> NoReturn:
    if not isinstance(value, HkeidError):
        raise WireError("not one of our errors")
    raise value


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, WireError) else f"gone ({type(error).__name__})"

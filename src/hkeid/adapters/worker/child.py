"""The child's side: build the object, then serve one call after another.

Started as ``python -m hkeid.adapters.worker.child CHANNEL LIFELINE MEMORY CPU PARENT``. It dies with its parent,
even while it computes: the kernel sends SIGKILL when the last writer of the life line is gone.
"""

from __future__ import annotations

import fcntl
import importlib
import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hkeid.adapters.worker.answers import write_answer
from hkeid.adapters.worker.wire import receive, receive_with_handles, send, unpack_trusted
from hkeid.kernel.errors import HkeidError

NICENESS = 5
_NETWORK = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
_LOOKUPS = ("socket.getaddrinfo", "socket.gethostby", "urllib.Request", "http.client.connect")
_NONE: Mapping[str, Any] = MappingProxyType({})
_F_SETSIG = 10  # Linux: which signal a descriptor sends


def _die_with(lifeline: int, parent: int) -> None:
    """Whatever happens, do not outlive the parent."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    if sys.platform == "linux":
        fcntl.fcntl(lifeline, _F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _limit(memory_mib: int) -> None:
    """Memory, no core dumps (they would hold pictures), politeness, no network from Python."""
    size = memory_mib * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(NICENESS)

    def refuse_network(event: str, _: tuple[Any, ...]) -> None:
        if event in _NETWORK or event.startswith(_LOOKUPS):
            raise OSError("a worker has no network")

    sys.addaudithook(refuse_network)


def _quieten() -> None:
    """Standard error is the server's log. What libraries write about somebody's file would stand between its
    lines, and may quote the file; ours is written, and so is the trace of what ends the process.
    """
    logging.captureWarnings(capture=True)
    logging.getLogger().addHandler(logging.NullHandler())
    own = logging.getLogger("hkeid")
    own.addHandler(logging.StreamHandler())
    own.propagate = False


def _allow_cpu(seconds: int) -> None:
    """From now on so many seconds of CPU; one more and the kernel ends the process. 0 is no limit."""
    if seconds:
        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _where(error: BaseException) -> str:
    """Type and place of an unexpected error; never its text, which may quote what was read."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place


def _answer(
    target: Any, method: str, arguments: tuple[Any, ...], named: Mapping[str, Any] = _NONE
) -> tuple[str, Any]:
    """The outcome of one call: ``value``, ``refused`` (ours), ``raised``, or ``spent`` (start afresh)."""
    try:
        return "value", getattr(target, method)(*arguments, **named)
    except HkeidError as error:
        return "refused", error
    except MemoryError as error:
        return "spent", _where(error)
    except Exception as error:  # noqa: BLE001 - reported, never passed over
        return "raised", _where(error)


def _build(factory: str, settings: dict[str, Any]) -> Any:
    module, _, name = factory.partition(":")
    return getattr(importlib.import_module(module), name)(**settings)


def _perform(target: Any, request: bytes, handles: list[int]) -> tuple[str, Any]:
    """One call; open files that came with it go in as ``handles`` and are closed afterwards."""
    try:
        method, arguments = unpack_trusted(request)
        return _answer(target, method, arguments, {"handles": tuple(handles)} if handles else {})
    finally:
        for handle in handles:
            os.close(handle)


def serve(channel: socket.socket, cpu_seconds: int = 0) -> None:
    """Build, say so, and answer until the other end is gone."""
    factory, settings = unpack_trusted(receive(channel))
    outcome, target = _answer(sys.modules[__name__], "_build", (factory, settings))
    send(channel, write_answer(outcome, None if outcome == "value" else target))
    while outcome == "value":
        try:
            request, handles = receive_with_handles(channel)
        except EOFError:
            return
        _allow_cpu(cpu_seconds)
        answer = _perform(target, request, handles)
        try:
            packed = write_answer(*answer)
        except Exception as error:  # noqa: BLE001 - a result that cannot travel
            packed = write_answer("raised", _where(error))
        send(channel, packed)
        if answer[0] == "spent":
            return


def main(arguments: list[str]) -> None:
    """Run as a child."""
    channel, lifeline, memory_mib, cpu_seconds, parent = (int(one) for one in arguments)
    _die_with(lifeline, parent)
    _limit(memory_mib)
    _quieten()
    with socket.socket(fileno=channel) as connected:
        serve(connected, cpu_seconds)
    os._exit(0)  # no clean-up of native libraries: some hang at their end


if __name__ == "__main__":
    main(sys.argv[1:])

"""The real smart-card service with virtual readers, for tests, benchmarks and demonstrations.

``pcscd`` has its socket at a fixed place, so there is one on a machine at a time; whoever comes second
waits for it. The driver of its virtual readers (Debian's ``vsmartcard-vpcd``) listens on every address of the
machine, so that anybody on the network could put a card in. Here it gets a network of its own, where the
system lets us make one (root, ``CAP_SYS_ADMIN``); where not, it is refused unless the caller says that
the network is trusted.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread

from hkeid.adapters.pcsc import PcscReader, reader_names
from hkeid.kernel.errors import ConfigurationError
from hkeid.ports.cards import CardUnavailable
from hkeid.testing.virtual_reader import CardSlot, Dial

_RUN = Path("/run/pcscd")
_LOCK = Path(tempfile.gettempdir()) / "hkeid-pcscd.lock"
_DRIVERS = (
    Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so"),
    Path("/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so"),
)
_WAIT = 60.0
_FIRST_PORT = 0x9C40
_NEW_NETWORK = 0x40000000
_APART = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
_START = 15.0


class VirtualReaders:
    """Readers of a running ``pcscd``, each with the slot in which cards are put.

    :ivar slots: by reader name.
    """

    def __init__(self, slots: dict[str, CardSlot]) -> None:
        self.slots = slots

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the readers."""
        return tuple(self.slots)

    def reader(self, number: int = 0, *, patience: float = 10.0) -> PcscReader:
        """The reader with this number."""
        return PcscReader(self.names[number], patience=patience)

    def wait_until_empty(self, *, timeout: float = 5.0) -> None:
        """Until the service has noticed that all cards are out; it looks a few times a second.

        :raises CardUnavailable: ``reader_in_use``: one is still in.
        """
        for name in self.names:
            for event in PcscReader(name).events(timeout=timeout):
                if not event.inserted:
                    break
            else:
                raise CardUnavailable("reader_in_use", detail="a card is still in")

    def slot(self, number: int = 0) -> CardSlot:
        """The slot of the reader with this number."""
        return self.slots[self.names[number]]


@contextmanager
def virtual_readers(count: int = 1, *, trusted_network: bool = False) -> Iterator[VirtualReaders]:
    """Start ``pcscd`` with ``count`` virtual readers (at most 8), and end it.

    :param trusted_network: let the driver listen on the machine's own network if there is no other way.
    :raises hkeid.kernel.errors.ConfigurationError: ``pcscd_missing``, ``pcscd_running`` (another one
        serves this machine already), ``pcscd_did_not_start``, ``pcscd_would_listen``.
    """
    program, driver = _programs()
    with ExitStack() as stack:
        stack.enter_context(_alone())
        if _running():
            raise ConfigurationError("pcscd_running", detail="stop the system's own first")
        apart = _can_be_apart()
        if not (apart or trusted_network):
            raise ConfigurationError("pcscd_would_listen", detail="no network namespace to be had")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hkeid-pcscd-")))
        ports = [_FIRST_PORT + 2 * number for number in range(count)]
        (folder / "drivers").mkdir()
        for number, port in enumerate(ports):
            # The driver keeps one table of slots per loaded file, so each reader loads its own.
            own = folder / "drivers" / f"{number}.so"
            shutil.copy(driver, own)
            (folder / f"reader{number}").write_text(_stanza(number, port, own), "ascii")
        daemon = stack.enter_context(_daemon(program, folder, apart=apart))
        names = _wait_for(count)
        namespace = f"/proc/{daemon}/ns/net" if apart else None
        slots = [stack.enter_context(CardSlot(_dialling(port, namespace))) for port in ports]
        yield VirtualReaders(dict(zip(names, slots, strict=True)))


def _stanza(number: int, port: int, driver: Path) -> str:
    return (
        f'FRIENDLYNAME "hkeid {number}"\nDEVICENAME /dev/null:0x{port:04X}\n'
        f"LIBPATH {driver}\nCHANNELID 0x{port:04X}\n"
    )


def _can_be_apart() -> bool:
    """Whether we may give a process a network of its own."""
    command = [*_APART, "true"]
    return (
        shutil.which("unshare") is not None
        and not subprocess.run(  # noqa: S603
            command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ).returncode
    )


def _dialling(port: int, namespace: str | None) -> Dial:
    """Connects to the driver, in its network."""

    def inside(made: list[socket.socket]) -> None:
        if namespace is not None:
            with Path(namespace).open("rb") as network:
                if ctypes.CDLL(None, use_errno=True).setns(network.fileno(), _NEW_NETWORK):
                    return
        made.append(socket.create_connection(("127.0.0.1", port), timeout=5))

    def dial() -> socket.socket:
        # A namespace belongs to a thread; the socket keeps it wherever it is used.
        made: list[socket.socket] = []
        thread = Thread(target=inside, args=(made,))
        thread.start()
        thread.join()
        if not made:
            raise ConfigurationError("pcscd_did_not_start", detail="its reader has no port")
        made[0].settimeout(None)
        return made[0]

    return dial


def _programs() -> tuple[str, Path]:
    program = shutil.which("pcscd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    driver = next((path for path in _DRIVERS if path.exists()), None)
    if program is None or driver is None:
        raise ConfigurationError("pcscd_missing", detail="apt-get install pcscd vsmartcard-vpcd")
    return program, driver


@contextmanager
def _alone() -> Iterator[None]:
    """Wait for our turn with the machine's one place for ``pcscd``."""
    with _LOCK.open("w") as lock:
        ends = time.monotonic() + _WAIT * 5
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > ends:
                    raise ConfigurationError("pcscd_running", detail="others hold it") from None
                time.sleep(0.1)
        yield


def _running() -> bool:
    try:
        reader_names()
    except CardUnavailable:
        return False
    return True


@contextmanager
def _daemon(program: str, folder: Path, *, apart: bool) -> Iterator[int]:
    _tidy()
    command = [program, "--foreground", "--config", str(folder)]
    with (folder / "log").open("wb") as output:
        daemon = subprocess.Popen(  # noqa: S603 - the system's own program
            [*(_APART if apart else ()), *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield daemon.pid
    finally:
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(5)
        except subprocess.TimeoutExpired:  # a card that hangs keeps it busy
            daemon.kill()
            daemon.wait()
        _tidy()


def _tidy() -> None:
    """What a killed daemon leaves behind keeps the next one from starting."""
    for left in ("pcscd.comm", "pcscd.pid"):
        with suppress(OSError):
            (_RUN / left).unlink(missing_ok=True)


def _wait_for(count: int) -> list[str]:
    """The first slot of each reader; the driver gives every reader two."""
    ends = time.monotonic() + _START
    while time.monotonic() < ends:
        try:
            names = reader_names()
        except CardUnavailable:
            names = ()
        if len(names) == 2 * count:
            return sorted(name for name in names if name.endswith("00"))
        time.sleep(0.05)
    raise ConfigurationError("pcscd_did_not_start", detail=f"readers within {_START} s: {names}")

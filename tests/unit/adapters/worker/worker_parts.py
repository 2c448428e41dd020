"""What the tests of the worker put into its child."""

from __future__ import annotations

import logging
import os
import re
import socket
import struct
import sys
import time
import warnings
from typing import Any

from hkeid.kernel.errors import ConfigurationError, MissingExtra, TooManyAttempts
from hkeid.ports import FaceBand, FaceComparison


class Parts:
    def __init__(self, word: str = "") -> None:
        self.word = word
        self.calls = 0

    def echo(self, value: Any) -> Any:
        self.calls += 1
        return value

    def contents(self, prefix: bytes, *, handles: tuple[int, ...]) -> tuple[bytes, tuple[int, ...]]:
        return prefix + b"|".join(os.pread(one, 1 << 20, 0) for one in handles), handles

    def is_open(self, handle: int) -> bool:
        try:
            os.fstat(handle)
        except OSError:
            return False
        return True

    def talk(self) -> None:
        """As libraries do, and as our own rooms might."""
        logging.getLogger("library").error("a line of a library about Q000101(1)")
        logging.getLogger().critical("a line of nobody about Q000101(1)")
        warnings.warn("a warning about Q000101(1)", UserWarning, stacklevel=1)
        logging.getLogger("hkeid.adapters.part").warning("a line of ours")

    def burn(self, seconds: float) -> float:
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass
        return seconds

    def state(self) -> tuple[str, int, int]:
        return self.word, self.calls, os.getpid()

    def comparison(self) -> FaceComparison:
        return FaceComparison(
            band=FaceBand.REVIEW, distance=0.6, threshold=0.55, claimed_fmr=None,
            model="m", model_sha256="00", calibration=None,
        )  # fmt: skip

    def refuse(self) -> None:
        raise TooManyAttempts("slow_down", retry_after=7, detail="inside")

    def missing(self) -> None:
        raise MissingExtra("deepface", "face")

    def break_(self) -> None:
        raise KeyError("Q000101(1)")

    def crash(self) -> None:
        os.abort()

    def leave(self) -> None:
        sys.exit(3)

    def sleep(self, seconds: float) -> int:
        time.sleep(seconds)
        return os.getpid()

    def hold(self) -> None:
        """Keeps the interpreter lock for ever: no thread of the child runs."""
        re.match(r"(a+)+$", "a" * 60 + "b")

    def eat(self, mib: int) -> int:
        return len(bytearray(mib * 1024 * 1024))

    def call_out(self) -> str:
        outcome = []
        for attempt in (
            lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
            lambda: socket.getaddrinfo("example.hk", 443),
            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9)),
        ):
            try:
                attempt()
            except OSError as error:
                outcome.append(str(error))
        return " | ".join(outcome)

    def smuggle(self) -> Any:
        class Command:
            def __reduce__(self) -> Any:
                return os.system, ("touch smuggled",)

        return Command()

    def _write(self, message: bytes) -> None:
        """What a child writes that was taken over."""
        os.write(int(sys.argv[1]), struct.pack(">Q", len(message)) + message)
        os._exit(0)

    def _say(self, tree: str, *blobs: bytes) -> None:
        self._write(struct.pack(">I", len(tree)) + tree.encode() + b"".join(blobs))

    def say_pickle(self) -> None:
        """BUILD on a class: setattr in whoever unpickles it."""
        self._write(
            b"\x80\x04chkeid.identity.state\nEidState\n(N(X\x0a\x00\x00\x00may_log_in\x88dtb0"
            b"X\x05\x00\x00\x00valueX\x02\x00\x00\x00ok\x86."
        )

    def name_a_class(self) -> None:
        self._say('["value", ["enum", "hkeid.identity.state:EidState", "ACTIVE"], []]')

    def reword(self) -> None:
        error = (
            '["error", "hkeid.kernel.errors:Refused", [], {"reason": "x", "safe_text": "Call 1"}]'
        )
        self._say(f'["refused", {error}, []]')

    def mistype(self) -> None:
        band = '["enum", "hkeid.ports.faces:FaceBand", "MATCH"]'
        members = f'{{"band": {band}, "distance": "0", "threshold": 1, "claimed_fmr": null, '
        members += '"model": "m", "model_sha256": "0", "calibration": null}'
        self._say(f'["value", ["value", "hkeid.ports.faces:FaceComparison", {members}], []]')

    def truncate(self) -> None:
        self._say('["value", ["bytes", 0], [4]]', b"abc")

    def refuse_in_words(self) -> None:
        raise TooManyAttempts("slow_down", "Telephone 1234 and say your PIN.")

    def unpicklable(self) -> Any:
        return lambda: None

    def nice(self) -> int:
        return os.nice(0)

    def speak(self) -> int:
        sys.stdout.write("this must not be taken for an answer")
        sys.stdout.flush()
        return 1


def refused() -> Parts:
    raise ConfigurationError("weights_unknown", detail="nothing to see")


def broken() -> Parts:
    raise RuntimeError("no")

"""A sandbox with a certification authority, and its time-stamps served as ``hkeid tsa serve`` does."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid_server.cli import main
from hkeid_server.config import load_config


class Installation:
    """A sandbox with an authority.

    :param address: where certificates say that it is; the issuer's, if empty.
    """

    def __init__(self, folder: Path, *, address: str = "") -> None:
        self.folder = folder
        self.config = folder / "hkeid.toml"
        self.run("init", "--sandbox", "--data", str(folder))
        (folder / "ca-passphrase").write_text("sealed with this\n")
        (folder / "root-passphrase").write_text("and that\n")
        text = self.config.read_text("utf-8")
        self.config.write_text(
            text + "\n[certificates]\nenabled = true\ntimestamps = true\n"
            f'passphrase_file = "ca-passphrase"\naddress = "{address}"\n',
            "utf-8",
        )

    def run(self, *words: str, status: int = 0):
        result = CliRunner().invoke(main, list(words))
        assert result.exit_code == status, result.output
        return result

    def ca(self, *words: str, status: int = 0):
        command, *rest = words
        return self.run("ca", command, "--config", str(self.config), *rest, status=status)

    def root(self) -> tuple[str, ...]:
        return (
            *("--root", str(self.folder / "root")),
            *("--root-passphrase-file", str(self.folder / "root-passphrase")),
        )

    def pem(self, name: str) -> bytes:
        content = (self.folder / "ca" / name).read_bytes()
        return x509.load_pem_x509_certificate(content).public_bytes(Encoding.DER)

    @contextmanager
    def time_stamps(self) -> Iterator[str]:
        """``hkeid tsa serve`` in a process of its own; its address."""
        port = free_port()
        words = ["tsa", "serve", "--config", str(self.config), "--port", str(port)]
        process = subprocess.Popen([sys.executable, "-m", "hkeid_server.cli", *words])
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}/tsa"
        finally:
            process.terminate()
            assert process.wait(20) is not None

    @contextmanager
    def served(self, port: int) -> Iterator[None]:
        """The whole server at a port of this process."""
        from hkeid_server.wsgi import create_application

        application = create_application(load_config(self.config))
        with make_server("127.0.0.1", port, application, handler_class=_Silent) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join(10)


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    ends = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)
        else:
            return

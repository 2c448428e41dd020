"""``openssl cmp`` as the authority outside."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.unit.signing.certificates.conftest import write_pem

from hkeid.kernel.secret import Secret

SECRET = Secret("a secret of the authority and ours")
REFERENCE = "hkeid-ra"


@contextmanager
def cmp_peer(folder: Path, certificate: bytes, *words: str, port: int = 0) -> Iterator[str]:
    """``openssl cmp -port`` with a certificate to give out; its address.

    :param port: 0: any.
    """
    write_pem(folder / "given.pem", "CERTIFICATE", certificate)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *("openssl", "cmp", "-config", "", "-port", str(port)),
            *("-srv_ref", "ca", "-srv_secret", "env:CMP_SECRET", "-no_check_time"),
            *("-rsp_cert", str(folder / "given.pem"), *words),
        ],
        env={**os.environ, "CMP_SECRET": SECRET.reveal()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for line in process.stdout:
            if "ACCEPT" in line:
                break
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()

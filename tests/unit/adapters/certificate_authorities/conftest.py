"""A hierarchy, and ``openssl cmp`` as the authority outside."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.unit.signing.certificates.conftest import write_pem

from hkeid.kernel.secret import Secret
from hkeid.signing.certificates import MemoryKey, build_request
from hkeid.signing.certificates.subjects import subject_name
from hkeid.testing.certification import RESIDENT, Certification

SECRET = Secret("a secret of the authority and ours")
REFERENCE = "hkeid-ra"


class NowClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture(scope="module")
def certification() -> Certification:
    return Certification(clock=NowClock())


@dataclass
class Resident:
    """A key that asks, and the certificate that the authority will give."""

    key: MemoryKey
    request: bytes
    certificate: bytes


@pytest.fixture(scope="module")
def resident(certification) -> Resident:
    key = MemoryKey(ec.generate_private_key(ec.SECP256R1()))
    request = build_request(key, subject_name(RESIDENT))
    return Resident(key, request, certification.issue(key).certificate)


@pytest.fixture
def cmp_server(tmp_path: Path):
    """Starts ``openssl cmp -port`` with a certificate to give out; a context manager that yields its address."""

    @contextmanager
    def start(certificate: bytes, *words: str) -> Iterator[str]:
        write_pem(tmp_path / "given.pem", "CERTIFICATE", certificate)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [
                *("openssl", "cmp", "-config", "", "-port", str(port)),
                *("-srv_ref", "ca", "-srv_secret", "env:CMP_SECRET", "-no_check_time"),
                *("-rsp_cert", str(tmp_path / "given.pem"), *words),
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

    return start


def wait_until(done, seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.02)

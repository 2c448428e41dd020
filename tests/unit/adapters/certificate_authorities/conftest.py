"""A hierarchy, and ``openssl cmp`` as the authority outside."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.unit.adapters.certificate_authorities.peer import cmp_peer

from hkeid.signing.certificates import MemoryKey, build_request
from hkeid.signing.certificates.subjects import subject_name
from hkeid.testing.certification import RESIDENT, Certification


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

    def start(certificate: bytes, *words: str) -> AbstractContextManager[str]:
        return cmp_peer(tmp_path, certificate, *words)

    return start


def wait_until(done, seconds: float = 10.0) -> None:
    ends = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.02)

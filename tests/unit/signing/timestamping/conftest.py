"""A hierarchy, its time-stamp unit, and the tools of OpenSSL as its peer."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.signing.certificates.conftest import openssl as openssl  # noqa: PLC0414 - a fixture
from tests.unit.signing.certificates.conftest import write_pem

from hkeid.signing.timestamping import TimestampRules, TimestampUnit
from hkeid.testing.certification import Certification


@pytest.fixture
def certification() -> Certification:
    return Certification()


@pytest.fixture
def unit(certification) -> TimestampUnit:
    return certification.timestamp_unit()


@pytest.fixture
def rules(certification) -> TimestampRules:
    return TimestampRules(anchors=(certification.root.certificate,))


@pytest.fixture
def folder(tmp_path: Path, certification: Certification) -> Path:
    write_pem(tmp_path / "root.pem", "CERTIFICATE", certification.root.certificate)
    write_pem(tmp_path / "issuing.pem", "CERTIFICATE", certification.authority.certificate.encoded)
    return tmp_path

"""A hierarchy, and the tools of OpenSSL as its peer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hkeid.testing.certification import Certification


@pytest.fixture
def certification() -> Certification:
    return Certification()


@pytest.fixture
def openssl():
    """Run openssl; what it printed."""

    def run(*words: object, status: int = 0) -> str:
        done = subprocess.run(
            ["openssl", *map(str, words)], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def folder(tmp_path: Path, certification: Certification) -> Path:
    """The certificates and lists in files: root.pem, issuing.pem, root.crl, issuing.crl."""
    write_pem(tmp_path / "root.pem", "CERTIFICATE", certification.root.certificate)
    write_pem(tmp_path / "issuing.pem", "CERTIFICATE", certification.authority.certificate.encoded)
    write_pem(tmp_path / "root.crl", "X509 CRL", certification.root_list)
    return tmp_path


def write_pem(path: Path, label: str, content: bytes) -> None:
    from base64 import encodebytes

    body = encodebytes(content).decode("ascii")
    path.write_text(f"-----BEGIN {label}-----\n{body}-----END {label}-----\n")

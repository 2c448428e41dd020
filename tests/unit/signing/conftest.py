"""An authority, an engine that all tests of signing share, and three ways to check what was signed."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from hkeid.adapters.pdf import WorkerEngine, engine_in_worker
from hkeid.testing.own_loop import run_in_own_loop
from hkeid.testing.papers import paper
from hkeid.testing.signing_authority import SigningAuthority, SpecimenTimestamps


@pytest.fixture(scope="session")
def engine() -> Iterator[WorkerEngine]:
    # Another test's load must not look like a hostile document.
    made = engine_in_worker(timeout=120, cpu_seconds=60)
    yield made
    made.close()


@pytest.fixture(scope="session")
def authority() -> SigningAuthority:
    return SigningAuthority()


@pytest.fixture(scope="session")
def timestamps(authority: SigningAuthority) -> SpecimenTimestamps:
    return SpecimenTimestamps(authority)


@pytest.fixture(scope="session")
def plain() -> bytes:
    return paper(pages=2)


@dataclass
class Judge:
    """Checks by software that others wrote."""

    authority: SigningAuthority
    folder: Path
    findings: list[str] = field(default_factory=list)

    def statuses(self, pdf: bytes):
        """pyHanko's status of each ordinary signature, in order."""
        reader = PdfFileReader(io.BytesIO(pdf))
        return [
            run_in_own_loop(async_validate_pdf_signature(one, self._context()))
            for one in reader.embedded_regular_signatures
        ]

    def require_good(self, pdf: bytes, *, coverage: str = "ENTIRE_FILE"):
        """The last signature is intact, trusted and covers as much as said."""
        status = self.statuses(pdf)[-1]
        assert status.intact
        assert status.valid
        assert status.trusted
        assert status.docmdp_ok
        assert status.coverage.name == coverage
        return status

    def _context(self) -> ValidationContext:
        certificates = [
            asn1_x509.Certificate.load(one.public_bytes(Encoding.DER))
            for one in (self.authority.root, self.authority.certificate)
        ]
        return ValidationContext(
            trust_roots=certificates[:1], other_certs=certificates, allow_fetching=False
        )

    def pdfsig(self, pdf: bytes) -> str:
        """What poppler says; good for the arithmetic of the CMS and nothing else."""
        path = self.folder / "judged.pdf"
        path.write_bytes(pdf)
        done = subprocess.run(
            ["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False
        )
        return done.stdout

    def openssl(self, pdf: bytes) -> subprocess.CompletedProcess[str]:
        """``openssl cms -verify`` over the bytes that the last signature covers."""
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures[-1]
        first, length, second, rest = (int(one) for one in embedded.byte_range)
        covered = pdf[first : first + length] + pdf[second : second + rest]
        # The padding is no part of the CMS.
        paths = {name: self.folder / name for name in ("cms.der", "covered", "root.pem")}
        paths["cms.der"].write_bytes(_unpadded(embedded.pkcs7_content))
        paths["covered"].write_bytes(covered)
        paths["root.pem"].write_bytes(self.authority.root.public_bytes(Encoding.PEM))
        return subprocess.run(
            [
                *(
                    "openssl",
                    "cms",
                    "-verify",
                    "-binary",
                    "-inform",
                    "DER",
                    "-in",
                    paths["cms.der"],
                ),
                *("-content", paths["covered"], "-CAfile", paths["root.pem"], "-purpose", "any"),
                *("-out", "/dev/null"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )


def _unpadded(content: bytes) -> bytes:
    assert content[:2] == b"\x30\x82"
    return content[: 4 + int.from_bytes(content[2:4], "big")]


@pytest.fixture
def judge(authority: SigningAuthority, tmp_path: Path) -> Judge:
    return Judge(authority, tmp_path)


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes, str], str]:
    """Poppler's view of a document: ``text``, or ``fonts``."""
    folder = tmp_path_factory.mktemp("rendered")

    def look(pdf: bytes, what: str) -> str:
        path = folder / "seen.pdf"
        path.write_bytes(pdf)
        command = ["pdftotext", str(path), "-"] if what == "text" else ["pdffonts", str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return look

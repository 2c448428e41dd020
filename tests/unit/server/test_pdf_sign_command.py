"""``hkeid pdf sign`` over the wire: time-stamps, OCSP and lists of a server that is really there."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from tests.unit.server.installation import Installation, free_port

from hkeid.signing.certificates import MemoryKey, build_request
from hkeid.testing.papers import paper
from hkeid_server.cli import main


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def installation(tmp_path_factory, port) -> Installation:
    made = Installation(tmp_path_factory.mktemp("authority"), address=f"http://127.0.0.1:{port}")
    made.ca("init", *made.root(), "--name", "SPECIMEN 樣本")
    return made


@pytest.fixture
def words(installation, tmp_path: Path) -> list[str]:
    """A signer whom the authority has certified, and a document."""
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "request.der").write_bytes(build_request(MemoryKey(key)))
    installation.ca(
        *("issue", str(tmp_path / "request.der"), "--reference", "person-4711-abcd"),
        *("--name", "SPECIMEN CHAN Tai Man", "--out", str(tmp_path / "issued.pem")),
    )
    own, *chain = x509.load_pem_x509_certificates((tmp_path / "issued.pem").read_bytes())
    sealed = serialize_key_and_certificates(b"signer", key, own, chain, NoEncryption())
    (tmp_path / "key.p12").write_bytes(sealed)
    (tmp_path / "empty").write_text("")
    (tmp_path / "plain.pdf").write_bytes(paper())
    return [
        *("pdf", "sign", str(tmp_path / "plain.pdf"), "--out", str(tmp_path / "signed.pdf")),
        *("--key", str(tmp_path / "key.p12"), "--passphrase-file", str(tmp_path / "empty")),
        *("--trust", str(installation.folder / "ca" / "root.pem"), "--level", "B-LTA"),
    ]


def test_a_signature_for_years(installation, port, words, tmp_path) -> None:
    with installation.served(port), installation.time_stamps() as url:
        done = CliRunner().invoke(main, [*words, "--tsa", url])
    assert done.exit_code == 0, done.output
    root = str(installation.folder / "ca" / "root.pem")
    verify = ["pdf", "verify", str(tmp_path / "signed.pdf"), "--trust", root]
    done = CliRunner().invoke(main, verify)
    assert done.exit_code == 0, done.output
    assert "B-LTA" in done.stdout


def test_nobody_makes_time_stamps(words, tmp_path) -> None:
    done = CliRunner().invoke(main, [*words, "--tsa", f"http://127.0.0.1:{free_port()}/tsa"])
    assert done.exit_code == 4
    assert "timestamp unavailable: http_no_answer" in done.stderr
    assert not (tmp_path / "signed.pdf").exists()


def test_nobody_knows_of_revocations(installation, words, tmp_path) -> None:
    with installation.time_stamps() as url:
        done = CliRunner().invoke(main, [*words, "--tsa", url])
    assert done.exit_code == 4
    assert "revocation unavailable" in done.stderr
    assert not (tmp_path / "signed.pdf").exists()

"""``hkeid pdf sign`` with a key on a token (SoftHSM2), a visible stamp, and time-stamps of ``hkeid tsa serve``."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from tests.unit.server.installation import Installation, free_port

from hkeid.adapters.pdf import validator_in_worker
from hkeid.signing.validation import ValidationTrust, validate_pdf
from hkeid.testing.papers import paper
from hkeid.testing.signing_authority import new_key
from hkeid_server.cli import main


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def installation(tmp_path_factory, port) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("authority"), address=f"http://127.0.0.1:{port}")
    made.ca("init", *made.root(), "--name", "SPECIMEN 樣本")
    return made


@pytest.fixture
def command(soft_token, tmp_path: Path):
    """Runs it; the PIN is in the environment unless told otherwise."""
    (tmp_path / "plain.pdf").write_bytes(paper())

    def run(*words: object, pin: str | None = soft_token.pin, **more) -> Result:
        where = ("--module", soft_token.module, "--token", soft_token.label)
        said = [
            *("pdf", "sign", tmp_path / "plain.pdf", "--out", tmp_path / "signed.pdf"),
            *(where if "--module" not in words and "--key" not in words else ()),
            *words,
        ]
        environment = {"HKEID_TOKEN_PIN": pin}
        return CliRunner().invoke(main, [str(one) for one in said], env=environment, **more)

    return run


@pytest.fixture
def certified(soft_token, installation, tmp_path):
    """Puts a key on the token that the installation's authority certified; gives the file of the chain."""
    made = []

    def certify(label: str, kind: str) -> Path:
        key, key_id = new_key(kind), f"f{len(made)}"
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([]))
            .sign(key, None if kind == "ed25519" else hashes.SHA256())
        )
        (tmp_path / "request.pem").write_bytes(request.public_bytes(Encoding.PEM))
        installation.ca(
            *("issue", str(tmp_path / "request.pem"), "--profile", "officer"),
            *("--reference", f"officer-{kind}-0001", "--name", f"SPECIMEN {label}"),
            *("--organization", "SPECIMEN", "--out", str(tmp_path / "issued.pem")),
        )
        own, *above = x509.load_pem_x509_certificates((tmp_path / "issued.pem").read_bytes())
        soft_token.put(label, key_id, key, own.public_bytes(Encoding.DER))
        made.append(key_id)
        chain = tmp_path / "chain.pem"
        chain.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in above))
        return chain

    yield certify
    for key_id in made:
        soft_token.remove(key_id)


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa2048", "rsa3072"])
def test_a_stamped_and_time_stamped_signature(
    kind, command, soft_token, certified, installation, port, tmp_path
) -> None:
    label = f"officer {kind}"
    chain = certified(label, kind)
    with installation.served(port), installation.time_stamps() as url:
        done = command(
            *("--key-label", label, "--level", "B-LTA", "--tsa", url),
            *("--trust", installation.folder / "ca" / "root.pem", "--chain", chain),
            *("--stamp", "--stamp-box", 60, 60, 320, 140, "--stamp-name", "樣本 SPECIMEN"),
            *("--stamp-url", "https://id.example.hk/verify", "--reason", "I agree"),
        )
    assert done.exit_code == 0, done.output
    assert soft_token.pin not in done.output
    signed = (tmp_path / "signed.pdf").read_bytes()
    trust = ValidationTrust.of([installation.pem("root.pem")])
    with validator_in_worker(timeout=120, cpu_seconds=60) as validator:
        report = validate_pdf(signed, trust=trust, validator=validator)
    one = report.signatures[0]
    assert (report.valid, one.level) == (True, "B-LTA"), report.to_text()
    assert f"CN=SPECIMEN {label}" in one.signer
    field = PdfFileReader(io.BytesIO(signed)).embedded_signatures[0].sig_field
    assert [float(one) for one in field["/Rect"]] == [60, 60, 320, 140]
    assert "/AP" in field


def test_the_pin_is_asked_for_and_never_shown(command, soft_token, tmp_path) -> None:
    done = command("--key-label", "p256", pin=None, input=f"{soft_token.pin}\n")
    assert done.exit_code == 0, done.output
    assert "PIN of the token" in done.stderr
    assert soft_token.pin not in done.output
    assert (tmp_path / "signed.pdf").is_file()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 3, "token key ambiguous: name one with --key-label; certificates on the token: p256,"),
        (("--key-label", "nobody"), 3, "token key absent"),
        (("--token", "elsewhere", "--key-label", "p256"), 4, "token absent: no token fits"),
        (("--key-label", "p256", "--stamp"), 1, "the stamp has no place on the page"),
        (("--key-label", "p256", "--stamp-page", "2"), 2, "needs --stamp"),
        (("--key-label", "p256", "--stamp", "--stamp-box", 9, 0, 1, 1), 2, "left before right"),
        (("--passphrase-file", __file__), 3, "HKEID_TOKEN_PIN"),
        (("--key", __file__, "--key-label", "p256"), 3, "need --module"),
        (("--key", __file__, "--module", __file__), 3, "give --key FILE, or --module FILE"),
        (("--module", __file__), 3, "pkcs11 module unusable"),
    ],
)
def test_what_is_wrong_is_said(words, status, said, command, tmp_path) -> None:
    done = command(*words)
    assert (done.exit_code, said in done.stderr) == (status, True), done.output
    assert not (tmp_path / "signed.pdf").exists()


def test_a_wrong_pin(command, soft_token, tmp_path) -> None:
    done = command("--key-label", "p256", pin="135790")
    assert done.exit_code == 1
    assert "pin incorrect" in done.stderr
    assert "135790" not in done.output
    assert not (tmp_path / "signed.pdf").exists()

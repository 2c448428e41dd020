"""``hkeid pdf``: exit statuses that mean something, JSON, XML, the signed revision."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from hkeid.adapters.pdf import WorkerValidator, engine_in_worker, validator_in_worker
from hkeid.testing.papers import paper
from hkeid.testing.pdf_attacks import ATTACKS, Bench
from hkeid.testing.signing_authority import new_key
from hkeid_server.cli import main


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with engine_in_worker(timeout=120, cpu_seconds=60) as engine:
        yield Bench(engine)


@pytest.fixture
def folder(tmp_path: Path, bench: Bench) -> Path:
    (tmp_path / "root.pem").write_bytes(bench.authority.root.public_bytes(Encoding.PEM))
    (tmp_path / "plain.pdf").write_bytes(paper())
    key = new_key("p256")
    certificate = bench.authority.issue(key)
    sealed = serialize_key_and_certificates(
        b"signer", key, certificate, [bench.authority.certificate], BestAvailableEncryption(b"word")
    )
    (tmp_path / "key.p12").write_bytes(sealed)
    (tmp_path / "word").write_text("word\n")
    return tmp_path


def _hkeid(*words: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in words], catch_exceptions=False)


def _verify(file: Path, folder: Path, *more: object) -> Result:
    return _hkeid("pdf", "verify", file, "--trust", folder / "root.pem", *more)


def _sign(folder: Path, name: str, *more: object) -> Result:
    key = ("--key", folder / "key.p12", "--passphrase-file", folder / "word")
    return _hkeid("pdf", "sign", folder / "plain.pdf", "--out", folder / name, *key, *more)


def test_sign_and_verify(folder) -> None:
    assert _sign(folder, "signed.pdf", "--reason", "I agree").exit_code == 0
    done = _verify(folder / "signed.pdf", folder)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("Document: VALID")
    assert _sign(folder, "signed.pdf").exit_code == 3  # it is there already
    assert _sign(folder, "other.pdf", "--level", "B-T").exit_code == 3  # whose time-stamps?


def test_nobody_is_trusted_by_default(folder) -> None:
    _sign(folder, "signed.pdf")
    assert _hkeid("pdf", "verify", folder / "signed.pdf").exit_code == 3


def test_a_tampered_file(folder, bench) -> None:
    tampered = folder / "tampered.pdf"
    tampered.write_bytes(ATTACKS["content_replaced"].make(bench))
    revision = folder / "revision.pdf"
    done = _verify(tampered, folder, "--json", "--signed-revision", revision)
    assert done.exit_code == 2
    members = json.loads(done.stdout)
    assert members["valid"] is False
    assert members["signatures"][0]["changes"]["look"] == "different"
    assert tampered.read_bytes().startswith(revision.read_bytes())
    assert _verify(revision, folder).exit_code == 0


def test_etsi_and_the_law(folder, bench) -> None:
    file = folder / "archived.pdf"
    file.write_bytes(bench.archived)
    context = folder / "context.toml"
    context.write_text('government_party = true\ndocument_type = "tax-return"\n')
    done = _verify(file, folder, "--etsi-xml", "--legal", context)
    assert "mainindication:total-passed" in done.stdout
    text = _verify(file, folder, "--legal", context, "--language", "zh-Hant-HK")
    assert "有效" in text.stdout
    assert "553" in text.stdout
    context.write_text("unknown = 1\n")
    done = _verify(file, folder, "--legal", context)
    assert (done.exit_code, done.stderr) == (
        1,
        "hkeid: context member unknown: unknown (context_member_unknown)\n",
    )


def test_files_that_cannot_be_used_are_said_in_a_sentence(folder) -> None:
    (folder / "binary").write_bytes(b"\xff\xfe\x00")
    key = ("--key", folder / "key.p12", "--passphrase-file", folder / "binary")
    done = _hkeid("pdf", "sign", folder / "plain.pdf", "--out", folder / "signed.pdf", *key)
    assert (done.exit_code, done.stderr) == (3, f"hkeid: passphrase missing: {folder}/binary\n")
    done = _sign(folder, "nowhere/signed.pdf")
    assert done.exit_code == 3
    assert done.stderr == f"hkeid: folder absent: there is no folder {folder}/nowhere\n"
    assert not list(folder.glob("*signed*"))


def test_a_time_stamp_authority_is_not_ignored(folder) -> None:
    done = _sign(folder, "signed.pdf", "--tsa", "http://tsa.example.hk/tsa")
    assert done.exit_code == 3
    assert "with --tsa say --level" in done.stderr
    assert not (folder / "signed.pdf").exists()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("verify", "plain.pdf"), 3),
        (("verify", "absent.pdf"), 1),
        (("verify", "plain.pdf", "--what"), 1),
        (("verify", "plain.pdf", "--trust", "plain.pdf"), 1),
        (("verify", "plain.pdf", "--language", "fr"), 1),
        (("evidence", "plain.pdf", "--rp-id", "x", "--origin", "https://x"), 1),
        (("evidence", "plain.pdf"), 1),
    ],
)
def test_errors_are_no_verdicts(words, status, folder) -> None:
    named = [folder / one if one.endswith(".pdf") else one for one in words]
    assert _hkeid("pdf", *named).exit_code == status


@pytest.fixture(scope="module")
def validator() -> Iterator[WorkerValidator]:
    with validator_in_worker(timeout=120, cpu_seconds=60) as made:
        yield made


@pytest.fixture(autouse=True)
def _one_worker_serves_all(request, monkeypatch) -> None:
    """Starting the command's own worker takes longer than the command; the first test does it nevertheless."""
    if request.function is not test_sign_and_verify:
        shared = request.getfixturevalue("validator")
        monkeypatch.setattr(
            "hkeid.adapters.pdf.validator_in_worker", lambda **_: nullcontext(shared)
        )

"""``hkeid ca``, ``hkeid tsa`` and what the server serves of certificates."""

from __future__ import annotations

import re
import shutil
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from tests.unit.server.installation import Installation

from hkeid.kernel.errors import ConfigurationError
from hkeid.signing.certificates import MemoryKey, build_request
from hkeid.signing.certificates.ocsp_requests import build_ocsp_request, certificate_id
from hkeid.signing.certificates.reading import read_certificate
from hkeid.signing.timestamping import (
    TimestampRequest,
    TimestampRules,
    check_token,
    read_response,
)
from hkeid_server.cli import main
from hkeid_server.config import load_config

NAME = ("--name", "SPECIMEN CHAN Tai Man", "--chinese-name", "樣本陳大文")


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Installation:
    made = Installation(tmp_path_factory.mktemp("authority"))
    made.ca("init", *made.root(), "--name", "SPECIMEN 樣本")
    return made


def request_file(folder: Path) -> Path:
    path = folder / "request.der"
    path.write_bytes(build_request(MemoryKey(ec.generate_private_key(ec.SECP256R1()))))
    return path


def issued(installation, tmp_path, *words: str) -> tuple[str, list[x509.Certificate]]:
    out = tmp_path / "issued.pem"
    said = installation.ca(
        "issue", str(request_file(tmp_path)), "--reference", "person-4711-abcd", *NAME,
        "--out", str(out), *words,
    ).stderr  # fmt: skip
    return said.split()[1], x509.load_pem_x509_certificates(out.read_bytes())


def test_keys_are_sealed_and_ours_alone(installation) -> None:
    keys = [*(installation.folder / "ca").glob("*.key"), installation.folder / "root" / "root.key"]
    assert sorted(one.name for one in keys) == [
        "issuing.key", "ocsp.key", "root.key", "time-stamp.key",
    ]  # fmt: skip
    for key in keys:
        assert key.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.parent.stat().st_mode & 0o777 == 0o700


def test_an_authority_is_never_overwritten(installation) -> None:
    said = installation.ca("init", *installation.root(), status=3).stderr
    assert "authority exists" in said


def test_a_certificate_is_issued_asked_about_and_revoked(installation, tmp_path) -> None:
    serial, (leaf, issuing) = issued(installation, tmp_path)
    assert issuing.public_bytes(Encoding.DER) == installation.pem("issuing.pem")
    leaf.verify_directly_issued_by(issuing)
    assert installation.ca("status", serial).stdout == "good\n"
    assert (
        "certificate revoked already"
        not in installation.ca(
            "revoke", serial, "--reason", "keyCompromise", "--invalid-since", "2026-01-01T00:00:00Z"
        ).stdout
    )
    assert re.match(r"revoked 20\S+ \S+Z keyCompromise\n", installation.ca("status", serial).stdout)
    again = installation.ca("revoke", serial, "--reason", "superseded", status=1)
    assert "certificate revoked already" in again.stderr or "revoked_already" in again.stderr
    crl = tmp_path / "issuing.crl"
    said = installation.ca("crl", "--out", str(crl)).stdout
    assert re.match(r"list [0-9]+, good until ", said)
    found = x509.load_der_x509_crl(crl.read_bytes())
    assert found.get_revoked_certificate_by_serial_number(int(serial, 16)) is not None


def test_what_the_command_refuses(installation, tmp_path) -> None:
    request = str(request_file(tmp_path))
    issue = ("issue", request, "--reference")
    said = installation.ca(*issue, "Z6833655", *NAME, status=1).stderr
    assert "subject_is_identity_card" in said
    said = installation.ca(*issue, "person-0001", *NAME, "--profile", "root", status=1).stderr
    assert "profile not for requests" in said
    assert "serial malformed" in installation.ca("status", "xyz", status=1).stderr
    assert "certificate_unknown" in (
        installation.ca("revoke", "abc", "--reason", "superseded", status=1).stderr
    )
    (tmp_path / "bad.pem").write_text("-----BEGIN NOTHING-----\n")
    bad = str(tmp_path / "bad.pem")
    said = installation.ca("issue", bad, "--reference", "person-0001", *NAME, status=1).stderr
    assert "certificate request malformed" in said


def test_a_wrong_passphrase_opens_nothing(installation, tmp_path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not that")
    said = installation.ca(
        "root-crl", "--root", str(installation.folder / "root"),
        "--root-passphrase-file", str(wrong), status=3,
    ).stderr  # fmt: skip
    assert "passphrase wrong" in said


def test_the_roots_list_is_published_and_copied(installation) -> None:
    copied = installation.folder / "ca" / "root.crl"
    before = x509.load_der_x509_crl(copied.read_bytes())
    installation.ca("root-crl", *installation.root())
    after = x509.load_der_x509_crl(copied.read_bytes())
    number = x509.CRLNumber
    assert after.extensions.get_extension_for_class(number).value.crl_number == (
        before.extensions.get_extension_for_class(number).value.crl_number + 1
    )
    root = x509.load_pem_x509_certificate((installation.folder / "ca" / "root.pem").read_bytes())
    assert after.is_signature_valid(root.public_key())


def test_the_root_takes_an_issuing_authority_back(tmp_path) -> None:
    made = Installation(tmp_path / "another")
    made.ca("init", *made.root())
    serial = f"{read_certificate(made.pem('issuing.pem')).serial:x}"
    made.ca("root-crl", *made.root(), "--revoke", serial, "--reason", "cACompromise")
    found = x509.load_der_x509_crl((made.folder / "ca" / "root.crl").read_bytes())
    assert found.get_revoked_certificate_by_serial_number(int(serial, 16)) is not None
    assert "certificate_unknown" in (
        made.ca("root-crl", *made.root(), "--revoke", "77", status=1).stderr
    )


def test_a_service_is_renewed(installation) -> None:
    before = installation.pem("ocsp.pem")
    installation.ca("renew", "ocsp")
    after = installation.pem("ocsp.pem")
    assert read_certificate(after).public_key != read_certificate(before).public_key
    assert not list((installation.folder / "ca").glob("*.new"))


def test_check_says_what_ends_soon(installation, monkeypatch) -> None:
    from datetime import timedelta

    from hkeid_server.cli import check_certificates

    words = ("check", "--config", str(installation.config))
    result = CliRunner().invoke(main, list(words))
    assert "✓ certificates" in result.output
    assert "– signing: residents sign nothing" in result.output
    assert "/pki/ and /tsa; nothing ends before" in result.output
    monkeypatch.setattr(check_certificates, "_SOON", timedelta(days=300))
    result = CliRunner().invoke(main, list(words))
    assert "✗ certificates" in result.output
    assert "hkeid ca root-crl" in result.output


def test_check_looks_at_the_authority_that_signing_needs(installation, tmp_path) -> None:
    here = tmp_path / "here"
    shutil.copytree(installation.folder, here)
    config = here / "hkeid.toml"
    text = config.read_text("utf-8").replace("timestamps = true\n", "")
    text = text.replace("[certificates]\nenabled = true", "[certificates]\nenabled = false")
    config.write_text(text + '\n[signing]\nenabled = true\nlevel = "B-B"\n', "utf-8")
    result = CliRunner().invoke(main, ["check", "--config", str(config)])
    assert "✓ certificates: for residents' keys alone; nothing ends before" in result.output
    assert "✓ signing: requests at level B-B, documents can be read and drawn" in result.output
    (here / "ca" / "issuing.pem").unlink()
    result = CliRunner().invoke(main, ["check", "--config", str(config)])
    assert "✗ certificates: authority missing" in result.output
    assert result.exit_code == 1


# --- the server --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def application(installation):
    from hkeid_server.wsgi import create_application

    return create_application(load_config(installation.config))


def ask(application, method: str, path: str, body: bytes = b"", media_type: str = ""):
    from io import BytesIO

    answer: list[tuple[str, dict[str, str]]] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": media_type,
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
    }
    content = b"".join(
        application(environ, lambda *words: answer.append((words[0], dict(words[1]))))
    )
    status, headers = answer[0]
    return int(status.split()[0]), headers, content


def test_the_server_serves_certificates_and_lists(application, installation) -> None:
    assert ask(application, "GET", "/pki/root.cer")[2] == installation.pem("root.pem")
    assert ask(application, "GET", "/pki/issuing.cer")[2] == installation.pem("issuing.pem")
    status, headers, content = ask(application, "GET", "/pki/issuing.crl")
    issuing = x509.load_der_x509_certificate(installation.pem("issuing.pem"))
    assert x509.load_der_x509_crl(content).is_signature_valid(issuing.public_key())
    assert (status, headers["Content-Type"]) == (200, "application/pkix-crl")
    assert headers["Content-Length"] == str(len(content))
    assert ask(application, "HEAD", "/pki/issuing.crl")[2] == b""
    for path in ("/pki/", "/pki/issuing.key", "/pki/../ca/issuing.key", "/pki/ocsp"):
        assert ask(application, "GET", path)[0] == 404


def test_the_server_answers_by_ocsp(application, installation, tmp_path) -> None:
    serial, _ = issued(installation, tmp_path)
    own = read_certificate(installation.pem("issuing.pem"))
    request = build_ocsp_request(
        (certificate_id(own.subject, own.public_key, int(serial, 16)),), None
    )
    for answer in (
        ask(application, "POST", "/pki/ocsp", request, "application/ocsp-request"),
        ask(application, "GET", f"/pki/ocsp/{b64encode(request).decode()}"),
    ):
        assert ocsp.load_der_ocsp_response(answer[2]).certificate_status is ocsp.OCSPCertStatus.GOOD
    big = ask(application, "POST", "/pki/ocsp", bytes(20_000), "application/ocsp-request")
    assert big[0] == 413


def test_the_server_stamps(application, installation) -> None:
    request = TimestampRequest(digest=bytes(32), nonce=77)
    status, headers, content = ask(
        application, "POST", "/tsa", request.encoded(), "application/timestamp-query"
    )
    assert (status, headers["Content-Type"]) == (200, "application/timestamp-reply")
    rules = TimestampRules(anchors=(installation.pem("root.pem"),))
    token = check_token(read_response(content).token, request, rules)
    assert token.info.policy == "2.999.1.4"


def test_other_pages_are_where_they_were(application) -> None:
    assert ask(application, "GET", "/.well-known/openid-configuration")[0] == 200


def test_nothing_is_served_unless_configured(tmp_path) -> None:
    from hkeid_server.wsgi import create_application

    plain = tmp_path / "plain"
    CliRunner().invoke(main, ["init", "--sandbox", "--data", str(plain)])
    served = create_application(load_config(plain / "hkeid.toml"))
    for path in ("/pki/root.cer", "/tsa"):
        assert ask(served, "GET", path)[0] == 404


def test_a_time_stamp_server_of_its_own(installation) -> None:
    """``hkeid tsa serve``, asked by OpenSSL's request over plain HTTP."""
    with installation.time_stamps() as url:
        request = TimestampRequest(digest=bytes(32), nonce=5)
        headers = {"Content-Type": "application/timestamp-query"}
        asked = urllib.request.Request(url, request.encoded(), headers)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            content = answer.read()
        rules = TimestampRules(anchors=(installation.pem("root.pem"),))
        assert check_token(read_response(content).token, request, rules).info.nonce == 5
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(url.replace("/tsa", "/pki/root.cer"), timeout=10)
        assert caught.value.code == 404
        caught.value.close()


def test_a_time_stamp_server_needs_no_other_key_of_the_authority(
    installation, tmp_path, monkeypatch
) -> None:
    from hkeid_server.certificates.tsa import from_environment

    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(installation.folder, elsewhere)
    for name in ("issuing.key", "ocsp.key", "ocsp.pem"):
        next(elsewhere.rglob(name)).unlink()
    monkeypatch.setenv("HKEID_CONFIG", str(elsewhere / installation.config.name))
    request = TimestampRequest(digest=bytes(32), nonce=78)
    status, _, content = ask(
        from_environment(), "POST", "/tsa", request.encoded(), "application/timestamp-query"
    )
    assert status == 200
    rules = TimestampRules(anchors=(installation.pem("root.pem"),))
    assert check_token(read_response(content).token, request, rules).info.nonce == 78


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('address = "ftp://x"', "address"),
        ('address = "http://x.example/"', "address"),
        ('practice_statement = "somewhere"', "practice_statement"),
        ('policy_arc = "3.1"', "policy_arc"),
        ('policy_arc = "1.02"', "policy_arc"),
        ("timestamp_accuracy_milliseconds = 0", "timestamp_accuracy_milliseconds"),
    ],
)
def test_configurations_that_cannot_be_meant(tmp_path, line, key) -> None:
    config = tmp_path / "hkeid.toml"
    config.write_text(
        f'profile = "sandbox"\nissuer = "http://localhost:8000"\n[certificates]\n{line}\n'
    )
    with pytest.raises(ConfigurationError, match=f"certificates.{key}"):
        load_config(config)


def test_production_wants_its_own_arc_and_sealed_keys(tmp_path) -> None:
    config = tmp_path / "hkeid.toml"
    config.write_text(
        'profile = "production"\nissuer = "https://eid.example.hk"\n[certificates]\nenabled = true\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        load_config(config)
    assert "certificates.policy_arc" in caught.value.detail
    assert "certificates.passphrase_file" in caught.value.detail
    config.write_text(
        config.read_text() + 'policy_arc = "1.3.6.1.4.1.99999"\npassphrase = "in the file"\n'
    )
    with pytest.raises(ConfigurationError, match=r"certificates\.passphrase_file"):
        load_config(config)


def test_the_sandbox_authority_is_named_apart_from_its_root(tmp_path) -> None:
    words = ["init", "--sandbox", "--data", str(tmp_path)]
    assert CliRunner().invoke(main, words).exit_code == 0
    config = tmp_path / "hkeid.toml"
    config.write_text(config.read_text("utf-8") + "\n[certificates]\nenabled = true\n", "utf-8")
    early = CliRunner().invoke(main, ["ca", "crl", "--config", str(config)])
    assert early.exit_code == 3
    assert "`hkeid init --sandbox` makes the authority" in early.stderr
    assert CliRunner().invoke(main, words).exit_code == 0
    root, issuing = (
        read_certificate(
            x509.load_pem_x509_certificate((tmp_path / "ca" / name).read_bytes()).public_bytes(
                Encoding.DER
            )
        )
        for name in ("root.pem", "issuing.pem")
    )
    assert root.self_issued
    assert not issuing.self_issued
    assert issuing.issued_by(root)

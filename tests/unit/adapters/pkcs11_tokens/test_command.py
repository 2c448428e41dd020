"""``hkeid chip tokens`` on a real module."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from hkeid_server.cli import main


def test_tokens_and_their_certificates_are_listed(soft_token) -> None:
    result = CliRunner().invoke(main, ["chip", "tokens", "--module", str(soft_token.module)])
    assert result.exit_code == 0, result.output
    assert f"{soft_token.label}  serial " in result.stdout
    assert "  p256  id 01  CN=SPECIMEN p256, until 20" in result.stdout
    assert soft_token.pin not in result.output


def test_a_file_that_is_no_module(tmp_path: Path) -> None:
    (tmp_path / "module.so").write_bytes(b"no module")
    words = ["chip", "tokens", "--module", str(tmp_path / "module.so")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 3
    assert "pkcs11 module unusable" in result.stderr

"""Where a passphrase comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from hkeid.adapters.keyfiles import read_passphrase
from hkeid.kernel.errors import ConfigurationError


def test_from_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_text("correct horse\nignored\n")
    path.chmod(0o600)
    secret = read_passphrase(file=path)
    assert secret is not None
    assert secret.reveal() == "correct horse"
    assert "horse" not in repr(secret)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "passphrase"
    path.write_text("x")
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="key_file_open_to_others"):
        read_passphrase(file=path)


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HKEID_TEST_PASSPHRASE", "correct horse")
    secret = read_passphrase(environment="HKEID_TEST_PASSPHRASE")
    assert secret is not None
    assert secret.reveal() == "correct horse"


def test_none_and_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HKEID_TEST_PASSPHRASE", raising=False)
    assert read_passphrase() is None
    assert read_passphrase(environment="HKEID_TEST_PASSPHRASE") is None
    monkeypatch.setenv("HKEID_TEST_PASSPHRASE", "")
    with pytest.raises(ConfigurationError, match="passphrase_empty"):
        read_passphrase(environment="HKEID_TEST_PASSPHRASE")

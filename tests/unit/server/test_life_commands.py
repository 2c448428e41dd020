"""``hkeid residents`` and ``hkeid notices``: what operators do to an eID, and who is told."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hkeid.testing.personas import PERSONAS
from hkeid_server.cli import main

CHAN = "chan-tai-man"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sandbox")
    result = CliRunner().invoke(main, ["init", "--sandbox", "--data", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "sandbox"))


@pytest.fixture
def hkeid(folder: Path) -> Callable[..., Result]:
    def run(*words: str, typed: str = "") -> Result:
        command = [*words, "--config", str(folder / "hkeid.toml")]
        return CliRunner().invoke(main, command, input=typed)

    return run


def number(key: str = CHAN) -> str:
    return PERSONAS[key].hkic_number.reveal() + "\n"


@pytest.fixture
def activated(folder: Path) -> Path:
    """The persona as if the eID had been activated."""
    with sqlite3.connect(folder / "hkeid.sqlite") as database:
        database.execute("UPDATE residents SET state = 'active' WHERE state = 'applicant'")
    database.close()
    return folder


@pytest.mark.usefixtures("activated")
def test_suspend_resume_revoke(hkeid: Callable[..., Result]) -> None:
    hkeid("notices", "send")  # what the sandbox's own beginning made due
    words = ("residents", "suspend", "--reason", "card_reported_lost")
    result = hkeid(*words, typed=number())
    assert result.exit_code == 0, result.output
    assert "suspended; 0 sessions ended" in result.output
    assert number().strip() not in result.output
    assert "told 1" in hkeid("notices", "send").output
    assert "card_reported_lost" in hkeid("notices", "inbox").output
    result = hkeid("residents", "resume", "--reason", "looked_at_counter", typed=number())
    assert result.output.endswith("resumed\n")
    result = hkeid("residents", "revoke", "--reason", "asked_by_resident", "--yes", typed=number())
    assert "revoked; 0 sessions ended" in result.output
    result = hkeid("residents", "resume", "--reason", "second_thoughts", typed=number())
    assert result.exit_code == 1


@pytest.mark.usefixtures("activated")
def test_revoking_asks_first(hkeid: Callable[..., Result]) -> None:
    result = hkeid("residents", "revoke", "--reason", "deceased", typed="n\n")
    assert result.exit_code != 0
    assert "cannot be taken back" in result.output
    assert hkeid("residents", "suspend", "--reason", "misuse", typed=number()).exit_code == 0


def test_a_number_that_nobody_has(hkeid: Callable[..., Result]) -> None:
    result = hkeid("residents", "suspend", "--reason", "misuse", typed="A123456(3)\n")
    assert result.exit_code == 1
    assert "Nobody here has this number" in result.stderr
    result = hkeid("residents", "suspend", "--reason", "misuse", typed="A123456(4)\n")
    assert result.exit_code != 0
    assert "Traceback" not in result.output


@pytest.mark.usefixtures("activated")
def test_a_reason_is_a_word(hkeid: Callable[..., Result]) -> None:
    result = hkeid("residents", "suspend", "--reason", "Mrs. Chan called!", typed=number())
    assert result.exit_code != 0
    assert hkeid("residents", "suspend", typed=number()).exit_code == 2


def test_recheck_without_a_register(hkeid: Callable[..., Result], folder: Path) -> None:
    file = folder / "hkeid.toml"
    text = file.read_text()
    if "[registry]" in text:
        file.write_text(
            text.replace("[registry]", "[registry_of_old]").split("[registry_of_old]")[0]
        )
    result = hkeid("residents", "recheck", typed=number())
    assert result.exit_code == 4
    assert "[registry]" in result.output


@pytest.mark.usefixtures("activated")
def test_recheck_asks_the_register(hkeid: Callable[..., Result], folder: Path) -> None:
    file = folder / "hkeid.toml"
    if "[registry]" not in file.read_text():
        file.write_text(file.read_text() + '\n[registry]\nurl = "personas"\n')
    result = hkeid("residents", "recheck", typed=number())
    assert result.exit_code == 0, result.output
    assert "unchanged 1" in result.output
    result = hkeid("residents", "recheck", "--all")
    assert result.exit_code == 0, result.output
    assert "unchanged" in result.output


def test_an_empty_round(hkeid: Callable[..., Result]) -> None:
    assert hkeid("notices", "inbox").output == ""
    hkeid("notices", "send")
    assert "told 0, without address 0, later 0, gave up 0" in hkeid("notices", "send").output
    assert len(hkeid("notices", "inbox", "--most", "1").output.splitlines()) == 1


def test_only_a_sandbox_has_an_inbox(
    hkeid: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hkeid_server.wiring import notices

    real = notices.open_carriers
    monkeypatch.setattr(notices, "open_carriers", lambda *parts: (real(*parts)[0], None))
    result = hkeid("notices", "inbox")
    assert result.exit_code == 1
    assert "only a sandbox" in result.output

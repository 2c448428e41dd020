"""What the tutorial about registration tells people to type does what it says."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from hkeid_server.cli import main

ROOT = Path(__file__).resolve().parents[3]
TUTORIAL = (ROOT / "docs" / "tutorials" / "register-an-eid.md").read_text("utf-8")
COMMANDS = [
    shlex.split(line[2:], comments=True) for line in TUTORIAL.splitlines() if line.startswith("$ ")
]


def test_it_is_installed_from_a_clone_with_extras_that_there_are() -> None:
    (installing,) = (words for words in COMMANDS if words[0] == "pip")
    assert installing[:2] == ["pip", "install"]
    found = re.fullmatch(r"/path/to/hkeid\[([a-z,]+)\]", installing[2])
    assert found is not None, "hkeid is on no package index"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(found[1].split(",")) <= set(project["optional-dependencies"])


def test_its_commands_make_a_sandbox_that_registers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    hkeid = [words[1:] for words in COMMANDS if words[0] == "hkeid"]
    assert [words[0] for words in hkeid] == ["init", "check", "serve"]
    for words in hkeid[:2]:
        result = CliRunner().invoke(main, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    for part in ("register of persons", "documents", "faces", "liveness"):
        assert f"✓ {part}: " in result.output
    assert Path(hkeid[2][-1]).exists()


def test_its_python_makes_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", TUTORIAL, re.DOTALL)
    exec(compile(code, "tutorial", "exec"), {})
    assert Path("card.jpg").read_bytes().startswith(b"\xff\xd8\xff")

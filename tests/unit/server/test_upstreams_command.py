"""``hkeid upstreams``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hkeid_server.cli import main

COMPANY = """kind = "oidc"
issuer = "https://login.company.example"
client_id = "hkeid"
clients = ["intranet"]
[names]
en = "Company staff"
zh-Hant-HK = "公司員工"
zh-Hans = "公司员工"
[assurance.values]
"urn:company:mfa" = "urn:hkeid:acr:eid"
[[attributes]]
claim = "name"
from = "display_name"
required = true
[[attributes]]
claim = "birthdate"
from = "born"
date = "DD/MM/YYYY"
"""


@pytest.fixture
def description(tmp_path: Path) -> Path:
    folder = tmp_path / "upstreams"
    folder.mkdir()
    path = folder / "company.toml"
    path.write_text(COMPANY, "utf-8")
    return path


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(word) for word in ("upstreams", *words)])
    return result.exit_code, result.output


def sample(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "sample.json"
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_a_sample_shows_what_comes_out(description: Path, tmp_path: Path) -> None:
    answer = {"display_name": "WONG", "born": "soon", "groups": ["a", "b"]}
    code, said = run("try", description, sample(tmp_path, answer), "--acr", "urn:company:mfa")
    assert code == 0
    assert "✓ name" in said
    assert "value_not_a_date" in said
    assert "not read: groups" in said
    assert "urn:hkeid:acr:eid" in said


def test_somebody_who_would_be_refused_is_status_1(description: Path, tmp_path: Path) -> None:
    code, said = run("try", description, sample(tmp_path, {}))
    assert code == 1
    assert "✗ name" in said
    code, said = run("try", description, sample(tmp_path, {"display_name": "x"}), "--acr", "other")
    assert code == 1
    assert "upstream_acr_unknown" in said


@pytest.mark.parametrize("content", [[], {"a": 1}, {"a": [1]}])
def test_a_sample_that_is_none_is_refused(
    description: Path, tmp_path: Path, content: object
) -> None:
    code, said = run("try", description, sample(tmp_path, content))
    assert code == 3
    assert "sample unreadable" in said


def test_the_list_says_whom_each_serves(description: Path, tmp_path: Path) -> None:
    config = tmp_path / "hkeid.toml"
    config.write_text('profile = "sandbox"\nissuer = "http://localhost:8000"\n', "utf-8")
    code, said = run("list", "--config", config)
    assert code == 0
    assert "company" in said
    assert "for intranet" in said
    description.unlink()
    assert "no upstream" in run("list", "--config", config)[1]

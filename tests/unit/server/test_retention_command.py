"""``hkeid retention``: every kind with its reason, what is overdue, and the last proof."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hkeid.adapters.purging import KINDS, purge_digest
from hkeid.residents import FIELDS, Ending
from hkeid_server.cli import main
from hkeid_server.config import load_config
from hkeid_server.wiring import open_keys, open_store, purge_store, surroundings

DAY = 86_400_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    result = CliRunner().invoke(main, ["init", "--sandbox", "--data", str(tmp_path)])
    assert result.exit_code == 0, result.output
    return tmp_path


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--config", str(folder / "hkeid.toml")])


def look(folder: Path) -> tuple[int, dict[str, Any]]:
    result = run(folder, "retention", "--json")
    return result.exit_code, json.loads(result.output)


def kind(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["kinds"] if one["kind"] == name)


def purge(folder: Path) -> None:
    config = load_config(folder / "hkeid.toml")
    clock, random = surroundings()
    keys = open_keys(config, clock, random)
    store = open_store(config, keys, clock, random)
    purge_store(config, store, clock)
    store.close()


def put_old_notice(folder: Path, *, days: int) -> None:
    clock, _ = surroundings()
    at = int(clock.now().timestamp() * 1_000_000) - days * DAY
    with sqlite3.connect(folder / "hkeid.sqlite") as database:
        database.execute(
            "INSERT INTO notices VALUES ('old', 'nobody', 'device_added', ?, ?, 0, X'5b5d', ?, 'told')",
            (at, at, at),
        )
    database.close()


def test_everything_that_is_kept_is_listed_with_its_reason(folder: Path) -> None:
    status, found = look(folder)
    assert status == 0
    assert [one["kind"] for one in found["kinds"]] == [*(one.name for one in KINDS), "evidence"]
    listed = {why["field"] for one in found["kinds"] for why in one["why"]}
    listed |= {one["field"] for one in found["not_by_a_clock"]}
    assert listed == set(FIELDS), "what the registry declares is not shown"
    by_act = {one["field"]: one["ended_by"] for one in found["not_by_a_clock"]}
    assert by_act["name_english"] == ["act"]
    assert by_act["audit_trail"] == ["operator's rule"]
    assert kind(found, "notices")["kept_seconds"] == 90 * 86400
    assert kind(found, "erased_records")["kept_seconds"] == 2557 * 86400
    assert not [one for one in found["kinds"] if one["overdue"]]
    assert all(Ending.CLOCK not in FIELDS[name].ends for name in by_act)


def test_what_is_too_old_is_said_until_it_is_purged(folder: Path) -> None:
    put_old_notice(folder, days=91)
    status, found = look(folder)
    assert status == 1
    assert [one["kind"] for one in found["kinds"] if one["overdue"]] == ["notices"]
    table = run(folder, "retention")
    assert table.exit_code == 1
    (line,) = [one for one in table.output.splitlines() if one.startswith("notices ")]
    assert line.endswith("OVERDUE")
    purge(folder)
    status, found = look(folder)
    assert status == 0
    proof = kind(found, "notices")["last_purge"]
    assert proof["removed"] == 1
    assert len(bytes.fromhex(proof["digest"])) == 32
    assert proof["digest"] == purge_digest(["old"])
    assert run(folder, "audit", "verify").exit_code == 0


def test_one_round_is_allowed(folder: Path) -> None:
    """What became too old since the last round is not overdue yet: here, with a round of a day."""
    configuration = folder / "hkeid.toml"
    text = configuration.read_text("utf-8")
    assert "[admin]" in text
    configuration.write_text(text.replace("[admin]", "[admin]\nhousekeeping_minutes = 1440", 1))
    put_old_notice(folder, days=90)
    assert look(folder)[0] == 0
    with sqlite3.connect(folder / "hkeid.sqlite") as database:
        database.execute("UPDATE notices SET due_at = due_at - ? WHERE id = 'old'", (DAY,))
    database.close()
    assert look(folder)[0] == 1


@pytest.mark.parametrize("days", ["364", "7306"])
def test_how_long_proofs_stay_has_limits(folder: Path, days: str) -> None:
    with (folder / "hkeid.toml").open("a", encoding="utf-8") as configuration:
        configuration.write(f"\n[retention]\nafter_erasure_days = {days}\n")
    result = run(folder, "retention")
    assert result.exit_code == 3
    assert "365 to 7305" in result.output

"""The log: one line per event, nothing in it that nobody chose to put there."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from hkeid.kernel.errors import Refused
from hkeid_server.journal import REFERENCE, Journal, hear_libraries, open_journal


@pytest.fixture
def journal(clock: Any, log: Any) -> Journal:
    return Journal(clock, sink=log)


@pytest.fixture(autouse=True)
def _own_root_logger() -> Any:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_one_line_per_event(journal: Journal, log: Any) -> None:
    journal.event("room:thing:happened", count=2, missing=None, text="a\nb")
    assert log.getvalue().count("\n") == 1
    assert log.events() == [
        {
            "at": "2026-11-03T09:00:00.000+00:00",
            "level": "info",
            "event": "room:thing:happened",
            "count": 2,
            "text": "a\nb",
        }
    ]


def test_reference_number_of_the_request(journal: Journal, log: Any) -> None:
    token = REFERENCE.set("7F3K-9Q2M-XA4D")
    journal.event("room:thing:happened")
    REFERENCE.reset(token)
    assert log.events()[0]["reference"] == "7F3K-9Q2M-XA4D"


def test_levels(clock: Any, log: Any) -> None:
    journal = Journal(clock, sink=log, level="warning")
    journal.event("a:b:c")
    journal.event("d:e:f", level="error")
    assert [one["event"] for one in log.events()] == ["d:e:f"]


def test_refusal_has_reason_and_detail(journal: Journal, log: Any) -> None:
    journal.refusal(Refused("rule_broken", detail="which"), where="/path")
    (line,) = log.events()
    assert (line["reason"], line["detail"], line["kind"]) == ("rule_broken", "which", "Refused")


def test_crash_tells_the_way_and_no_values(journal: Journal, log: Any) -> None:
    def inner(secret: str) -> None:
        raise ValueError(f"bad {secret}")

    try:
        inner("sesame")
    except ValueError as error:
        journal.crash(error, where="/path")
    (line,) = log.events()
    assert line["kind"] == "ValueError"
    assert "test_journal.inner:" in line["way"]
    assert "sesame" not in log.getvalue()


def test_other_libraries_are_heard_without_their_arguments(clock: Any, tmp_path: Path) -> None:
    file = tmp_path / "log"
    journal = open_journal(clock, level="debug", file=file)
    hear_libraries(journal, level="debug")
    logging.getLogger("library").warning("saw %s and %s", "sesame", 2)
    logging.getLogger("library").warning("free text with sesame")
    try:
        raise ValueError("sesame")
    except ValueError:
        logging.getLogger("library").exception("it failed with %s", "sesame")
    journal.close()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0]["message"] == "saw %s and %s"
    assert "message" not in lines[1], "a text without arguments may have been put together"
    assert lines[2]["kind"] == "ValueError"
    assert "sesame" not in file.read_text()

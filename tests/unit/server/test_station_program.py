"""The station's program without a server: its window, its queue, its command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hkeid.chip import CardProfile
from hkeid.kernel import plugins
from hkeid.kernel.errors import ConfigurationError, Refused, Unavailable
from hkeid_server.cli import main
from hkeid_server.station_agent import Road, StationFolder, StationWindow, open_browser
from hkeid_server.station_agent.agent import SeatTicket

HERE = "hkeid_plugged_in_for_a_station"
SEAT = timedelta(hours=14)


class Clock:
    moment = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def wait(self, **span: float) -> None:
        self.moment += timedelta(**span)


class Agent:
    """Gives tickets; says whether somebody is at the station."""

    def __init__(self) -> None:
        self.given = 0
        self.busy = False
        self.fault: Exception | None = None

    def ticket(self) -> SeatTicket:
        if self.fault is not None:
            raise self.fault
        self.given += 1
        return SeatTicket(url=f"https://eid.example.hk/{self.given}", seat_lifetime=SEAT)

    def hello(self) -> dict[str, Any]:
        return {"busy": self.busy}


class Shown:
    def __init__(self, address: str) -> None:
        self.address = address
        self.open = True

    def close(self) -> None:
        self.open = False


class Desk:
    """A window, what it is made of, and every browser that was opened."""

    def __init__(self) -> None:
        self.clock, self.agent, self.browsers = Clock(), Agent(), list[Shown]()
        self.window = StationWindow(self.agent, self.clock, self.launch)  # type: ignore[arg-type]
        assert self.window.keep()

    def launch(self, address: str) -> Shown:
        self.browsers.append(Shown(address))
        return self.browsers[-1]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_window_stays_as_long_as_its_seat(desk: Desk) -> None:
    desk.clock.wait(hours=11.9)
    assert not desk.window.keep()
    assert [one.open for one in desk.browsers] == [True]


def test_a_browser_that_ended_is_opened_with_a_new_ticket(desk: Desk) -> None:
    desk.clock.wait(minutes=10)
    desk.browsers[0].open = False
    assert desk.window.keep()
    assert [one.address[-1] for one in desk.browsers] == ["1", "2"]


def test_a_browser_that_ends_at_once_is_opened_more_and_more_rarely(desk: Desk) -> None:
    for _ in range(7200):
        desk.browsers[-1].open = False
        desk.window.keep()
        desk.clock.wait(seconds=1)
    assert 20 < len(desk.browsers) < 40


def test_before_the_seat_ends_it_is_opened_anew_when_nobody_is_there(desk: Desk) -> None:
    desk.clock.wait(hours=12.1)
    desk.agent.busy = True
    assert not desk.window.keep()
    desk.agent.busy = False
    assert desk.window.keep()
    assert [one.open for one in desk.browsers] == [False, True]
    assert not desk.window.keep()


def test_in_any_case_before_the_seat_ends(desk: Desk) -> None:
    desk.agent.busy = True
    desk.clock.wait(hours=13, minutes=54)
    assert not desk.window.keep()
    desk.clock.wait(minutes=1)
    assert desk.window.keep()


def test_without_a_ticket_the_window_that_is_open_stays(desk: Desk) -> None:
    desk.clock.wait(hours=13)
    desk.agent.fault = Unavailable("station_server_unreachable")
    with pytest.raises(Unavailable):
        desk.window.keep()
    assert [one.open for one in desk.browsers] == [True]
    desk.agent.fault = None
    assert desk.window.keep()


def test_a_browser_is_a_process_that_ends_with_the_window(tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text('#!/bin/sh\necho "$@" > "$(dirname "$0")/said"\nexec sleep 60\n')
    program.chmod(0o700)
    shown = open_browser(str(program), tmp_path, "https://eid.example.hk/kiosk")
    assert shown.open
    shown.close()
    assert not shown.open
    with pytest.raises(ConfigurationError, match="browser_not_started"):
        open_browser(str(tmp_path / "nothing"), tmp_path, "https://eid.example.hk/kiosk")


# --- the queue of a mobile team -------------------------------------------------------------------


class Channel:
    """Answers each upload with what the test says."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def post(self, path: str, body: Any = None) -> dict[str, Any]:
        del path, body
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)


def queued(folder: Path, *numbers: int) -> Road:
    kept = StationFolder(folder)
    for number in numbers:
        kept.keep(f"queue/{number:07d}.json", json.dumps({"sequence": str(number)}).encode())
    return Road(kept, clock=Clock(), random=None, profile=None)  # type: ignore[arg-type]


def test_a_reading_that_was_turned_away_is_kept(tmp_path: Path) -> None:
    road = queued(tmp_path, 1, 2, 3)
    channel = Channel(
        {"step": "review", "reason": None}, Refused("shift_expired"), Refused("upload_replayed")
    )
    first, second = road.upload(channel)  # type: ignore[arg-type]
    assert first["step"] == "review"
    assert (second["step"], second["reason"]) == ("turned away", "shift_expired")
    assert Path(second["kept"]).read_bytes() == b'{"sequence": "2"}'
    assert road.waiting() == ()
    # Numbers begin anew with each shift; nothing is written over.
    queued(tmp_path, 2)
    (again,) = road.upload(Channel(Refused("evidence_stale")))  # type: ignore[arg-type]
    assert again["kept"] != second["kept"]
    assert len(list((tmp_path / "queue" / "refused").iterdir())) == 2


def test_a_server_that_does_not_answer_leaves_the_queue_as_it_is(tmp_path: Path) -> None:
    road = queued(tmp_path, 1, 2)
    with pytest.raises(Unavailable):
        road.upload(Channel(Unavailable("station_server_unreachable")))  # type: ignore[arg-type]
    assert len(road.waiting()) == 2


# --- the command line -----------------------------------------------------------------------------


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A kind of reader and a kind of card that an installed package brings; what was read."""
    seen: list[Any] = []

    @contextmanager
    def reader(**settings: str) -> Iterator[str]:
        yield settings.get("name", "the first one")

    def profile() -> CardProfile:
        return CardProfile(name="licensed")

    def read(road: Any, opened: Any, access: Any, *, same: bool, timeout: float) -> Path:
        seen.append((road._profile.name, opened, access.secret().decode(), same))
        return Path("0000001.json")

    module = type(sys)(HERE)
    module.reader, module.profile = reader, profile  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, HERE, module)
    monkeypatch.setitem(plugins._SHIPPED[plugins.CARD_READERS], "lent", (f"{HERE}:reader", ""))
    monkeypatch.setitem(
        plugins._SHIPPED[plugins.CARD_PROFILES], "licensed", (f"{HERE}:profile", "")
    )
    monkeypatch.setattr(Road, "read", read)
    return seen


def station(*words: str, typed: str = "") -> Any:
    return CliRunner().invoke(main, ["station", *words], input=typed)


def test_kind_of_card_and_reader_are_chosen_and_the_digits_are_asked_for(plugged: Any) -> None:
    words = ("read", "--same", "--profile", "licensed", "--reader-kind", "lent")
    result = station(*words, "--reader", "Kiosk", typed="123456\n")
    assert result.exit_code == 0, result.output
    assert plugged == [("licensed", "Kiosk", "123456", True)]
    assert "123456" not in result.output
    assert station(*words, typed="654321\n").exit_code == 0
    assert plugged[-1][1:3] == ("the first one", "654321")


@pytest.mark.parametrize("command", [("run",), ("read", "--same")])
def test_no_kind_of_card_is_taken_for_granted(command: tuple[str, ...], plugged: Any) -> None:
    result = station(*command)
    assert result.exit_code == 2
    assert "--profile" in result.output
    result = station(*command, "--profile", "passport", typed="123456\n")
    assert result.exit_code == 3
    assert "hkic-specimen, icao, licensed" in result.output
    assert plugged == []


@pytest.mark.parametrize(
    "words",
    [
        ("station", "read", "--same", "--profile", "icao", "--can", "123456"),
        ("station", "run", "--profile", "icao", "--can", "123456"),
        ("officers", "add", "SUI, Ling", "--role", "auditor", "--number", "A123456(3)"),
    ],
)
def test_no_command_takes_a_secret_as_an_argument(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(main, words).exit_code == 2

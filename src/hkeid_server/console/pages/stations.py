"""The stations: who sits where. They are entered, suspended and revoked by ``hkeid stations``."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.enrolment.counter_seats import CounterSeats, StationLine
from hkeid.enrolment.stations import StationRefused
from hkeid.enrolment.upgrade import UpgradeRefused
from hkeid.kernel.errors import NotFound
from hkeid.officers import ROLE_WORDS, OfficerView, Permission
from hkeid_server.console.parts import console
from hkeid_server.console.stations_models import StationRow, StationsPage
from hkeid_server.console.visitors import see_other, with_fresh_officer, with_officer
from hkeid_server.shell import language, show, translate

blueprint = Blueprint("console_stations", __name__)

_PAGE = "/console/stations"
_DONE = frozenset({"taken", "left"})


@blueprint.get(_PAGE)
@with_officer
def stations(officer: OfficerView) -> Response:
    """Every station, with its kind, state and who sits there."""
    done = request.args.get("done", "")
    return _page(officer, done=done if done in _DONE else None)


@blueprint.post(f"{_PAGE}/<station_id>/take")
@with_fresh_officer
def take(officer: OfficerView, station_id: str) -> Response:
    """Sit down there."""
    try:
        _seats().take(officer, station_id)
    except (StationRefused, UpgradeRefused) as error:
        console().journal.refusal(error, where=f"{_PAGE}/…/take")
        word = "changed" if error.reason == "station_changed" else "closed"
        return _page(officer, error=word)
    return see_other(f"{_PAGE}?done=taken")


@blueprint.post(f"{_PAGE}/<station_id>/leave")
@with_officer
def leave(officer: OfficerView, station_id: str) -> Response:
    """Stand up."""
    try:
        _seats().leave(officer, station_id)
    except StationRefused as error:
        console().journal.refusal(error, where=f"{_PAGE}/…/leave")
        return _page(officer, error="changed")
    return see_other(f"{_PAGE}?done=left")


def _seats() -> CounterSeats:
    """Seats.

    :raises NotFound: ``page_unknown``: no stations are served here.
    """
    found = console().seats
    if found is None:
        raise NotFound("page_unknown")
    return found


def _page(officer: OfficerView, *, done: str | None = None, error: str | None = None) -> Response:
    seats = console().seats
    if seats is None:
        console().officers.require(officer, Permission.STATION_READ)
        return show("console/stations.html", StationsPage(served=False))
    lines = seats.stations(officer)
    names = _names(officer)
    page = StationsPage(
        rows=tuple(StationRow(station=line, who=_who(line, names)) for line in lines),
        sits=officer.may(Permission.STATION_SIT),
        done=done,
        error=error,
    )
    status = 200 if error is None else 409
    return show("console/stations.html", page, status=status, here=_PAGE)


def _names(officer: OfficerView) -> dict[str, str]:
    """Officers' names, for those who may see them."""
    if not officer.may(Permission.OFFICERS_READ):
        return {}
    return {entry.id: entry.name for entry in console().officers.staff.entries()}


def _who(line: StationLine, names: dict[str, str]) -> str:
    if line.duty is None:
        return ""
    if line.mine:
        return translate("You")
    if line.duty.role is None:
        return translate("The sandbox’s test officer")
    return names.get(line.duty.officer) or ROLE_WORDS[line.duty.role][language().content]

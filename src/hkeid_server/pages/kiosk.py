"""Pages of the browser at a station (S5): one instruction at a time, nothing left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Blueprint, Response, g, request

from hkeid.enrolment.stations import Station, StationRefused
from hkeid.enrolment.upgrade import Upgrade, UpgradeRefused
from hkeid.kernel.errors import (
    Expired,
    HkeidError,
    MalformedInput,
    NotFound,
    Refused,
    TooManyAttempts,
    Unavailable,
)
from hkeid_server.browser import read_cookies
from hkeid_server.house import house
from hkeid_server.kiosk_content import badge, start_page, upgrade_page
from hkeid_server.kiosk_models import KioskClosedPage, KioskOfficerPage, KioskPage
from hkeid_server.shell import settings, show
from hkeid_server.stations.parts import StationRooms
from hkeid_server.visitors import see_other

blueprint = Blueprint("kiosk", __name__)

START = "/kiosk"
_AT_THE_START = {
    "officer_missing": "officer",
    "own_record": "own_record",
    "evidence_destroyed": "evidence_destroyed",
}
"""Why nobody goes on with a reference number, where the start page has words of its own for it."""
P = ParamSpec("P")


def rooms() -> StationRooms:
    """Stations and upgrades.

    :raises NotFound: ``page_unknown``: they are not served here.
    """
    found = house().stations
    if found is None:
        raise NotFound("page_unknown")
    return found


def seat_cookie() -> str:
    """Name of the cookie that makes a browser a station's."""
    return settings().cookies.browser.replace("browser", "seat")


def seat() -> str:
    """The seat that the browser has, "" if none."""
    return read_cookies(request.headers.get("Cookie", "")).get(seat_cookie(), "")


def with_station(
    view: Callable[Concatenate[Station, P], Response],
) -> Callable[P, Response]:
    """Give the station to a view; a browser that is no station's is told so."""

    @wraps(view)
    def guarded(*values: P.args, **named: P.kwargs) -> Response:
        try:
            station = rooms().seats.station(seat())
        except StationRefused as error:
            house().journal.refusal(error, where=START)
            return show("kiosk/closed.html", KioskClosedPage(), status=403, here=START)
        g.station = station
        return view(station, *values, **named)

    return guarded


def at_station(station: Station, upgrade_id: str) -> Upgrade:
    """An upgrade of this station, whatever its step.

    :raises NotFound: ``upgrade_unknown``.
    """
    found = rooms().upgrades.look(upgrade_id, station_id=station.id)
    if found is None:
        raise NotFound("upgrade_unknown")
    return found


def officer_of(station: Station) -> str | None:
    """Who is signed on for this station and acts now; the seat is in use by it."""
    duty = rooms().officers.act(station.id)
    return None if duty is None else duty.officer


@blueprint.get("/kiosk/open")
def open_seat() -> Response:
    """The station's program opens its browser here; the ticket leaves the address at once."""
    if request.method != "GET":
        return see_other(START)  # HEAD: whoever only looks uses nothing up
    try:
        taken = rooms().seats.take(request.args.get("ticket", ""))
    except StationRefused as error:
        house().journal.refusal(error, where="/kiosk/open")
        return show("kiosk/closed.html", KioskClosedPage(), status=403, here=START)
    answer = see_other(START)
    answer.headers.add(*settings().cookies.set_cookie(seat_cookie(), taken.reveal()))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get(START)
@with_station
def start(station: Station) -> Response:
    """The page that waits for people."""
    return show("kiosk/start.html", start_page(house(), station))


@blueprint.post("/kiosk/number")
@with_station
def number(station: Station) -> Response:
    """A number was typed, or scanned."""
    try:
        upgrade = rooms().upgrades.offers.claim(station, request.form.get("number", ""))
    except TooManyAttempts:
        return _start(station, "attempts", 429)
    except (MalformedInput, UpgradeRefused) as error:
        house().journal.refusal(error, where="/kiosk/number")
        return _start(station, "number", 422)
    officer_of(station)  # who sits there serves this person; anybody may type a wrong number
    return see_other(f"/kiosk/u/{upgrade.id}")


@blueprint.post("/kiosk/card")
@with_station
def card_alone(station: Station) -> Response:
    """At a counter: begin with the card alone."""
    try:
        upgrade = rooms().upgrades.offers.begin_with_card(station, officer_of(station))
    except (UpgradeRefused, StationRefused) as error:
        house().journal.refusal(error, where="/kiosk/card")
        return _start(station, "officer", 409)
    return see_other(f"/kiosk/u/{upgrade.id}")


@blueprint.post("/kiosk/recover")
@with_station
def recover(station: Station) -> Response:
    """At a counter: begin with the card of somebody who lost every passkey."""
    try:
        upgrade = rooms().upgrades.offers.begin_recovery(station, officer_of(station))
    except (UpgradeRefused, StationRefused) as error:
        house().journal.refusal(error, where="/kiosk/recover")
        return _start(station, "officer", 409)
    return see_other(f"/kiosk/u/{upgrade.id}")


@blueprint.post("/kiosk/resume")
@with_station
def resume(station: Station) -> Response:
    """At a counter: somebody whom officers accepted comes back with the reference number."""
    typed = request.form.get("receipt", "")
    try:
        upgrade = rooms().upgrades.offers.resume(station, typed, officer_of(station))
    except TooManyAttempts:
        return _start(station, "attempts", 429)
    except (MalformedInput, UpgradeRefused, StationRefused, Expired) as error:
        house().journal.refusal(error, where="/kiosk/resume")
        return _start(station, _AT_THE_START.get(error.reason, "receipt"), 422)
    return see_other(f"/kiosk/u/{upgrade.id}")


@blueprint.get("/kiosk/u/<upgrade_id>")
@with_station
def step(station: Station, upgrade_id: str) -> Response:
    """What is to be done now."""
    return show_step(station, at_station(station, upgrade_id))


@blueprint.post("/kiosk/u/<upgrade_id>/digits")
@with_station
def digits(station: Station, upgrade_id: str) -> Response:
    """The six digits printed on the card."""
    try:
        rooms().upgrades.offers.give_access(station, upgrade_id, request.form.get("digits", ""))
    except MalformedInput:
        return show_step(station, at_station(station, upgrade_id), "six", 422)
    except UpgradeRefused as error:
        return refused_step(station, upgrade_id, error, "/kiosk/u/…/digits")
    return see_other(f"/kiosk/u/{upgrade_id}")


@blueprint.post("/kiosk/u/<upgrade_id>/leave")
@with_station
def leave(station: Station, upgrade_id: str) -> Response:
    """Stop, or walk away: nothing stays on the screen. What officers accepted is lost only by who was
    asked, and said yes.
    """
    sure = request.form.get("sure") == "yes"
    try:
        rooms().upgrades.offers.cancel(upgrade_id, station=station, sure=sure)
    except Refused as error:
        house().journal.refusal(error, where="/kiosk/u/…/leave")
    return see_other(START)


@blueprint.get("/kiosk/officer")
@with_station
def officer(station: Station) -> Response:
    """Who sits here."""
    page = KioskOfficerPage(station=badge(house(), station), sandbox=settings().sandbox)
    return show("kiosk/officer.html", page)


@blueprint.post("/kiosk/officer")
@with_station
def sit_down(station: Station) -> Response:
    """Sign on or off. Only the sandbox seats its test officer by a button; officers take their seat
    in the console.
    """
    if request.form.get("leave"):
        rooms().officers.sign_off(station)
        return see_other("/kiosk/officer")
    rooms().officers.sit_test_officer(station)
    return see_other(START)


def show_step(
    station: Station, upgrade: Upgrade, problem: str | None = None, status: int = 200
) -> Response:
    """The page of the step where an upgrade is."""
    page = upgrade_page(house(), station, upgrade, problem)
    if page.step == "bind":
        if problem is not None:
            return _start(station, problem, status)
        return see_other(f"{page.address}/key")
    if page.step == "returned":
        return _show_returned(station, page, status)
    return show(
        f"kiosk/{page.step}.html", page, status=status, here=page.address,
        camera=page.step == "face",
    )  # fmt: skip


def _show_returned(station: Station, page: KioskPage, status: int) -> Response:
    """Whom officers accepted, for the officer who sits there; they are shown it, which is noted."""
    duty = rooms().officers.act(station.id)
    if duty is not None:
        try:
            person = rooms().upgrades.returns.shows(station, page.upgrade_id, duty)
        except (UpgradeRefused, Expired) as error:
            note_refusal(error, "/kiosk/u/…")
            return _start(station, error.reason, 409)
        names = (person.name.english, person.name.chinese)
        page = replace(page, names=tuple(one for one in names if one))
    return show("kiosk/returned.html", page, status=status, here=page.address)


def _start(station: Station, problem: str, status: int) -> Response:
    return show(
        "kiosk/start.html", start_page(house(), station, problem), status=status, here=START
    )


def refused_step(station: Station, upgrade_id: str, error: HkeidError, where: str) -> Response:
    """The step where an upgrade is, with what was refused just now.

    :raises NotFound: ``upgrade_unknown``.
    """
    note_refusal(error, where)
    status = 503 if isinstance(error, Unavailable) else 409
    return show_step(station, at_station(station, upgrade_id), error.reason, status)


def note_refusal(error: HkeidError, where: str) -> None:
    """Into the log."""
    house().journal.refusal(error, where=where)

"""What a station shows when something failed: its own page, which goes back to the start by itself.

The public page of problems would leave the station's pages, by a link that leads out of them.
"""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from hkeid.enrolment.stations import Station, StationMode, StationRefused
from hkeid.kernel.errors import NotFound
from hkeid_server.kiosk_content import BACK_TO_START
from hkeid_server.kiosk_models import KioskProblemPage, StationBadge
from hkeid_server.pages.kiosk import START, rooms, seat
from hkeid_server.problems import KINDS
from hkeid_server.references import REFERENCE_FORM
from hkeid_server.shell import show, visit

blueprint = Blueprint("kiosk_problem", __name__)

_NO_WAY_BACK = frozenset({"not-found", "interaction"})


def at_a_station(path: str) -> bool:
    """Whether a path is one of the stations' pages."""
    return path == START or path.startswith(f"{START}/")


def show_kiosk_problem(kind: str, status: int) -> Response:
    """The page for what failed in this request. It asks neither store nor keys: they may be what failed."""
    page = _page(kind, g.get("station"), again="" if kind in _NO_WAY_BACK else _upgrade_page())
    here = f"{START}/problem/{kind}/{visit().reference}"
    return show("kiosk/problem.html", page, status=status, here=here)


@blueprint.get("/kiosk/problem/<kind>/<reference>")
def problem(kind: str, reference: str) -> Response:
    """The page again, in another language; it tells nothing but its kind."""
    if kind not in KINDS or not REFERENCE_FORM.match(reference):
        raise NotFound("page_unknown")
    try:
        station = rooms().seats.station(seat())
    except StationRefused:
        station = None
    return show("kiosk/problem.html", _page(kind, station), reference=reference)


def _page(kind: str, station: Station | None, again: str = "") -> KioskProblemPage:
    # As a kiosk's: who sits there would have to be looked up.
    name = (
        None if station is None else StationBadge(name=station.name, mode=StationMode.KIOSK.value)
    )
    return KioskProblemPage(kind=kind, station=name, again=again, refresh=BACK_TO_START)


def _upgrade_page() -> str:
    """The page of the upgrade that the request was about, "" if it was about none."""
    named = (request.view_args or {}).get("upgrade_id") or g.get("upgrade_id", "")
    return f"{START}/u/{named}" if named else ""

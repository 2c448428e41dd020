"""The link in a notice: whoever reads "this was not me" freezes the eID without logging in.

The link's token leaves the address at once: it goes into a cookie for a few minutes, and the browser on to
an address that may stand in histories, logs of proxies and Referer headers.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from hkeid.enrolment.standing import Actor
from hkeid.kernel.errors import AlreadyUsed, Expired, HkeidError, NotFound, Refused
from hkeid_server.browser import read_cookies
from hkeid_server.house import house
from hkeid_server.life_models import StopPage
from hkeid_server.shell import settings, show
from hkeid_server.visitors import see_other

blueprint = Blueprint("life_stopping", __name__)

_PAGE = "/stop"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
_KEPT_SECONDS = 600


def stop_cookie() -> str:
    """Name of the cookie that holds a link's token while its reader decides."""
    return settings().cookies.browser.replace("browser", "stop")


@blueprint.get(_PAGE)
def ask() -> Response:
    """What the link does; nothing happens yet, as mail programs open links for a look."""
    if "token" in request.args:
        return _without_token(request.args["token"])
    token = read_cookies(request.headers.get("Cookie", "")).get(stop_cookie(), "")
    try:
        house().notices.stop_links.look(token)
    except HkeidError as error:
        return _no(error)
    return show("life/stop.html", StopPage(kind="ask", token=token), here=_PAGE)


@blueprint.post(_PAGE)
def stop() -> Response:
    """Freeze, then use the token up: killed in between, the eID is frozen and the token good."""
    token = request.form.get("token", "")
    links = house().notices.stop_links
    try:
        resident_id = links.look(token)
    except HkeidError as error:
        return _no(error)
    kind = "stopped"
    try:
        house().standing.suspend(resident_id, by=Actor.RESIDENT, reason="stopped_by_notice")
    except Refused as error:
        if error.reason != "eid_transition_not_allowed":
            raise
        kind = "frozen"
    try:
        links.use(token)
    except AlreadyUsed:
        kind = "frozen"  # pressed twice
    answer = show("life/stop.html", StopPage(kind=kind), here="/help")
    answer.headers.add(*settings().cookies.drop_cookie(stop_cookie()))
    return answer


def _without_token(token: str) -> Response:
    """On to the clean address, with the token in a cookie; what cannot be one is forgotten."""
    answer = see_other(_PAGE)
    cookies, good = settings().cookies, _TOKEN.match(token) is not None
    kept = cookies.set_cookie(stop_cookie(), token, max_age=_KEPT_SECONDS)
    answer.headers.add(*(kept if good else cookies.drop_cookie(stop_cookie())))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _no(error: HkeidError) -> Response:
    house().journal.refusal(error, where=_PAGE)
    match error:
        case AlreadyUsed():
            kind, status = "used", 409
        case Expired():
            kind, status = "expired", 409
        case NotFound():
            kind, status = "unknown", 404
        case _:
            raise error
    return show("life/stop.html", StopPage(kind=kind), status=status, here=_PAGE)

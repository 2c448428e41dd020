"""The link in a notice: whoever reads "this was not me" freezes the eID without logging in."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.enrolment.standing import Actor
from hkeid.kernel.errors import AlreadyUsed, Expired, HkeidError, NotFound, Refused
from hkeid_server.house import house
from hkeid_server.life_models import StopPage
from hkeid_server.shell import show

blueprint = Blueprint("life_stopping", __name__)

_PAGE = "/stop"
_ASK = "/stop/ask"


@blueprint.get(_PAGE)
def ask() -> Response:
    """What the link does; nothing happens yet, as mail programs open links for a look."""
    return _ask(request.args.get("token", ""))


@blueprint.post(_ASK)
def ask_again() -> Response:
    """The same page in another language: the token is in no address."""
    return _ask(request.form.get("token", ""))


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
    return show("life/stop.html", StopPage(kind=kind), here="/help")


def _ask(token: str) -> Response:
    try:
        house().notices.stop_links.look(token)
    except HkeidError as error:
        return _no(error)
    page = StopPage(kind="ask", token=token)
    return show("life/stop.html", page, here=_ASK, again={"token": token})


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

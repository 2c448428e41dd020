"""Data access and correction requests: the queue, one of them opened with a reason, the answer."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.kernel.errors import MalformedInput, NotFound, Refused
from hkeid.officers import AccessDenied, OfficerView, Permission
from hkeid.profile.rights import RefusalGround, RequestFigures, WaitingRequest
from hkeid_server.console.fields import particular_shown
from hkeid_server.console.models import Choice
from hkeid_server.console.parts import console
from hkeid_server.console.requests_models import (
    HeldRow,
    RequestPage,
    RequestRow,
    RequestsPage,
    RequestTakePage,
)
from hkeid_server.console.visitors import (
    filled,
    form_reason,
    see_other,
    with_fresh_officer,
    with_officer,
)
from hkeid_server.console.words import reasons_for
from hkeid_server.data_content import particular_labels
from hkeid_server.languages import by_tag
from hkeid_server.profile_content import spoken
from hkeid_server.shell import show, translate

blueprint = Blueprint("console_requests", __name__)

_PAGE = "/console/requests"
_DONE = frozenset({"answered", "refused", "gone"})
_LONGEST = 4000
_ASKED_AGAIN = {
    "reason_missing": "reason",
    "reason_not_allowed": "reason",
    "own_record": "own",
}
_ERRORS = {
    "refusal_ground_missing": "ground",
    "refusal_ground_not_allowed": "ground",
    "answer_missing": "text",
    "request_words_malformed": "words",
}


@blueprint.get(_PAGE)
@with_officer
def queue(officer: OfficerView) -> Response:
    """Those that wait, overdue ones first."""
    rows = tuple(map(request_row, console().requests.queue(officer)))
    done = request.args.get("done", "")
    figures = RequestFigures(
        waiting=len(rows),
        soon=sum(row.soon for row in rows),
        overdue=sum(row.overdue for row in rows),
    )
    page = RequestsPage(rows=rows, figures=figures, done=done if done in _DONE else None)
    return show("console/requests.html", page)


@blueprint.get(f"{_PAGE}/<request_id>")
@with_fresh_officer
def ask_why(officer: OfficerView, request_id: str) -> Response:
    """Ask for the reason before it opens."""
    return _take_page(officer, request_id)


@blueprint.post(f"{_PAGE}/<request_id>")
@with_fresh_officer
def open_request(officer: OfficerView, request_id: str) -> Response:
    """Open it; the resident sees that."""
    try:
        reason, note = form_reason()
        access_id = console().requests.open(officer, request_id, reason=reason, note=note)
    except MalformedInput as error:
        word = "note" if error.field == "note" else "reason"
        return _take_page(officer, request_id, word)
    except AccessDenied as error:
        if error.reason not in _ASKED_AGAIN:
            raise
        return _take_page(officer, request_id, _ASKED_AGAIN[error.reason])
    return see_other(f"{_PAGE}/{request_id}/{access_id}")


@blueprint.get(f"{_PAGE}/<request_id>/<access_id>")
@with_officer
def look(officer: OfficerView, request_id: str, access_id: str) -> Response:
    """The request that was opened a moment ago."""
    try:
        return _request_page(officer, request_id, access_id)
    except Refused as error:
        if error.reason != "request_closed":
            raise
        return see_other(f"{_PAGE}?done=gone")


@blueprint.post(f"{_PAGE}/<request_id>/<access_id>")
@with_fresh_officer
def decide(officer: OfficerView, request_id: str, access_id: str) -> Response:
    """Answer or refuse."""
    decision, text = request.form.get("decision", ""), request.form.get("text", "")
    desk = console().requests
    try:
        if decision == "answer":
            desk.answer(officer, request_id, access_id, text=text)
        elif decision == "refuse":
            desk.refuse(officer, request_id, access_id, ground=_ground(), text=text)
        else:
            return _request_page(officer, request_id, access_id, error="decision")
    except MalformedInput as error:
        if error.reason not in _ERRORS:
            raise
        return _request_page(officer, request_id, access_id, error=_ERRORS[error.reason])
    except NotFound:
        raise
    except Refused as error:
        if error.reason != "request_closed":
            raise
        return see_other(f"{_PAGE}?done=gone")
    return see_other(f"{_PAGE}?done={'answered' if decision == 'answer' else 'refused'}")


def request_row(one: WaitingRequest) -> RequestRow:
    """A request in words."""
    labels = particular_labels()
    return RequestRow(
        id=one.id,
        kind=one.kind.value,
        labels=tuple(labels[name] for name in one.fields),
        received_at=one.received_at,
        due_at=one.due_at,
        left=_left(one.days_left),
        overdue=one.overdue,
        soon=one.soon,
    )


def _left(days: int) -> str:
    if days == 1:
        return translate("1 day left")
    if days > 1:
        return translate("%(number)s days left", number=days)
    if days == 0:
        return translate("Due now")
    return (
        translate("1 day late") if days == -1 else translate("%(number)s days late", number=-days)
    )


def _ground() -> RefusalGround | None:
    try:
        return RefusalGround(request.form.get("ground", ""))
    except ValueError:
        return None


def _take_page(officer: OfficerView, request_id: str, error: str | None = None) -> Response:
    rows = {one.id: one for one in console().requests.queue(officer)}
    if request_id not in rows:
        return see_other(f"{_PAGE}?done=gone")
    page = RequestTakePage(
        row=request_row(rows[request_id]),
        reasons=reasons_for(Permission.REQUEST_OPEN),
        error=error,
        filled=filled(),
    )
    status = 200 if error is None else 400
    return show("console/request_take.html", page, status=status, here=f"{_PAGE}/{request_id}")


def _request_page(
    officer: OfficerView, request_id: str, access_id: str, *, error: str | None = None
) -> Response:
    file = console().requests.look(officer, request_id, access_id)
    labels, script = particular_labels(), spoken()
    answered_in = by_tag(file.language)
    page = RequestPage(
        row=request_row(file.waiting),
        access_id=access_id,
        wish=file.asked.wish,
        words=file.asked.words,
        held=tuple(
            HeldRow(label=labels[name], value=particular_shown(name, text))
            for name, text in file.held.items()
        ),
        language=file.language if answered_in is None else answered_in.name,
        grounds=tuple(
            Choice(value=ground.value, words=f"{ground.words(script)} ({section})")
            for ground, section in file.grounds.items()
        ),
        error=error,
        decision=request.form.get("decision", ""),
        ground=request.form.get("ground", ""),
        text=request.form.get("text", "")[:_LONGEST],
    )
    status = 200 if error is None else 400
    here = f"{_PAGE}/{request_id}/{access_id}"
    return show("console/request.html", page, status=status, here=here)

"""A resident's record: the reason first, then the exact number."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.enrolment import ResidentUnknown
from hkeid.kernel.errors import MalformedInput, TooManyAttempts
from hkeid.officers import AccessDenied, OfficerView, Permission
from hkeid_server.console.models import RecordFindPage, RecordPage
from hkeid_server.console.parts import console
from hkeid_server.console.visitors import (
    filled,
    form_reason,
    see_other,
    with_fresh_officer,
    with_officer,
)
from hkeid_server.console.words import access_rows, reasons_for
from hkeid_server.shell import show

blueprint = Blueprint("console_records", __name__)

_FIND = "/console/records"
_DONE = frozenset({"suspended", "resumed"})
_ASKED_AGAIN = {
    "reason_missing": "reason",
    "reason_not_allowed": "reason",
    "own_record": "own",
}


@blueprint.get(_FIND)
@with_fresh_officer
def find(officer: OfficerView) -> Response:
    """Ask why, and for whom."""
    if not officer.may(Permission.RECORD_OPEN):
        console().officers.require(officer, Permission.RECORD_OPEN)
    return _find_page()


@blueprint.post(_FIND)
@with_fresh_officer
def open_record(officer: OfficerView) -> Response:
    """Open the record; the number is in no address and no log."""
    try:
        reason, note = form_reason()
        access_id = console().records.open(
            officer, request.form.get("number", ""), reason=reason, note=note
        )
    except MalformedInput as error:
        return _find_page("note" if error.field == "note" else "number")
    except ResidentUnknown:
        return _find_page("unknown")
    except TooManyAttempts:
        return _find_page("attempts")
    except AccessDenied as error:
        if error.reason not in _ASKED_AGAIN:
            raise
        return _find_page(_ASKED_AGAIN[error.reason])
    return see_other(f"{_FIND}/{access_id}")


@blueprint.get(f"{_FIND}/<access_id>")
@with_officer
def record(officer: OfficerView, access_id: str) -> Response:
    """The record that was opened a moment ago."""
    return _record_page(officer, access_id)


@blueprint.post(f"{_FIND}/<access_id>/suspend")
@with_fresh_officer
def suspend(officer: OfficerView, access_id: str) -> Response:
    """Freeze the eID."""
    return _change(officer, access_id, suspended=True)


@blueprint.post(f"{_FIND}/<access_id>/resume")
@with_fresh_officer
def resume(officer: OfficerView, access_id: str) -> Response:
    """Lift the freeze."""
    return _change(officer, access_id, suspended=False)


def _change(officer: OfficerView, access_id: str, *, suspended: bool) -> Response:
    desk = console().records
    try:
        reason, note = form_reason()
        act = desk.suspend if suspended else desk.resume
        act(officer, access_id, reason=reason, note=note)
    except MalformedInput:
        return _record_page(officer, access_id, error="note")
    except AccessDenied as error:
        if error.reason not in {"reason_missing", "reason_not_allowed"}:
            raise
        return _record_page(officer, access_id, error="reason")
    return see_other(f"{_FIND}/{access_id}?done={'suspended' if suspended else 'resumed'}")


def _find_page(error: str | None = None) -> Response:
    page = RecordFindPage(reasons=reasons_for(Permission.RECORD_OPEN), error=error, filled=filled())
    return show("console/record_find.html", page, status=200 if error is None else 400, here=_FIND)


def _record_page(officer: OfficerView, access_id: str, *, error: str | None = None) -> Response:
    found = console().records.look(officer, access_id)
    done = request.args.get("done", "")
    page = RecordPage(
        access_id=access_id,
        record=found,
        accesses=access_rows(found.accesses),
        reasons=reasons_for(Permission.RECORD_SUSPEND),
        done=done if done in _DONE else None,
        error=error,
        filled=filled(),
    )
    status = 200 if error is None else 400
    return show("console/record.html", page, status=status, here=f"{_FIND}/{access_id}")

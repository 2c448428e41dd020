"""The queue, and one case with its evidence side by side."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.enrolment.review import (
    REASONS,
    CaseFile,
    CaseKind,
    DecisionReason,
    ReviewRefused,
    Stage,
    UpgradeFile,
)
from hkeid.kernel.errors import MalformedInput
from hkeid.officers import AccessDenied, OfficerStepUpRequired, OfficerView, Permission
from hkeid_server.console.fields import registration_rows, upgrade_rows
from hkeid_server.console.models import (
    CasePage,
    QueuePage,
    QueueRow,
    TakePage,
)
from hkeid_server.console.parts import console
from hkeid_server.console.stations_models import UpgradeCasePage
from hkeid_server.console.visitors import (
    filled,
    form_reason,
    see_other,
    with_fresh_officer,
    with_officer,
)
from hkeid_server.console.words import reasons_for, span
from hkeid_server.shell import show

blueprint = Blueprint("console_cases", __name__)

_DONE = frozenset({"decided", "second-needed", "returned", "gone"})
_KINDS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


@blueprint.get("/console/queue")
@with_officer
def queue(officer: OfficerView) -> Response:
    """Referred cases, the oldest first."""
    rows = tuple(
        QueueRow(case=case, waiting=span(case.waiting)) for case in console().review.queue(officer)
    )
    done = request.args.get("done", "")
    page = QueuePage(rows=rows, done=done if done in _DONE else None)
    return show("console/queue.html", page)


@blueprint.get("/console/cases/<case_id>")
@with_fresh_officer
def case(officer: OfficerView, case_id: str) -> Response:
    """The case where the officer has it, else the question why."""
    found = next((one for one in console().review.queue(officer) if one.id == case_id), None)
    if found is None:
        return see_other("/console/queue?done=gone")
    if found.mine:
        return _case_page(console().review.file(officer, case_id))
    return _take_page(officer, case_id)


@blueprint.post("/console/cases/<case_id>/take")
@with_fresh_officer
def take(officer: OfficerView, case_id: str) -> Response:
    """Have the case for a while."""
    try:
        reason, note = form_reason()
        console().review.take(officer, case_id, reason=reason, note=note)
    except OfficerStepUpRequired:
        raise
    except AccessDenied as error:
        if error.reason not in {"reason_missing", "reason_not_allowed"}:
            raise
        return _take_page(officer, case_id, "reason")
    except MalformedInput:
        return _take_page(officer, case_id, "reason")
    except ReviewRefused as error:
        if error.reason == "case_leased":
            return _take_page(officer, case_id, "leased")
        raise
    return see_other(f"/console/cases/{case_id}")


@blueprint.post("/console/cases/<case_id>/give-back")
@with_officer
def give_back(officer: OfficerView, case_id: str) -> Response:
    """Give the case back without a vote."""
    console().review.give_back(officer, case_id)
    return see_other("/console/queue?done=returned")


@blueprint.get("/console/cases/<case_id>/pictures/<name>")
@with_officer
def picture(officer: OfficerView, case_id: str, name: str) -> Response:
    """A picture: only to who has the case, never cached, never anything but a picture."""
    content = console().review.picture(officer, case_id, name)
    kind = next((kind for sign, kind in _KINDS if content.startswith(sign)), None)
    if kind is None:
        raise MalformedInput("picture_malformed")
    answer = Response(content, mimetype=kind)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Disposition"] = "inline"
    return answer


@blueprint.post("/console/cases/<case_id>/vote")
@with_fresh_officer
def vote(officer: OfficerView, case_id: str) -> Response:
    """The officer decided."""
    try:
        reason, note = form_reason()
        chosen = DecisionReason(request.form.get("why", ""))
        decision = request.form.get("decision", "")
        if decision not in {"accept", "refuse"}:
            raise ValueError(decision)
        made = console().review.vote(
            officer,
            case_id,
            lease_id=request.form.get("lease", ""),
            accept=decision == "accept",
            decision=chosen,
            reason=reason,
            note=note,
        )
    except ValueError:
        return _again(officer, case_id, "decision")
    except MalformedInput:
        return _again(officer, case_id, "note")
    except ReviewRefused as error:
        if error.reason != "reason_contradicts":
            raise
        return _again(officer, case_id, "contradicts")
    except OfficerStepUpRequired:
        raise
    except AccessDenied as error:
        if error.reason not in {"reason_missing", "reason_not_allowed"}:
            raise
        return _again(officer, case_id, "reason")
    return see_other(f"/console/queue?done={'decided' if made else 'second-needed'}")


def _again(officer: OfficerView, case_id: str, error: str) -> Response:
    file = console().review.file(officer, case_id)
    return _case_page(file, error=error, status=400)


def _take_page(officer: OfficerView, case_id: str, error: str | None = None) -> Response:
    found = next((one for one in console().review.queue(officer) if one.id == case_id), None)
    if found is None:
        return see_other("/console/queue?done=gone")
    permission = Permission.CASE_SETTLE if found.stage is Stage.CONFLICT else Permission.CASE_OPEN
    page = TakePage(
        case_id=case_id,
        reference=found.reference,
        reasons=reasons_for(permission, REASONS[found.kind]),
        error=error if error is not None or found.takeable else "not-yours",
        filled=filled(),
    )
    status = 200 if error is None else 400
    return show("console/take.html", page, status=status, here=f"/console/cases/{case_id}")


def _case_page(
    file: CaseFile | UpgradeFile, *, error: str | None = None, status: int = 200
) -> Response:
    settles = file.stage is Stage.CONFLICT
    permission = Permission.CASE_SETTLE if settles else Permission.CASE_DECIDE
    waiting, here = span(console().clock.now() - file.referred_at), f"/console/cases/{file.id}"
    if isinstance(file, UpgradeFile):
        upgrade = UpgradeCasePage(
            case=file,
            fields=upgrade_rows(file),
            reasons=reasons_for(permission, REASONS[CaseKind.UPGRADE]),
            waiting=waiting,
            error=error,
            filled=filled(),
        )
        return show("console/upgrade.html", upgrade, status=status, here=here)
    page = CasePage(
        case=file,
        fields=registration_rows(file),
        reasons=reasons_for(permission, REASONS[CaseKind.REGISTRATION]),
        waiting=waiting,
        error=error,
        filled=filled(),
    )
    return show("console/case.html", page, status=status, here=here)

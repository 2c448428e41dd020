"""Check a signed PDF: choose a file, read the report, answer what the law asks, take the results along.

Neither the file nor its name is kept or logged; see :mod:`hkeid_server.verification.room` for the report.
"""

from __future__ import annotations

import json
from hashlib import sha256

from flask import Blueprint, Response, redirect, request

from hkeid.kernel.errors import (
    Expired,
    HkeidError,
    MalformedInput,
    NotFound,
    TooManyAttempts,
    Unavailable,
)
from hkeid.signing.validation import ValidationReport
from hkeid_server import metrics
from hkeid_server.house import house
from hkeid_server.intake import PDF_LIMIT
from hkeid_server.shell import show, visit
from hkeid_server.verification.room import Verification
from hkeid_server.verification_content import legal_answers, report_page, verify_page
from hkeid_server.visitors import network

blueprint = Blueprint("verification", __name__)

PATH = "/verify"
"""Short, for it stands in QR codes on paper."""
REPORT = f"{PATH}/report"
_BUSY = "pdf_validator_busy"


@blueprint.get(PATH)
def choose() -> Response:
    """Choose a file."""
    return _again(None)


@blueprint.get(REPORT)
def gone() -> Response:
    """A report is not kept: its page was loaded anew."""
    answer = redirect(PATH, 303)
    assert isinstance(answer, Response)
    return answer


@blueprint.post(PATH)
def check() -> Response:
    """The file came: look at it."""
    pdf = _file()
    if not pdf or len(pdf) > PDF_LIMIT:
        return _again("large" if pdf else "empty", 413 if pdf else 422)
    try:
        report = _room().check(pdf, network=network())
    except TooManyAttempts as error:
        return _refused("attempts", error, 429, retry_after=error.retry_after)
    except Unavailable as error:
        if error.reason != _BUSY:
            raise
        return _refused("busy", error, 503, retry_after=5)
    house().journal.event(
        "validation:document:checked", signatures=len(report.signatures),
        indication=report.indication.value, sub_indication=report.sub_indication,
    )  # fmt: skip
    return _page(report, _room().seal(report, browser=visit().browser))


@blueprint.post(REPORT)
def answer() -> Response:
    """The report again: in another language, or with other answers."""
    try:
        report = _sealed()
    except (Expired, MalformedInput) as error:
        return _refused("expired", error, 409)
    return _page(report, request.form["report"])


@blueprint.post(f"{REPORT}.json")
def as_json() -> Response:
    """The report for programs."""
    try:
        report = _room().with_opinions(_sealed(), legal_answers(request.form)[1])
    except (Expired, MalformedInput) as error:
        return _refused("expired", error, 409)
    content = json.dumps(report.to_json(), ensure_ascii=False, indent=2).encode()
    return _download(content, "application/json", "validation-report.json")


@blueprint.post(f"{REPORT}.xml")
def as_xml() -> Response:
    """The report after ETSI TS 119 102-2."""
    try:
        report = _sealed()
    except (Expired, MalformedInput) as error:
        return _refused("expired", error, 409)
    return _download(report.to_etsi_xml(), "application/xml", "validation-report.xml")


@blueprint.post(f"{PATH}/signed-revision")
def signed_revision() -> Response:
    """The same file once more: what of it was signed."""
    try:
        report = _sealed()
    except (Expired, MalformedInput) as error:
        return _refused("expired", error, 409)
    pdf, number = _file(), request.form.get("signature", "")
    if sha256(pdf).hexdigest() != report.digest:
        metrics.count_refusal("other_file")
        return _page(report, request.form["report"], problem="other-file", status=422)
    entries = {str(at): one for at, one in enumerate(report.entries, 1)}
    chosen = entries.get(number)
    if chosen is None or chosen.end is None:
        raise NotFound("revision_absent")
    return _download(pdf[: chosen.end], "application/pdf", f"signed-{number}.pdf")


def _room() -> Verification:
    room = house().verification
    assert room is not None
    return room


def _file() -> bytes:
    sent = request.files.get("file")
    return b"" if sent is None else sent.read()


def _sealed() -> ValidationReport:
    return _room().unseal(request.form.get("report", ""), browser=visit().browser)


def _page(
    report: ValidationReport, sealed: str, *, problem: str | None = None, status: int = 200
) -> Response:
    answers, context = legal_answers(request.form)
    judged = _room().with_opinions(report, context)
    page = report_page(judged, sealed, answers, problem=problem)
    if not sealed:
        return show("verify/report.html", page, here=PATH, status=status)
    again = {"report": sealed, **answers.fields}
    return show("verify/report.html", page, here=REPORT, again=again, status=status)


def _again(problem: str | None, status: int = 200) -> Response:
    answers, _ = legal_answers(request.form)
    return show("verify/choose.html", verify_page(answers, problem), here=PATH, status=status)


def _refused(
    problem: str, error: HkeidError, status: int, *, retry_after: int | None = None
) -> Response:
    house().journal.refusal(error, where=PATH)
    metrics.count_refusal(error.reason)
    made = _again(problem, status)
    if retry_after is not None:
        made.headers["Retry-After"] = str(retry_after)
    return made


def _download(content: bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, content_type=media_type, headers=headers)

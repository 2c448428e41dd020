"""The Flask application of the console. No page of residents is here, and none of these there."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from hkeid.kernel.errors import HkeidError
from hkeid.officers import (
    ROLE_WORDS,
    AccessDenied,
    OfficerStepUpRequired,
    Permission,
)
from hkeid_server import metrics
from hkeid_server.browser import form_token_matches
from hkeid_server.console.models import ConsoleProblemPage
from hkeid_server.console.pages import BLUEPRINTS
from hkeid_server.console.parts import Console, console
from hkeid_server.console.visitors import current_officer, may, see_other, step_up_first
from hkeid_server.problems import problem_of
from hkeid_server.references import new_reference, visit_of
from hkeid_server.shell import (
    begin,
    install_templates,
    language,
    send_headers,
    settings,
    show,
    visit,
)

_STATUS_KINDS = {404: "not-found", 405: "not-found", 413: "too-large", 400: "form"}


def create_console(parts: Console) -> Flask:
    """The application over its parts."""
    app = Flask("hkeid_server", static_folder="static", template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = parts.body_limit
    app.extensions["hkeid.console"] = parts
    app.extensions["hkeid.pages"] = parts.pages
    install_templates(app)
    app.context_processor(_frame)
    app.before_request(_begin)
    app.before_request(_check_form)
    app.after_request(send_headers)
    app.after_request(_note)
    app.register_error_handler(HkeidError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crashed)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _frame() -> dict[str, Any]:
    """What the frame of every page needs beside the page's own content."""
    officer = current_officer() if "visit" in g else None
    words = [] if officer is None else [ROLE_WORDS[r][language().content] for r in officer.roles]
    return {"may": may, "Permission": Permission, "office": words, "officer": officer}


def _begin() -> None:
    g.began = perf_counter()
    parts = console()
    reference = request.environ.get("hkeid.reference") or new_reference(parts.random)
    begin(
        visit_of(
            request.headers.get("Cookie", ""),
            parts.pages.cookies,
            parts.random,
            reference=reference,
        )
    )


def _check_form() -> Response | None:
    """Every form must come from a page of this console in this browser."""
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return None
    origin = request.headers.get("Origin")
    same = origin is None or origin == settings().origin
    same = same and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    known = None if visit().new_browser else visit().browser
    if same and form_token_matches(known, request.form.get("csrf")):
        return None
    metrics.count_refusal("form_not_ours")
    console().journal.event("console:form:refused", reason="form_not_ours", where=_route())
    return _problem("form", 403)


def _refused(error: HkeidError) -> Response:
    console().journal.refusal(error, where=_route())
    metrics.count_refusal(error.reason)
    match error:
        case OfficerStepUpRequired():
            return step_up_first()
        case AccessDenied(reason="officer_session_ended" | "officer_not_active"):
            return see_other("/console/login")
        case AccessDenied():
            return _problem("denied", 403, error.reason)
        case _:
            kind, status = problem_of(error)
            return _problem(kind, status, error.reason)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    return _problem(_STATUS_KINDS.get(status, "internal"), status)


def _crashed(error: Exception) -> Response:
    console().journal.crash(error, where=_route())
    return _problem("internal", 500)


def _problem(kind: str, status: int, reason: str = "") -> Response:
    page = ConsoleProblemPage(kind=kind, reason=reason)
    return show("console/problem.html", page, status=status, here="/console/today")


def _route() -> str:
    """The path's template: never a path with values in it."""
    return request.url_rule.rule if request.url_rule is not None else "(none)"


def _note(answer: Response) -> Response:
    answer.headers["HKEID-Reference"] = visit().reference
    seconds = perf_counter() - g.began
    route, method = _route(), metrics.known_method(request.method)
    metrics.count_request(route, method, answer.status_code, seconds)
    if console().log_access:
        console().journal.event(
            "http:request:answered", route=route, method=method,
            status=answer.status_code, milliseconds=round(seconds * 1000, 2),
        )  # fmt: skip
    return answer

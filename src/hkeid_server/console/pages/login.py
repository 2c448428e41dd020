"""Enrolment, login, step-up and logout of officers."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.kernel.errors import HkeidError, MalformedInput, Refused, TooManyAttempts
from hkeid.officers import OfficerView
from hkeid_server.console.models import ConsoleEnrolPage, ConsoleLoginPage
from hkeid_server.console.parts import console
from hkeid_server.console.visitors import (
    carried_fields,
    ceremony_answer,
    ceremony_form,
    current_officer,
    drop_session,
    failed,
    give_session,
    network,
    page_behind,
    repeat_post,
    safe_next,
    see_other,
    with_officer,
)
from hkeid_server.shell import show, visit

blueprint = Blueprint("console_login", __name__)

_FAILURES = (Refused, MalformedInput)
_LOGIN, _ENROL, _STEP_UP = "/console/login", "/console/enrol", "/console/step-up"


@blueprint.get("/")
@blueprint.get("/console/")
def home() -> Response:
    """Begin."""
    return see_other("/console/today" if current_officer() else _LOGIN)


@blueprint.get(_LOGIN)
def page() -> Response:
    """The login page; who is logged in already goes on."""
    return see_other("/console/today") if current_officer() else _login_page()


@blueprint.post(_LOGIN)
def log_in() -> Response:
    """The browser used a passkey."""
    ceremony_id, response = ceremony_answer()
    try:
        session = console().officers.login.finish_login(
            ceremony_id, response, browser=visit().browser, previous=visit().session
        )
    except _FAILURES as error:
        return _login_page(error)
    return give_session(see_other("/console/today"), session)


@blueprint.get(_STEP_UP)
@with_officer
def ask_again(officer: OfficerView) -> Response:
    """Ask for the passkey again, before what needs it fresh."""
    return _step_up_page(officer, page_behind(request.args.get("next", "")))


@blueprint.post(f"{_STEP_UP}/carrying")
@with_officer
def ask_carrying(officer: OfficerView) -> Response:
    """The same before a form that goes along; nothing of it is done yet."""
    return _step_up_page(officer, safe_next(request.args.get("next", "")), status=403)


@blueprint.post(_STEP_UP)
@with_officer
def step_up(officer: OfficerView) -> Response:
    """The browser used the passkey again."""
    ceremony_id, response = ceremony_answer()
    back = safe_next(request.form.get("next", ""))
    try:
        session = console().officers.login.finish_step_up(
            visit().session, ceremony_id, response, browser=visit().browser
        )
    except _FAILURES as error:
        return _step_up_page(officer, back, error, status=403)
    go_on = repeat_post(back) if carried_fields(back) else see_other(back)
    return give_session(go_on, session)


@blueprint.post("/console/log-out")
def log_out() -> Response:
    """End the session."""
    console().officers.login.logout(visit().session)
    return drop_session(see_other(_LOGIN))


@blueprint.get(_ENROL)
def ask_code() -> Response:
    """Ask for the enrolment code."""
    return show("console/enrol.html", ConsoleEnrolPage())


@blueprint.post(_ENROL)
def enrol() -> Response:
    """The code was typed."""
    return _enrol_page(request.form.get("code", ""))


@blueprint.post("/console/enrol/passkey")
def bind() -> Response:
    """The browser made a passkey."""
    ceremony_id, response = ceremony_answer()
    try:
        session = console().officers.login.finish_enrolment(
            ceremony_id, response, browser=visit().browser
        )
    except _FAILURES as error:
        enrol_again = ConsoleEnrolPage(problem=failed(error))
        return show("console/enrol.html", enrol_again, status=403, here=_ENROL)
    return give_session(see_other("/console/today"), session)


def _login_page(error: HkeidError | None = None) -> Response:
    begun = console().officers.login.start_login(browser=visit().browser)
    form = ceremony_form("get", begun.id, begun.options, action=_LOGIN, restart=_LOGIN)
    problem = None if error is None else failed(error)
    shown = ConsoleLoginPage(ceremony=form, problem=problem)
    return show("console/login.html", shown, status=200 if error is None else 403, here=_LOGIN)


def _step_up_page(
    officer: OfficerView, back: str, error: HkeidError | None = None, *, status: int = 200
) -> Response:
    begun = console().officers.login.start_step_up(officer, browser=visit().browser)
    carried = {name: request.form.get(name, "") for name in carried_fields(back)}
    restart = f"{_STEP_UP}?next={page_behind(back)}"
    form = ceremony_form("get", begun.id, begun.options, action=_STEP_UP, restart=restart)
    problem = None if error is None else failed(error)
    shown = ConsoleLoginPage(
        ceremony=form, problem=problem, step_up=True, fields={**carried, "next": back}
    )
    return show("console/login.html", shown, status=status, here=_STEP_UP)


def _enrol_page(code: str) -> Response:
    try:
        begun = console().officers.login.start_enrolment(
            code, browser=visit().browser, network=network()
        )
    except TooManyAttempts:
        return show("console/enrol.html", ConsoleEnrolPage(error="attempts"), status=429)
    except _FAILURES as error:
        console().journal.refusal(error, where=_ENROL)
        return show("console/enrol.html", ConsoleEnrolPage(error="unknown"), status=403)
    form = ceremony_form(
        "create", begun.id, begun.options, action="/console/enrol/passkey", restart=_ENROL
    )
    return show("console/enrol.html", ConsoleEnrolPage(ceremony=form), here=_ENROL)

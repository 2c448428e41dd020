"""A minor's code and the guardian's decision (minors of 11 to 17 years)."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.enrolment import Registration, RegistrationView
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import (
    AlreadyUsed,
    Expired,
    HkeidError,
    MalformedInput,
    NotFound,
    Refused,
    TooManyAttempts,
)
from hkeid_server.house import house
from hkeid_server.life_models import MinorAskPage, MinorCodePage, MinorDonePage
from hkeid_server.pages.life_step_up import with_fresh_session
from hkeid_server.pages.registration_visit import STEP, with_registration
from hkeid_server.registration_content import local_date, waiting_page
from hkeid_server.shell import show, visit

blueprint = Blueprint("life_guardian", __name__)

_PAGE = "/account/minor"


@blueprint.post("/register/guardian-code")
@with_registration
def show_code(journey: Registration, view: RegistrationView) -> Response:
    """On the minor's page: a code for the guardian; an earlier one loses its force."""
    del journey
    asked = house().guardians.ask(browser=visit().browser)
    page = waiting_page(view, code=asked.code.reveal())
    return show("registration/waiting.html", page, here=STEP)


@blueprint.get(_PAGE)
@with_fresh_session("minor")
def enter_code(session: SessionView) -> Response:
    """Where the guardian types the code."""
    del session
    return show("life/minor_code.html", MinorCodePage())


@blueprint.post(_PAGE)
@with_fresh_session("minor")
def look(session: SessionView) -> Response:
    """Who asks; nothing happens yet."""
    return _question(session, request.form.get("code", ""))


@blueprint.post(f"{_PAGE}/decide")
@with_fresh_session("minor")
def decide(session: SessionView) -> Response:
    """The guardian's word."""
    code, approved = request.form.get("code", ""), request.form.get("decision") == "approve"
    if approved and request.form.get("declare") != "yes":
        return _question(session, code, "declaration")
    try:
        house().guardians.decide(session, code, approved=approved)
    except (Refused, MalformedInput) as error:
        return _code_page(error)
    return show("life/minor_done.html", MinorDonePage(approved=approved), here="/account")


def _question(session: SessionView, code: str, error: str | None = None) -> Response:
    if not code.strip():
        return show("life/minor_code.html", MinorCodePage(error="empty"), status=422, here=_PAGE)
    try:
        asked = house().guardians.look(session, code)
    except (Refused, MalformedInput) as refusal:
        return _code_page(refusal)
    page = MinorAskPage(
        code=code,
        case=asked.case,
        name_english=asked.name_english,
        name_chinese=asked.name_chinese,
        born=local_date(asked.born),
        error=error,
    )
    status = 200 if error is None else 422
    return show("life/minor_ask.html", page, status=status, here=_PAGE, again={"code": code})


_REFUSALS = {
    "guardian_not_adult": "not-adult",
    "guardian_not_eligible": "not-eligible",
    "guardian_is_applicant": "own",
    "registration_other_step": "elsewhere",
}


def _code_page(error: HkeidError) -> Response:
    """The first page again, with the reason."""
    house().journal.refusal(error, where=_PAGE)
    status = 422
    match error:
        case TooManyAttempts():
            word, status = "attempts", 429
        case _ if error.reason in _REFUSALS:
            word = _REFUSALS[error.reason]
        case AlreadyUsed() | Expired():
            word = "over"
        case NotFound() | MalformedInput():
            word = "unknown"
        case _:
            raise error
    return show("life/minor_code.html", MinorCodePage(error=word), status=status, here=_PAGE)

"""The end of registration: make the passkey, use it once, done."""

from __future__ import annotations

import json

from flask import Blueprint, Response

from hkeid.enrolment import (
    Registration,
    RegistrationPurpose,
    RegistrationRefused,
    RegistrationStep,
    RegistrationView,
)
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid_server import metrics
from hkeid_server import registration_content as content
from hkeid_server.house import house
from hkeid_server.models import CeremonyForm
from hkeid_server.pages.registration_visit import ELSEWHERE, STEP, current, with_registration
from hkeid_server.registration_models import PasskeyPage
from hkeid_server.residents import eid_card, resident_entry
from hkeid_server.shell import show, visit
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    agent,
    ceremony_answer,
    ceremony_form,
    current_session,
    failed,
    give_session,
    see_other,
)

blueprint = Blueprint("registration_passkey", __name__)


def bind_page(
    journey: Registration, view: RegistrationView, failure: HkeidError | None = None
) -> Response:
    """Make the passkey."""
    try:
        begun = journey.start_binding(view.id, browser=visit().browser)
    except RegistrationRefused as error:
        return _elsewhere(view, error)
    form = ceremony_form(
        "create", begun.id, begun.options, action="/register/passkey", restart=STEP
    )
    return _page("registration/bind.html", view, form, failure)


def confirm_page(
    journey: Registration, view: RegistrationView, failure: HkeidError | None = None
) -> Response:
    """Use the passkey for the first time."""
    try:
        begun = journey.start_confirmation(view.id, browser=visit().browser)
    except RegistrationRefused as error:
        return _elsewhere(view, error)
    form = ceremony_form("get", begun.id, begun.options, action="/register/confirm", restart=STEP)
    return _page("registration/confirm.html", view, form, failure)


def _elsewhere(view: RegistrationView, error: RegistrationRefused) -> Response:
    """To the page of the step at which the registration is by now: the register, asked again, may have
    ended it.
    """
    found = current()
    if found is None or found.step is view.step:
        raise error
    house().journal.refusal(error, where=STEP)
    return see_other(STEP)


def _page(
    template: str, view: RegistrationView, form: CeremonyForm, failure: HkeidError | None
) -> Response:
    problem = None if failure is None else failed(failure)
    page = PasskeyPage(case=content.case_of(view), ceremony=form, problem=problem)
    return show(template, page, here=STEP, status=200 if problem is None else 403)


@blueprint.post("/register/passkey")
@with_registration
def bind(journey: Registration, view: RegistrationView) -> Response:
    """The device made a passkey."""
    ceremony_id, response = ceremony_answer()
    try:
        journey.finish_binding(
            view.id, ceremony_id, response, browser=visit().browser, agent=agent()
        )
    except CEREMONY_FAILURES as error:
        return _again(journey, view, RegistrationStep.BIND, error)
    return see_other(STEP)


@blueprint.post("/register/confirm")
@with_registration
def confirm(journey: Registration, view: RegistrationView) -> Response:
    """The new passkey was used: everything is activated, and the resident is logged in."""
    ceremony_id, response = ceremony_answer()
    try:
        session = journey.finish_confirmation(
            view.id, ceremony_id, response, browser=visit().browser, agent=agent(),
            session_reference=visit().session,
        )  # fmt: skip
    except CEREMONY_FAILURES as error:
        return _again(journey, view, RegistrationStep.CONFIRM, error)
    metrics.count_login("logged_in")
    return give_session(see_other(STEP), session)


def _again(
    journey: Registration, view: RegistrationView, step: RegistrationStep, error: HkeidError
) -> Response:
    """The page again with the reason; whoever is at another step by now goes there."""
    found = current()
    if error.reason in ELSEWHERE or found is None or found.step is not step:
        failed(error)
        return see_other(STEP)
    page = bind_page if step is RegistrationStep.BIND else confirm_page
    return page(journey, view, error)


def done_page(view: RegistrationView) -> Response:
    """The eID is active: receipt, and what it is good for."""
    if view.receipt is None:
        raise NotFound("receipt_unknown")
    session = current_session()
    card, recovering = None, view.purpose is RegistrationPurpose.RECOVERY
    if session is not None and session.authentication.resident_id == view.resident_id:
        card = eid_card(resident_entry(session.authentication.resident_id))
    until = None
    if recovering and view.resident_id is not None:
        until = resident_entry(view.resident_id).cooling_until
    page = content.done_page(view, view.receipt, card, until)
    return show("registration/done.html", page)


@blueprint.get("/register/receipt.json")
@with_registration
def receipt(journey: Registration, view: RegistrationView) -> Response:
    """The receipt as a file: no personal data in it."""
    del journey
    if view.receipt is None:
        raise NotFound("receipt_unknown")
    text = json.dumps(
        {"issuer": house().config.issuer, **view.receipt.as_json()}, indent=2, ensure_ascii=False
    )
    answer = Response(text + "\n", mimetype="application/json")
    name = f"eid-receipt-{view.reference}.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer

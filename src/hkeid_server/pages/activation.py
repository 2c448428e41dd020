"""Activation: enter the code, create the passkey, done (S3)."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.kernel.errors import HkeidError, MalformedInput, Refused, TooManyAttempts
from hkeid_server.house import house
from hkeid_server.models import ActivatedPage, ActivatePage, ActivatePasskeyPage
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
    network,
    see_other,
)

blueprint = Blueprint("activation", __name__)

_PAGE = "/activate"


@blueprint.get(_PAGE)
def enter_code() -> Response:
    """Where the code is typed."""
    return show("activate.html", ActivatePage())


@blueprint.post(_PAGE)
def try_code() -> Response:
    """Look at the code; if it is good, offer to create the passkey."""
    return _passkey_page(request.form.get("code", ""))


@blueprint.post("/activate/passkey")
def bind_passkey() -> Response:
    """The browser made a passkey: bind it, and the eID is active."""
    ceremony_id, response = ceremony_answer()
    try:
        session = house().activation.finish(
            ceremony_id,
            response,
            browser=visit().browser,
            network=network(),
            agent=agent(),
            session_reference=visit().session,
        )
    except CEREMONY_FAILURES as error:
        return _passkey_page(request.form.get("code", ""), error)
    return give_session(see_other("/activate/done"), session)


@blueprint.get("/activate/done")
def done() -> Response:
    """The eID is active."""
    session = current_session()
    if session is None:
        return see_other("/account")
    resident = resident_entry(session.authentication.resident_id)
    return show("activate_done.html", ActivatedPage(card=eid_card(resident)))


def _passkey_page(code: str, failure: HkeidError | None = None) -> Response:
    problem = None if failure is None else failed(failure)
    if not code.strip():
        return _code_page("empty", 422)
    try:
        begun = house().activation.start(code, browser=visit().browser, network=network())
    except (Refused, MalformedInput) as error:
        house().journal.refusal(error, where=_PAGE)
        attempts = isinstance(error, TooManyAttempts)
        return _code_page(*(("attempts", 429) if attempts else ("unknown", 422)))
    page = ActivatePasskeyPage(
        ceremony=ceremony_form(
            "create", begun.id, begun.options, action="/activate/passkey", restart=_PAGE
        ),
        problem=problem,
        fields={"code": code},
    )
    return show(
        "activate_passkey.html",
        page,
        status=200 if problem is None else 403,
        here=_PAGE,
        again={"code": code},
    )


def _code_page(error: str, status: int) -> Response:
    return show("activate.html", ActivatePage(error=error), status=status)

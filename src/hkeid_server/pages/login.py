"""Logging in to the resident's own pages."""

from __future__ import annotations

from flask import Blueprint, Response

from hkeid.identity.authentication import AuthenticationRequest
from hkeid.kernel.errors import HkeidError
from hkeid_server.house import house
from hkeid_server.models import LoginPage
from hkeid_server.passkey_login import finish_login
from hkeid_server.shell import show, visit
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    ceremony_form,
    current_session,
    failed,
    forget_signal,
    give_session,
    see_other,
)

blueprint = Blueprint("login", __name__)

OWN_PAGES = "hkeid:account"
"""Stands where the relying party's id stands when hkeid's own pages ask who is there."""


@blueprint.get("/login")
def page() -> Response:
    """The login page; who is logged in already goes on."""
    if current_session() is not None:
        return see_other("/account")
    return _page()


@blueprint.post("/login")
def passkey() -> Response:
    """The browser used a passkey."""
    try:
        session = finish_login()
    except CEREMONY_FAILURES as error:
        return _page(error)
    return give_session(see_other("/account"), session)


def _page(error: HkeidError | None = None) -> Response:
    begun = house().broker.start_login(
        AuthenticationRequest(client_id=OWN_PAGES),
        browser=visit().browser,
        session_reference=visit().session,
    )
    form = ceremony_form(
        "get", begun.id, begun.options, action="/login", restart="/login", autofill=True
    )
    problem = None if error is None else failed(error)
    signal = None if error is None else forget_signal(error)
    page = LoginPage(who=None, ceremony=form, problem=problem, signal=signal)
    return show("login.html", page, status=200 if error is None else 403)

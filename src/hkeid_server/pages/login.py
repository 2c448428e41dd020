"""Logging in to the resident's own pages."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from hkeid.broker import LoggedInSession
from hkeid.broker.upstreams import OWN
from hkeid.identity.authentication import AuthenticationRequest
from hkeid.kernel.errors import HkeidError
from hkeid.upstream.errors import UpstreamFailed
from hkeid_server import elsewhere
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

_HERE: Final = "/login"
_ASKED: Final = AuthenticationRequest(client_id=OWN_PAGES)


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
        return _page(error, failed(error))
    return elsewhere.remember(give_session(see_other("/account"), session), OWN)


@blueprint.get("/login/more")
def more() -> Response:
    """All other identity providers, and a search among them."""
    return elsewhere.all_doors(_HERE, _ASKED)


@blueprint.get("/login/elsewhere/<upstream_id>")
def visit_elsewhere(upstream_id: str) -> Response:
    """Log in at another identity provider.

    A link, because no policy for forms can list where the browser goes on; but one of our own pages: no other site
    logs somebody in here.

    :raises hkeid.kernel.errors.NotFound: ``upstream_unknown``.
    """
    if current_session() is not None or request.headers.get("Sec-Fetch-Site") == "cross-site":
        return see_other(_HERE)
    try:
        departure = house().back_doors.begin_login(
            upstream_id,
            _ASKED,
            elsewhere.visitor(),
            callback=elsewhere.callback(upstream_id),
            back_to=_HERE,
        )
    except UpstreamFailed as error:
        return refused_elsewhere(error)
    return elsewhere.send_off(departure)


def arrived(session: LoggedInSession) -> Response:
    """Somebody came back from another identity provider, logged in."""
    return give_session(see_other("/account"), session)


def refused_elsewhere(error: HkeidError) -> Response:
    """Another identity provider did not let the person in, or its answer did not lead to a login."""
    return _page(error, elsewhere.why_not(error, where="login:elsewhere"))


def _page(error: HkeidError | None = None, problem: str | None = None) -> Response:
    begun = house().broker.start_login(
        _ASKED, browser=visit().browser, session_reference=visit().session
    )
    form = ceremony_form("get", begun.id, begun.options, action=_HERE, restart=_HERE, autofill=True)
    page = LoginPage(
        who=None,
        ceremony=form,
        elsewhere=elsewhere.doors_at(_HERE, _ASKED),
        problem=problem,
        signal=None if error is None else forget_signal(error),
    )
    return show("login.html", page, here=_HERE, status=200 if error is None else 403)

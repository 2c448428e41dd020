"""Some pages want to know that it is still you: use the passkey again, then they come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Blueprint, Response

from hkeid.broker import StepUpRequired
from hkeid.identity.authentication import AuthenticationRequest, SessionView
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid_server.house import house
from hkeid_server.life_models import StepUpPage
from hkeid_server.pages.login import OWN_PAGES
from hkeid_server.passkey_login import finish_login
from hkeid_server.shell import show, visit
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    ceremony_form,
    failed,
    give_session,
    see_other,
    with_session,
)

blueprint = Blueprint("life_step_up", __name__)

PAGES = {
    "new-phone": "/account/new-phone",
    "notices": "/account/notices",
    "notifications": "/account/notifications",
    "minor": "/account/minor",
    "elsewhere": "/account/elsewhere",
    "profile": "/account/profile",
    "data": "/account/data",
    "data-access": "/account/data/access",
    "data-correction": "/account/data/correction",
    "data-erase": "/account/data/erase",
}
"""The pages that may be asked for, by their words; nothing else is ever led to."""

P = ParamSpec("P")


def with_fresh_session(
    why: str,
    *,
    within: Callable[[], timedelta] | None = None,
) -> Callable[[Callable[Concatenate[SessionView, P], Response]], Callable[P, Response]]:
    """Give a view a session whose login is recent enough; else the passkey is asked for.

    :param why: the word of the page in :data:`PAGES`.
    :param within: how recent, where a form takes a while to fill in; as for contacts if not given.
    """

    def recent() -> timedelta:
        return house().notices.contacts.recent if within is None else within()

    def guard(view: Callable[Concatenate[SessionView, P], Response]) -> Callable[P, Response]:
        @wraps(view)
        def guarded(session: SessionView, /, *values: P.args, **named: P.kwargs) -> Response:
            at = session.authentication.authenticated_at
            if house().clock.now() - at > recent():
                return step_up_page(session, why)
            try:
                return view(session, *values, **named)
            except StepUpRequired as error:
                low = error.reason == "authentication_too_low"
                return step_up_page(session, why, low=low)

        return with_session(guarded)

    return guard


def step_up_page(
    session: SessionView, why: str, failure: HkeidError | None = None, *, low: bool = False
) -> Response:
    """Ask for the passkey; who has none is asked to log in again.

    :param low: because the login is from before the eID was upgraded.
    """
    if not house().devices.of_resident(session.authentication.resident_id):
        page = StepUpPage(why=why, ceremony=None)
        return show("life/step_up.html", page, here=PAGES[why], status=403)
    asked = AuthenticationRequest(
        client_id=OWN_PAGES, fresh=True, resident_id=session.authentication.resident_id
    )
    begun = house().broker.start_login(
        asked, browser=visit().browser, session_reference=visit().session
    )
    here = PAGES[why]
    form = ceremony_form(
        "get", begun.id, begun.options, action=f"/account/again/{why}", restart=here
    )
    problem = None if failure is None else failed(failure)
    page = StepUpPage(why=why, ceremony=form, problem=problem, low=low)
    return show("life/step_up.html", page, here=here, status=200 if problem is None else 403)


@blueprint.post("/account/again/<why>")
@with_session
def confirm(session: SessionView, why: str) -> Response:
    """The passkey was used: on to the page that was asked for."""
    if why not in PAGES:
        raise NotFound("page_unknown")
    try:
        renewed = finish_login()
    except CEREMONY_FAILURES as error:
        return step_up_page(session, why, error)
    return give_session(see_other(PAGES[why]), renewed)

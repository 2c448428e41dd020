"""Which officer is there, and the ceremonies on the console's pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import quote

from flask import Response, current_app, g, redirect, request
from werkzeug.exceptions import HTTPException

from hkeid.kernel.errors import HkeidError
from hkeid.officers import (
    AccessReason,
    OfficerLoggedInSession,
    OfficerView,
    Permission,
    parse_reason,
)
from hkeid_server import metrics
from hkeid_server.console.models import Filled
from hkeid_server.console.parts import console
from hkeid_server.models import CeremonyForm
from hkeid_server.network import coarse_network
from hkeid_server.problems import ceremony_problem
from hkeid_server.shell import settings, visit

P = ParamSpec("P")
View = Callable[P, Response]

_SAFE_PATHS = ("/console/queue", "/console/cases/", "/console/records", "/console/requests", "/console/audit",
               "/console/stations", "/console/officers", "/console/today")  # fmt: skip
_CARRIED = {
    "console_cases.vote": ("lease", "decision", "why", "reason", "note"),
    "console_requests.decide": ("decision", "ground", "text"),
}
"""Forms by endpoint that go along through a step-up, with their fields: a decision is work that took
minutes, and whoever uses the passkey for it has said twice what is meant.
"""


def current_officer() -> OfficerView | None:
    """The officer whose live session this browser holds."""
    if "officer" not in g:
        g.officer = console().officers.login.current(visit().session, browser=visit().browser)
    found: OfficerView | None = g.officer
    return found


def with_officer(view: Callable[Concatenate[OfficerView, P], Response]) -> View[P]:
    """Give the officer to a view; who is not logged in does that first."""

    @wraps(view)
    def guarded(*values: P.args, **named: P.kwargs) -> Response:
        officer = current_officer()
        if officer is None:
            return see_other("/console/login")
        return view(officer, *values, **named)

    return guarded


def with_fresh_officer(view: Callable[Concatenate[OfficerView, P], Response]) -> View[P]:
    """The same for pages that lead to what needs a fresh passkey: it is asked for first."""

    @wraps(view)
    def guarded(*values: P.args, **named: P.kwargs) -> Response:
        officer = current_officer()
        if officer is None:
            return see_other("/console/login")
        if not officer.is_fresh(console().clock.now()):
            return step_up_first()
        return view(officer, *values, **named)

    return guarded


def step_up_first() -> Response:
    """Ask for the passkey before this request: what a form brought goes along where that is worth it."""
    path = quote(request.path)
    if request.method == "POST" and carried_fields(request.path):
        return _redirect(f"/console/step-up/carrying?next={path}", 307)
    return see_other(f"/console/step-up?next={quote(page_behind(request.path))}")


def carried_fields(path: str) -> tuple[str, ...]:
    """The fields that a form sent to this path keeps through a step-up; none: it is filled in again."""
    if safe_next(path) != path:
        return ()
    try:
        endpoint, _ = current_app.url_map.bind("").match(path, "POST")
    except HTTPException:
        return ()
    return _CARRIED.get(endpoint, ())


def repeat_post(path: str) -> Response:
    """Let the browser send the form that it just sent to another path as well."""
    return _redirect(path, 307)


def page_behind(path: str) -> str:
    """The page on which a form stands: where to go on after a step-up that carries nothing."""
    known = current_app.url_map.bind("")
    while path and not known.test(path, "GET"):
        path = path.rpartition("/")[0]
    return safe_next(path)


def safe_next(path: str) -> str:
    """Where to go on after a step-up: a page of the console, whatever the address says."""
    plain = path.partition("?")[0]
    if plain.startswith(_SAFE_PATHS) and "//" not in plain and "\\" not in plain:
        return plain
    return "/console/today"


def may(permission: Permission) -> bool:
    """Whether the officer of this request sees a link to this."""
    officer = current_officer()
    return officer is not None and officer.may(permission)


def form_reason() -> tuple[AccessReason | None, str]:
    """Reason and note as the form brought them.

    :raises hkeid.kernel.errors.MalformedInput: ``access_reason_unknown``.
    """
    return parse_reason(request.form.get("reason", "")), request.form.get("note", "")


def filled() -> Filled:
    """What the form of this request brought, to show it again with what is wrong."""
    form = request.form
    return Filled(
        decision=form.get("decision", ""),
        why=form.get("why", "")[:60],
        reason=form.get("reason", "")[:60],
        note=form.get("note", "")[:1000],
    )


def see_other(address: str) -> Response:
    """Send the browser on by GET."""
    return _redirect(address, 303)


def _redirect(address: str, status: int) -> Response:
    answer = redirect(address, status)
    assert isinstance(answer, Response)
    return answer


def network() -> str:
    """The coarse network that the visitor comes from."""
    return coarse_network(console().network.address(request.environ))


def give_session(answer: Response, session: OfficerLoggedInSession) -> Response:
    """Put the session cookie on an answer; it ends with the browser."""
    names = settings().cookies
    answer.headers.add(*names.set_cookie(names.session, session.reference.reveal()))
    return answer


def drop_session(answer: Response) -> Response:
    """Take the session cookie away."""
    names = settings().cookies
    answer.headers.add(*names.drop_cookie(names.session))
    return answer


def ceremony_form(
    kind: str, ceremony_id: str, options: Mapping[str, Any], *, action: str, restart: str
) -> CeremonyForm:
    """A ceremony as its page shows it; ``kind`` is ``get`` or ``create``."""
    return CeremonyForm(
        kind=kind,
        id=ceremony_id,
        options=json.dumps(options, separators=(",", ":"), ensure_ascii=False),
        action=action,
        lifetime=int(console().ceremony.total_seconds()),
        restart=restart,
    )


def ceremony_answer() -> tuple[str, str]:
    """Ceremony id and the browser's answer, as the form brought them."""
    return request.form.get("ceremony", ""), request.form.get("response", "")


def failed(error: HkeidError) -> str:
    """Note a refused ceremony; returns the word by which the page explains it."""
    metrics.count_refusal(error.reason)
    console().journal.event(
        "console:ceremony:refused", reason=error.reason, kind=type(error).__name__,
        where=request.url_rule.rule if request.url_rule else None,
    )  # fmt: skip
    return _OWN_PROBLEMS.get(error.reason) or ceremony_problem(error.reason)


_OWN_PROBLEMS = {
    "officer_suspended": "officer-suspended",
    "officer_not_enrolled": "officer-suspended",
    "officer_session_ended": "expired",
    "ceremony_other_session": "expired",
}

"""Who is logged in, for the views: session, cookies, and the ceremonies on a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from flask import Response, g, redirect, request

from hkeid.broker import LoggedInSession
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused
from hkeid.kernel.http import Response as CoreResponse
from hkeid.webauthn import MalformedResponse, presented_credential_id, signal_unknown_credential
from hkeid_server import metrics
from hkeid_server.house import house
from hkeid_server.models import CeremonyForm
from hkeid_server.network import coarse_agent, coarse_network
from hkeid_server.problems import ceremony_problem
from hkeid_server.shell import visit

CEREMONY_FAILURES = (Refused, MalformedInput)
"""What a finished ceremony may raise; each becomes a state of the page it came from."""

P = ParamSpec("P")

_FORGOTTEN = frozenset({"credential_unknown", "credential_revoked"})


def current_session() -> SessionView | None:
    """The visitor's live session, or None."""
    parts = house()
    return parts.broker.current(visit().session, parts.clock.now())


def with_session(
    view: Callable[Concatenate[SessionView, P], Response],
) -> Callable[P, Response]:
    """Give the live session to a view; who has none logs in first."""

    @wraps(view)
    def guarded(*values: P.args, **named: P.kwargs) -> Response:
        session = current_session()
        if session is None:
            return see_other("/login")
        return view(session, *values, **named)

    return guarded


def network() -> str:
    """The coarse network that the visitor comes from."""
    return coarse_network(house().network.address(request.environ))


def agent() -> str:
    """Coarse words for the visitor's browser and system."""
    return coarse_agent(request.headers.get("User-Agent", ""))


def see_other(address: str) -> Response:
    """Send the browser on by GET."""
    answer = redirect(address, 303)
    assert isinstance(answer, Response)
    return answer


def give_session(answer: Response, session: LoggedInSession) -> Response:
    """Put the session cookie on an answer; it ends with the browser."""
    names = house().pages.cookies
    answer.headers.add(*names.set_cookie(names.session, session.reference.reveal()))
    return answer


def drop_session(answer: Response) -> Response:
    """Take the session cookie away; relying parties are told of the end of the session."""
    house().logouts.nudge()
    names = house().pages.cookies
    answer.headers.add(*names.drop_cookie(names.session))
    return answer


def as_answer(response: CoreResponse) -> Response:
    """A door's answer as Flask sends it, with the headers that the door gave it."""
    g.from_a_door = True
    answer = Response(response.body, response.status)
    answer.headers.clear()
    answer.headers.extend(response.headers)
    answer.headers.setdefault("Content-Type", "text/plain; charset=utf-8")
    return answer


def ceremony_form(
    kind: str,
    ceremony_id: str,
    options: Mapping[str, Any],
    *,
    action: str,
    restart: str,
    autofill: bool = False,
    lifetime: timedelta | None = None,
) -> CeremonyForm:
    """A ceremony as its page shows it.

    :param kind: ``get`` or ``create``.
    :param lifetime: of the challenge, where it is not that of a login.
    """
    return CeremonyForm(
        kind=kind,
        id=ceremony_id,
        options=json.dumps(options, separators=(",", ":"), ensure_ascii=False),
        action=action,
        lifetime=int((lifetime or house().policy.lifetime).total_seconds()),
        restart=restart,
        autofill=autofill,
    )


def ceremony_answer() -> tuple[str, str]:
    """Ceremony id and the browser's answer, as the form brought them."""
    return request.form.get("ceremony", ""), request.form.get("response", "")


def failed(error: HkeidError) -> str:
    """Note a refused ceremony; returns the word by which the page explains it."""
    metrics.count_login(error.reason)
    house().journal.event(
        "server:ceremony:refused", reason=error.reason, detail=error.detail,
        kind=type(error).__name__, where=request.url_rule.rule if request.url_rule else None,
    )  # fmt: skip
    return ceremony_problem(error.reason)


def forget_signal(error: HkeidError) -> str | None:
    """What to tell the device about a passkey that nobody has here (``signalUnknownCredential``)."""
    if error.reason not in _FORGOTTEN:
        return None
    try:
        credential_id = presented_credential_id(request.form.get("response", ""))
    except MalformedResponse:
        return None
    signal = signal_unknown_credential(house().policy, credential_id)
    return json.dumps({"rpId": signal["rpId"], "unknown": signal["credentialId"]})

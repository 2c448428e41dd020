"""My eID: state, devices, sessions, who received what, freeze."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.identity.authentication import SessionView
from hkeid.profile import ConsentEvidence
from hkeid_server.account_content import account_page
from hkeid_server.house import house
from hkeid_server.interactions.consent import question_of
from hkeid_server.interactions.logout import log_out
from hkeid_server.leaving import farewell
from hkeid_server.models import PlainPage
from hkeid_server.shell import language, show
from hkeid_server.visitors import current_session, drop_session, see_other, with_session

blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
@with_session
def account(session: SessionView) -> Response:
    """The whole page."""
    return show("account.html", account_page(session, request.args.get("done")))


@blueprint.post("/account/sign-out")
def sign_out() -> Response:
    """Log out in this browser, and where else the session is known."""
    session = current_session()
    away = log_out(back_to="/farewell/out")
    return drop_session(_leave("out", None if session is None else session.session_id, away))


@blueprint.post("/account/sessions/<session_id>/end")
@with_session
def end_session(session: SessionView, session_id: str) -> Response:
    """Log out in another browser."""
    house().broker.end_session(session.authentication.resident_id, session_id)
    return see_other("/account?done=session-ended#sessions")


@blueprint.post("/account/sessions/end-others")
@with_session
def end_other_sessions(session: SessionView) -> Response:
    """Log out everywhere else; this browser stays logged in."""
    house().broker.end_other_sessions(session.authentication.resident_id, session.session_id)
    return see_other("/account?done=sessions-ended#sessions")


@blueprint.post("/account/services/<client_id>/stop")
@with_session
def stop_sharing(session: SessionView, client_id: str) -> Response:
    """Withdraw everything that was agreed to for a service; its tokens end with that."""
    house().ledger.withdraw(
        session.authentication.resident_id,
        client_id,
        language=language().content,
        evidence=ConsentEvidence.of(session, question_of(f"account:{session.session_id}")),
    )
    return see_other("/account?done=sharing-stopped#received")


@blueprint.get("/account/freeze")
@with_session
def ask_to_freeze(session: SessionView) -> Response:
    """Ask before freezing."""
    del session
    return show("freeze.html", PlainPage())


@blueprint.post("/account/freeze")
@with_session
def freeze(session: SessionView) -> Response:
    """Freeze the eID: every session ends, this one too."""
    house().standing.freeze(session)
    return drop_session(_leave("frozen", session.session_id))


def _leave(kind: str, session_id: str | None, away: Response | None = None) -> Response:
    """To the page that says goodbye, where services are told in this browser if any wants it.

    :param away: the way to another identity provider where the session ends as well, or None.
    """
    onward = None if away is None else away.headers.get("Location")
    if session_id is None or (away is not None and onward is None):
        return away or see_other(f"/farewell/{kind}")
    frames = house().front_channel(session_id)
    if not frames:
        return away or see_other(f"/farewell/{kind}")
    return farewell(kind, frames=frames, onward=onward)

"""A new phone with the old one at hand: the old one shows a code, the new one types it (S4)."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response, request
from markupsafe import Markup

from hkeid.broker import StepUpRequired
from hkeid.enrolment.errors import EnrolmentRefused
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import HkeidError, MalformedInput, Refused, TooManyAttempts
from hkeid_server.house import house
from hkeid_server.life_models import (
    NewPhoneAskPage,
    NewPhoneCodePage,
    NewPhoneEnterPage,
    NewPhonePasskeyPage,
)
from hkeid_server.pages.life_step_up import with_fresh_session
from hkeid_server.shell import show, visit
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    agent,
    ceremony_answer,
    ceremony_form,
    failed,
    give_session,
    network,
    see_other,
)

blueprint = Blueprint("life_new_phone", __name__)

_OLD = "/account/new-phone"
_NEW = "/new-phone"


@blueprint.get(_OLD)
@with_fresh_session("new-phone")
def ask(session: SessionView) -> Response:
    """What it does, a warning, and whether the old phone stays."""
    house().new_phone.admit(session)
    return show("life/new_phone_ask.html", NewPhoneAskPage())


@blueprint.post(_OLD)
@with_fresh_session("new-phone")
def offer(session: SessionView) -> Response:
    """The code; an earlier one loses its force."""
    keep = request.form.get("old") != "retire"
    try:
        offered = house().new_phone.offer(session, keep_old=keep)
    except EnrolmentRefused as error:
        house().journal.refusal(error, where=_OLD)
        word = _NO_OFFER.get(error.reason, "not-usable")
        return show("life/new_phone_ask.html", NewPhoneAskPage(error=word), status=409)
    address = f"{house().config.issuer}{_NEW}"
    page = NewPhoneCodePage(
        code=offered.code.reveal(),
        until=offered.expires_at,
        seconds=int((offered.expires_at - house().clock.now()).total_seconds()),
        address=address,
        picture=qr_picture(address),
        keep=keep,
    )
    again = {"old": "keep" if keep else "retire"}
    return show("life/new_phone_code.html", page, again=again)


_NO_OFFER = {"eid_cooling": "cooling", "too_many_devices": "too-many"}


def qr_picture(text: str) -> Markup:
    """A QR code as SVG, without inline style: black on white in every colour scheme."""
    import segno

    drawn = BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=3, light="#ffffff",
        svgclass="qr", lineclass=None,
    )  # fmt: skip
    return Markup(drawn.getvalue().decode("utf-8"))  # noqa: S704 - drawn here, from our own address


@blueprint.get(_NEW)
def enter_code() -> Response:
    """Where the new phone types the code."""
    return show("life/new_phone_enter.html", NewPhoneEnterPage())


@blueprint.post(_NEW)
def try_code() -> Response:
    """Look at the code; if it is good, offer to make the passkey."""
    return _passkey_page(request.form.get("code", ""))


@blueprint.post(f"{_NEW}/passkey")
def bind() -> Response:
    """The new phone made a passkey: bind it, and it is logged in."""
    ceremony_id, response = ceremony_answer()
    try:
        session = house().new_phone.finish(
            ceremony_id,
            response,
            browser=visit().browser,
            network=network(),
            agent=agent(),
            session_reference=visit().session,
        )
    except StepUpRequired as error:
        house().journal.refusal(error, where=f"{_NEW}/passkey")
        return _code_page("too-low", 403)
    except CEREMONY_FAILURES as error:
        return _passkey_page(request.form.get("code", ""), error)
    return give_session(see_other("/account?done=new-phone"), session)


def _passkey_page(code: str, failure: HkeidError | None = None) -> Response:
    problem = None if failure is None else failed(failure)
    if not code.strip():
        return _code_page("empty", 422)
    try:
        begun = house().new_phone.start(code, browser=visit().browser, network=network())
    except (Refused, MalformedInput) as error:
        house().journal.refusal(error, where=_NEW)
        if isinstance(error, TooManyAttempts):
            return _code_page("attempts", 429)
        return _code_page("ended" if error.reason == "session_ended" else "unknown", 422)
    page = NewPhonePasskeyPage(
        initials=begun.initials,
        ceremony=ceremony_form(
            "create", begun.id, begun.options, action=f"{_NEW}/passkey", restart=_NEW
        ),
        problem=problem,
        fields={"code": code},
    )
    return show(
        "life/new_phone_passkey.html",
        page,
        status=200 if problem is None else 403,
        here=_NEW,
        again={"code": code},
    )


def _code_page(error: str, status: int) -> Response:
    return show(
        "life/new_phone_enter.html", NewPhoneEnterPage(error=error), status=status, here=_NEW
    )

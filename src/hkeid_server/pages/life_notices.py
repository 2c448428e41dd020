"""Where a resident is told what happens to the eID: mail, this browser, a telephone."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory

from hkeid.broker import StepUpRequired
from hkeid.enrolment.notices import MOST_BROWSERS, ContactsFull, message
from hkeid.identity.authentication import SessionView
from hkeid.identity.language import Language
from hkeid.kernel.errors import (
    Expired,
    HkeidError,
    MalformedInput,
    NotFound,
    Refused,
    TooManyAttempts,
    Unavailable,
)
from hkeid.ports.notices import Channel
from hkeid.residents import EmailProof
from hkeid_server.email_codes import send_email_code
from hkeid_server.house import house
from hkeid_server.life_models import BrowserRow, EmailCodePage, NoticesPage, ToldLine
from hkeid_server.pages.life_step_up import with_fresh_session
from hkeid_server.problems import field_status
from hkeid_server.shell import language, show, translate
from hkeid_server.visitors import see_other, with_session

blueprint = Blueprint("life_notices", __name__)

_PAGE = "/account/notices"
_STATIC = Path(__file__).parents[1] / "static"
_DONE = frozenset({"email", "browser", "phone", "language", "removed"})
_FAILURES = (Refused, MalformedInput, Unavailable)
_BY_REASON = {
    "eid_cooling": "cooling",
    "contact_changes_exhausted": "changes",
    "contact_former_full": "untold",
}


@blueprint.get(_PAGE)
@with_session
def notices(session: SessionView) -> Response:
    """Where notices go now, and how to change that."""
    return _page(session, request.args.get("done"))


@blueprint.post(f"{_PAGE}/email")
@with_fresh_session("notices")
def start_email(session: SessionView) -> Response:
    """An address: a code goes there."""
    _offered(Channel.EMAIL)
    address = request.form.get("email", "")
    try:
        proof = house().notices.contacts.start_email(session, address)
        _send_code(proof)
    except StepUpRequired:
        raise
    except _FAILURES as error:
        return _again(session, error, "email", address)
    return show("life/email_code.html", EmailCodePage(address=proof.address), here=_PAGE)


@blueprint.post(f"{_PAGE}/email/code")
@with_session
def finish_email(session: SessionView) -> Response:
    """The code that came: from now on notices go there."""
    try:
        house().notices.contacts.finish_email(session, request.form.get("code", ""))
    except _FAILURES as error:
        house().journal.refusal(error, where=f"{_PAGE}/email/code")
        page = EmailCodePage(address=request.form.get("email", "")[:254], error=_word(error))
        return show("life/email_code.html", page, status=field_status(error), here=_PAGE)
    return see_other(f"{_PAGE}?done=email")


@blueprint.post(f"{_PAGE}/browser")
@with_fresh_session("notices")
def add_browser(session: SessionView) -> Response:
    """This browser subscribed to messages."""
    _offered(Channel.WEB_PUSH)
    try:
        house().notices.contacts.add_browser(session, request.form.get("subscription", ""))
    except StepUpRequired:
        raise
    except _FAILURES as error:
        return _again(session, error, "browser", "")
    return see_other(f"{_PAGE}?done=browser")


@blueprint.post(f"{_PAGE}/phone")
@with_fresh_session("notices")
def set_phone(session: SessionView) -> Response:
    """A telephone number."""
    _offered(Channel.SMS)
    number = request.form.get("phone", "")
    try:
        house().notices.contacts.set_phone(session, number)
    except StepUpRequired:
        raise
    except _FAILURES as error:
        return _again(session, error, "phone", number)
    return see_other(f"{_PAGE}?done=phone")


@blueprint.post(f"{_PAGE}/language")
@with_session
def choose_language(session: SessionView) -> Response:
    """The language of notices."""
    chosen = Language.parse(request.form.get("language", ""))
    house().notices.contacts.choose_language(session, chosen)
    return see_other(f"{_PAGE}?done=language")


@blueprint.post(f"{_PAGE}/remove")
@with_fresh_session("notices")
def remove(session: SessionView) -> Response:
    """Tell nothing by this channel any more, or nothing in one browser."""
    word = request.form.get("channel", "")
    if word not in {Channel.EMAIL, Channel.WEB_PUSH, Channel.SMS}:
        raise NotFound("channel_unknown")
    contacts, browser = house().notices.contacts, request.form.get("browser")
    try:
        if browser is not None and word == Channel.WEB_PUSH:
            contacts.remove_browser(session, browser)
        else:
            contacts.remove(session, Channel(word))
    except StepUpRequired:
        raise
    except _FAILURES as error:
        return _again(session, error, _FIELDS[Channel(word)], "")
    return see_other(f"{_PAGE}?done=removed")


@blueprint.get("/sw.js")
def service_worker() -> Response:
    """What shows a message when it comes; at the root, so that it may open any page of ours."""
    if house().notices.push_key is None:
        raise NotFound("page_unknown")
    answer = send_from_directory(_STATIC, "sw.js", mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


_FIELDS = {Channel.EMAIL: "email", Channel.WEB_PUSH: "browser", Channel.SMS: "phone"}


def _offered(channel: Channel) -> None:
    if channel not in house().notices.channels:
        raise NotFound("channel_not_offered")


def _page(
    session: SessionView,
    done: str | None = None,
    *,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    parts = house().notices
    resident_id = session.authentication.resident_id
    kept: dict[Channel, list[str]] = {}
    for one in parts.contacts.of_resident(resident_id):
        kept.setdefault(one.channel, []).append(one.address)
    browsers = tuple(
        BrowserRow(reference=one.reference, service=one.service)
        for one in parts.contacts.browsers_of(resident_id)
    )
    page = NoticesPage(
        email="".join(kept.get(Channel.EMAIL, ())),
        browsers=browsers,
        full=len(browsers) >= MOST_BROWSERS,
        lately=_lately(resident_id),
        phone="".join(kept.get(Channel.SMS, ())),
        channels=frozenset(one.value for one in parts.channels),
        language=parts.contacts.language_of(resident_id).value,
        push_key=parts.push_key,
        done=done if done in _DONE else None,
        errors=errors or {},
        typed=typed or {},
    )
    return show("life/notices.html", page, status=status, here=_PAGE)


def _lately(resident_id: str) -> tuple[ToldLine, ...]:
    script = Language.parse(language().content)
    return tuple(
        ToldLine(title=message(one.about, script).title, at=one.due_at)
        for one in house().notices.contacts.lately(resident_id)
    )


def _again(session: SessionView, error: HkeidError, field: str, typed: str) -> Response:
    """The page again, with what is wrong with one field."""
    house().journal.refusal(error, where=f"{_PAGE}/{field}")
    return _page(
        session,
        errors={field: _word(error)},
        typed={field: typed[:254]},
        status=field_status(error),
    )


def _word(error: HkeidError) -> str:
    """The word for a refusal by which the page explains it."""
    if error.reason in _BY_REASON:
        return _BY_REASON[error.reason]
    match error:
        case ContactsFull():
            return "full"
        case TooManyAttempts():
            return "attempts"
        case MalformedInput():
            return "malformed"
        case Expired():
            return "expired"
        case Unavailable():
            return "not-sent"
        case _ if error.reason == "email_code_wrong":
            return "wrong"
        case _:
            return "not-sent"


def _send_code(proof: EmailProof) -> None:
    """Send the code now: whoever waits for it is looking at the page.

    :raises hkeid.kernel.errors.Unavailable: ``notice_not_sent``.
    :raises hkeid.kernel.errors.Refused: ``notice_address_refused``.
    """
    body = translate(
        "%(code)s is the code for your notices. Enter it on the page where you asked for it. Tell it "
        "to nobody. If you did not ask for it, you need not do anything.",
        code=proof.code.reveal(),
    )
    send_email_code(proof, title=translate("Your code for notices"), body=body)

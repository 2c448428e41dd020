"""My profile: what a resident keeps here to fill in forms with, one thing per page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, Response, request

from hkeid.broker import StepUpRequired
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import (
    Expired,
    HkeidError,
    MalformedInput,
    NotFound,
    Refused,
    TooManyAttempts,
    Unavailable,
)
from hkeid.profile import EME_FIELDS
from hkeid_server.email_codes import send_email_code
from hkeid_server.house import house
from hkeid_server.life_models import EmailCodePage
from hkeid_server.pages.life_step_up import with_fresh_session
from hkeid_server.problems import field_status
from hkeid_server.profile_content import field_page, offered_fields, profile_page, stop_page
from hkeid_server.profile_forms import ADDRESS_FORMS, typed_of, value_of
from hkeid_server.profile_problems import at_fault, word_of
from hkeid_server.shell import language, show, translate
from hkeid_server.visitors import see_other, with_session

blueprint = Blueprint("profile", __name__)

_PAGE = "/account/profile"
_LONGEST = 254
_FAILURES = (Refused, MalformedInput, Unavailable)


def _filling_in() -> timedelta:
    return house().profile.recent


@blueprint.get(_PAGE)
@with_session
def profile(session: SessionView) -> Response:
    """What is kept, where it comes from, since when."""
    page = profile_page(session.authentication.resident_id, done=request.args.get("done"))
    return show("profile/page.html", page)


@blueprint.post(f"{_PAGE}/start")
@with_fresh_session("profile", within=_filling_in)
def start(session: SessionView) -> Response:
    """Opt in: from now on a profile is kept."""
    try:
        house().profile.opt_in(session)
    except StepUpRequired:
        raise
    except Refused as error:
        house().journal.refusal(error, where=f"{_PAGE}/start")
        resident_id = session.authentication.resident_id
        page = profile_page(resident_id, error=word_of(error))
        return show("profile/page.html", page, status=422, here=_PAGE)
    return see_other(f"{_PAGE}?done=started")


@blueprint.get(f"{_PAGE}/stop")
@with_session
def ask_to_stop(session: SessionView) -> Response:
    """Ask before everything is erased."""
    return show("profile/stop.html", stop_page(session.authentication.resident_id))


@blueprint.post(f"{_PAGE}/stop")
@with_fresh_session("profile", within=_filling_in)
def stop(session: SessionView) -> Response:
    """Opt out: everything is erased."""
    house().profile.opt_out(session, language=language().content)
    return see_other(f"{_PAGE}?done=ended")


@blueprint.get(f"{_PAGE}/<name>")
@with_fresh_session("profile")
def edit(session: SessionView, name: str) -> Response:
    """One field, with what stands in it now."""
    _known(name)
    found = house().profile.overview(session.authentication.resident_id)
    if found.since is None:
        return see_other(_PAGE)
    kept = found.values.get(name)
    form, typed = ("parts", {}) if kept is None else typed_of(name, kept.value)
    asked = request.args.get("form")
    if asked is not None and asked in ADDRESS_FORMS.get(name, ()) and asked != form:
        form, typed = asked, {}
    return _form(name, kept=kept is not None, form=form, typed=typed)


@blueprint.post(f"{_PAGE}/email")
@with_fresh_session("profile", within=_filling_in)
def start_email(session: SessionView) -> Response:
    """An e-mail address: a code goes there."""
    _known("email")
    address = request.form.get("value", "")
    try:
        proof = house().profile.start_email(session, address)
        body = translate(
            "%(code)s is the code for the e-mail address in your profile. Enter it on the page where "
            "you asked for it. Tell it to nobody. If you did not ask for it, you need not do anything.",
            code=proof.code.reveal(),
        )
        send_email_code(proof, title=translate("Your code for your profile"), body=body)
    except StepUpRequired:
        raise
    except _FAILURES as error:
        return _again(session, "email", error)
    return show("life/email_code.html", _code_page(proof.address), here=f"{_PAGE}/email")


@blueprint.post(f"{_PAGE}/email/code")
@with_session
def finish_email(session: SessionView) -> Response:
    """The code that came: the address is kept."""
    try:
        house().profile.finish_email(session, request.form.get("code", ""))
    except _FAILURES as error:
        house().journal.refusal(error, where=f"{_PAGE}/email/code")
        page = _code_page(request.form.get("email", "")[:_LONGEST], error=_code_word(error))
        here = f"{_PAGE}/email"
        return show("life/email_code.html", page, status=field_status(error), here=here)
    return see_other(f"{_PAGE}?done=kept#email")


@blueprint.post(f"{_PAGE}/<name>")
@with_fresh_session("profile", within=_filling_in)
def keep(session: SessionView, name: str) -> Response:
    """Set or replace a value."""
    _known(name)
    try:
        value = value_of(name, request.form.to_dict(), _form_asked(name))
        house().profile.keep(session, name, value)
    except StepUpRequired:
        raise
    except _FAILURES as error:
        return _again(session, name, error)
    return see_other(f"{_PAGE}?done=kept#{name}")


@blueprint.post(f"{_PAGE}/<name>/remove")
@with_fresh_session("profile", within=_filling_in)
def remove(session: SessionView, name: str) -> Response:
    """Keep a value no longer."""
    if name not in EME_FIELDS:
        raise NotFound("page_unknown")
    house().profile.remove(session, name)
    return see_other(f"{_PAGE}?done=removed#{name}")


def _known(name: str) -> None:
    if name not in offered_fields():
        raise NotFound("page_unknown")


def _form_asked(name: str) -> str:
    asked = request.form.get("form", "parts")
    return asked if asked in ADDRESS_FORMS.get(name, ()) else "parts"


def _again(session: SessionView, name: str, error: HkeidError) -> Response:
    """The page again, with what was typed and what is wrong with it."""
    house().journal.refusal(error, where=f"{_PAGE}/{name}")
    found = house().profile.overview(session.authentication.resident_id)
    if found.since is None:
        return see_other(_PAGE)
    typed = {key: text[:_LONGEST] for key, text in request.form.items() if key != "csrf"}
    return _form(
        name,
        kept=name in found.values,
        form=_form_asked(name),
        typed=typed,
        error=error,
        fault=at_fault(name, error),
    )


def _form(
    name: str,
    *,
    kept: bool,
    form: str,
    typed: dict[str, str],
    error: HkeidError | None = None,
    fault: str = "",
) -> Response:
    page = replace(
        field_page(name, kept=kept, form=form, typed=typed),
        error=None if error is None else word_of(error),
        at_fault=fault,
    )
    status = 200 if error is None else field_status(error)
    return show("profile/field.html", page, status=status, here=f"{_PAGE}/{name}")


def _code_page(address: str, *, error: str | None = None) -> EmailCodePage:
    return EmailCodePage(
        address=address, error=error, action=f"{_PAGE}/email/code", back=f"{_PAGE}/email"
    )


def _code_word(error: HkeidError) -> str:
    """The word for a refusal of a code, of those that its page knows."""
    match error:
        case _ if error.reason in ("eid_cooling", "email_code_wrong"):
            return word_of(error)
        case _ if error.reason == "eme_changes_exhausted":
            return "changes"
        case TooManyAttempts():
            return "attempts"
        case MalformedInput():
            return "malformed"
        case Expired():
            return "expired"
        case _:
            return "not-sent"

"""My data: a copy of everything, requests for access and correction, erasing the eID."""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from hkeid.broker import StepUpRequired
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import (
    ConfigurationError,
    HkeidError,
    MalformedInput,
    NotFound,
    Refused,
    TooManyAttempts,
)
from hkeid.profile.rights import CORRECTABLE
from hkeid_server.data_content import asked_fields, data_page, erase_page
from hkeid_server.data_models import DataAskPage, ErasedPage
from hkeid_server.house import house
from hkeid_server.leaving import frame_source
from hkeid_server.pages.life_step_up import with_fresh_session
from hkeid_server.problems import field_status
from hkeid_server.rights.copy_document import readable_copy
from hkeid_server.shell import language, show
from hkeid_server.visitors import drop_session, see_other, with_session

blueprint = Blueprint("own_data", __name__)

_PAGE = "/account/data"
_WORDS = {
    "request_fields_missing": ("choose", "field-1"),
    "request_field_unknown": ("choose", "field-1"),
    "request_wish_malformed": ("wish", "wish"),
    "request_words_malformed": ("words", "words"),
    "request_open": ("open", "words"),
    "requests_exhausted": ("limit", "words"),
    "resident_not_active": ("not-active", "words"),
}
_LONGEST = 4000


@blueprint.get(_PAGE)
@with_session
def page(session: SessionView) -> Response:
    """What can be done, and how requests stand."""
    found = data_page(session.authentication.resident_id, done=request.args.get("done"))
    return show("data/page.html", found)


@blueprint.get(f"{_PAGE}/copy.json")
@with_fresh_session("data")
def copy_as_json(session: SessionView) -> Response:
    """Everything, for machines."""
    try:
        document = house().rights.copy.make(session, "json")
    except StepUpRequired:
        raise
    except Refused as error:
        return _no_copy(session, error)
    text = json.dumps(document, ensure_ascii=False, indent=1)
    return _file(text.encode("utf-8"), "application/json", "my-eid-data.json")


@blueprint.get(f"{_PAGE}/copy.pdf")
@with_fresh_session("data")
def copy_as_pdf(session: SessionView) -> Response:
    """Everything, for reading."""
    printer = house().rights.printer
    if printer is None:
        raise NotFound("page_unknown")
    try:
        document = house().rights.copy.make(session, "pdf")
        made = printer.render(readable_copy(document))
    except StepUpRequired:
        raise
    except Refused as error:
        return _no_copy(session, error)
    except ConfigurationError as error:
        # No font: the page says so and offers the other file, which has the same in it.
        house().journal.refusal(error, where=f"{_PAGE}/copy.pdf")
        found = data_page(session.authentication.resident_id, error="no-font")
        return show("data/page.html", found, status=503, here=_PAGE)
    return _file(made, "application/pdf", "my-eid-data.pdf")


@blueprint.get(f"{_PAGE}/access")
@with_fresh_session("data-access")
def access_form(session: SessionView) -> Response:
    """What is looked for."""
    del session
    return show("data/ask.html", DataAskPage(kind="access"))


@blueprint.get(f"{_PAGE}/correction")
@with_fresh_session("data-correction")
def correction_form(session: SessionView) -> Response:
    """What is wrong, and what it should say."""
    del session
    return show("data/ask.html", DataAskPage(kind="correction", fields=asked_fields()))


@blueprint.post(f"{_PAGE}/access")
@with_fresh_session("data-access", within=lambda: house().rights.requests.recent)
def ask_for_access(session: SessionView) -> Response:
    """Ask to be told."""
    try:
        house().rights.requests.ask_for_access(
            session, words=request.form.get("words", ""), language=language().content
        )
    except StepUpRequired:
        raise
    except (MalformedInput, Refused) as error:
        return _again("access", error)
    return see_other(f"{_PAGE}?done=asked#requests")


@blueprint.post(f"{_PAGE}/correction")
@with_fresh_session("data-correction", within=lambda: house().rights.requests.recent)
def ask_for_correction(session: SessionView) -> Response:
    """Ask that something is corrected."""
    try:
        house().rights.requests.ask_for_correction(
            session,
            request.form.getlist("field"),
            wish=request.form.get("wish", ""),
            words=request.form.get("words", ""),
            language=language().content,
        )
    except StepUpRequired:
        raise
    except (MalformedInput, Refused) as error:
        return _again("correction", error)
    return see_other(f"{_PAGE}?done=asked#requests")


@blueprint.post(f"{_PAGE}/requests/<request_id>/withdraw")
@with_session
def withdraw(session: SessionView, request_id: str) -> Response:
    """Take a request back."""
    resident_id = session.authentication.resident_id
    try:
        house().rights.requests.withdraw(resident_id, request_id)
    except NotFound:
        raise
    except Refused as error:
        house().journal.refusal(error, where=f"{_PAGE}/requests/withdraw")
        return show(
            "data/page.html", data_page(resident_id, error="closed"), status=409, here=_PAGE
        )
    return see_other(f"{_PAGE}?done=withdrawn#requests")


@blueprint.get(f"{_PAGE}/erase")
@with_fresh_session("data-erase")
def ask_to_erase(session: SessionView) -> Response:
    """What goes, what stays, what to do first."""
    return show("data/erase.html", erase_page(session.authentication.resident_id))


@blueprint.post(f"{_PAGE}/erase")
@with_fresh_session("data-erase", within=lambda: house().rights.erasing.recent)
def erase(session: SessionView) -> Response:
    """Erase the eID: sessions, devices, data key and all."""
    resident_id = session.authentication.resident_id
    try:
        reference = house().rights.erasing.erase(
            session, confirmed=request.form.get("confirm") == "yes", language=language().content
        )
    except StepUpRequired:
        raise
    except Refused as error:
        if error.reason not in ("erasure_not_confirmed", "eid_cooling"):
            raise
        house().journal.refusal(error, where=f"{_PAGE}/erase")
        word = "cooling" if error.reason == "eid_cooling" else "confirm"
        page = erase_page(resident_id, error=word)
        return show("data/erase.html", page, status=422, here=f"{_PAGE}/erase")
    frames = house().front_channel(session.session_id)
    answer = show(
        "data/erased.html",
        ErasedPage(reference=reference, frames=frames),
        here="/help",
        frames=tuple(map(frame_source, frames)),
        signed_out=True,
    )
    return drop_session(answer)


def _again(kind: str, error: HkeidError) -> Response:
    """The form again, with what was typed and what is wrong with it."""
    house().journal.refusal(error, where=f"{_PAGE}/{kind}")
    if error.reason not in _WORDS:
        raise error
    word, at_fault = _WORDS[error.reason]
    chosen = [name for name in request.form.getlist("field") if name in CORRECTABLE]
    page = DataAskPage(
        kind=kind,
        fields=asked_fields(chosen) if kind == "correction" else (),
        typed={name: request.form.get(name, "")[:_LONGEST] for name in ("wish", "words")},
        error=word,
        at_fault=at_fault,
    )
    status = 429 if isinstance(error, TooManyAttempts) else field_status(error)
    return show("data/ask.html", page, status=status, here=f"{_PAGE}/{kind}")


def _no_copy(session: SessionView, error: Refused) -> Response:
    """In the waiting time after a recovery the page says until when; else the problem page does."""
    if error.reason != "eid_cooling":
        raise error
    house().journal.refusal(error, where=f"{_PAGE}/copy")
    page = data_page(session.authentication.resident_id)
    return show("data/page.html", page, status=403, here=_PAGE)


def _file(content: bytes, kind: str, name: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer

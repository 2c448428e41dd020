"""One field of a form, written anew: the page of the profile's field, for this form alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, request

from hkeid.kernel.errors import HkeidError
from hkeid.profile import EME_FIELDS
from hkeid.profile.sources import field_of_claim
from hkeid_server.form_state import FormState
from hkeid_server.house import house
from hkeid_server.interactions.turn import Turn
from hkeid_server.problems import field_status
from hkeid_server.profile_content import field_page
from hkeid_server.profile_forms import ADDRESS_FORMS, typed_of, value_of
from hkeid_server.profile_problems import at_fault, word_of
from hkeid_server.shell import show

_LONGEST = 254


def field_name(claim: str) -> str | None:
    """The name of the profile's field that a claim is made of, or None."""
    field = field_of_claim(claim)
    return None if field is None else field.name


def edited_value(field: str) -> Any:
    """What was written, in the one form of the field.

    :raises hkeid.kernel.errors.MalformedInput: it is no value of the field.
    """
    value = value_of(field, request.form.to_dict(), form_asked(field))
    if field == "email":
        value = {"address": value, "proved": False}
    return EME_FIELDS[field].read(value)


def form_asked(field: str) -> str:
    """Which form of an address was filled in."""
    asked = request.form.get("form", "parts")
    return asked if asked in ADDRESS_FORMS.get(field, ()) else "parts"


def edit_page(
    turn: Turn, state: FormState, field: str, error: HkeidError | None = None
) -> Response:
    """The page of one field, with what would be sent now; or with what was typed and what is wrong."""
    wanted = request.form.get("form_wanted")
    kept = _kept(turn, state, field)
    if error is not None:
        form = form_asked(field)
        typed = {key: text[:_LONGEST] for key, text in request.form.items()}
    elif wanted is not None and wanted in ADDRESS_FORMS.get(field, ()):
        form, typed = wanted, {}
    else:
        form, typed = ("parts", {}) if kept is None else typed_of(field, kept)
    page = replace(
        field_page(field, kept=field in state.edits, form=form, typed=typed),
        action=turn.action("edit"),
        state=state.text(),
        error=None if error is None else word_of(error),
        at_fault="" if error is None else at_fault(field, error),
    )
    status = 200 if error is None else field_status(error)
    again = {"state": state.text(), "field": field}
    return show(
        "profile/field.html",
        page,
        status=status,
        here=turn.action("edit"),
        again=again,
        leads_to=turn.leads_to,
    )


def _kept(turn: Turn, state: FormState, field: str) -> Any:
    """What would be sent now; None: nothing."""
    if field in state.edits:
        return EME_FIELDS[field].read(state.edits[field])
    if turn.session is None:
        return None
    found = house().profile.overview(turn.session.authentication.resident_id)
    value = found.values.get(field)
    return None if value is None else value.value

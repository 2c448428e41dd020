"""The authorization detail by which a relying party has forms filled (RFC 9396).

::

    {"type": "urn:hkeid:form",
     "forms": [{"form": "appointment", "fields": ["name", "phone_number"]}]}

Each form is one that the client registered, with its purpose in three scripts; ``fields`` asks for some
of its claims, and without it for all. Several forms in one request are several purposes, and each is
asked about by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hkeid.doors.relying_party import DataForm, RelyingParty
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.oidc.authorization_details import Detail, Registration
from hkeid.oidc.forms import FORM_DETAIL, MOST_FORMS

_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}\Z")
_MOST_FIELDS: Final = 100


@dataclass(frozen=True, slots=True)
class FormDetail:
    """:class:`hkeid.oidc.authorization_details.DetailType`."""

    name: str = FORM_DETAIL
    approval: bool = True

    def parse(self, members: Mapping[str, Any]) -> Detail:
        """The detail in one form: every form once, every field once."""
        if set(members) != {"type", "forms"}:
            raise _malformed("members")
        forms = members["forms"]
        if not isinstance(forms, list) or not 0 < len(forms) <= MOST_FORMS:
            raise _malformed("forms")
        parsed = [_parse_form(one) for one in forms]
        if len({one["form"] for one in parsed}) < len(parsed):
            raise _malformed("forms")
        return {"type": FORM_DETAIL, "forms": parsed}

    def may_ask(self, client: Registration, detail: Detail) -> bool:
        """Whether each form, with these fields, is among those that the client registered."""
        registered = {form.id: frozenset(form.claims) for form in client.forms}
        return all(
            one["form"] in registered and set(one.get("fields", ())) <= registered[one["form"]]
            for one in detail["forms"]
        )

    def covers(self, granted: Detail, asked: Detail) -> bool:
        """Whether the forms asked for are among those granted, with no more fields."""
        own = {one["form"]: set(one.get("fields", ())) for one in granted["forms"]}
        return all(
            one["form"] in own and set(one.get("fields", own[one["form"]])) <= own[one["form"]]
            for one in asked["forms"]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedForm:
    """One form that a detail asks for.

    :ivar claims: those asked for, in the order in which the form was registered.
    """

    form: DataForm
    claims: tuple[str, ...]


def asked_forms(client: RelyingParty, detail: Detail) -> tuple[AskedForm, ...]:
    """The forms of a detail as the client has them registered at this moment.

    :raises Refused: ``form_not_registered``: the registration changed meanwhile.
    """
    registered = {form.id: form for form in client.forms}
    found = []
    for one in detail["forms"]:
        form = registered.get(one["form"])
        if form is None:
            raise Refused(
                "form_not_registered", "The service has changed this form. Start again there."
            )
        wanted = one.get("fields", form.claims)
        claims = tuple(claim for claim in form.claims if claim in wanted)
        if len(claims) < len(wanted):
            raise Refused(
                "form_not_registered", "The service has changed this form. Start again there."
            )
        found.append(AskedForm(form=form, claims=claims))
    return tuple(found)


def _parse_form(one: object) -> dict[str, Any]:
    if not isinstance(one, dict) or not {"form"} <= set(one) <= {"form", "fields"}:
        raise _malformed("forms")
    if type(one["form"]) is not str or not _ID.match(one["form"]):
        raise _malformed("form")
    if "fields" not in one:
        return {"form": one["form"]}
    fields = one["fields"]
    if not isinstance(fields, list) or not 0 < len(fields) <= _MOST_FIELDS:
        raise _malformed("fields")
    if not all(type(field) is str and field.isidentifier() for field in fields):
        raise _malformed("fields")
    return {"form": one["form"], "fields": list(dict.fromkeys(fields))}


def _malformed(field: str) -> MalformedInput:
    return MalformedInput("detail_malformed", field=field)

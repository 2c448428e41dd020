"""A pension platform: members register with a form that stands, and log in with eID from then on."""

from __future__ import annotations

from dataclasses import dataclass

import flask

from hkeid.rp import FilledForm, FilledForms, LoginFailed, Resident
from hkeid.rp.flask import EidLogin
from hkeid.testing.town.street import Street, page


@dataclass
class _Member:
    number: str
    resident: Resident
    form: FilledForm


def pension(street: Street) -> flask.Flask:
    """The platform's application. It keeps its members in memory."""
    app = street.application("pension")
    members: dict[str, _Member] = {}

    def filled(forms: FilledForms, _context: str) -> str:
        resident = forms.resident
        assert resident is not None
        number = f"M{len(members) + 1:04}"
        members[resident.sub] = _Member(number, resident, forms["membership"])
        rows = {"member": number, **_shown(forms["membership"])}
        come_in = {"enter": (flask.url_for("account"), "To your account")}
        return page("pension", "You are a member", id="member", rows=rows, buttons=come_in)

    eid = street.eid(app, "pension", filled=filled)

    @app.get("/")
    def home() -> str:
        register = {"register": (flask.url_for("register"), "Register with eID")}
        return page("pension", "Your pension", buttons=register)

    @app.get("/register")
    def register() -> flask.Response:
        return eid.fill_form("membership", login=True, lasting=True)

    @app.get("/account")
    @eid.login_required
    def account() -> str:
        resident = eid.resident
        assert resident is not None
        member = members.get(resident.sub)
        if member is None:
            return page("pension", "You are no member yet", id="no-member")
        rows = {"member": member.number, "name": member.form.claim("name")}
        return page("pension", "Your account", "Balance: HK$123,456", id="account", rows=rows)

    @app.get("/letter/<number>")
    def letter(number: str) -> str | tuple[str, int]:
        """Before a letter is sent, the platform asks where its member lives now; no browser of theirs is there."""
        member = next((one for one in members.values() if one.number == number), None)
        if member is None:
            flask.abort(404)
        try:
            form = _of_now(eid, member)
        except LoginFailed as failed:
            rows = {"reason": failed.reason}
            return page("pension", "No address any more", id="letter", rows=rows), 410
        return page("pension", "Letter sent", id="letter", rows=_shown(form))

    return app


def _of_now(eid: EidLogin, member: _Member) -> FilledForm:
    """The form with the values of now; the tokens are refreshed where they are over."""
    try:
        return eid.party.fetch_form(member.resident, "membership")
    except LoginFailed as failed:
        if failed.reason != "form_refused_invalid_token":
            raise
    member.resident = eid.party.refresh(member.resident)
    return eid.party.fetch_form(member.resident, "membership")


def _shown(form: FilledForm) -> dict[str, str]:
    address = form.claim("address") or {}
    return {
        "name": form.claim("name") or "",
        "address": address.get("formatted", "").replace("\n", ", "),
        "telephone": form.claim("phone_number") or "none given",
        "email": form.claim("email") or "none given",
    }

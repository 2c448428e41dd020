"""A hospital: visits are booked and bills are paid with forms that eID fills; nobody needs an account."""

from __future__ import annotations

import secrets

import flask

from hkeid.rp import FilledForms
from hkeid.testing.town.street import Street, page

SLOT = "Monday, 10:30, Eye clinic"
_FEE = "HK$180"


def hospital(street: Street) -> flask.Flask:
    """The hospital's application."""
    app = street.application("hospital")
    booked: dict[str, str] = {}

    def filled(forms: FilledForms, context: str) -> str:
        if "appointment" in forms:
            return appointment(forms, context)
        return paid(forms, context)

    eid = street.eid(app, "hospital", filled=filled)

    @app.get("/")
    def home() -> str:
        book = {"book": (flask.url_for("book"), "Fill in the form with eID")}
        return page("hospital", "Book a visit", f"Free: {SLOT}.", buttons=book)

    @app.get("/book")
    def book() -> flask.Response:
        return eid.fill_form("appointment", context=SLOT)

    def appointment(forms: FilledForms, slot: str) -> str:
        visit = forms["appointment"]
        number = secrets.token_hex(4)
        booked[number] = slot
        rows = {"visit": number, "when": slot, **_texts(visit.claims)}
        pay = {"pay": (flask.url_for("pay", visit=number), f"Pay the fee of {_FEE}")}
        return page("hospital", "Your visit is booked", id="visit", rows=rows, buttons=pay)

    @app.get("/pay")
    def pay() -> flask.Response:
        visit = flask.request.args.get("visit", "")
        if visit not in booked:
            flask.abort(404)
        return eid.fill_form("payment", context=visit)

    def paid(forms: FilledForms, visit: str) -> str:
        payer = forms["payment"]
        rows = {"visit": visit, "amount": _FEE, "payer": payer.claim("name"), "state": "requested"}
        text = "Your bank will ask you to confirm the payment."
        return page("hospital", "Payment request sent", text, id="payment", rows=rows)

    return app


def _texts(claims: object) -> dict[str, str]:
    """Claims that are text, without those in other scripts."""
    assert isinstance(claims, dict)
    return {
        name: value for name, value in claims.items() if isinstance(value, str) and "#" not in name
    }

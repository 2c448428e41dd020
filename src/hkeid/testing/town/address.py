"""The Government's change of address: one visit tells several departments, each with a consent of its own (S9, 11)."""

from __future__ import annotations

import flask

from hkeid.rp import FilledForms
from hkeid.testing.town.describing import FORMS
from hkeid.testing.town.street import Street, page

DEPARTMENTS = {form: about["recipient"][0] for form, about in FORMS["address"].items()}


def address(street: Street) -> flask.Flask:
    """The service's application."""
    app = street.application("address")

    def filled(forms: FilledForms, _context: str) -> str:
        rows = {
            form: forms[form].claim("address")["formatted"].replace("\n", ", ")
            if form in forms
            else "not told"
            for form in DEPARTMENTS
        }
        return page("address", "Your new address is on its way", id="told", rows=rows)

    eid = street.eid(app, "address", filled=filled)

    @app.get("/")
    def home() -> str:
        tell = {"tell": (flask.url_for("tell"), "Tell them with eID")}
        who = ", ".join(DEPARTMENTS.values())
        return page("address", "Tell departments where you live", f"{who}.", buttons=tell)

    @app.get("/tell")
    def tell() -> flask.Response:
        return eid.fill_form(tuple(DEPARTMENTS))

    return app

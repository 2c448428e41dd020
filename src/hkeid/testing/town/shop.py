"""A small firm's shop: delivers to who never opened an account (S10: firms save building their own logins)."""

from __future__ import annotations

import flask

from hkeid.rp import FilledForms
from hkeid.testing.town.street import Street, page


def shop(street: Street) -> flask.Flask:
    """The shop's application."""
    app = street.application("shop")

    def filled(forms: FilledForms, tea: str) -> str:
        delivery = forms["delivery"]
        rows = {
            "tea": tea,
            "to": delivery.claim("address")["formatted"].replace("\n", ", "),
            "telephone": delivery.claim("phone_number"),
            "name": delivery.claim("name") or "not told",
            "account": "none" if delivery.sub is None else delivery.sub,
        }
        return page("shop", "On its way", id="order", rows=rows)

    eid = street.eid(app, "shop", filled=filled)

    @app.get("/")
    def home() -> str:
        order = {"order": (flask.url_for("order"), "Order; eID fills in where to")}
        return page("shop", "Tieguanyin, 150 g", "HK$88, delivered.", buttons=order)

    @app.get("/order")
    def order() -> flask.Response:
        return eid.fill_form("delivery", context="Tieguanyin, 150 g")

    return app

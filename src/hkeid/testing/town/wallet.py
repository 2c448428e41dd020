"""A stored-value wallet: a risk check on signals that name nobody (S10)."""

from __future__ import annotations

from typing import Any

import flask

from hkeid.testing.town.street import Street, page


def wallet(street: Street) -> flask.Flask:
    """The wallet's application."""
    app = street.application("wallet")
    eid = street.eid(app, "wallet", claims=("age_over_18", "hkic_number_verified", "eid_risk"))

    @app.get("/")
    def home() -> str:
        check = {"check": (flask.url_for("check"), "Check with eID")}
        return page("wallet", "A wallet in a minute", buttons=check)

    @app.get("/check")
    @eid.login_required
    def check() -> str:
        resident = eid.resident
        assert resident is not None
        limit, why = assess(resident.claims)
        rows = {"limit": limit, "why": why, "known_about_you": ", ".join(sorted(resident.claims))}
        return page("wallet", "Your wallet", id="risk", rows=rows)

    return app


def assess(claims: Any) -> tuple[str, str]:
    """The wallet's limit, and why: by what the eID is like, not by who has it."""
    if claims.get("age_over_18") is not True:
        return "none", "for adults only"
    risk = claims.get("eid_risk") or {}
    if claims.get("hkic_number_verified") is not True or not risk:
        return "HK$3,000", "identity not verified"
    if not risk["chip_read"] or "synced" in risk["device_binding"]:
        return "HK$25,000", "verified; no chip read, or a passkey that may be copied"
    if risk["eid_age"] == "under_1_week":
        return "HK$25,000", "verified; a new eID"
    return "HK$100,000", "verified by chip, with a bound device"

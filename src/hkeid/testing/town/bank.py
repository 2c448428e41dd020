"""A bank: opens accounts on verified claims, and keeps the proof in the customer's file (S10)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import flask

from hkeid.rp import VerificationPolicy
from hkeid.rp.web_session import MemorySessionStore
from hkeid.testing.town.street import Street, page

POLICY = VerificationPolicy(evidence=("electronic_record",))
"""What a verification must be like: checked against the register of persons."""
_HONG_KONG = timezone(timedelta(hours=8))
_WANTED = {
    "userinfo": {
        "verified_claims": POLICY.request(["name", "birthdate", "hkic_number"]),
        "eid_risk": None,
    }
}


def bank(street: Street) -> flask.Flask:
    """The bank's application."""
    app = street.application("bank")
    files: dict[str, str] = {}
    eid = street.eid(
        app,
        "bank",
        claims=_WANTED,
        verification=POLICY,
        userinfo_algorithm="ES256",
        session_store=MemorySessionStore(),
    )

    @app.get("/")
    def home() -> str:
        open_it = {"open": (flask.url_for("open_account"), "Open an account with eID")}
        return page("bank", "Open an account", "It takes a minute.", buttons=open_it)

    @app.get("/open")
    @eid.login_required
    def open_account() -> str:
        resident = eid.resident
        assert resident is not None
        if not resident.verified_claims:
            text = "eID did not verify what the law demands, or you did not agree."
            return page("bank", "Please come to a branch", text, id="branch")
        (verified,) = resident.verified_claims
        record = eid.party.customer_record(eid.party.userinfo(resident))
        files[resident.sub] = record.as_json()
        risk = resident.claim("eid_risk") or {}
        rows = {
            "name": verified.claim("name"),
            "born": verified.claim("birthdate"),
            "framework": verified.trust_framework,
            "verified": _day(verified.time),
            "checks": ", ".join(sorted(verified.check_methods)),
            "chip_read": "yes" if risk.get("chip_read") else "no",
        }
        keep = {"record": (flask.url_for("record"), "The record in our file")}
        return page("bank", "Your account is open", id="opened", rows=rows, buttons=keep)

    @app.get("/record.json")
    @eid.login_required
    def record() -> flask.Response:
        resident = eid.resident
        assert resident is not None
        kept = files.get(resident.sub)
        if kept is None:
            flask.abort(404)
        return flask.Response(kept, mimetype="application/json")

    return app


def _day(moment: datetime | None) -> str:
    return "unknown" if moment is None else moment.astimezone(_HONG_KONG).date().isoformat()

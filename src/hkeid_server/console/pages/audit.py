"""Search of the audit trail, for auditors and privacy officers."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, request

from hkeid.kernel.errors import MalformedInput
from hkeid.officers import OfficerView, Permission, search_trail
from hkeid_server.console.models import AuditPage
from hkeid_server.console.parts import console
from hkeid_server.console.visitors import with_officer
from hkeid_server.shell import show

blueprint = Blueprint("console_audit", __name__)

_HOURS = (1, 24, 168, 744)


@blueprint.get("/console/audit")
@with_officer
def ask(officer: OfficerView) -> Response:
    """The empty search."""
    console().officers.require(officer, Permission.AUDIT_SEARCH)
    return show("console/audit.html", AuditPage())


@blueprint.post("/console/audit")
@with_officer
def search(officer: OfficerView) -> Response:
    """What was found; by POST, so that no address tells what was looked for."""
    form = request.form
    typed = form.get("hours", "24")
    hours = int(typed) if typed in {str(one) for one in _HOURS} else 24
    name, about = form.get("name", "").strip(), form.get("about", "").strip()
    now = console().clock.now()
    asked = AuditPage(name=name[:80], about=about[:80], hours=hours)
    try:
        answer = search_trail(
            console().officers,
            officer,
            since=now - timedelta(hours=hours),
            until=now + timedelta(seconds=1),
            name=name,
            about=about,
        )
    except MalformedInput:
        page = AuditPage(name=asked.name, about=asked.about, hours=hours, error="form")
        return show("console/audit.html", page, status=400, here="/console/audit")
    page = AuditPage(name=name, about=about, hours=hours, answer=answer)
    return show("console/audit.html", page, here="/console/audit")

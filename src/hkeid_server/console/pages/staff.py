"""The officers, for auditors and operators. They are changed by ``hkeid officers``."""

from __future__ import annotations

from flask import Blueprint, Response

from hkeid.officers import ROLE_WORDS, OfficerView, Permission
from hkeid_server.console.models import StaffPage
from hkeid_server.console.parts import console
from hkeid_server.console.visitors import with_officer
from hkeid_server.shell import language, show

blueprint = Blueprint("console_staff", __name__)


@blueprint.get("/console/officers")
@with_officer
def staff(officer: OfficerView) -> Response:
    """Every officer with roles and state."""
    console().officers.require(officer, Permission.OFFICERS_READ)
    tag = language().content
    page = StaffPage(
        entries=console().officers.staff.entries(),
        roles={role.value: words[tag] for role, words in ROLE_WORDS.items()},
    )
    return show("console/officers.html", page)

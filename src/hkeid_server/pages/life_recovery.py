"""A lost phone: what to do, before the identity is proved again (S5)."""

from __future__ import annotations

from flask import Blueprint, Response

from hkeid.enrolment import RegistrationPurpose
from hkeid_server.house import house
from hkeid_server.life_models import LostPage
from hkeid_server.shell import show
from hkeid_server.wiring.proofing import registration_settings

blueprint = Blueprint("life_recovery", __name__)


@blueprint.get("/lost")
def lost() -> Response:
    """The ways there are, the quick ones first."""
    offered = house().registration.offered(RegistrationPurpose.RECOVERY)
    hours = round(registration_settings(house().config).cooling.total_seconds() / 3600)
    return show("life/lost.html", LostPage(offered=offered, hours=hours))

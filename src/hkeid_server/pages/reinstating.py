"""A passkey was stopped because a copy may exist; the resident vouches for it with another one."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.broker import StepUpRequired
from hkeid.enrolment import Device
from hkeid.identity.authentication import AuthenticationRequest, SessionView
from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid.residents.records import CredentialStatus
from hkeid_server.house import house
from hkeid_server.models import DeviceReinstatePage
from hkeid_server.pages.login import OWN_PAGES
from hkeid_server.passkey_login import finish_login
from hkeid_server.shell import show, visit
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    ceremony_form,
    failed,
    give_session,
    see_other,
    with_session,
)

blueprint = Blueprint("reinstating", __name__)

_PATH = "/account/devices/<device_id>/reinstate"


@blueprint.get(_PATH)
@with_session
def ask(session: SessionView, device_id: str) -> Response:
    """What it means, and the question."""
    device = _stopped(session, device_id)
    return show(
        "device_reinstate.html", DeviceReinstatePage(name=device.label, action=request.path)
    )


@blueprint.post(_PATH)
@with_session
def reinstate(session: SessionView, device_id: str) -> Response:
    """Use it again; who logged in a while ago, or with a weaker passkey, shows first that it is them."""
    device = _stopped(session, device_id)
    try:
        house().devices.reinstate(session, device.id)
    except StepUpRequired:
        return _confirm_page(session, device, device_id)
    return see_other("/account?done=device-reinstated#devices")


@blueprint.post(_PATH + "/confirm")
@with_session
def confirm(session: SessionView, device_id: str) -> Response:
    """Another passkey was used to show who it is; then the question comes again."""
    device = _stopped(session, device_id)
    try:
        renewed = finish_login()
    except CEREMONY_FAILURES as error:
        return _confirm_page(session, device, device_id, error)
    return give_session(see_other(_here(device_id)), renewed)


def _here(device_id: str) -> str:
    return _PATH.replace("<device_id>", device_id)


def _stopped(session: SessionView, device_id: str) -> Device:
    """The device, if it is the resident's and stopped.

    :raises hkeid.kernel.errors.NotFound: ``device_unknown``.
    """
    wanted = base64url.decode(device_id)
    devices = house().devices.of_resident(session.authentication.resident_id)
    for device in devices:
        if device.id == wanted and device.status is CredentialStatus.SUSPENDED:
            return device
    raise NotFound("device_unknown")


def _confirm_page(
    session: SessionView, device: Device, device_id: str, failure: HkeidError | None = None
) -> Response:
    asked = AuthenticationRequest(
        client_id=OWN_PAGES, fresh=True, resident_id=session.authentication.resident_id
    )
    begun = house().broker.start_login(
        asked, browser=visit().browser, session_reference=visit().session
    )
    here = _here(device_id)
    page = DeviceReinstatePage(
        name=device.label,
        action=here,
        ceremony=ceremony_form(
            "get", begun.id, begun.options, action=f"{here}/confirm", restart=here
        ),
        problem=None if failure is None else failed(failure),
    )
    status = 200 if failure is None else 403
    return show("device_reinstate.html", page, here=here, status=status)

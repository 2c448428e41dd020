"""Devices on the account page: add, rename, remove."""

from __future__ import annotations

from flask import Blueprint, Response, request

from hkeid.broker import StepUpRequired
from hkeid.enrolment import Device
from hkeid.identity.authentication import AuthenticationRequest, SessionView
from hkeid.kernel import base64url
from hkeid.kernel.errors import HkeidError, NotFound
from hkeid.residents.records import CredentialStatus
from hkeid_server.house import house
from hkeid_server.models import DeviceAddPage, DeviceRemovePage
from hkeid_server.pages.login import OWN_PAGES
from hkeid_server.passkey_login import finish_login
from hkeid_server.shell import show, visit
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    agent,
    ceremony_answer,
    ceremony_form,
    failed,
    give_session,
    see_other,
    with_session,
)

blueprint = Blueprint("devices", __name__)

_ADD = "/account/devices/add"
_CONFIRM = "/account/devices/add/confirm"


@blueprint.get(_ADD)
@with_session
def add(session: SessionView) -> Response:
    """Add a device; who logged in a while ago shows first that it is them."""
    return _add_page(session)


@blueprint.post(_CONFIRM)
@with_session
def confirm(session: SessionView) -> Response:
    """A passkey was used to show who it is."""
    try:
        renewed = finish_login()
    except CEREMONY_FAILURES as error:
        return _confirm_page(session, error)
    return give_session(see_other(_ADD), renewed)


@blueprint.post(_ADD)
@with_session
def bind(session: SessionView) -> Response:
    """The new device made a passkey."""
    ceremony_id, response = ceremony_answer()
    try:
        house().devices.finish_adding(
            session, ceremony_id, response, browser=visit().browser, agent=agent()
        )
    except StepUpRequired:
        return _confirm_page(session)
    except CEREMONY_FAILURES as error:
        return _add_page(session, error)
    return see_other("/account?done=device-added#devices")


@blueprint.post("/account/devices/<device_id>/rename")
@with_session
def rename(session: SessionView, device_id: str) -> Response:
    """Give a device another name."""
    house().devices.rename(
        session.authentication.resident_id,
        base64url.decode(device_id),
        request.form.get("name", ""),
    )
    return see_other("/account?done=device-renamed#devices")


@blueprint.get("/account/devices/<device_id>/remove")
@with_session
def ask_to_remove(session: SessionView, device_id: str) -> Response:
    """Ask before removing."""
    device, last = _find(session, device_id)
    page = DeviceRemovePage(name=device.label, action=request.path, last=last)
    return show("device_remove.html", page)


@blueprint.post("/account/devices/<device_id>/remove")
@with_session
def remove(session: SessionView, device_id: str) -> Response:
    """Remove a device; the page before said whether it is the last."""
    device, last = _find(session, device_id)
    house().devices.revoke(session.authentication.resident_id, device.id, last_confirmed=last)
    return see_other("/account?done=device-removed#devices")


def _find(session: SessionView, device_id: str) -> tuple[Device, bool]:
    """The device, and whether it is the last that can log in."""
    wanted = base64url.decode(device_id)
    devices = house().devices.of_resident(
        session.authentication.resident_id, session_id=session.session_id
    )
    device = next((one for one in devices if one.id == wanted), None)
    if device is None:
        raise NotFound("device_unknown")
    others = [one for one in devices if one.id != wanted]
    return device, not any(one.status is CredentialStatus.ACTIVE for one in others)


def _add_page(session: SessionView, failure: HkeidError | None = None) -> Response:
    problem = None if failure is None else failed(failure)
    try:
        begun = house().devices.start_adding(session, browser=visit().browser)
    except StepUpRequired:
        return _confirm_page(session)
    form = ceremony_form("create", begun.id, begun.options, action=_ADD, restart=_ADD)
    page = DeviceAddPage(ceremony=form, problem=problem)
    return show("device_add.html", page, here=_ADD, status=200 if problem is None else 403)


def _confirm_page(session: SessionView, failure: HkeidError | None = None) -> Response:
    asked = AuthenticationRequest(
        client_id=OWN_PAGES, fresh=True, resident_id=session.authentication.resident_id
    )
    begun = house().broker.start_login(
        asked, browser=visit().browser, session_reference=visit().session
    )
    form = ceremony_form("get", begun.id, begun.options, action=_CONFIRM, restart=_ADD)
    problem = None if failure is None else failed(failure)
    page = DeviceAddPage(ceremony=form, problem=problem)
    return show("device_add.html", page, here=_ADD, status=200 if problem is None else 403)

"""At the station: the face, the officer's eye, the passkey, the security key."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request

from hkeid.enrolment.stations import Station, StationRefused
from hkeid.enrolment.upgrade import Upgrade, UpgradeRefused, UpgradeStep
from hkeid.kernel.errors import Expired, HkeidError, MalformedInput, NotFound, Unavailable
from hkeid.ports.documents import ImageRefused
from hkeid_server.house import house
from hkeid_server.kiosk_content import badge
from hkeid_server.kiosk_models import KioskCeremonyPage
from hkeid_server.models import CeremonyForm
from hkeid_server.pages.kiosk import (
    START,
    at_station,
    note_refusal,
    officer_of,
    refused_step,
    rooms,
    seat,
    show_step,
    with_station,
)
from hkeid_server.pages.selfie_frames import selfie_frames
from hkeid_server.shell import show, translate
from hkeid_server.visitors import (
    CEREMONY_FAILURES,
    ceremony_answer,
    ceremony_form,
    failed,
    see_other,
)

blueprint = Blueprint("kiosk_person", __name__)

_MOST_FRAMES = 64
_LONGEST_MS = 120_000
_LEADS_ON = {"officer_missing": "/kiosk/officer", "person_not_compared": ""}
"""Refusals of a key after which something else comes first, and where; "": the page of the step."""


@blueprint.post("/kiosk/u/<upgrade_id>/challenge")
@with_station
def challenge(station: Station, upgrade_id: str) -> Response:
    """A fresh challenge for the camera page, as JSON."""
    try:
        begun = rooms().upgrades.faces.start(station, upgrade_id)
    except HkeidError as error:
        note_refusal(error, "/kiosk/u/…/challenge")
        begun = None
    if begun is None:
        answer = jsonify(error="other_step")
        answer.status_code = 409
        return answer
    return jsonify(nonce=begun.nonce, challenge=dict(begun.client))


@blueprint.post("/kiosk/face")
@with_station
def face(station: Station) -> Response:
    """The frames that the camera page took."""
    upgrade_id = g.upgrade_id = request.form.get("upgrade", "")[:64]
    try:
        frames = selfie_frames(most=_MOST_FRAMES, longest_ms=_LONGEST_MS)
        upgrade = rooms().upgrades.faces.give(station, upgrade_id, frames)
    except Unavailable as error:
        note_refusal(error, "/kiosk/face")
        return show_step(station, at_station(station, upgrade_id), "busy", 503)
    except (MalformedInput, ImageRefused, UpgradeRefused, Expired) as error:
        note_refusal(error, "/kiosk/face")
        return show_step(station, at_station(station, upgrade_id), error.reason, 422)
    officer_of(station)  # who lets the camera compare serves this person
    return see_other(f"/kiosk/u/{upgrade.id}")


@blueprint.get("/kiosk/u/<upgrade_id>/portrait")
@with_station
def portrait(station: Station, upgrade_id: str) -> Response:
    """The chip's portrait, for the officer who is signed on."""
    duty = rooms().officers.act(station.id)
    picture = None
    if duty is not None and at_station(station, upgrade_id).step is UpgradeStep.BIND:
        picture = rooms().upgrades.returns.shows(station, upgrade_id, duty).portrait
    elif duty is not None:
        picture = rooms().upgrades.officers.looks(station, upgrade_id, duty)
    if picture is None:
        raise NotFound("portrait_unknown")
    g.from_a_door = True
    answer = Response(picture, mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = "default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


@blueprint.post("/kiosk/u/<upgrade_id>/same")
@with_station
def same(station: Station, upgrade_id: str) -> Response:
    """What the officer says about face and portrait."""
    says = _answer()
    try:
        rooms().upgrades.officers.says(station, upgrade_id, officer_of(station), same=says)
    except (UpgradeRefused, Unavailable, Expired) as error:
        return refused_step(station, upgrade_id, error, "/kiosk/u/…/same")
    return see_other(f"/kiosk/u/{upgrade_id}")


@blueprint.post("/kiosk/u/<upgrade_id>/returned")
@with_station
def returned(station: Station, upgrade_id: str) -> Response:
    """Whether who came back is the person whom officers accepted; a no leads back to the start."""
    same, duty = _answer(), rooms().officers.act(station.id)
    try:
        rooms().upgrades.returns.says(station, upgrade_id, duty, same=same)
    except (UpgradeRefused, Expired) as error:
        return refused_step(station, upgrade_id, error, "/kiosk/u/…/returned")
    return see_other(f"/kiosk/u/{upgrade_id}/key" if same else START)


def _answer() -> bool:
    """The officer's yes or no.

    :raises MalformedInput: ``answer_missing``.
    """
    says = request.form.get("same")
    if says not in {"yes", "no"}:
        raise MalformedInput("answer_missing", field="same")
    return says == "yes"


@blueprint.post("/kiosk/u/<upgrade_id>/retry")
@with_station
def retry(station: Station, upgrade_id: str) -> Response:
    """Ask the register of persons again."""
    try:
        rooms().upgrades.register.retry(station, upgrade_id)
    except (UpgradeRefused, Unavailable, Expired) as error:
        return refused_step(station, upgrade_id, error, "/kiosk/u/…/retry")
    return see_other(f"/kiosk/u/{upgrade_id}")


@blueprint.get("/kiosk/u/<upgrade_id>/confirm")
@with_station
def confirm_page(station: Station, upgrade_id: str) -> Response:
    """Confirm here, with a passkey or security key."""
    return _confirm(station, upgrade_id)


@blueprint.post("/kiosk/u/<upgrade_id>/confirm")
@with_station
def confirm(station: Station, upgrade_id: str) -> Response:
    """The passkey was used."""
    ceremony_id, response = ceremony_answer()
    try:
        rooms().upgrades.confirmations.finish(
            upgrade_id, ceremony_id, response, binding=seat(), station=station
        )
    except CEREMONY_FAILURES as error:
        return _confirm(station, upgrade_id, error)
    return see_other(f"/kiosk/u/{upgrade_id}")


@blueprint.get("/kiosk/u/<upgrade_id>/key")
@with_station
def key_page(station: Station, upgrade_id: str) -> Response:
    """Register a security key."""
    return _key(station, upgrade_id)


@blueprint.post("/kiosk/u/<upgrade_id>/key")
@with_station
def key(station: Station, upgrade_id: str) -> Response:
    """The key made a passkey."""
    ceremony_id, response = ceremony_answer()
    upgrades, label = rooms().upgrades, translate("Security key")
    recovers = at_station(station, upgrade_id).recovers
    try:
        if recovers:
            upgrades.recovery.finish(
                station, upgrade_id, ceremony_id, response, officer_of(station),
                binding=seat(), label=label,
            )  # fmt: skip
        else:
            upgrades.counter.finish(
                station, upgrade_id, ceremony_id, response,
                binding=seat(), label=label, officer=officer_of(station),
            )  # fmt: skip
    except CEREMONY_FAILURES as error:
        return _key(station, upgrade_id, error)
    return see_other(f"/kiosk/u/{upgrade_id}" + ("" if recovers else "/confirm"))


def _confirm(station: Station, upgrade_id: str, failure: HkeidError | None = None) -> Response:
    here = f"/kiosk/u/{upgrade_id}/confirm"
    problem = None if failure is None else failed(failure)
    try:
        begun = rooms().upgrades.confirmations.start(upgrade_id, binding=seat(), station=station)
    except (UpgradeRefused, Unavailable) as error:
        return refused_step(station, upgrade_id, error, "/kiosk/u/…/confirm")
    form = ceremony_form("get", begun.id, begun.options, action=here, restart=here)
    return _ceremony(station, form, problem, at_station(station, upgrade_id))


def _key(station: Station, upgrade_id: str, failure: HkeidError | None = None) -> Response:
    here = f"/kiosk/u/{upgrade_id}/key"
    problem = None if failure is None else failed(failure)
    upgrade = at_station(station, upgrade_id)
    recovers, ways = upgrade.recovers, rooms().upgrades
    try:
        begun = (ways.recovery if recovers else ways.counter).start(
            station, upgrade_id, officer_of(station), binding=seat()
        )
    except (UpgradeRefused, StationRefused, Unavailable, Expired) as error:
        if error.reason in _LEADS_ON:
            note_refusal(error, "/kiosk/u/…/key")
            return see_other(_LEADS_ON[error.reason] or f"/kiosk/u/{upgrade_id}")
        return refused_step(station, upgrade_id, error, "/kiosk/u/…/key")
    if begun is None:
        return see_other(f"/kiosk/u/{upgrade_id}" + ("" if recovers else "/confirm"))
    form = ceremony_form("create", begun.id, begun.options, action=here, restart=here)
    return _ceremony(station, form, problem, upgrade)


def _ceremony(
    station: Station,
    form: CeremonyForm,
    problem: str | None,
    upgrade: Upgrade,
) -> Response:
    page = KioskCeremonyPage(
        station=badge(house(), station),
        ceremony=form,
        address=form.action.rpartition("/")[0],
        step="phone" if form.kind == "get" else "bind",
        confirmed_anywhere=upgrade.confirmed_anywhere,
        recovers=upgrade.recovers,
        accepted=upgrade.accepted_in_review,
        problem=problem,
    )
    status = 200 if problem is None else 403
    return show("kiosk/passkey.html", page, status=status, here=form.action)

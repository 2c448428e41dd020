"""Registering an eID on a phone: start, photograph, check, selfie (S2).

There is one address for all steps, ``/register/step``: it shows where the browser's registration
stands. So whoever leaves and comes back, or uses the back button, is always at the right page.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from hkeid.enrolment import (
    Registration,
    RegistrationPurpose,
    RegistrationRefused,
    RegistrationStep,
    RegistrationView,
)
from hkeid.kernel.errors import HkeidError, MalformedInput, TooManyAttempts, Unavailable
from hkeid.ports.documents import CardField, ImageRefused
from hkeid.ports.faces import FaceRefused
from hkeid_server.house import house
from hkeid_server.intake import CARD_LIMIT
from hkeid_server.pages import registration_passkey as passkey
from hkeid_server.pages.registration_visit import (
    ELSEWHERE,
    RECOVER,
    START,
    STEP,
    current,
    left_off,
    offered,
    with_registration,
)
from hkeid_server.pages.selfie_frames import selfie_frames
from hkeid_server.registration_content import (
    card_page,
    details_page,
    ended_page,
    selfie_page,
    waiting_page,
)
from hkeid_server.registration_models import EndedPage, StartPage
from hkeid_server.shell import language, show, visit
from hkeid_server.visitors import network, see_other

blueprint = Blueprint("registration", __name__)

_MOST_FRAMES = 120
_LONGEST_MS = 600_000


@blueprint.get(START)
@blueprint.get(RECOVER)
def start() -> Response:
    """What it is, what happens to the data, and consent."""
    return _start_page()


@blueprint.post(START)
@blueprint.post(RECOVER)
def begin() -> Response:
    """Begin, when consent was given to the statement in force."""
    journey, purpose = house().registration, _purpose()
    if not offered(purpose):
        return _start_page()
    if request.form.get("consent") != journey.statement:
        return _start_page("statement" if request.form.get("consent") else "consent", 422)
    try:
        journey.begin(
            browser=visit().browser,
            network=network(),
            language=language().content,
            statement=journey.statement,
            purpose=purpose,
        )
    except TooManyAttempts as error:
        house().journal.refusal(error, where=request.path)
        crowded = error.reason == "registration_network_full"
        return _start_page("crowded" if crowded else "attempts", 429)
    except Unavailable as error:
        if error.reason != "registration_full":
            raise
        house().journal.refusal(error, where=request.path)
        return _start_page("crowded", 503)
    return see_other(STEP)


def _purpose() -> RegistrationPurpose:
    recovering = request.path == RECOVER
    return RegistrationPurpose.RECOVERY if recovering else RegistrationPurpose.NEW


def _start_page(error: str | None = None, status: int = 200) -> Response:
    purpose = _purpose()
    recovery = purpose is RegistrationPurpose.RECOVERY
    if not offered(purpose):
        ended = EndedPage(kind="not-offered", recovery=recovery)
        return show("registration/ended.html", ended, here=request.path)
    page = StartPage(
        statement=house().registration.statement,
        error=error,
        resume=left_off(),
        recovery=recovery,
    )
    return show("registration/start.html", page, status=status)


@blueprint.get(STEP)
@with_registration
def step(journey: Registration, view: RegistrationView) -> Response:
    """The page of the present step."""
    match view.step:
        case RegistrationStep.CARD:
            return show("registration/card.html", card_page(view), camera=True)
        case RegistrationStep.DETAILS:
            return show("registration/details.html", details_page(view))
        case RegistrationStep.SELFIE:
            return _selfie(view)
        case RegistrationStep.BIND:
            return passkey.bind_page(journey, view)
        case RegistrationStep.CONFIRM:
            return passkey.confirm_page(journey, view)
        case RegistrationStep.DONE:
            return passkey.done_page(view)
        case RegistrationStep.REFERRED | RegistrationStep.GUARDIAN:
            return show("registration/waiting.html", waiting_page(view))
        case RegistrationStep.REFUSED | RegistrationStep.EXPIRED:
            return show("registration/ended.html", ended_page(view))


@blueprint.post("/register/card")
@with_registration
def give_card(journey: Registration, view: RegistrationView) -> Response:
    """A photograph of the card, from the camera or from a file."""
    sent = request.files.get("image")
    image = b"" if sent is None else sent.read()
    if not image or len(image) > CARD_LIMIT:
        return _card_again(view, "large" if image else "empty", 413 if image else 422)
    try:
        after = journey.give_card(view.id, image, browser=visit().browser)
    except ImageRefused as error:
        house().journal.refusal(error, where="/register/card")
        return _card_again(view, _IMAGE_PROBLEMS.get(error.reason, "kind"), 422)
    except Unavailable as error:
        house().journal.refusal(error, where="/register/card")
        return _card_again(view, "busy", 503)
    if after.step is RegistrationStep.CARD:
        return _card_again(after, None, 422)
    return see_other(STEP)


_IMAGE_PROBLEMS = {
    "image_empty": "empty",
    "image_too_large": "large",
    "image_too_many_pixels": "large",
}


def _card_again(view: RegistrationView, problem: str | None, status: int) -> Response:
    page = card_page(view, problem)
    return show("registration/card.html", page, status=status, here=STEP, camera=True)


@blueprint.post("/register/details")
@with_registration
def confirm_details(journey: Registration, view: RegistrationView) -> Response:
    """What was read is right, or was put right."""
    sent = request.form
    typed = {name: sent[name.value].strip() for name in CardField if name.value in sent}
    edits = {
        name: value
        for name, value in typed.items()
        if name in view.fields and value != view.fields[name].value
    }
    try:
        journey.confirm_details(view.id, edits, browser=visit().browser)
    except (MalformedInput, RegistrationRefused) as error:
        if error.reason in ELSEWHERE:
            raise
        house().journal.refusal(error, where="/register/details")
        page = details_page(view, typed=typed, failure=error)
        return show("registration/details.html", page, status=422, here=STEP)
    return see_other(STEP)


@blueprint.post("/register/selfie")
@with_registration
def give_selfie(journey: Registration, view: RegistrationView) -> Response:
    """The frames that the camera page took during the challenge."""
    try:
        after = journey.give_selfie(
            view.id,
            selfie_frames(most=_MOST_FRAMES, longest_ms=_LONGEST_MS),
            browser=visit().browser,
        )
    except (MalformedInput, ImageRefused, FaceRefused, Unavailable) as error:
        return _selfie_failed(error)
    except HkeidError as error:
        if error.reason not in _SELFIE_AGAIN:
            raise
        return _selfie_failed(error)
    if after.step is RegistrationStep.SELFIE:
        return _selfie(after, 422)
    return see_other(STEP)


_SELFIE_AGAIN = frozenset({"liveness_not_started", "liveness_expired"})


@blueprint.post("/register/selfie/challenge")
def challenge() -> Response:
    """A fresh challenge for the camera page, as JSON."""
    found = current()
    if found is None or found.step is not RegistrationStep.SELFIE:
        answer = jsonify(error="other_step")
        answer.status_code = 409
        return answer
    begun = house().registration.start_liveness(found.id, browser=visit().browser)
    return jsonify(nonce=begun.nonce, challenge=dict(begun.client))


def _selfie_failed(error: HkeidError) -> Response:
    """The selfie page again, with the reason; whoever is elsewhere by now goes there."""
    house().journal.refusal(error, where="/register/selfie")
    found = current()
    if found is None or found.step is not RegistrationStep.SELFIE:
        return see_other(STEP)
    if isinstance(error, Unavailable):
        silent = error.reason == "registry_unavailable"
        return _selfie(found, 503, "registry" if silent else "busy")
    return _selfie(found, 422, error.reason)


def _selfie(view: RegistrationView, status: int = 200, warning: str | None = None) -> Response:
    page = selfie_page(view, warning)
    return show("registration/selfie.html", page, status=status, here=STEP, camera=True)


@blueprint.post("/register/contact")
@with_registration
def leave_contact(journey: Registration, view: RegistrationView) -> Response:
    """An e-mail address for the word of the decision."""
    email = request.form.get("email", "").strip()
    try:
        journey.leave_contact(view.id, email, browser=visit().browser)
    except MalformedInput as error:
        house().journal.refusal(error, where="/register/contact")
        page = waiting_page(view, contact="malformed", email=email[:254])
        return show("registration/waiting.html", page, status=422, here=STEP)
    page = waiting_page(view, contact="kept")
    return show("registration/waiting.html", page, here=STEP)


@blueprint.post("/register/cancel")
@with_registration
def cancel(journey: Registration, view: RegistrationView) -> Response:
    """Give up: everything collected is destroyed."""
    journey.cancel(view.id, browser=visit().browser)
    return show(
        "registration/ended.html", EndedPage(kind="stopped", reference=view.reference), here=STEP
    )

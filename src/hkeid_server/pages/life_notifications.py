"""Which notices a resident wants, by topic and channel; warnings about the eID are not to be chosen."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, request

from hkeid.broker import StepUpRequired
from hkeid.enrolment.notices import CHOSEN_BY, OPTIONAL
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import HkeidError, NotFound, Refused, TooManyAttempts
from hkeid.ports.notices import Channel
from hkeid_server.house import house
from hkeid_server.life_models import NotificationsPage, TopicRow
from hkeid_server.pages.life_step_up import with_fresh_session
from hkeid_server.problems import field_status
from hkeid_server.shell import show
from hkeid_server.visitors import see_other

blueprint = Blueprint("life_notifications", __name__)

_PAGE = "/account/notifications"
_WHY = "notifications"
_BY_REASON = {"eid_cooling": "cooling", "contact_changes_exhausted": "changes"}


def _recent() -> timedelta:
    return house().notices.choices.recent


@blueprint.get(_PAGE)
@with_fresh_session(_WHY, within=_recent)
def notifications(session: SessionView) -> Response:
    """What comes now."""
    return _page(session, done=request.args.get("done") == "kept")


@blueprint.post(_PAGE)
@with_fresh_session(_WHY, within=_recent)
def choose(session: SessionView) -> Response:
    """Keep what is ticked, for the channels that the page offered."""
    offered = _offered()
    ticked = {topic: set(request.form.getlist(topic.value)) for topic in OPTIONAL}
    if any(words - {one.value for one in offered} for words in ticked.values()):
        raise NotFound("channel_not_offered")
    # Who ticks nothing wants nothing: nor by what may be offered later.
    wanted = {
        (topic, channel): channel.value in words
        for topic, words in ticked.items()
        for channel in (offered if words else CHOSEN_BY)
    }
    try:
        house().notices.choices.choose(session, wanted)
    except StepUpRequired:
        raise
    except (Refused, TooManyAttempts) as error:
        if error.reason not in _BY_REASON:
            raise
        house().journal.refusal(error, where=_PAGE)
        return _page(session, error=error)
    return see_other(f"{_PAGE}?done=kept")


def _offered() -> tuple[Channel, ...]:
    """By what residents can be told here."""
    parts = house().notices
    return tuple(
        one
        for one in CHOSEN_BY
        if one in parts.channels and (one is not Channel.WEB_PUSH or parts.push_key is not None)
    )


def _page(session: SessionView, *, done: bool = False, error: HkeidError | None = None) -> Response:
    kept = house().notices.choices.of_resident(session.authentication.resident_id)
    page = NotificationsPage(
        topics=tuple(
            TopicRow(
                topic=topic.value,
                channels=tuple((one.value, kept[topic, one]) for one in _offered()),
            )
            for topic in OPTIONAL
        ),
        done=done,
        error=None if error is None else _BY_REASON[error.reason],
    )
    status = 200 if error is None else field_status(error)
    return show("life/notifications.html", page, status=status, here=_PAGE)

"""What notices are about, and which of them a resident may do without."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from hkeid.ports.notices import Channel


class Topic(StrEnum):
    """What a resident chooses by."""

    SECURITY = "security"
    """Devices, recovery, freezing, linked logins, addresses: nobody can turn these off, for whoever took
    an eID over would do that first.
    """
    PROFILE = "profile"
    """The resident's own profile changed."""
    ACCESS = "access"
    """An officer opened the resident's record."""
    DISCLOSURE = "disclosure"
    """A service received particulars at a login."""
    FORM = "form"
    """A form was sent to a service."""


OPTIONAL: Final = (Topic.PROFILE, Topic.ACCESS, Topic.DISCLOSURE, Topic.FORM)
"""Those that a resident may turn on and off, in the order of the page."""

ON_AT_FIRST: Final = frozenset({Topic.SECURITY, Topic.PROFILE, Topic.ACCESS})
"""Of these everybody is told who has not chosen otherwise. The others would come with every login."""

CHOSEN_BY: Final = (Channel.EMAIL, Channel.WEB_PUSH, Channel.SMS)
"""By these channels it is chosen."""

_TOPICS: Final[Mapping[str, Topic]] = {
    "record_seen": Topic.ACCESS,
    "data_disclosed": Topic.DISCLOSURE,
    "form_sent": Topic.FORM,
    "profile_given_up": Topic.PROFILE,
}
_PROFILE_CHANGES: Final = ("profile_added.", "profile_changed.", "profile_removed.")

Choices = Mapping[tuple[str, str], bool]
"""What a resident chose, by topic and channel; what is not in it is as at first."""


def topic_of(about: str) -> Topic:
    """What a notice is about; whatever nobody sorted is about security, and goes out."""
    if about.startswith(_PROFILE_CHANGES):
        return Topic.PROFILE
    return _TOPICS.get(about, Topic.SECURITY)


def wants(choices: Choices, topic: Topic, channel: Channel) -> bool:
    """Whether a resident wants to be told by a channel."""
    if topic is Topic.SECURITY:
        return True
    return choices.get((topic.value, channel.value), topic in ON_AT_FIRST)


def wants_somewhere(choices: Choices, topic: Topic) -> bool:
    """Whether a resident wants to be told at all."""
    return any(wants(choices, topic, channel) for channel in CHOSEN_BY)

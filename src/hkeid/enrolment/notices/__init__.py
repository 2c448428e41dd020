"""Telling residents what happened to their eID: what is due, by which channels, in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.enrolment.notices.addresses import (
        ContactBrowser,
        ContactChannel,
        ContactsFull,
    )
    from hkeid.enrolment.notices.choosing import NoticeChoices
    from hkeid.enrolment.notices.contacts import MOST_BROWSERS, Contacts
    from hkeid.enrolment.notices.dispatch import Dispatched, Dispatcher, DispatchSettings
    from hkeid.enrolment.notices.records import (
        DueNotice,
        NoticeChoiceRepository,
        NoticeOutcome,
        NoticeRepository,
    )
    from hkeid.enrolment.notices.stopping import StopLinks
    from hkeid.enrolment.notices.telling import tell, tell_as_chosen
    from hkeid.enrolment.notices.texts import MESSAGES, Message, message
    from hkeid.enrolment.notices.topics import CHOSEN_BY, OPTIONAL, Topic, topic_of

__getattr__ = names_on_demand(
    __name__,
    {
        "addresses": ("ContactBrowser", "ContactChannel", "ContactsFull"),
        "contacts": ("MOST_BROWSERS", "Contacts"),
        "choosing": ("NoticeChoices",),
        "dispatch": ("Dispatched", "Dispatcher", "DispatchSettings"),
        "records": ("DueNotice", "NoticeChoiceRepository", "NoticeOutcome", "NoticeRepository"),
        "stopping": ("StopLinks",),
        "telling": ("tell", "tell_as_chosen"),
        "topics": ("CHOSEN_BY", "OPTIONAL", "Topic", "topic_of"),
        "texts": ("MESSAGES", "Message", "message"),
    },
)

__all__ = [
    "CHOSEN_BY",
    "MESSAGES",
    "MOST_BROWSERS",
    "OPTIONAL",
    "ContactBrowser",
    "ContactChannel",
    "Contacts",
    "ContactsFull",
    "DispatchSettings",
    "Dispatched",
    "Dispatcher",
    "DueNotice",
    "Message",
    "NoticeChoiceRepository",
    "NoticeChoices",
    "NoticeOutcome",
    "NoticeRepository",
    "StopLinks",
    "Topic",
    "message",
    "tell",
    "tell_as_chosen",
    "topic_of",
]

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
    from hkeid.enrolment.notices.contacts import MOST_BROWSERS, Contacts
    from hkeid.enrolment.notices.dispatch import Dispatched, Dispatcher, DispatchSettings
    from hkeid.enrolment.notices.records import DueNotice, NoticeOutcome, NoticeRepository
    from hkeid.enrolment.notices.stopping import StopLinks
    from hkeid.enrolment.notices.telling import tell
    from hkeid.enrolment.notices.texts import MESSAGES, Message, message

__getattr__ = names_on_demand(
    __name__,
    {
        "addresses": ("ContactBrowser", "ContactChannel", "ContactsFull"),
        "contacts": ("MOST_BROWSERS", "Contacts"),
        "dispatch": ("Dispatched", "Dispatcher", "DispatchSettings"),
        "records": ("DueNotice", "NoticeOutcome", "NoticeRepository"),
        "stopping": ("StopLinks",),
        "telling": ("tell",),
        "texts": ("MESSAGES", "Message", "message"),
    },
)

__all__ = [
    "MESSAGES",
    "MOST_BROWSERS",
    "ContactBrowser",
    "ContactChannel",
    "Contacts",
    "ContactsFull",
    "DispatchSettings",
    "Dispatched",
    "Dispatcher",
    "DueNotice",
    "Message",
    "NoticeOutcome",
    "NoticeRepository",
    "StopLinks",
    "message",
    "tell",
]

"""Telling residents what happened to their eID."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from hkeid.kernel.instants import Instant


class Channel(StrEnum):
    """By what a notice travels."""

    EMAIL = "email"
    WEB_PUSH = "web_push"
    SMS = "sms"
    INBOX = "inbox"
    """The development inbox of the sandbox."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Notice:
    """One message to one address. Texts are finished: title and body in the resident's language.

    :ivar about: stable word for what happened (``eid_activated``, ``device_added``, ``eid_recovered`` …).
    :ivar address: e-mail address, E.164 number, or a push subscription as JSON.
    :ivar link: where to look or to stop it; None if there is nothing to do.
    """

    channel: Channel
    address: str
    about: str
    language: str
    title: str
    body: str
    link: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Tell(Protocol):
    """How a room below says, inside its own transaction, that a resident may have to be told."""

    def __call__(self, tx: Any, resident_id: str, about: str, now: Instant) -> None:
        """Keep a notice, if its resident wants one.

        :param tx: the open transaction: no change goes untold, and nothing is told that did not happen.
        :param about: a key of :data:`hkeid.enrolment.notices.MESSAGES`.
        """
        ...


def tell_nobody(tx: Any, resident_id: str, about: str, now: Instant) -> None:
    """:class:`Tell` where nobody is told."""
    del tx, resident_id, about, now


class Notifier(Protocol):
    """Sends notices by the channels that it serves."""

    @property
    def channels(self) -> frozenset[Channel]:
        """What it can send by."""
        ...

    def send(self, notice: Notice) -> None:
        """Hand a notice over.

        :raises hkeid.kernel.errors.Unavailable: ``notice_not_sent``; try again later.
        :raises hkeid.kernel.errors.Refused: ``notice_address_refused``; this address is no good.
        """
        ...

"""What the pages about the life of an eID show: new phone, lost phone, notices, guardians, stopping."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from hkeid_server.models import CeremonyForm


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUpPage:
    """Show first that it is you; then the page that was asked for comes.

    :ivar why: which page that is: ``new-phone``, ``notices``, ``minor``, ``elsewhere``,
        ``profile``.
    :ivar ceremony: None: there is no passkey, only logins elsewhere.
    :ivar low: asked because the login is from before the eID was upgraded, not because it is old.
    """

    why: str
    ceremony: CeremonyForm | None
    problem: str | None = None
    low: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhoneAskPage:
    """On the old phone, before the code is shown.

    :ivar error: ``cooling``, ``too-many``, ``not-usable``; no code can be had then.
    """

    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhoneCodePage:
    """On the old phone: the code, once.

    :ivar until: when it is over; ``seconds`` from now.
    :ivar address: what the new phone opens; it opens the page and carries no code.
    :ivar picture: the address as a QR code (SVG), or None.
    :ivar keep: the old phone stays in use.
    """

    code: str
    until: datetime
    seconds: int
    address: str
    picture: Markup | None
    keep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhoneEnterPage:
    """On the new phone: type the code.

    :ivar error: ``empty``, ``unknown``, ``attempts``, ``ended`` (the old phone is logged out),
        ``too-low`` (the old phone's login carries no so good a passkey).
    """

    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhonePasskeyPage:
    """On the new phone: whose eID it will be, in part, and the passkey. ``fields`` travel with the form."""

    initials: str
    ceremony: CeremonyForm
    problem: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPage:
    """What to do about a lost phone.

    :ivar offered: this server recovers eIDs on a phone.
    :ivar hours: how long the cooling period lasts.
    """

    offered: bool
    hours: int = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserRow:
    """A browser that shows messages.

    :ivar reference: names it when it is removed.
    :ivar service: host of its push service.
    """

    reference: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLine:
    """Something that the resident was told, in the language of the page."""

    title: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """Something that a resident may be told of.

    :ivar topic: value of :class:`hkeid.enrolment.notices.Topic`.
    :ivar channels: those offered here, each with whether it is wanted.
    """

    topic: str
    channels: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsPage:
    """Which notices the resident wants.

    :ivar error: ``cooling``, ``changes``, or None.
    """

    topics: tuple[TopicRow, ...]
    done: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesPage:
    """Where the resident wants to be told.

    :ivar email: the address, or "".
    :ivar browsers: the browsers that are told; ``full``: no other one can be added.
    :ivar phone: the telephone number, or "".
    :ivar channels: by what residents can be told here (``email``, ``web_push``, ``sms``).
    :ivar language: tag of the language of notices.
    :ivar push_key: the key that browsers subscribe to, or None.
    :ivar done: what was done just now: ``email``, ``browser``, ``phone``, ``language``, ``removed``.
    :ivar lately: what the resident was told lately, newest first.
    :ivar errors: words by field: ``malformed``, ``attempts``, ``not-sent``, ``cooling``, ``full``.
    :ivar typed: what was typed, by field, where it has to be corrected.
    """

    email: str
    browsers: tuple[BrowserRow, ...]
    phone: str
    channels: frozenset[str]
    language: str
    push_key: str | None = None
    full: bool = False
    lately: tuple[ToldLine, ...] = ()
    done: str | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailCodePage:
    """The code that was sent to an address.

    :ivar error: ``malformed``, ``wrong``, ``expired``, ``attempts``, ``cooling``, ``changes``.
    :ivar action: where the code goes; ``back``: where another one can be had.
    """

    address: str
    error: str | None = None
    action: str = "/account/notices/email/code"
    back: str = "/account/notices"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPage:
    """The link in a notice that freezes an eID.

    :ivar kind: ``ask``, ``stopped``, ``frozen`` (it was already), ``unknown``, ``used``, ``expired``.
    """

    kind: str
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorCodePage:
    """The guardian types the code of the minor's page.

    :ivar error: ``empty``, ``unknown``, ``over``, ``attempts``, ``not-adult``, ``not-eligible``,
        ``own``, ``elsewhere``.
    """

    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorAskPage:
    """Who asks the guardian, and the decision.

    :ivar born: date of birth in the local form.
    :ivar error: ``declaration``: the box was not ticked.
    """

    code: str
    case: str
    name_english: str
    name_chinese: str | None
    born: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorDonePage:
    """The guardian has decided."""

    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter in the sandbox's inbox."""

    at: datetime
    channel: str
    address: str
    title: str
    body: str
    language: str
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """The sandbox's inbox, newest first."""

    letters: tuple[Letter, ...]

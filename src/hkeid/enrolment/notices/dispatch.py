"""Sending what is due: any process, any time, several at once.

A notice is taken up by moving its ``next_at`` on in one conditional statement; who dies over it leaves
it to the next after that time. A channel that took it is noted before the next one is tried, so that a
notice goes out at least once, and twice only if we die between the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from hkeid.audit.events import AuditTrail
from hkeid.enrolment.notices.addresses import ContactChannel
from hkeid.enrolment.notices.contacts import Contacts
from hkeid.enrolment.notices.events import NoticeSent
from hkeid.enrolment.notices.records import DueNotice, NoticeOutcome, NoticeRepository
from hkeid.enrolment.notices.stopping import WORTH_STOPPING, StopLinks
from hkeid.enrolment.notices.texts import message
from hkeid.kernel.errors import MalformedInput, NotFound, Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.notices import Channel, Notice, Notifier
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock


class DispatchTransaction(Protocol):
    """What dispatching needs of a transaction."""

    @property
    def notices(self) -> NoticeRepository: ...
    @property
    def audit(self) -> AuditTrail: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchSettings:
    """How notices are sent.

    :ivar link: address of My eID, where residents look and stop what they did not do.
    :ivar pauses: between the attempts; after the last one we give up.
    :ivar taken_for: how long a notice belongs to whoever took it up.
    """

    link: str
    pauses: tuple[timedelta, ...] = (
        timedelta(minutes=1),
        timedelta(minutes=10),
        timedelta(hours=1),
        timedelta(hours=6),
        timedelta(hours=24),
    )
    taken_for: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """What a round came to: numbers of notices."""

    told: int = 0
    nobody: int = 0
    gave_up: int = 0
    later: int = 0


class FailureReport(Protocol):
    """Takes note of a notice that could not be sent and will be tried again."""

    def __call__(self, error: Exception, *, channel: Channel | None) -> None:
        """``channel`` is None where no channel was reached. An error's words may hold an address."""
        ...


def _unreported(error: Exception, *, channel: Channel | None) -> None:
    del error, channel


class Dispatcher:
    """Sends notices by the channels there are.

    :param notifiers: who sends; a channel that none of them serves is as if nobody had chosen it.
    :param stop_links: makes the link by which the reader freezes the eID; only mail carries one.
    :param failed: is told whatever kept a notice from being sent.
    """

    def __init__(
        self,
        store: Store[DispatchTransaction],
        contacts: Contacts,
        notifiers: Iterable[Notifier],
        clock: Clock,
        settings: DispatchSettings,
        *,
        stop_links: StopLinks | None = None,
        failed: FailureReport = _unreported,
    ) -> None:
        self._store = store
        self._contacts = contacts
        self._by_channel = {
            channel: notifier for notifier in notifiers for channel in notifier.channels
        }
        self._clock = clock
        self._settings = settings
        self._stop_links = stop_links
        self._failed = failed

    def round(self, *, limit: int = 100) -> Dispatched:
        """Send at most ``limit`` notices that are due."""
        with self._store.transaction() as tx:
            waiting = tx.notices.due(self._clock.now(), limit=limit)
        counts = {"told": 0, "nobody": 0, "gave_up": 0, "later": 0}
        for notice in waiting:
            taken = self._take(notice)
            if taken is not None:
                try:
                    outcome = self._send(taken)
                except Exception as error:  # noqa: BLE001 - one resident never keeps others from being told
                    self._failed(error, channel=None)
                    outcome = self._again(taken)
                counts["later" if outcome is None else outcome.value] += 1
        return Dispatched(**counts)

    def _take(self, notice: DueNotice) -> DueNotice | None:
        """The notice as ours for a while, or None: somebody else was first."""
        now = self._clock.now()
        ours = replace(notice, attempts=notice.attempts + 1, next_at=now + self._settings.taken_for)
        with self._store.transaction() as tx:
            return ours if tx.notices.change(notice, ours) else None

    def _send(self, notice: DueNotice) -> NoticeOutcome | None:
        try:
            addresses = self._addresses(notice)
        except NotFound:
            # Erased since: there is nobody to tell, and no address to tell it to.
            return self._done(notice, NoticeOutcome.NOBODY)
        if not addresses:
            return self._done(notice, NoticeOutcome.NOBODY)
        failed = False
        for channel in sorted({one.channel for one in addresses} - set(notice.told)):
            goes = [one for one in addresses if one.channel is channel]
            if not self._send_by(notice, channel, goes):
                failed = True
                continue
            told = replace(notice, told=(*notice.told, channel))
            with self._store.transaction() as tx:
                if not tx.notices.change(notice, told):
                    return None  # we took too long, and somebody else has it
            notice = told
        if not failed:
            return self._done(notice, NoticeOutcome.TOLD)
        return self._again(notice)

    def _addresses(self, notice: DueNotice) -> tuple[ContactChannel, ...]:
        found = self._contacts.for_notice(notice.resident_id, notice.about)
        # One inbox for everybody in the sandbox: nobody's internal id goes into a letter.
        inbox = (ContactChannel(channel=Channel.INBOX, address="sandbox"),)
        return tuple(one for one in (*found, *inbox) if one.channel in self._by_channel)

    def _send_by(self, notice: DueNotice, channel: Channel, goes: list[ContactChannel]) -> bool:
        """Send to every address of a channel; whether it need not be tried again."""
        language = self._contacts.language_of(notice.resident_id)
        words = message(notice.about, language)
        fine = True
        for one in goes:
            letter = Notice(
                channel=channel,
                address=one.address,
                about=notice.about,
                language=language.value,
                title=words.title,
                body=words.body,
                link=self._link(notice, channel),
            )
            try:
                self._by_channel[channel].send(letter)
            except (Refused, MalformedInput):
                # This address will never do. A browser that is gone is forgotten; the rest stays for
                # the resident to see and mend.
                if channel is Channel.WEB_PUSH:
                    self._contacts.forget_browser(notice.resident_id, one.address)
            except Exception as error:  # noqa: BLE001 - one address never keeps the others from being told
                self._failed(error, channel=channel)
                fine = False
        return fine

    def _link(self, notice: DueNotice, channel: Channel) -> str:
        """Where the reader goes: to stop what happened, where nobody else reads along."""
        private = channel in (Channel.EMAIL, Channel.INBOX)
        if self._stop_links is None or not private or notice.about not in WORTH_STOPPING:
            return self._settings.link
        return self._stop_links.issue(notice.resident_id)

    def _again(self, notice: DueNotice) -> NoticeOutcome | None:
        pauses = self._settings.pauses
        if notice.attempts > len(pauses):
            return self._done(notice, NoticeOutcome.GAVE_UP)
        later = replace(notice, next_at=self._clock.now() + pauses[notice.attempts - 1])
        with self._store.transaction() as tx:
            tx.notices.change(notice, later)
        return None

    def _done(self, notice: DueNotice, outcome: NoticeOutcome) -> NoticeOutcome:
        now: Instant = self._clock.now()
        with self._store.transaction() as tx:
            if tx.notices.change(notice, replace(notice, done_at=now, outcome=outcome)):
                tx.audit.append(
                    NoticeSent(
                        resident_id=notice.resident_id,
                        about=notice.about,
                        channels=tuple(channel.value for channel in notice.told),
                        outcome=outcome.value,
                    )
                )
        if notice.about == "contact_changed":
            self._contacts.forget_former(notice.resident_id, until=notice.due_at)
        return outcome

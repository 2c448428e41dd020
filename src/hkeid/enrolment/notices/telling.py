"""The one way in which a room says that a resident must be told."""

from __future__ import annotations

from typing import Protocol

from hkeid.audit.events import AuditTrail
from hkeid.enrolment.events import NoticeDue
from hkeid.enrolment.notices.records import DueNotice, NoticeChoiceRepository, NoticeRepository
from hkeid.enrolment.notices.topics import topic_of, wants_somewhere
from hkeid.kernel.instants import Instant
from hkeid.ports.surroundings import Random


class TellingTransaction(Protocol):
    """What telling needs of a transaction."""

    @property
    def notices(self) -> NoticeRepository: ...
    @property
    def audit(self) -> AuditTrail: ...


class ChosenTellingTransaction(TellingTransaction, Protocol):
    """What telling needs where the resident may have chosen not to be told."""

    @property
    def notice_choices(self) -> NoticeChoiceRepository: ...


def tell(
    tx: TellingTransaction, resident_id: str, about: str, *, now: Instant, random: Random
) -> None:
    """The resident is told by every channel there is. Kept in the transaction of what it is about: no
    change goes untold, and nothing is told that did not happen.

    :param about: a key of :data:`hkeid.enrolment.notices.MESSAGES`.
    """
    tx.notices.add(
        DueNotice(
            id=random.token(16), resident_id=resident_id, about=about, due_at=now, next_at=now
        )
    )
    tx.audit.append(NoticeDue(resident_id=resident_id, about=about))


def tell_as_chosen(
    tx: ChosenTellingTransaction, resident_id: str, about: str, *, now: Instant, random: Random
) -> bool:
    """:func:`tell`, unless the resident wants no notice of it by any channel; whether one is kept.
    Which channels it goes by is looked at when it is sent.
    """
    wanted = wants_somewhere(tx.notice_choices.of_resident(resident_id), topic_of(about))
    if wanted:
        tell(tx, resident_id, about, now=now, random=random)
    return wanted

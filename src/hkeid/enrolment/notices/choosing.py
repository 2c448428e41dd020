"""Choosing which notices come, by topic and channel (My eID, "Which messages you want")."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Protocol

from hkeid.audit.events import AuditTrail
from hkeid.broker.errors import StepUpRequired
from hkeid.enrolment.cooling import check_not_cooling
from hkeid.enrolment.notices.changing import count_change, take_turn
from hkeid.enrolment.notices.events import NoticeChoicesChanged
from hkeid.enrolment.notices.records import NoticeChoiceRepository, NoticeRepository
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.notices.topics import CHOSEN_BY, OPTIONAL, Choices, Topic, wants
from hkeid.identity.authentication import SessionView
from hkeid.kernel.errors import Refused
from hkeid.ports.notices import Channel
from hkeid.ports.storage import AttemptBudgets, Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents.records import ResidentRepository

LESS: Final = "notice_choices_changed"
"""About this the resident is told when something was turned off."""


class ChoosingTransaction(Protocol):
    """What choosing needs of a transaction."""

    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def notices(self) -> NoticeRepository: ...
    @property
    def notice_choices(self) -> NoticeChoiceRepository: ...
    @property
    def audit(self) -> AuditTrail: ...


class NoticeChoices:
    """The choices of all residents.

    :param recent: how old an authentication may be for a change.
    """

    def __init__(
        self,
        store: Store[ChoosingTransaction],
        clock: Clock,
        random: Random,
        *,
        recent: timedelta = timedelta(minutes=30),
    ) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._recent = recent

    @property
    def recent(self) -> timedelta:
        """How old an authentication may be for a change."""
        return self._recent

    def of_resident(self, resident_id: str) -> dict[tuple[Topic, Channel], bool]:
        """What the resident is told, for every topic that can be chosen and every channel."""
        with self._store.transaction() as tx:
            kept = tx.notice_choices.of_resident(resident_id)
        return _all(kept)

    def choose(
        self, view: SessionView, wanted: Mapping[tuple[Topic, Channel], bool]
    ) -> tuple[Topic, ...]:
        """Keep what is wanted; topics and channels that are not in it stay as they are. Turning
        something off is told like the change of an address. Returns the topics that changed.

        :raises hkeid.kernel.errors.Refused: ``notice_not_optional``: one is about security.
        :raises hkeid.enrolment.EnrolmentRefused: ``eid_cooling``.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``contact_changes_exhausted``.
        """
        if any(topic not in OPTIONAL or channel not in CHOSEN_BY for topic, channel in wanted):
            raise Refused("notice_not_optional")
        now = self._clock.now()
        authentication = view.authentication
        if "user" not in authentication.amr or now - authentication.authenticated_at > self._recent:
            raise StepUpRequired("authentication_too_old")
        resident_id = authentication.resident_id
        with self._store.transaction() as tx:
            take_turn(tx, resident_id, now)
            before = _all(tx.notice_choices.of_resident(resident_id))
            changed = {key: value for key, value in wanted.items() if before[key] is not value}
            if not changed:
                return ()
            check_not_cooling(tx, resident_id, now)
            count_change(tx, resident_id, now)
            for (topic, channel), value in changed.items():
                tx.notice_choices.put(resident_id, topic.value, channel.value, wanted=value)
            if not all(changed.values()):
                tell(tx, resident_id, LESS, now=now, random=self._random)
            words = tuple(
                f"{topic.value}.{channel.value}.{'on' if value else 'off'}"
                for (topic, channel), value in sorted(changed.items())
            )
            tx.audit.append(NoticeChoicesChanged(resident_id=resident_id, choices=words))
        return tuple(topic for topic in OPTIONAL if any(topic is one for one, _ in changed))


def _all(kept: Choices) -> dict[tuple[Topic, Channel], bool]:
    return {
        (topic, channel): wants(kept, topic, channel) for topic in OPTIONAL for channel in CHOSEN_BY
    }

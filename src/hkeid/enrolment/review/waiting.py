"""What somebody is told whose registration waits for officers: how it stands, and how long it takes lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from hkeid.enrolment.registration.records import RegistrationStep
from hkeid.enrolment.review.figures import first_day, median_wait_of
from hkeid.enrolment.review.sources import ReviewTransaction
from hkeid.officers import Words
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock

_DAY_SECONDS = 86_400


class Waiting(StrEnum):
    """What somebody whose registration was referred may know of it."""

    IN_THE_QUEUE = "in_the_queue"
    BEING_LOOKED_AT = "being_looked_at"
    SECOND_LOOK = "second_look"
    DECIDED = "decided"


def _three(en: str, hant: str, hans: str) -> Words:
    return MappingProxyType({"en": en, "zh-Hant-HK": hant, "zh-Hans": hans})


WAITING_WORDS: Mapping[Waiting, Words] = MappingProxyType(
    {
        Waiting.IN_THE_QUEUE: _three(
            "An officer will look at your registration. You need not do anything.",
            "職員會覆核你的登記，你無須進行任何操作。",
            "职员会复核你的登记，你无须进行任何操作。",
        ),
        Waiting.BEING_LOOKED_AT: _three(
            "An officer is looking at your registration now.",
            "職員正在覆核你的登記。",
            "职员正在复核你的登记。",
        ),
        Waiting.SECOND_LOOK: _three(
            "One officer has looked at your registration. A second one looks as well, to be sure.",
            "一名職員已覆核你的登記，另一名職員會再作覆核，以確保無誤。",
            "一名职员已复核你的登记，另一名职员会再作复核，以确保无误。",
        ),
        Waiting.DECIDED: _three(
            "Your registration has been decided.", "你的登記已有決定。", "你的登记已有决定。"
        ),
    }
)
"""The same in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingView:
    """What an applicant who waits is told.

    :ivar usual_days: within how many whole days half of the latest cases were decided, at least 1; None:
        unknown.
    """

    state: Waiting
    usual_days: int | None


class WaitingRoom:
    """Says how a referred registration stands; no officer asks, and nothing about a person is told."""

    def __init__(self, store: Store[ReviewTransaction], clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def look(self, case_id: str) -> WaitingView:
        """How the case stands."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            record = tx.registrations.get(case_id)
            decision = tx.reviews.decision(case_id)
            lease = tx.reviews.lease(case_id)
            votes = tx.reviews.votes(case_id)
            usual = median_wait_of(tx.reviews.decided_since(first_day(now)))
        if decision is not None or record is None or record.step is not RegistrationStep.REFERRED:
            state = Waiting.DECIDED
        elif lease is not None and lease.expires_at > now:
            state = Waiting.BEING_LOOKED_AT
        else:
            state = Waiting.SECOND_LOOK if votes else Waiting.IN_THE_QUEUE
        days = None if usual is None else max(1, -(-usual // _DAY_SECONDS))
        return WaitingView(state=state, usual_days=days)

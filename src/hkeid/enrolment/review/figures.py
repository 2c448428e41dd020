"""Numbers about reviews, for the console; and what an applicant who waits is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import median
from types import MappingProxyType

from hkeid.enrolment.registration.records import RegistrationStep
from hkeid.enrolment.review.cases import tally
from hkeid.enrolment.review.records import Decision
from hkeid.enrolment.review.sources import ReviewTransaction, Sources, Stage
from hkeid.kernel.instants import Instant
from hkeid.officers import Officers, OfficerView, Permission, Words
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock

_HONG_KONG = timedelta(hours=8)
_DAYS = 14
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

AGES: Mapping[str, timedelta | None] = MappingProxyType(
    {"under_4_hours": 4 * _HOUR, "under_1_day": _DAY, "under_3_days": 3 * _DAY, "older": None}
)
"""Groups of waiting times, with their upper ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """What was decided on a day of Hong Kong."""

    day: date
    accepted: int
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Today's numbers; they name nobody.

    :ivar waiting: cases by age, in the order of :data:`AGES`.
    :ivar stages: cases by stage.
    :ivar days: the last 14 days, oldest first.
    :ivar median_wait: of the cases decided in these days, in seconds; None: there were none.
    :ivar accesses: accesses of the last 24 hours, by reason.
    """

    at: Instant
    waiting: Mapping[str, int]
    stages: Mapping[Stage, int]
    taken: int
    oldest: timedelta | None
    days: tuple[DayFigures, ...]
    median_wait: int | None
    accesses: Mapping[str, int]


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

    :ivar usual_days: how long cases took lately, in whole days, at least 1; None: unknown.
    """

    state: Waiting
    usual_days: int | None


class ReviewFigures:
    """Counts."""

    def __init__(
        self,
        store: Store[ReviewTransaction],
        officers: Officers[ReviewTransaction],
        clock: Clock,
        sources: Sources,
    ) -> None:
        self._store = store
        self._officers = officers
        self._clock = clock
        self._sources = sources

    def today(self, view: OfficerView) -> Figures:
        """Today's numbers.

        :raises hkeid.officers.AccessDenied: without ``figures.read``.
        """
        with self._officers.acting(view, Permission.FIGURES_READ) as admission:
            tx, now = admission.tx, admission.now
            ages, stages = self._open_cases(tx, now)
            decided = tx.reviews.decided_since(_first_day(now))
            taken = len(tx.reviews.live_leases(now))
            accesses: dict[str, int] = {}
            for one in tx.record_accesses.since(now - _DAY):
                accesses[one.reason.value] = accesses.get(one.reason.value, 0) + 1
        return Figures(
            at=now,
            waiting=_grouped(ages),
            stages=stages,
            taken=taken,
            oldest=max(ages, default=None),
            days=_by_day(decided, now),
            median_wait=_median(decided),
            accesses=dict(sorted(accesses.items())),
        )

    def waiting(self, case_id: str) -> WaitingView:
        """What the applicant of a referred case may know; no officer asks."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            record = tx.registrations.get(case_id)
            decision = tx.reviews.decision(case_id)
            lease = tx.reviews.lease(case_id)
            votes = tx.reviews.votes(case_id)
            usual = _median(tx.reviews.decided_since(_first_day(now)))
        if decision is not None or record is None or record.step is not RegistrationStep.REFERRED:
            state = Waiting.DECIDED
        elif lease is not None and lease.expires_at > now:
            state = Waiting.BEING_LOOKED_AT
        else:
            state = Waiting.SECOND_LOOK if votes else Waiting.IN_THE_QUEUE
        days = None if usual is None else max(1, -(-usual // 86_400))
        return WaitingView(state=state, usual_days=days)

    def _open_cases(
        self, tx: ReviewTransaction, now: Instant
    ) -> tuple[list[timedelta], dict[Stage, int]]:
        ages = []
        stages = dict.fromkeys(Stage, 0)
        for case in self._sources.waiting(tx, limit=1000):
            if tx.reviews.decision(case.id) is not None:
                continue
            stages[tally(tx.reviews.votes(case.id), risky=bool(case.risks)).stage] += 1
            ages.append(now - case.referred_at)
        return ages, stages


def _grouped(ages: Sequence[timedelta]) -> dict[str, int]:
    groups = dict.fromkeys(AGES, 0)
    for age in ages:
        name = next(name for name, end in AGES.items() if end is None or age < end)
        groups[name] += 1
    return groups


def _day(moment: Instant) -> date:
    return (moment + _HONG_KONG).date()


def _first_day(now: Instant) -> Instant:
    """Midnight in Hong Kong, 13 days before today."""
    local = now + _HONG_KONG
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - _HONG_KONG - (_DAYS - 1) * _DAY


def _by_day(decided: Sequence[Decision], now: Instant) -> tuple[DayFigures, ...]:
    days = [_day(_first_day(now)) + number * _DAY for number in range(_DAYS)]
    return tuple(
        DayFigures(
            day=day,
            accepted=sum(_day(one.decided_at) == day and one.accept for one in decided),
            refused=sum(_day(one.decided_at) == day and not one.accept for one in decided),
        )
        for day in days
    )


def _median(decided: Sequence[Decision]) -> int | None:
    return int(median(one.waited for one in decided)) if decided else None

"""Numbers about reviews, for the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from types import MappingProxyType

from hkeid.enrolment.review.cases import tally
from hkeid.enrolment.review.records import Decision
from hkeid.enrolment.review.sources import ReviewTransaction, Sources, Stage
from hkeid.kernel.instants import Instant
from hkeid.officers import Officers, OfficerView, Permission
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
            decided = tx.reviews.decided_since(first_day(now))
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
            median_wait=median_wait_of(decided),
            accesses=dict(sorted(accesses.items())),
        )

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


def first_day(now: Instant) -> Instant:
    """Midnight in Hong Kong, 13 days before today: where the days that count begin."""
    local = now + _HONG_KONG
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - _HONG_KONG - (_DAYS - 1) * _DAY


def _by_day(decided: Sequence[Decision], now: Instant) -> tuple[DayFigures, ...]:
    days = [_day(first_day(now)) + number * _DAY for number in range(_DAYS)]
    return tuple(
        DayFigures(
            day=day,
            accepted=sum(_day(one.decided_at) == day and one.accept for one in decided),
            refused=sum(_day(one.decided_at) == day and not one.accept for one in decided),
        )
        for day in days
    )


def median_wait_of(decided: Sequence[Decision]) -> int | None:
    """How long these cases waited, half of them longer, in seconds; None: there were none."""
    return int(median(one.waited for one in decided)) if decided else None

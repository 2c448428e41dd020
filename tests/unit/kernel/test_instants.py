"""The two integer forms of an instant."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from hkeid.kernel.instants import (
    epoch_microseconds,
    epoch_seconds,
    from_epoch_microseconds,
    from_epoch_seconds,
)

_MOMENTS = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(_MOMENTS)
def test_microseconds_are_exact(moment: datetime) -> None:
    assert from_epoch_microseconds(epoch_microseconds(moment)) == moment


@given(_MOMENTS)
def test_seconds_round_down(moment: datetime) -> None:
    seconds = from_epoch_seconds(epoch_seconds(moment))
    assert timedelta(0) <= moment - seconds < timedelta(seconds=1)


def test_another_zone_is_the_same_moment() -> None:
    hong_kong = timezone(timedelta(hours=8))
    assert epoch_seconds(datetime(2026, 1, 1, 8, tzinfo=hong_kong)) == epoch_seconds(
        datetime(2026, 1, 1, tzinfo=UTC)
    )

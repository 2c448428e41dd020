"""Instants: aware UTC ``datetime`` values, and the two integer forms they travel in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

Instant = datetime
"""An aware UTC moment. Naive datetimes have no place in hkeid."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def epoch_seconds(moment: Instant) -> int:
    """Whole seconds since 1970 (``NumericDate`` of RFC 7519 §2), rounded down."""
    return int(moment.timestamp() // 1)


def epoch_microseconds(moment: Instant) -> int:
    """Exact microseconds since 1970; what stores keep."""
    return (moment - _EPOCH) // _MICROSECOND


def from_epoch_microseconds(value: int) -> Instant:
    """The inverse of :func:`epoch_microseconds`."""
    return _EPOCH + timedelta(microseconds=value)


def from_epoch_seconds(value: int) -> Instant:
    """The moment of a ``NumericDate``."""
    return _EPOCH + timedelta(seconds=value)

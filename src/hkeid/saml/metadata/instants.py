"""Moments and durations as metadata writes them (XML Schema part 2 §3.2.6, §3.2.7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hkeid.kernel.instants import Instant
from hkeid.saml.metadata.errors import MetadataMalformed, MetadataReason

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,18})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DURATION = re.compile(
    r"P(?=.)(?:([0-9]{1,5})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})D)?"
    r"(?:T(?=.)(?:([0-9]{1,6})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,9})(?:\.[0-9]{1,9})?S)?)?"
)
_YEAR, _MONTH = timedelta(days=365), timedelta(days=30)


def read_instant(text: str) -> Instant:
    """The moment that ``text`` names; without a zone it is in UTC (saml-core §1.3.3).

    :raises MetadataMalformed: ``saml_metadata_instant``.
    """
    if not _INSTANT.fullmatch(text):
        raise MetadataMalformed(MetadataReason.INSTANT)
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MetadataMalformed(MetadataReason.INSTANT) from None


def write_instant(moment: Instant) -> str:
    """``moment`` to the second, and to the microsecond where it has any."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def read_duration(text: str) -> timedelta:
    """The length of ``text``: a year counts 365 days, a month 30; parts of a second are cut off.

    :raises MetadataMalformed: ``saml_metadata_duration``: also for a negative one.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise MetadataMalformed(MetadataReason.DURATION)
    years, months, days, hours, minutes, seconds = (int(one or 0) for one in found.groups())
    rest = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return years * _YEAR + months * _MONTH + rest


def write_duration(length: timedelta) -> str:
    """``length`` in whole seconds, as days, hours, minutes and seconds."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    date = f"{days}D" if days else ""
    time = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    return f"P{date}T{time}" if time else f"P{date or 'T0S'}"

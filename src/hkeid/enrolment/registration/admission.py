"""Who may begin, and who may send a picture: so many of one network and the networks around it, and so
many in all.

To agree costs nothing, so that beginnings are counted by network only, and where a network is full the
oldest who only agreed makes way. What counts in all is who sent a picture; when there is no room left,
networks of which few have sent one still get a few in, so that whoever holds many of one kind cannot lock
everybody out. Recoveries have a reserve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from hkeid.enrolment.registration.records import (
    NetworkMark,
    NetworkReach,
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationTransaction,
)
from hkeid.enrolment.registration.settings import RegistrationSettings
from hkeid.kernel.errors import TooManyAttempts, Unavailable
from hkeid.kernel.instants import Instant

GRACE: Final = timedelta(minutes=5)
"""How long somebody who began has for a photograph of the card before they may have to make way."""

_NETWORK = "registration_network"


def admit(
    tx: RegistrationTransaction,
    record: RegistrationRecord,
    settings: RegistrationSettings,
    now: Instant,
    make_way: Callable[[RegistrationRecord], None],
) -> None:
    """Let a registration that begins pass.

    The budgets come first: their rows hold others of the same networks until this transaction is over,
    so that they are counted one after the other. Of one provider, and in all, those who come at the same
    instant may go over the number by as many as they are.

    :param make_way: ends, in this transaction, one that has no picture.
    :raises hkeid.kernel.errors.TooManyAttempts: ``registration_attempts_exhausted``,
        ``registration_network_full``.
    :raises hkeid.kernel.errors.Unavailable: ``registration_full``.
    """
    _spend(tx, record, settings, now)
    for mark, times in _around(record, settings):
        if tx.registrations.count_open(now, mark) < settings.network_open * times:
            continue
        oldest = tx.registrations.oldest_without_picture(now, mark, before=now - GRACE)
        if oldest is None and _has_little(tx, record, mark, settings, now):
            continue
        if oldest is None:
            raise TooManyAttempts(
                "registration_network_full", retry_after=int(settings.window.total_seconds())
            )
        make_way(oldest)
    admit_picture(tx, record, settings, now)


def _has_little(
    tx: RegistrationTransaction,
    record: RegistrationRecord,
    full: NetworkMark,
    settings: RegistrationSettings,
    now: Instant,
) -> bool:
    """Whether somebody comes from a part of a full network that has little of what is open there: waiting
    cases stay for weeks, and the neighbours of whoever has many would be locked out as long.
    """
    inner = {
        NetworkReach.SITE: record.network,
        NetworkReach.PROVIDER: record.site or record.network,
    }
    part = inner.get(full.reach)
    if part is None:
        return False
    reach = NetworkReach.NETWORK if full.reach is NetworkReach.SITE else NetworkReach.SITE
    return tx.registrations.count_open(now, NetworkMark(reach, part)) < settings.network_share


def admit_picture(
    tx: RegistrationTransaction,
    record: RegistrationRecord,
    settings: RegistrationSettings,
    now: Instant,
) -> None:
    """Let a registration pass that has no picture yet.

    :raises hkeid.kernel.errors.Unavailable: ``registration_full``.
    """
    recovering = record.purpose is RegistrationPurpose.RECOVERY
    most = settings.most_open + (settings.recovery_reserve if recovering else 0)
    if tx.registrations.count_with_picture(now) < most:
        return
    for mark, times in _around(record, settings):
        if tx.registrations.count_with_picture(now, mark) >= settings.network_share * times:
            raise Unavailable("registration_full")


def _spend(
    tx: RegistrationTransaction,
    record: RegistrationRecord,
    settings: RegistrationSettings,
    now: Instant,
) -> None:
    """Count the attempt; not by provider, where a few customers would lock out all others by agreeing."""
    for mark, times in _around(record, settings):
        if mark.reach is NetworkReach.PROVIDER:
            continue
        spent = tx.budgets.spend(
            _NETWORK,
            mark.digest,
            limit=settings.network_attempts * times,
            window=settings.network_window,
            now=now,
        )
        if not spent.allowed:
            raise TooManyAttempts("registration_attempts_exhausted", retry_after=spent.retry_after)


def _around(
    record: RegistrationRecord, settings: RegistrationSettings
) -> Iterator[tuple[NetworkMark, int]]:
    """The networks that count, from near to far, each with how many times what one network may have."""
    yield NetworkMark(NetworkReach.NETWORK, record.network or b""), 1
    if record.site is not None and record.site != record.network:
        yield NetworkMark(NetworkReach.SITE, record.site), settings.site_times
    if record.provider is not None:
        yield NetworkMark(NetworkReach.PROVIDER, record.provider), settings.provider_times

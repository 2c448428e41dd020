"""Who may begin: so many from one network and the networks around it, and so many in all.

To begin costs nothing, so that beginnings are counted by network only. What counts in all is who sent a
picture; and when there is no room left, networks of which few are there still get a few in, so that a
stranger with many networks of one kind cannot lock everybody out. Recoveries have a reserve.
"""

from __future__ import annotations

from collections.abc import Iterator

from hkeid.enrolment.registration.records import (
    NetworkReach,
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationTransaction,
)
from hkeid.enrolment.registration.settings import RegistrationSettings
from hkeid.kernel.errors import TooManyAttempts, Unavailable
from hkeid.kernel.instants import Instant

_NETWORK = "registration_network"


def admit(
    tx: RegistrationTransaction,
    record: RegistrationRecord,
    settings: RegistrationSettings,
    now: Instant,
) -> None:
    """Let a registration that begins pass.

    The budgets come first: their rows hold others of the same networks until this transaction is over,
    so that they are counted one after the other. In all, those who come at the same instant may go over
    the number by as many as they are.

    :raises hkeid.kernel.errors.TooManyAttempts: ``registration_attempts_exhausted``,
        ``registration_network_full``.
    :raises hkeid.kernel.errors.Unavailable: ``registration_full``.
    """
    for _, digest, times in _around(record, settings):
        spent = tx.budgets.spend(
            _NETWORK,
            digest,
            limit=settings.network_attempts * times,
            window=settings.network_window,
            now=now,
        )
        if not spent.allowed:
            raise TooManyAttempts("registration_attempts_exhausted", retry_after=spent.retry_after)
    if not _has_room(tx, record, settings, now, each=settings.network_open):
        raise TooManyAttempts(
            "registration_network_full", retry_after=int(settings.window.total_seconds())
        )
    recovering = record.purpose is RegistrationPurpose.RECOVERY
    most = settings.most_open + (settings.recovery_reserve if recovering else 0)
    if tx.registrations.count_with_picture(now) < most:
        return
    if not _has_room(tx, record, settings, now, each=settings.network_share):
        raise Unavailable("registration_full")


def _around(
    record: RegistrationRecord, settings: RegistrationSettings
) -> Iterator[tuple[NetworkReach, bytes, int]]:
    """The networks that count, from near to far, each with how many times what one network may have."""
    yield NetworkReach.NETWORK, record.network or b"", 1
    if record.site is not None and record.site != record.network:
        yield NetworkReach.SITE, record.site, settings.site_times
    if record.provider is not None:
        yield NetworkReach.PROVIDER, record.provider, settings.provider_times


def _has_room(
    tx: RegistrationTransaction,
    record: RegistrationRecord,
    settings: RegistrationSettings,
    now: Instant,
    *,
    each: int,
) -> bool:
    return all(
        tx.registrations.count_open(now, reach, digest) < each * times
        for reach, digest, times in _around(record, settings)
    )

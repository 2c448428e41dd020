"""What an operator may choose about registration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hkeid.kernel.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationSettings:
    """Windows, tries and budgets of registration.

    :ivar statement: version of the collection statement and biometric consent in force.
    :ivar window: how long an applicant may take from the beginning to the selfie.
    :ivar binding: how long after the decision the device may be bound (at most 10 minutes).
    :ivar review_wait: how long a referred case may wait for an officer (at most 30 days).
    :ivar guardian_wait: how long a guardian may take.
    :ivar accepted_wait: how long somebody whose case waited may take to come back.
    :ivar tries: photographs, and selfies, before an officer looks (at most 10).
    :ivar network_attempts: registrations begun from one network within ``network_window``.
    :ivar network_open: registrations from one network that may be open at once, waiting ones included.
    :ivar site_times: how many times what one network may have, an IPv6 /48 may have in all.
    :ivar provider_times: likewise an IPv6 /32.
    :ivar most_open: registrations with a picture that may be open at once in all.
    :ivar recovery_reserve: recoveries that may be open beyond that.
    :ivar network_share: registrations with a picture from one network that may be open when there is no
        room in all.
    :ivar kept: how long a registration that led to nothing is kept.
    :ivar kept_done: how long the record of one that led to an eID is kept.
    :ivar repeats: earlier registrations with the same number, with a face shown to the camera, within
        ``repeats_window`` that make an officer look.
    :ivar repeats_window: see ``repeats``.
    :ivar register_age: how old the register's answer may be when the device is bound, or when officers
        accept; one that is older is asked for again (at most 7 days).
    :ivar cooling: after a recovery: how long the eID gives the lowest rung only (24 to 72 hours).
    """

    statement: str = "2026-11"
    window: timedelta = timedelta(minutes=30)
    binding: timedelta = timedelta(minutes=10)
    review_wait: timedelta = timedelta(days=30)
    guardian_wait: timedelta = timedelta(days=14)
    accepted_wait: timedelta = timedelta(days=7)
    tries: int = 3
    network_attempts: int = 30
    network_window: timedelta = timedelta(hours=1)
    network_open: int = 200
    site_times: int = 4
    provider_times: int = 20
    most_open: int = 20_000
    recovery_reserve: int = 2_000
    network_share: int = 5
    kept: timedelta = timedelta(days=90)
    kept_done: timedelta = timedelta(days=6 * 365)
    repeats: int = 3
    repeats_window: timedelta = timedelta(days=30)
    register_age: timedelta = timedelta(hours=24)
    cooling: timedelta = timedelta(hours=48)

    def __post_init__(self) -> None:
        """Refuse what cannot work or would not protect.

        :raises ConfigurationError: ``registration_settings_invalid``.
        """
        zero, day = timedelta(0), timedelta(days=1)
        rules = {
            "statement": bool(self.statement.strip()),
            "window": timedelta(minutes=5) <= self.window <= timedelta(hours=2),
            "binding": timedelta(minutes=1) <= self.binding <= timedelta(minutes=10),
            "review_wait": day <= self.review_wait <= 30 * day,
            "guardian_wait": day <= self.guardian_wait <= 30 * day,
            "accepted_wait": day <= self.accepted_wait <= 30 * day,
            "tries": 0 < self.tries <= 10,
            "network_attempts": 0 < self.network_attempts <= 10_000,
            "network_window": self.network_window > zero,
            "network_open": 0 < self.network_open <= self.most_open,
            "site_times": 0 < self.site_times <= self.provider_times,
            "provider_times": self.provider_times <= 1_000,
            "most_open": self.most_open <= 10_000_000,
            "recovery_reserve": 0 <= self.recovery_reserve <= 10_000_000,
            "network_share": 0 <= self.network_share <= 1_000,
            "kept": self.kept >= day,
            "kept_done": self.kept_done >= day,
            "repeats": self.repeats > 0,
            "repeats_window": day <= self.repeats_window <= self.kept,
            "register_age": zero < self.register_age <= 7 * day,
            "cooling": day <= self.cooling <= 3 * day,
        }
        for name, held in rules.items():
            if not held:
                raise ConfigurationError("registration_settings_invalid", detail=name)

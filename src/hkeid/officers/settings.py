"""What an operator may choose about officers' sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hkeid.kernel.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerSettings:
    """Lifetimes; NIST SP 800-63B-4 §2.3.3 gives AAL3 at most 12 h and 15 min idle.

    :ivar session_lifetime: from the login on, at most 12 h.
    :ivar session_idle: without any use, at most 15 min.
    :ivar touch_every: use is noted once in this time at most.
    :ivar step_up: how old the latest use of the passkey may be for what needs a fresh one.
    :ivar code_lifetime: of an enrolment code.
    :ivar code_attempts: codes tried from one network within ``code_window``.
    :ivar refused_logins: refused logins that are recorded within ``code_window``.
    """

    session_lifetime: timedelta = timedelta(hours=8)
    session_idle: timedelta = timedelta(minutes=15)
    touch_every: timedelta = timedelta(seconds=30)
    step_up: timedelta = timedelta(minutes=5)
    code_lifetime: timedelta = timedelta(days=1)
    code_attempts: int = 10
    code_window: timedelta = timedelta(minutes=15)
    refused_logins: int = 1000

    def __post_init__(self) -> None:
        """Refuse what would not protect.

        :raises ConfigurationError: ``officer_settings_invalid``.
        """
        zero = timedelta(0)
        rules = {
            "session_lifetime": zero < self.session_lifetime <= timedelta(hours=12),
            "session_idle": zero < self.session_idle <= timedelta(minutes=15),
            "touch_every": zero <= self.touch_every < self.session_idle,
            "step_up": zero < self.step_up <= timedelta(minutes=5),
            "code_lifetime": zero < self.code_lifetime <= timedelta(days=7),
            "code_attempts": 0 < self.code_attempts <= 100,
            "code_window": self.code_window > zero,
            "refused_logins": self.refused_logins > 0,
        }
        for name, kept in rules.items():
            if not kept:
                raise ConfigurationError("officer_settings_invalid", detail=name)

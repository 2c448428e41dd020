"""What an operator may choose about sessions and logins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hkeid.kernel.errors import ConfigurationError

_LONGEST_LIFETIME = timedelta(hours=24)
_LONGEST_IDLE = timedelta(hours=1)
_LONGEST_RECENT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Lifetimes and budgets; the defaults are the longest that NIST SP 800-63B-4 §2.2.3 lets AAL2 have.

    :ivar session_lifetime: from the authentication on, whatever the resident does; at most 24 h.
    :ivar session_idle: without any use; at most 1 h.
    :ivar touch_every: use is noted once in this time at most, so that a page view is no write. The
        idle time may end this much early, never late.
    :ivar recent: how old an authentication may be for adding a login elsewhere, as for adding a device.
    :ivar failed_logins: refused logins per network and credential within ``failed_login_window``
        that are answered and recorded one by one. A login that is right always passes.
    :ivar unknown_logins: refused logins with unknown credentials, or with none at all, that are
        recorded within the window, all networks together.
    """

    session_lifetime: timedelta = timedelta(hours=24)
    session_idle: timedelta = timedelta(hours=1)
    touch_every: timedelta = timedelta(minutes=5)
    recent: timedelta = timedelta(minutes=5)
    failed_logins: int = 10
    unknown_logins: int = 1000
    failed_login_window: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        """Refuse what AAL2 does not allow or what cannot work.

        :raises ConfigurationError: ``broker_settings_invalid``.
        """
        zero = timedelta(0)
        rules = {
            "session_lifetime": zero < self.session_lifetime <= _LONGEST_LIFETIME,
            "session_idle": zero < self.session_idle <= _LONGEST_IDLE,
            "touch_every": zero <= self.touch_every < self.session_idle,
            "recent": zero < self.recent <= _LONGEST_RECENT,
            "failed_logins": self.failed_logins > 0,
            "unknown_logins": self.unknown_logins > 0,
            "failed_login_window": self.failed_login_window > zero,
        }
        for name, kept in rules.items():
            if not kept:
                raise ConfigurationError("broker_settings_invalid", detail=name)

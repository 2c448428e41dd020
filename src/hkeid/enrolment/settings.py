"""What an operator may choose about activation and devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hkeid.kernel.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentSettings:
    """Lifetimes and budgets of enrolment.

    :ivar ticket_lifetime: of an activation ticket; 24 hours to 7 days.
    :ivar network_attempts: activation codes tried from one network within ``network_window``. A
        right code gives them back.
    :ivar code_returns: how often within a day one right code gives them back; whoever holds a ticket
        cannot buy more guesses with it.
    :ivar brake_attempts: attempts within ``brake_window`` that all networks whose own budget is spent
        share. Only when these are gone too, such networks wait; others never do.
    :ivar recent: how old an authentication may be for changes to the devices.
    :ivar most_devices: devices that one resident may have.
    """

    ticket_lifetime: timedelta = timedelta(days=3)
    network_attempts: int = 10
    network_window: timedelta = timedelta(minutes=15)
    code_returns: int = 20
    brake_attempts: int = 2000
    brake_window: timedelta = timedelta(hours=1)
    recent: timedelta = timedelta(minutes=5)
    most_devices: int = 10

    def __post_init__(self) -> None:
        """Refuse what cannot work or would not protect.

        :raises ConfigurationError: ``enrolment_settings_invalid``.
        """
        zero = timedelta(0)
        day = timedelta(days=1)
        rules = {
            "ticket_lifetime": day <= self.ticket_lifetime <= 7 * day,
            "network_attempts": 0 < self.network_attempts <= 1000,
            "network_window": self.network_window > zero,
            "code_returns": 0 < self.code_returns <= 1000,
            "brake_attempts": 0 < self.brake_attempts <= 1_000_000,
            "brake_window": self.brake_window > zero,
            "recent": zero < self.recent <= timedelta(minutes=15),
            "most_devices": self.most_devices > 1,
        }
        for name, kept in rules.items():
            if not kept:
                raise ConfigurationError("enrolment_settings_invalid", detail=name)

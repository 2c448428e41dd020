"""What an operator may choose about stations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hkeid.kernel.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSettings:
    """Lifetimes and budgets.

    :ivar code_lifetime: of the code by which a station enrols; at most 7 days.
    :ivar certificate_lifetime: of a station's certificate; at most 31 days.
    :ivar ticket_lifetime: of the ticket that opens the station's browser; at most 5 minutes.
    :ivar seat_lifetime: how long such a browser may stay; at most a day.
    :ivar enrol_attempts: enrolment codes tried from one network within ``window``.
    :ivar number_attempts: wrong upgrade numbers typed at one station within ``window``.
    :ivar recorded_refusals: how many refusals before authentication are audited within ``window``.
    """

    code_lifetime: timedelta = timedelta(hours=24)
    certificate_lifetime: timedelta = timedelta(days=7)
    ticket_lifetime: timedelta = timedelta(minutes=2)
    seat_lifetime: timedelta = timedelta(hours=14)
    enrol_attempts: int = 10
    number_attempts: int = 20
    recorded_refusals: int = 200
    window: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        """Refuse what cannot work or would not protect.

        :raises ConfigurationError: ``station_settings_invalid``.
        """
        zero, day = timedelta(0), timedelta(days=1)
        rules = {
            "code_lifetime": zero < self.code_lifetime <= 7 * day,
            "certificate_lifetime": zero < self.certificate_lifetime <= 31 * day,
            "ticket_lifetime": zero < self.ticket_lifetime <= timedelta(minutes=5),
            "seat_lifetime": zero < self.seat_lifetime <= day,
            "enrol_attempts": 0 < self.enrol_attempts <= 1000,
            "number_attempts": 0 < self.number_attempts <= 1000,
            "recorded_refusals": 0 < self.recorded_refusals <= 100_000,
            "window": self.window > zero,
        }
        for name, kept in rules.items():
            if not kept:
                raise ConfigurationError("station_settings_invalid", detail=name)

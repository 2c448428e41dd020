"""Why a station is turned away."""

from __future__ import annotations

from hkeid.kernel.errors import NotFound, Refused


class StationRefused(Refused):
    """A rule about stations says no.

    Who it is: ``certificate_missing``, ``certificate_unverified``, ``certificate_from_elsewhere``
    (the header did not come from the configured proxy), ``certificate_unknown``,
    ``certificate_expired``, ``certificate_not_yet_valid``, ``certificate_replaced``,
    ``station_suspended``, ``station_revoked``. What it may do: ``station_not_allowed``. How it came:
    ``station_code_unknown``, ``station_code_expired``, ``station_code_used``,
    ``station_code_revoked``, ``station_attempts_exhausted``. Its browser: ``seat_missing``,
    ``seat_ticket_unknown``, ``seat_ticket_used``. Changes: ``station_changed``,
    ``station_enrolled_already``, ``station_not_enrolled``, ``certificate_taken``.
    """

    default_safe_text = "This station is not allowed to do this."


class StationUnknown(StationRefused, NotFound):
    """There is no such station (``station_unknown``)."""

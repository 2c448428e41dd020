"""What the console works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from flask import current_app

from hkeid.enrolment.counter_seats import CounterSeats
from hkeid.enrolment.record_desk import RecordDesk
from hkeid.enrolment.review import Review, ReviewFigures
from hkeid.officers import Officers
from hkeid.ports import Clock, Random
from hkeid.profile.rights import RequestDesk
from hkeid_server.journal import Journal
from hkeid_server.network import NetworkReader
from hkeid_server.shell import PageSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """All parts of the console.

    :ivar seats: officers' seats at stations; None where no stations are served.
    :ivar ceremony: how long a passkey ceremony may take.
    :ivar body_limit: most bytes of a form.
    """

    pages: PageSettings
    clock: Clock
    random: Random
    officers: Officers[Any]
    review: Review
    figures: ReviewFigures
    records: RecordDesk
    requests: RequestDesk
    seats: CounterSeats | None
    journal: Journal
    network: NetworkReader
    ceremony: timedelta
    body_limit: int
    log_access: bool


def console() -> Console:
    """The console of the running application."""
    return cast(Console, current_app.extensions["hkeid.console"])

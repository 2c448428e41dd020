"""The order in which waiting registrations have their turn: whoever comes with many does not bury others.

Cases that came from one network, or are about one identity-card number, take turns: each that waits
before it sets a case back by one turn. Nobody waits for ever: the set-back is fixed, and time goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from hkeid.enrolment.registration.records import RegistrationRecord
from hkeid.kernel.instants import Instant


def placed(
    records: Iterable[RegistrationRecord], turn: timedelta
) -> tuple[tuple[Instant, RegistrationRecord], ...]:
    """Records of one step with the moment by which they are ordered, the next one first.

    :param turn: how far each earlier one of the same network, or number, sets a case back.
    """
    seen: Counter[bytes | None] = Counter()
    found = []
    for record in sorted(records, key=lambda one: (one.updated_at, one.id)):
        before = 0
        for mark in (record.network, record.number_digest):
            if mark is not None:
                before += seen[mark]
                seen[mark] += 1
        found.append((record.updated_at + before * turn, record))
    return tuple(sorted(found, key=lambda one: (one[0], one[1].id)))

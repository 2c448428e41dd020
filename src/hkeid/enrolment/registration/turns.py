"""The order in which waiting registrations have their turn: whoever comes with many does not bury others.

Cases that came from one site take turns: each that waits before it sets a case back by one turn, and,
where it is about the same identity-card number too, by another, up to :data:`MOST_FOR_NUMBER`; by
:data:`MOST_TURNS` in all, because neighbours share an address with whoever brings many. A number alone
sets nobody back: it is no secret, and its owner would wait behind all who know it. Nobody waits for ever:
the set-back is fixed, and time goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from hkeid.enrolment.registration.records import RegistrationRecord
from hkeid.kernel.instants import Instant

MOST_FOR_NUMBER: Final = 3
"""How many turns earlier cases about the same number, from the same site, set a case back at most."""

MOST_TURNS: Final = 144
"""How many turns a case is set back at most: a day of ten minutes each."""


def placed(
    records: Iterable[RegistrationRecord], turn: timedelta
) -> tuple[tuple[Instant, RegistrationRecord], ...]:
    """Records of one step with the moment by which they are ordered, the next one first.

    :param turn: how far each earlier one of the same site sets a case back.
    """
    seen: Counter[tuple[bytes, bytes]] = Counter()
    found = []
    for record in sorted(records, key=lambda one: (one.updated_at, one.id)):
        before = 0
        if record.site is not None:
            before += seen[record.site, b""]
            seen[record.site, b""] += 1
            if record.number_digest is not None:
                before += min(seen[record.site, record.number_digest], MOST_FOR_NUMBER)
                seen[record.site, record.number_digest] += 1
        found.append((record.updated_at + min(before, MOST_TURNS) * turn, record))
    return tuple(sorted(found, key=lambda one: (one[0], one[1].id)))

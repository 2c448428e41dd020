"""Addresses that were left, until they have been told of it.

They are kept as JSON in a sealed field. None pushes another one out, and none is left out: where too many
wait to be told, no further one can be left.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hkeid.enrolment.errors import EnrolmentRefused
from hkeid.kernel.errors import TooManyAttempts
from hkeid.ports.notices import Channel

MOST_FORMER: Final = 20
"""So many addresses of one resident wait to be told that they were left."""
_TRY_AGAIN: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FormerAddress:
    """Where a resident was told until a moment ago.

    :ivar left_at: microseconds since 1970 (UTC).
    """

    channel: Channel
    address: str
    left_at: int


def former_of(kept: str) -> tuple[FormerAddress, ...]:
    """What was kept by :func:`kept_former`; of earlier releases, the one e-mail address as it is.

    :raises hkeid.enrolment.EnrolmentRefused: ``contact_unreadable``.
    """
    if not kept:
        return ()
    if not kept.startswith("["):
        return (FormerAddress(channel=Channel.EMAIL, address=kept, left_at=0),)
    try:
        return tuple(
            FormerAddress(channel=Channel(channel), address=str(address), left_at=int(left_at))
            for channel, address, left_at in json.loads(kept)
        )
    except (ValueError, TypeError):
        raise EnrolmentRefused("contact_unreadable") from None


def kept_former(former: Iterable[FormerAddress]) -> str:
    """As a text for the sealed field; "" for none."""
    rows = [[one.channel.value, one.address, one.left_at] for one in former]
    return json.dumps(rows) if rows else ""


def with_former(
    former: Sequence[FormerAddress], left: Iterable[FormerAddress]
) -> tuple[FormerAddress, ...]:
    """With those that were left just now. One that waits to be told already waits for this as well.

    :raises hkeid.kernel.errors.TooManyAttempts: ``contact_former_full``: too many wait to be told.
    """
    now = {(one.channel, one.address): one for one in left}
    known = {(one.channel, one.address): one for one in former}
    found = tuple({**known, **now}.values())
    if len(found) > max(MOST_FORMER, len(known)):
        raise TooManyAttempts("contact_former_full", retry_after=_TRY_AGAIN)
    return found

"""SAML's moments: xs:dateTime in UTC (saml-core §1.3.3)."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from hkeid.kernel.instants import Instant
from hkeid.saml.messages.errors import SamlMalformed
from hkeid.saml.messages.reasons import MessageReason

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,18})?Z")


@lru_cache(maxsize=256)
def read_instant(text: str) -> Instant:
    """The moment that ``text`` names. Fractions beyond microseconds are cut off (saml-core §1.3.3: finer than
    milliseconds need not be told apart).

    :raises SamlMalformed: ``saml_instant``: not in UTC, or no such moment (a leap second, too).
    """
    if not _INSTANT.fullmatch(text):
        raise SamlMalformed(MessageReason.INSTANT)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise SamlMalformed(MessageReason.INSTANT) from None


def write_instant(moment: Instant) -> str:
    """``moment`` to the second, or with milliseconds where it has any."""
    whole = moment.strftime("%Y-%m-%dT%H:%M:%S")
    milliseconds = moment.microsecond // 1000
    return f"{whole}.{milliseconds:03d}Z" if milliseconds else f"{whole}Z"

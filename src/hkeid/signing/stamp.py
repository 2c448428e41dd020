"""What a visible signature says: in English and Chinese, with the way to check it.

A stamp is for people; nothing follows from it. It names who signed, when that is claimed, why, and where the
document can be checked.
"""

from __future__ import annotations

from datetime import timedelta, timezone

from hkeid.kernel.instants import Instant
from hkeid.ports.pdf import Box, Stamp, StampLine

HONG_KONG = timezone(timedelta(hours=8), "HKT")


def signature_stamp(
    name: str,
    at: Instant,
    *,
    box: Box | None = None,
    page: int = 0,
    reason: str | None = None,
    verification_url: str | None = None,
) -> Stamp:
    """A stamp for a signature.

    :param name: as it shall stand there, Chinese and English or either.
    :param at: the claimed time; shown in Hong Kong time (UTC+8).
    :param box: where on the page; None for the place of a prepared field.
    :param page: counted from 0.
    :param verification_url: shown as a QR code.
    """
    when = at.astimezone(HONG_KONG).strftime("%Y-%m-%d %H:%M:%S HKT")
    lines = [StampLine(text="數碼簽署 Digitally signed", size=9.0, heading=True)]
    lines.append(StampLine(text=name, size=10.0))
    lines.append(StampLine(text=when))
    if reason:
        lines.append(StampLine(text=reason))
    if verification_url:
        lines.append(StampLine(text="掃描核實 Scan to verify", size=7.0))
    return Stamp(lines=tuple(lines), page=page, box=box, link=verification_url)

"""Limits and times of requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hkeid.signing.levels import Level

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSettings:
    """Rules of an installation.

    :ivar lifetime: how long a request waits for the resident.
    :ivar collection: how long the relying party has to collect what was signed.
    :ivar repeat: how long after the first collection it may be repeated, for answers that were lost.
    :ivar level: of the signatures.
    :ivar verification_url: where stamps lead with their QR code, or None.
    :ivar bare_hashes: whether relying parties may keep documents to themselves and send a hash.
    :ivar document_limit: most bytes of a document.
    :ivar request_limit: most bytes of all documents of a request.
    :ivar page_limit: most pages of a document.
    :ivar open_limit: most requests of a client that wait or are not collected.
    :ivar hourly_limit: most requests of a client within an hour.
    """

    lifetime: timedelta = timedelta(minutes=15)
    collection: timedelta = timedelta(minutes=15)
    repeat: timedelta = timedelta(minutes=2)
    level: Level = Level.B_B
    verification_url: str | None = None
    bare_hashes: bool = False
    document_limit: int = 20 * MIB
    request_limit: int = 50 * MIB
    page_limit: int = 100
    open_limit: int = 100
    hourly_limit: int = 2000

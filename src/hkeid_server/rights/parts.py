"""The parts behind the pages of a resident's own data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hkeid.ports.readable import DocumentPrinter
from hkeid.profile.rights import DataRequests, Erasing, OwnCopy


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsRooms:
    """Requests, the copy of everything, erasure.

    :ivar printer: prints the copy as PDF; None where the packages for it are not installed.
    """

    requests: DataRequests
    copy: OwnCopy[Any]
    erasing: Erasing
    printer: DocumentPrinter | None

"""The section about signing by residents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hkeid_server.config.certificates import CertificatesSection
from hkeid_server.config.outside import OutsideTimestampsSection

LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
"""Values of :class:`hkeid.signing.Level`, which is not loaded for every command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSection:
    """``[signing]``: relying parties ask residents with an eID+ for signatures. Needs an issuing authority
    (``hkeid ca init``, or ``[outside_authority]``).

    :ivar enabled: serve ``/signing/requests`` and the pages below ``/sign/``.
    :ivar level: of the signatures: ``B-B``, ``B-T``, ``B-LT`` or ``B-LTA``; from ``B-T`` on
        ``certificates.timestamps`` or ``outside_timestamps.url`` is needed.
    :ivar bare_hashes: whether a relying party may keep the document to itself and send a hash; the resident is
        told that the document cannot be shown.
    :ivar request_minutes: how long a request waits for the resident.
    :ivar collection_minutes: how long the relying party has to collect what was signed.
    :ivar open_requests: most requests of a relying party that wait or are not collected.
    """

    enabled: bool = False
    level: str = "B-LTA"
    bare_hashes: bool = False
    request_minutes: int = 15
    collection_minutes: int = 15
    open_requests: int = 100


def signing_complaints(
    section: SigningSection,
    certificates: CertificatesSection,
    outside_timestamps: OutsideTimestampsSection,
) -> Iterator[tuple[str, str]]:
    """Keys whose values cannot be meant, and what they must be."""
    if section.level not in LEVELS:
        yield "signing.level", f"one of {', '.join(LEVELS)}"
    stamped = certificates.timestamps or outside_timestamps.url
    if section.enabled and section.level in LEVELS[1:] and not stamped:
        yield "signing.level", "'B-B' without certificates.timestamps or outside_timestamps.url"
    ranges = {
        "request_minutes": (2, 15),
        "collection_minutes": (2, 60),
        "open_requests": (1, 10_000),
    }
    for key, (low, high) in ranges.items():
        if not low <= getattr(section, key) <= high:
            yield f"signing.{key}", f"between {low} and {high}"

"""The section about the page on which anybody checks a signed PDF."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationSection:
    """``[validation]``: the page ``/verify``, where anybody checks the signatures of a PDF.

    :ivar enabled: serve it.
    :ivar anchors: files of certificates (PEM or DER) that chains of signers may end in. The root of the embedded
        authority counts where there is one, and the last of ``outside_authority.chain``.
    :ivar timestamp_anchors: the same for time-stamps; those of signers if empty; ``outside_timestamps.trusted`` counts
        too.
    :ivar trust_list: file of recognised certification authorities (TOML); the one that is shipped if empty.
    :ivar trust_list_sha256: what that file must hash to, or "".
    :ivar online: ask where certificates say that revocations are, public addresses alone.
    :ivar per_hour: most documents from one network in an hour.
    """

    enabled: bool = False
    anchors: tuple[str, ...] = ()
    timestamp_anchors: tuple[str, ...] = ()
    trust_list: str = ""
    trust_list_sha256: str = ""
    online: bool = False
    per_hour: int = 60


def validation_complaints(section: ValidationSection) -> Iterator[tuple[str, str]]:
    """Keys whose values cannot be meant, and what they must be."""
    if section.trust_list_sha256 and _SHA256.match(section.trust_list_sha256) is None:
        yield "validation.trust_list_sha256", "64 hexadecimal digits"
    if section.trust_list_sha256 and not section.trust_list:
        yield "validation.trust_list_sha256", "empty without validation.trust_list"
    if not 1 <= section.per_hour <= 100_000:
        yield "validation.per_hour", "between 1 and 100000"

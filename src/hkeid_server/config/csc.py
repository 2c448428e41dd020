"""The section about the Cloud Signature Consortium's API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CLIENT_ID = re.compile(r"[\x21-\x7E]{1,255}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class CscSection:
    """``[csc]``: remote signing after the Cloud Signature Consortium's API, v1.0.4 and v2.2. Needs an issuing
    authority (``hkeid ca init``).

    :ivar enabled: serve ``/csc/v1/`` and ``/csc/v2/``, and the page on which residents approve.
    :ivar bare_hash_clients: relying parties that may have a hash signed without saying which document it is of;
        the resident is warned.
    :ivar own_clients: applications of your own that show the documents themselves (``credentials/getChallenge``).
    """

    enabled: bool = False
    bare_hash_clients: tuple[str, ...] = ()
    own_clients: tuple[str, ...] = ()


def csc_complaints(section: CscSection) -> Iterator[tuple[str, str]]:
    """Keys whose values cannot be meant, and what they must be."""
    for key in ("bare_hash_clients", "own_clients"):
        if not all(_CLIENT_ID.match(one) for one in getattr(section, key)):
            yield f"csc.{key}", "a list of client ids"

"""The evidence vault: pictures and particulars of proofing sessions, each under a key of its own.

:class:`SqlEvidenceKeys` needs the extra ``sql``; it is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hkeid.adapters.evidence.keys import EvidenceKey, EvidenceKeys, MemoryEvidenceKeys
from hkeid.adapters.evidence.sealed import SealedEvidence

if TYPE_CHECKING:
    from hkeid.adapters.evidence.sql import SqlEvidenceKeys


def __getattr__(name: str) -> Any:
    if name == "SqlEvidenceKeys":
        import hkeid.adapters.sql  # noqa: F401 - says which extra is missing, where one is
        from hkeid.adapters.evidence.sql import SqlEvidenceKeys

        return SqlEvidenceKeys
    raise AttributeError(name)


__all__ = [
    "EvidenceKey",
    "EvidenceKeys",
    "MemoryEvidenceKeys",
    "SealedEvidence",
    "SqlEvidenceKeys",
]

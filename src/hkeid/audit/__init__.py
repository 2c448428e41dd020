"""Audit: event names as types, hash chains and checkpoints, export shapes (law 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.audit.chain import GENESIS, AuditRecord, ChainHead
    from hkeid.audit.checkpointer import Checkpointer
    from hkeid.audit.checkpoints import Checkpoint, anchor, read_checkpoint
    from hkeid.audit.events import AuditEvent, AuditTrail
    from hkeid.audit.export import export_trail, read_export, verify_export
    from hkeid.audit.findings import Finding, Reason, Report
    from hkeid.audit.verification import Verifier, verify, verify_store

__getattr__ = names_on_demand(
    __name__,
    {
        "chain": ("GENESIS", "AuditRecord", "ChainHead"),
        "checkpointer": ("Checkpointer",),
        "checkpoints": ("Checkpoint", "anchor", "read_checkpoint"),
        "events": ("AuditEvent", "AuditTrail"),
        "export": ("export_trail", "read_export", "verify_export"),
        "findings": ("Finding", "Reason", "Report"),
        "verification": ("Verifier", "verify", "verify_store"),
    },
)

__all__ = [
    "GENESIS",
    "AuditEvent",
    "AuditRecord",
    "AuditTrail",
    "ChainHead",
    "Checkpoint",
    "Checkpointer",
    "Finding",
    "Reason",
    "Report",
    "Verifier",
    "anchor",
    "export_trail",
    "read_checkpoint",
    "read_export",
    "verify",
    "verify_export",
    "verify_store",
]

"""On whose word a minor has an eID: approvals of parents or guardians, kept as long as the eID."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hkeid.kernel.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianApproval:
    """An adult with an eID said, with a fresh login, to be the minor's parent or guardian and agreed.

    :ivar id: by which consent decisions of the minor refer to it.
    :ivar resident_id: the minor.
    :ivar guardian_id: the adult.
    :ivar registration: id of the registration or recovery that was approved.
    """

    id: str
    resident_id: str
    guardian_id: str
    registration: str
    approved_at: Instant


class GuardianApprovalRepository(Protocol):
    """Approvals inside a transaction; nothing in it is ever changed."""

    def add(self, approval: GuardianApproval) -> None:
        """Keep a new approval.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        ...

    def of_resident(self, resident_id: str) -> tuple[GuardianApproval, ...]:
        """Those about a minor, newest first."""
        ...

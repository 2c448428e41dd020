"""Consent decisions and disclosures, and the repositories they live in. Both are append-only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hkeid.audit.events import AuditTrail
from hkeid.kernel.instants import Instant
from hkeid.op.records import ClientRepository
from hkeid.residents.records import BlindIndexRepository, ResidentRepository, SealedFieldRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecision:
    """One decision of a resident about one claim and one client; the newest one holds.

    :ivar claim: claim name without language tag.
    :ivar agreed: True: agreed; False: refused or withdrawn.
    :ivar statement: the version of the collection statement that was on the page, a full stop, and
        the digest of this claim's purpose as it stood there: the decision holds for that purpose
        and for no other (Cap. 486 DPP3).
    :ivar language: the script in which the page was shown (``en``, ``zh-Hant-HK``, ``zh-Hans``).
    """

    id: str
    resident_id: str
    client_id: str
    claim: str
    agreed: bool
    statement: str
    language: str
    decided_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One release of personal claims to a client: which, when; never the values."""

    id: str
    resident_id: str
    client_id: str
    claims: tuple[str, ...]
    disclosed_at: Instant


class ConsentRepository(Protocol):
    """The consent ledger inside a transaction; nothing in it is ever changed."""

    def append(self, decisions: tuple[ConsentDecision, ...]) -> None:
        """Record decisions."""
        ...

    def latest(self, resident_id: str, client_id: str) -> dict[str, ConsentDecision]:
        """The newest decision by claim for one client."""
        ...

    def history(self, resident_id: str) -> tuple[ConsentDecision, ...]:
        """All decisions of a resident, newest first."""
        ...


class DisclosureRepository(Protocol):
    """Disclosures inside a transaction."""

    def append(self, disclosure: Disclosure) -> None:
        """Record a disclosure."""
        ...

    def of_resident(self, resident_id: str, *, limit: int = 200) -> tuple[Disclosure, ...]:
        """A resident's disclosures, newest first."""
        ...


class ProfileTransaction(Protocol):
    """What consent and disclosure need of a transaction."""

    @property
    def consents(self) -> ConsentRepository: ...
    @property
    def disclosures(self) -> DisclosureRepository: ...
    @property
    def sealed_fields(self) -> SealedFieldRepository: ...
    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def blind_index(self) -> BlindIndexRepository: ...
    @property
    def clients(self) -> ClientRepository: ...
    @property
    def audit(self) -> AuditTrail: ...

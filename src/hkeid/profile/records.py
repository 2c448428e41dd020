"""Consent decisions and disclosures as the ledger keeps them; both are append-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hkeid.audit.events import AuditTrail
from hkeid.doors.relying_party import LOGIN_PURPOSE
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import SessionView
from hkeid.kernel.instants import Instant
from hkeid.op.records import ClientRepository, GrantRepository
from hkeid.ports.storage import SingleUse
from hkeid.residents.guardians import GuardianApprovalRepository
from hkeid.residents.records import (
    BlindIndexRepository,
    CredentialRepository,
    ResidentRepository,
    SealedFieldRepository,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvidence:
    """How a decision was given: in which session, after which login, at which question.

    :ivar session_id: the broker session; by its internal id, which opens nothing.
    :ivar acr: the rung of the login.
    :ivar authenticated_at: when the resident last proved to be there.
    :ivar question: id of the page that was answered: decisions about different things are never given
        by one answer if direct marketing is among them.
    :ivar guardian: id of the :class:`hkeid.residents.guardians.GuardianApproval` on which a minor's
        agreement rests, or None.
    """

    session_id: str
    acr: Acr
    authenticated_at: Instant
    question: str
    guardian: str | None = None

    @classmethod
    def of(cls, session: SessionView, question: str) -> ConsentEvidence:
        """The evidence of an answer to ``question`` in a live session."""
        return cls(
            session_id=session.session_id,
            acr=session.authentication.acr,
            authenticated_at=session.authentication.authenticated_at,
            question=question,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDecision:
    """One decision of a resident about one claim, for one purpose of one client; the newest one holds.

    :ivar purpose: ``""`` for logins, the id of a form, or ``direct_marketing``.
    :ivar claim: claim name without language tag.
    :ivar agreed: True: agreed; False: refused or withdrawn.
    :ivar statement: the version of the collection statement that was on the page, a full stop, and
        the digest of this claim's purpose as it stood there: the decision holds for that purpose
        and for no other (Cap. 486 DPP3).
    :ivar language: the script in which the page was shown (``en``, ``zh-Hant-HK``, ``zh-Hans``).
    :ivar expires_at: from then on the agreement counts as never given, or None.
    :ivar evidence: how it was given; None for decisions of earlier releases.
    :ivar once: it is about one sending of a form: what the resident saw on that page may be fetched until
        ``expires_at``, and nothing else is released because of it.
    """

    id: str
    resident_id: str
    client_id: str
    purpose: str = LOGIN_PURPOSE
    claim: str
    agreed: bool
    statement: str
    language: str
    decided_at: Instant
    expires_at: Instant | None = None
    evidence: ConsentEvidence | None = None
    once: bool = False

    def permits(self, at: Instant) -> bool:
        """Whether it is an agreement, and not expired."""
        return self.agreed and not self.expired(at)

    def expired(self, at: Instant) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and at >= self.expires_at


ConsentKey = tuple[str, str]
"""Purpose and claim, of one resident and one client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One release of personal claims to a client: which, when, on what ground; never the values.

    :ivar claims: wire names of what was sent.
    :ivar decisions: ids of the decisions that permitted it; none for those of earlier releases.
    :ivar digests: by wire name the HMAC-SHA-256 of what was sent (base64url), under a salt of this
        disclosure: see :func:`hkeid.profile.proofs.value_digest`.
    :ivar salt: the salt, sealed under the resident's data key: whoever has the ledger alone can
        neither prove nor guess a value; after an erasure nobody can.
    """

    id: str
    resident_id: str
    client_id: str
    purpose: str = LOGIN_PURPOSE
    claims: tuple[str, ...]
    disclosed_at: Instant
    decisions: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    salt: bytes = b""


class ConsentRepository(Protocol):
    """The consent ledger inside a transaction; nothing in it is ever changed."""

    def append(self, decisions: tuple[ConsentDecision, ...]) -> None:
        """Record decisions."""
        ...

    def latest(self, resident_id: str, client_id: str) -> dict[ConsentKey, ConsentDecision]:
        """The newest decision by purpose and claim for one client."""
        ...

    def history(self, resident_id: str) -> tuple[ConsentDecision, ...]:
        """All decisions of a resident, newest first."""
        ...

    def keep_statement(self, version: str, document: bytes) -> None:
        """Keep the text of a collection statement; that of a version kept before stays as it is."""
        ...

    def statement(self, version: str) -> bytes | None:
        """The text of a collection statement, or None: none was kept (an earlier release)."""
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
    def guardian_approvals(self) -> GuardianApprovalRepository: ...
    @property
    def sealed_fields(self) -> SealedFieldRepository: ...
    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def blind_index(self) -> BlindIndexRepository: ...
    @property
    def credentials(self) -> CredentialRepository: ...
    @property
    def clients(self) -> ClientRepository: ...
    @property
    def grants(self) -> GrantRepository: ...
    @property
    def single_use(self) -> SingleUse: ...
    @property
    def audit(self) -> AuditTrail: ...

"""Officers, their credentials and sessions, the accesses they made, and where these are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hkeid.audit.events import AuditTrail
from hkeid.kernel.instants import Instant
from hkeid.officers.reasons import AccessReason
from hkeid.officers.roles import Permission, Role
from hkeid.ports.storage import AttemptBudgets, Expiring, SingleUse
from hkeid.residents.records import BlindIndexRepository, Credential, CredentialStatus


class OfficerStatus(StrEnum):
    """Life of an officer's entry."""

    INVITED = "invited"
    """No passkey yet."""
    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """An officer.

    :ivar id: ``officer:`` and random text, so that it can be nobody else's id.
    :ivar user_handle: WebAuthn user handle, 64 random bytes; never a resident's.
    :ivar name: sealed under the officer's own data key.
    :ivar own_number: blind digest of the officer's own identity-card number, so that nobody decides
        about themselves; None: not given.
    :ivar version: grows by one with every change; compare-and-set.
    """

    id: str
    user_handle: bytes
    name: bytes
    own_number: bytes | None = None
    roles: tuple[Role, ...]
    status: OfficerStatus = OfficerStatus.INVITED
    created_at: Instant
    updated_at: Instant
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerSession:
    """An officer's session in one browser.

    :ivar digest: SHA-256 of the reference in the cookie; replaced at every login and step-up.
    :ivar browser: SHA-256 of the value that ties it to one browser.
    :ivar authenticated_at: the login; the absolute limit counts from it.
    :ivar stepped_up_at: the latest use of the passkey.
    :ivar expires_at: the idle limit, never later than the absolute one.
    """

    id: str
    digest: bytes
    browser: bytes
    officer_id: str
    credential_id: bytes
    authenticated_at: Instant
    stepped_up_at: Instant
    expires_at: Instant
    ended_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAccess:
    """An officer looked at somebody's data, or changed it.

    :ivar role: the role by which it was allowed; that is what the person concerned sees.
    :ivar resident_id: whose, where there is an entry already.
    :ivar case_id: the registration that was reviewed, or None.
    :ivar note: sealed; b"" where none was left.
    """

    id: str
    at: Instant
    officer_id: str
    role: Role
    permission: Permission
    reason: AccessReason
    resident_id: str | None = None
    case_id: str | None = None
    note: bytes = b""


class OfficerRepository(Protocol):
    """Officers inside a transaction."""

    def add(self, officer: Officer) -> bool:
        """Keep a new one; False when the id or user handle is taken."""
        ...

    def get(self, officer_id: str) -> Officer | None:
        """By id."""
        ...

    def change(self, old: Officer, new: Officer) -> bool:
        """Replace name, roles, status if the stored version is still ``old.version``."""
        ...

    def __iter__(self) -> Iterator[Officer]:
        """Every officer, in order of id."""
        ...


class OfficerCredentialRepository(Protocol):
    """Officers' credentials; ``Credential.resident_id`` holds the officer's id, ``label`` is empty."""

    def add(self, credential: Credential) -> bool:
        """Keep a new credential; False when its id is registered already."""
        ...

    def get(self, credential_id: bytes) -> Credential | None:
        """By credential id."""
        ...

    def of_officer(self, officer_id: str) -> tuple[Credential, ...]:
        """All of an officer's, oldest first."""
        ...

    def record_use(
        self, credential_id: bytes, *, old_count: int, new_count: int, backed_up: bool, now: Instant
    ) -> bool:
        """Note a use; False unless the credential is active and its counter still ``old_count``."""
        ...

    def set_status(self, credential_id: bytes, status: CredentialStatus, now: Instant) -> bool:
        """Suspend or revoke; what is revoked stays so."""
        ...


class OfficerSessionRepository(Expiring, Protocol):
    """Officers' sessions inside a transaction."""

    def add(self, session: OfficerSession) -> None:
        """Keep a new session."""
        ...

    def get(self, session_id: str) -> OfficerSession | None:
        """By id, ended or not."""
        ...

    def by_digest(self, digest: bytes) -> OfficerSession | None:
        """By the digest of the reference, ended or not."""
        ...

    def renew(self, session: OfficerSession, *, old_digest: bytes) -> bool:
        """Replace digest, credential, ``stepped_up_at`` and ``expires_at`` of a session that has not
        ended and whose reference is still ``old_digest``.
        """
        ...

    def touch(self, session_id: str, *, digest: bytes, expires_at: Instant) -> bool:
        """Move the idle limit while the session has not ended and its reference is ``digest``."""
        ...

    def end(self, session_id: str, now: Instant) -> bool:
        """End; False when there is none or it ended already."""
        ...

    def end_of_officer(self, officer_id: str, now: Instant) -> int:
        """End all of an officer's; returns how many."""
        ...


class RecordAccessRepository(Protocol):
    """Accesses; nothing deletes one, and nothing changes but whose case it turned out to be."""

    def add(self, access: RecordAccess) -> None:
        """Keep a new one."""
        ...

    def get(self, access_id: str) -> RecordAccess | None:
        """By id."""
        ...

    def of_resident(self, resident_id: str, *, limit: int = 200) -> tuple[RecordAccess, ...]:
        """A resident's, newest first."""
        ...

    def of_case(self, case_id: str, *, limit: int = 200) -> tuple[RecordAccess, ...]:
        """Those of one case, newest first."""
        ...

    def bind_case(self, case_id: str, resident_id: str) -> int:
        """Say whose case it was, on accesses that do not say so yet; returns how many."""
        ...

    def unbound_cases(self, since: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Cases that were looked at from ``since`` on, and of which nobody said whose they are."""
        ...

    def since(self, moment: Instant, *, limit: int = 1000) -> tuple[RecordAccess, ...]:
        """All of them from ``moment`` on, newest first."""
        ...


class OfficersTransaction(Protocol):
    """What this room needs of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def blind_index(self) -> BlindIndexRepository: ...
    @property
    def officers(self) -> OfficerRepository: ...
    @property
    def officer_credentials(self) -> OfficerCredentialRepository: ...
    @property
    def officer_sessions(self) -> OfficerSessionRepository: ...
    @property
    def record_accesses(self) -> RecordAccessRepository: ...
    @property
    def audit(self) -> AuditTrail: ...

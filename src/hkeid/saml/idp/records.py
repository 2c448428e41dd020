"""Which service was told of which session, and the repository of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hkeid.audit.events import AuditTrail
from hkeid.doors.logout.records import LogoutNoticeRepository
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import AttemptBudgets, Expiring, SingleUse


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """A service that got an assertion within a session of the hub; to be told when that ends.

    :ivar session_id: the hub's session.
    :ivar session_index: the session's name at this service (``SessionIndex``), never used for another.
    :ivar name_id: by which the service knows the resident: a pseudonym.
    :ivar name_id_format: URI.
    """

    session_id: str
    entity_id: str
    session_index: str
    name_id: str = field(repr=False)
    name_id_format: str
    created_at: Instant
    expires_at: Instant


class ParticipationRepository(Expiring, Protocol):
    """Participations inside a transaction."""

    def put(self, one: Participation) -> None:
        """Keep; what was kept of the same session, service and name before is replaced."""
        ...

    def of_session(self, session_id: str) -> tuple[Participation, ...]:
        """All services of a session, in order of entity ID and name."""
        ...

    def of_name(self, entity_id: str, name_id: str) -> tuple[Participation, ...]:
        """All sessions in which a service knows a resident by a name, newest first."""
        ...

    def remove(self, session_id: str, entity_id: str) -> int:
        """Forget a service of a session; how many names it had there."""
        ...


class IdentityProviderTransaction(Protocol):
    """What the identity provider needs of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def participations(self) -> ParticipationRepository: ...
    @property
    def logout_notices(self) -> LogoutNoticeRepository: ...
    @property
    def audit(self) -> AuditTrail: ...

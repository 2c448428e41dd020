"""Where cases come from: referred registrations, and upgrades that no machine could decide.

The desk treats both alike: lease, votes, decision. What differs stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from hkeid.enrolment.registration.records import RegistrationPurpose, RegistrationTransaction
from hkeid.enrolment.review.errors import CaseUnknown
from hkeid.enrolment.review.records import Lease, ReviewRepository, Vote
from hkeid.enrolment.upgrade.records import CASE_PREFIX, UpgradeTransaction
from hkeid.kernel.instants import Instant
from hkeid.officers import AccessReason
from hkeid.officers.records import OfficersTransaction


class Stage(StrEnum):
    """Where a referred case stands."""

    FIRST = "first"
    """Nobody voted yet."""
    SECOND = "second"
    """Risky, and one officer voted: another one has to."""
    CONFLICT = "conflict"
    """Two officers disagree: a senior officer settles it."""


class CaseKind(StrEnum):
    """What a case is about."""

    REGISTRATION = "registration"
    UPGRADE = "upgrade"


class ReviewTransaction(RegistrationTransaction, UpgradeTransaction, OfficersTransaction, Protocol):
    """What review needs of a transaction."""

    @property
    def reviews(self) -> ReviewRepository: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Referred:
    """A case as the desk needs to know it: no personal data.

    :ivar id: of the case; an upgrade's begins with :data:`CASE_PREFIX`.
    :ivar placed_at: its place in the queue: the referral, set back by others of the same origin.
    :ivar waits: it is still for officers to decide.
    :ivar risks: why two officers have to agree; empty: one is enough.
    :ivar hindrances: for these it can only be refused.
    :ivar resident_id: whose it is, where there is an entry already.
    :ivar served_by: the officers who served the person; somebody else decides.
    """

    id: str
    kind: CaseKind
    reference: str = field(repr=False)
    purpose: RegistrationPurpose | None = None
    reason: str | None
    referred_at: Instant
    placed_at: Instant
    expires_at: Instant
    waits: bool
    risks: tuple[str, ...]
    hindrances: tuple[str, ...]
    resident_id: str | None
    served_by: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A case in the hands of the officer who looks, and where it stands."""

    referred: Referred
    lease: Lease
    stage: Stage
    votes: tuple[Vote, ...]


class CaseSource(Protocol):
    """One kind of case."""

    @property
    def kind(self) -> CaseKind:
        """Which."""
        ...

    def waiting(self, tx: ReviewTransaction, *, limit: int) -> tuple[Referred, ...]:
        """Those that wait, in the order of their places."""
        ...

    def find(self, tx: ReviewTransaction, case_id: str) -> Referred | None:
        """One, whether it waits or not."""
        ...

    def number_digest(self, case_id: str) -> bytes | None:
        """The blind digest of the number of the person concerned, where one can be read."""
        ...

    def file(self, held: Held) -> object:
        """All that is known of a case that an officer has taken."""
        ...

    def picture(self, case_id: str, name: str) -> bytes | None:
        """A picture of the case."""
        ...

    def tell(self, case_id: str, *, accept: bool, reason: str, officers: tuple[str, ...]) -> None:
        """Carry a decision out.

        :raises hkeid.kernel.errors.Refused: by the reasons in ``SUPERSEDED``, ``NO_LONGER``.
        :raises hkeid.kernel.errors.Unavailable: try again.
        """
        ...


SUPERSEDED = frozenset(
    {
        "registration_other_step", "registration_expired", "registration_unknown",
        "upgrade_other_step", "upgrade_expired", "upgrade_unknown",
    }
)  # fmt: skip
"""The case went on or ended meanwhile: the decision changes nothing."""

NO_LONGER = frozenset(
    {
        "case_not_acceptable", "second_officer_needed", "details_incomplete",
        "evidence_destroyed", "chip_not_trusted",
    }
)  # fmt: skip
"""It cannot be accepted any more: it is refused."""

REASONS: Mapping[CaseKind, frozenset[AccessReason]] = MappingProxyType(
    {
        CaseKind.REGISTRATION: frozenset(
            {AccessReason.REVIEW_OF_REGISTRATION, AccessReason.QUALITY_CHECK}
        ),
        CaseKind.UPGRADE: frozenset({AccessReason.REVIEW_OF_UPGRADE, AccessReason.QUALITY_CHECK}),
    }
)
"""Why an officer may look at a case of each kind."""


class Sources:
    """All kinds of cases, by the id of a case.

    :param upgrades: None where no stations are served.
    """

    def __init__(
        self,
        registrations: CaseSource,
        upgrades: CaseSource | None = None,
    ) -> None:
        self._registrations = registrations
        self._upgrades = upgrades
        self.all = (registrations,) if upgrades is None else (registrations, upgrades)

    def of(self, case_id: str) -> CaseSource:
        """Where a case comes from.

        :raises CaseUnknown: ``case_unknown``: upgrades are not served here.
        """
        if not case_id.startswith(CASE_PREFIX):
            return self._registrations
        if self._upgrades is None:
            raise CaseUnknown("case_unknown")
        return self._upgrades

    def find(self, tx: ReviewTransaction, case_id: str) -> Referred:
        """A case.

        :raises CaseUnknown: ``case_unknown``.
        """
        found = self.of(case_id).find(tx, case_id)
        if found is None:
            raise CaseUnknown("case_unknown")
        return found

    def look(self, tx: ReviewTransaction, case_id: str) -> Referred | None:
        """A case, or None where there is none."""
        try:
            return self.find(tx, case_id)
        except CaseUnknown:
            return None

    def waiting(self, tx: ReviewTransaction, *, limit: int) -> tuple[Referred, ...]:
        """Those of every kind that wait."""
        return tuple(one for source in self.all for one in source.waiting(tx, limit=limit))

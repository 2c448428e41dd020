"""A registration as the store keeps it: where it stands, what was found, and nothing personal in the
clear. Pictures, readings and particulars are in the evidence vault under the registration's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.kernel.instants import Instant
from hkeid.officers.records import RecordAccessRepository
from hkeid.ports.storage import Expiring
from hkeid.residents.guardians import GuardianApprovalRepository


class RegistrationStep(StrEnum):
    """What the applicant does next, or how it ended."""

    CARD = "card"
    DETAILS = "details"
    SELFIE = "selfie"
    BIND = "bind"
    CONFIRM = "confirm"
    DONE = "done"
    REFERRED = "referred"
    """An officer decides."""
    GUARDIAN = "guardian"
    """A minor's guardian has to agree."""
    REFUSED = "refused"
    EXPIRED = "expired"
    """Its time is over, or the applicant gave it up."""

    @property
    def concluded(self) -> bool:
        """Whether nothing follows any more."""
        return self in (RegistrationStep.DONE, RegistrationStep.REFUSED, RegistrationStep.EXPIRED)

    @property
    def waits_for_others(self) -> bool:
        """Whether somebody else than the applicant acts next."""
        return self in (RegistrationStep.REFERRED, RegistrationStep.GUARDIAN)

    @property
    def has_picture(self) -> bool:
        """Whether the applicant has sent a picture that was kept, and nothing is concluded."""
        return not self.concluded and self is not RegistrationStep.CARD

    @property
    def decided(self) -> bool:
        """Whether the evidence has served its purpose."""
        return self in _DECIDED


_DECIDED = frozenset(
    {
        RegistrationStep.BIND,
        RegistrationStep.CONFIRM,
        RegistrationStep.DONE,
        RegistrationStep.GUARDIAN,
        RegistrationStep.REFUSED,
        RegistrationStep.EXPIRED,
    }
)

_NEXT: dict[RegistrationStep, frozenset[RegistrationStep]] = {
    RegistrationStep.CARD: frozenset({RegistrationStep.DETAILS}),
    RegistrationStep.DETAILS: frozenset({RegistrationStep.SELFIE}),
    RegistrationStep.SELFIE: frozenset(
        {RegistrationStep.BIND, RegistrationStep.REFERRED, RegistrationStep.GUARDIAN}
    ),
    RegistrationStep.REFERRED: frozenset({RegistrationStep.BIND, RegistrationStep.GUARDIAN}),
    RegistrationStep.GUARDIAN: frozenset({RegistrationStep.BIND}),
    RegistrationStep.BIND: frozenset({RegistrationStep.CONFIRM}),
    RegistrationStep.CONFIRM: frozenset({RegistrationStep.BIND, RegistrationStep.DONE}),
}
_ENDS = frozenset({RegistrationStep.REFUSED, RegistrationStep.EXPIRED})


def may_follow(step: RegistrationStep, following: RegistrationStep) -> bool:
    """Whether a registration at ``step`` may come to ``following``."""
    if step.concluded:
        return False
    return following in _ENDS or following in _NEXT[step]


class RegistrationPurpose(StrEnum):
    """What a registration is for."""

    NEW = "new"
    RECOVERY = "recovery"
    """Somebody who has an eID and lost every device."""
    COUNTER = "counter"
    """At a counter, onto a security key: an upgrade that registers, decided by the same policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRecord:
    """One registration.

    :ivar reference: short case number that people read out; no secret.
    :ivar browser: SHA-256 of the browser-binding value.
    :ivar statement: version of the collection statement and the biometric consent agreed to.
    :ivar tries: how often each step was tried.
    :ivar challenge: SHA-256 of the liveness nonce that may be answered, once.
    :ivar findings: canonical JSON of what the checks found; "{}" before.
    :ivar decision: canonical JSON of the decision with its explanation; "{}" before.
    :ivar reason: why it was referred, refused or ended.
    :ivar network: HMAC of the coarse network it was begun from; forgotten when it ends. None: at a
        station, or begun by an earlier release. ``site`` and ``provider``: of the wider networks
        around it (:class:`hkeid.enrolment.registration.networks.Networks`), likewise.
    :ivar number_digest: HMAC of the identity-card number; forgotten once an eID was given.
    :ivar resident_id: whose eID it is or will be.
    :ivar user_handle: WebAuthn user handle that the passkey is made for.
    :ivar pending: canonical JSON of the passkey that waits for its first assertion; it is no
        credential of anybody and logs nobody in.
    :ivar evidence_open: the evidence vault may still hold the evidence.
    :ivar evidence_digest: SHA-256 over findings and decision, as the audit trail has it.
    :ivar expires_at: when the present step is over.
    :ivar purge_after: when the record goes, once concluded.
    :ivar version: grows by one with every change; compare-and-set.
    """

    id: str
    reference: str = field(repr=False)
    purpose: RegistrationPurpose
    step: RegistrationStep
    browser: bytes = field(repr=False)
    language: str
    statement: str
    tries: Mapping[str, int] = field(default_factory=dict)
    challenge: bytes | None = field(default=None, repr=False)
    findings: bytes = b"{}"
    decision: bytes = b"{}"
    reason: str | None = None
    network: bytes | None = field(default=None, repr=False)
    site: bytes | None = field(default=None, repr=False)
    provider: bytes | None = field(default=None, repr=False)
    number_digest: bytes | None = field(default=None, repr=False)
    resident_id: str | None = None
    user_handle: bytes | None = field(default=None, repr=False)
    pending: bytes | None = field(default=None, repr=False)
    evidence_open: bool = True
    evidence_digest: bytes | None = None
    created_at: Instant
    updated_at: Instant
    decided_at: Instant | None = None
    expires_at: Instant
    purge_after: Instant | None = None
    version: int = 1

    @property
    def faces(self) -> int:
        """How often somebody showed a face to the camera."""
        return self.tries.get("selfie", 0)


class NetworkReach(StrEnum):
    """How far around the applicant is counted; the name of the record's member."""

    NETWORK = "network"
    SITE = "site"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class NetworkMark:
    """By what the registrations of a network, near or far, are found.

    :ivar digest: what the record has in the member that ``reach`` names.
    """

    reach: NetworkReach
    digest: bytes = field(repr=False)

    def marks(self, record: RegistrationRecord) -> bool:
        """Whether a registration was begun there."""
        return bool(getattr(record, self.reach.value) == self.digest)


class RegistrationRepository(Expiring, Protocol):
    """Registrations inside a transaction."""

    def add(self, record: RegistrationRecord) -> bool:
        """Keep a new registration; False when its id or reference is taken."""
        ...

    def get(self, registration_id: str) -> RegistrationRecord | None:
        """By id."""
        ...

    def by_reference(self, reference: str) -> RegistrationRecord | None:
        """By case number."""
        ...

    def by_browser(self, browser: bytes) -> tuple[RegistrationRecord, ...]:
        """Those begun in a browser, newest first."""
        ...

    def of_resident(self, resident_id: str, *, limit: int = 100) -> tuple[RegistrationRecord, ...]:
        """Those that gave or give an eID, newest first."""
        ...

    def change(self, old: RegistrationRecord, new: RegistrationRecord) -> bool:
        """Replace ``old`` by ``new`` if the stored version is still ``old.version``; the stored
        version becomes ``old.version + 1``. False when somebody else was faster.
        """
        ...

    def in_step(
        self, step: RegistrationStep, *, limit: int = 100
    ) -> tuple[RegistrationRecord, ...]:
        """Those at a step, oldest first."""
        ...

    def by_turns(
        self, step: RegistrationStep, *, turn: timedelta, limit: int = 100
    ) -> tuple[RegistrationRecord, ...]:
        """Those at a step in the order of :func:`hkeid.enrolment.registration.turns.placed`."""
        ...

    def count_with_picture(self, now: Instant, around: NetworkMark | None = None) -> int:
        """How many are not concluded and in time at ``now``, and have a picture.

        :param around: of this network only.
        """
        ...

    def count_open(self, now: Instant, around: NetworkMark) -> int:
        """How many from a network are not concluded and in time at ``now``, begun ones included."""
        ...

    def oldest_without_picture(
        self, now: Instant, around: NetworkMark, *, before: Instant
    ) -> RegistrationRecord | None:
        """Of those from a network that are in time at ``now`` and have no picture yet, the one begun
        first, if that was at ``before`` or earlier.
        """
        ...

    def count_faces_with_number(self, digest: bytes, *, since: Instant, but: str) -> int:
        """How many with an identity-card number were begun at ``since`` or later and had a face shown
        to the camera; the one with the id ``but`` does not count.
        """
        ...

    def faces_with_number(
        self, digest: bytes, *, since: Instant, but: str, limit: int
    ) -> tuple[RegistrationRecord, ...]:
        """Those that :meth:`count_faces_with_number` counts, newest first, at most so many."""
        ...

    def overdue(self, now: Instant, *, limit: int = 100) -> tuple[RegistrationRecord, ...]:
        """Those not concluded whose time is over at ``now``, oldest first."""
        ...

    def undestroyed(self, *, limit: int = 100) -> tuple[RegistrationRecord, ...]:
        """Those that are decided and whose evidence may still be there."""
        ...


class RegistrationTransaction(EnrolmentTransaction, Protocol):
    """What registration needs of a transaction."""

    @property
    def registrations(self) -> RegistrationRepository: ...

    @property
    def record_accesses(self) -> RecordAccessRepository: ...
    @property
    def guardian_approvals(self) -> GuardianApprovalRepository: ...

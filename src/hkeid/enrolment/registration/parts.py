"""What a registration works with, and where other rooms hook in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from hkeid.broker.hub import Broker
from hkeid.enrolment.proofing_policy import ProofingPolicy
from hkeid.enrolment.registration.records import (
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationTransaction,
)
from hkeid.enrolment.registration.settings import RegistrationSettings
from hkeid.kernel.instants import Instant
from hkeid.ports.documents import DocumentAuthenticator, DocumentReader
from hkeid.ports.evidence import EvidenceVault
from hkeid.ports.faces import FaceMatcher, LivenessCheck
from hkeid.ports.keys import KeyStore
from hkeid.ports.registry import PersonRegistry
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.webauthn import WebAuthnPolicy


class RegistrationHooks(Protocol):
    """Where other rooms go on from here."""

    def decided(self, record: RegistrationRecord, *, accepted: bool, contact: str | None) -> None:
        """A case that waited was decided; called once, outside a transaction, while the applicant's
        e-mail address is still known (it is destroyed afterwards).
        """
        ...

    def recovered(self, tx: RegistrationTransaction, resident_id: str, now: Instant) -> None:
        """A lost eID was recovered, in the transaction that activates the new device: the cooling
        period begins.
        """
        ...


class NoHooks:
    """Nobody goes on from here: the audit trail has the decision and the notice that is due."""

    def decided(self, record: RegistrationRecord, *, accepted: bool, contact: str | None) -> None:
        """Nobody to tell."""

    def recovered(self, tx: RegistrationTransaction, resident_id: str, now: Instant) -> None:
        """No cooling period."""


class CaseParts(Protocol):
    """What moving, ending and sweeping needs."""

    @property
    def store(self) -> Store[RegistrationTransaction]: ...
    @property
    def evidence(self) -> EvidenceVault: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def random(self) -> Random: ...
    @property
    def settings(self) -> RegistrationSettings: ...
    @property
    def hooks(self) -> RegistrationHooks: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepingParts:
    """What a process needs that ends registrations and takes none (:class:`CaseParts`)."""

    store: Store[RegistrationTransaction]
    evidence: EvidenceVault
    clock: Clock
    random: Random
    settings: RegistrationSettings = field(default_factory=RegistrationSettings)
    hooks: RegistrationHooks = field(default_factory=NoHooks)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationParts:
    """Everything a registration needs.

    :ivar registry: None: nobody can be registered.
    :ivar reader: None, as ``liveness``: remote registration is not offered.
    :ivar matcher: None: an officer looks at every case.
    :ivar authenticator: judges whether cards are genuine; None: ``not_assessed``.
    """

    store: Store[RegistrationTransaction]
    evidence: EvidenceVault
    policy: ProofingPolicy
    passkeys: WebAuthnPolicy
    fields: PersonalFields
    broker: Broker
    keys: KeyStore
    clock: Clock
    random: Random
    registry: PersonRegistry | None = None
    reader: DocumentReader | None = None
    authenticator: DocumentAuthenticator | None = None
    matcher: FaceMatcher | None = None
    liveness: LivenessCheck | None = None
    settings: RegistrationSettings = field(default_factory=RegistrationSettings)
    hooks: RegistrationHooks = field(default_factory=NoHooks)

    def offers(self, purpose: RegistrationPurpose) -> bool:
        """Whether the parts for a purpose are there. Without a matcher an officer looks at faces; at a
        counter stations register (:mod:`hkeid.enrolment.upgrade.counter`).
        """
        parts = (self.registry, self.reader, self.liveness)
        return None not in parts and purpose is not RegistrationPurpose.COUNTER

"""Asking the register again about residents who have an eID: death, a card reported lost (S8).

What the register says follows at once: who has died loses the eID for good, whose card was reported lost
has it suspended until a counter looks. A difference in the particulars is for an officer, and no answer
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from hkeid.audit.events import AuditEvent
from hkeid.enrolment.errors import ResidentUnknown
from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.enrolment.standing import Actor, Standing
from hkeid.identity.person import Person
from hkeid.identity.state import EidState
from hkeid.kernel.errors import MalformedInput, Refused, Unavailable
from hkeid.ports.registry import PersonRegistry, RegistryFinding, RegistryQuery, RegistryStatus
from hkeid.ports.storage import Store
from hkeid.residents import PersonalFields

_ASKED_ABOUT = frozenset({EidState.ACTIVE, EidState.UPGRADED, EidState.SUSPENDED})
_FIELDS = (
    "name_english",
    "name_chinese",
    "name_commercial_code",
    "hkic_number",
    "birth_date",
    "sex",
)


class RecheckOutcome(StrEnum):
    """What a question to the register came to."""

    UNCHANGED = "unchanged"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    DIFFERS = "differs"
    NO_ANSWER = "no_answer"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAsked(AuditEvent):
    """The register was asked about a resident.

    :ivar outcome: a word of :class:`RecheckOutcome`.
    :ivar differing: names of fields that differ, never their values.
    """

    NAME: ClassVar[str] = "enrolment:register:asked"
    resident_id: str
    outcome: str
    differing: tuple[str, ...] = ()


def registered_person(tx: EnrolmentTransaction, fields: PersonalFields, resident_id: str) -> Person:
    """A resident as the register is asked about them.

    :raises hkeid.kernel.errors.MalformedInput: the fields kept say nothing of a person.
    """
    return Person.from_fields(fields.read(tx, resident_id, _FIELDS))


class Recheck:
    """Keeps eIDs in step with the register."""

    def __init__(
        self,
        store: Store[EnrolmentTransaction],
        fields: PersonalFields,
        registry: PersonRegistry,
        standing: Standing,
    ) -> None:
        self._store = store
        self._fields = fields
        self._registry = registry
        self._standing = standing

    def residents(self, resident_ids: Iterable[str]) -> dict[RecheckOutcome, int]:
        """Ask about several; how many came to what. Stops asking when the register has no answer."""
        counts = dict.fromkeys(RecheckOutcome, 0)
        for resident_id in resident_ids:
            outcome = self.resident(resident_id)
            counts[outcome] += 1
            if outcome is RecheckOutcome.NO_ANSWER:
                break
        return counts

    def resident(self, resident_id: str) -> RecheckOutcome:
        """Ask about one.

        :raises ResidentUnknown: ``resident_unknown``.
        """
        query = self._query(resident_id)
        if query is None:
            return RecheckOutcome.NOT_ASKED
        try:
            finding = self._registry.check(query)
        except Unavailable:
            return self._note(resident_id, RecheckOutcome.NO_ANSWER)
        return self._note(resident_id, self._follow(resident_id, finding), finding.differing)

    def _query(self, resident_id: str) -> RegistryQuery | None:
        with self._store.transaction() as tx:
            resident = tx.residents.get(resident_id)
            if resident is None:
                raise ResidentUnknown("resident_unknown")
            if resident.state not in _ASKED_ABOUT:
                return None
            try:
                person = registered_person(tx, self._fields, resident_id)
            except MalformedInput:
                return None
        if person.hkic_number is None:
            return None
        return RegistryQuery(person=person, purpose="recheck")

    def _follow(self, resident_id: str, finding: RegistryFinding) -> RecheckOutcome:
        match finding.status:
            case RegistryStatus.DECEASED:
                return self._change(resident_id, RecheckOutcome.REVOKED, "deceased")
            case RegistryStatus.REPORTED_LOST:
                return self._change(resident_id, RecheckOutcome.SUSPENDED, "card_reported_lost")
            case RegistryStatus.MATCH:
                return RecheckOutcome.UNCHANGED
            case _:
                return RecheckOutcome.DIFFERS

    def _change(self, resident_id: str, outcome: RecheckOutcome, reason: str) -> RecheckOutcome:
        change = (
            self._standing.revoke if outcome is RecheckOutcome.REVOKED else self._standing.suspend
        )
        try:
            change(resident_id, by=Actor.REGISTER, reason=reason)
        except Refused as error:
            if error.reason != "eid_transition_not_allowed":
                raise
            return RecheckOutcome.UNCHANGED  # suspended already
        return outcome

    def _note(
        self, resident_id: str, outcome: RecheckOutcome, differing: tuple[str, ...] = ()
    ) -> RecheckOutcome:
        with self._store.transaction() as tx:
            tx.audit.append(
                RegisterAsked(resident_id=resident_id, outcome=outcome.value, differing=differing)
            )
        return outcome

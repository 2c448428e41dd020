"""Consent decisions, disclosures and guardians' approvals in memory."""

from __future__ import annotations

from hkeid.adapters.memory.journal import Journal
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant
from hkeid.profile.records import ConsentDecision, ConsentKey, Disclosure
from hkeid.residents.guardians import GuardianApproval


class MemoryConsents:
    """:class:`hkeid.profile.records.ConsentRepository`."""

    __slots__ = ("_decisions", "_ids", "_journal", "_statements")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._statements: dict[str, bytes] = {}
        self._ids: dict[str, str] = {}
        self._decisions: dict[str, dict[int, ConsentDecision]] = {}

    def append(self, decisions: tuple[ConsentDecision, ...]) -> None:
        """Record decisions.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        for decision in decisions:
            if decision.id in self._ids:
                raise self._journal.doom(Refused("record_exists", detail="consents"))
            self._journal.set(self._ids, decision.id, decision.resident_id)
            ledger = self._decisions.get(decision.resident_id)
            if ledger is None:
                ledger = {}
                self._journal.set(self._decisions, decision.resident_id, ledger)
            self._journal.set(ledger, max(ledger, default=-1) + 1, decision)

    def latest(self, resident_id: str, client_id: str) -> dict[ConsentKey, ConsentDecision]:
        """The newest decision by purpose and claim; of two at one instant the one appended last."""
        result: dict[ConsentKey, ConsentDecision] = {}
        for _, decision in self._of(resident_id):
            if decision.client_id == client_id:
                result[decision.purpose, decision.claim] = decision
        return result

    def history(self, resident_id: str) -> tuple[ConsentDecision, ...]:
        """All decisions of a resident, newest first."""
        return tuple(decision for _, decision in reversed(self._of(resident_id)))

    def keep_statement(self, version: str, document: bytes) -> None:
        """Keep the text of a collection statement."""
        if version not in self._statements:
            self._journal.set(self._statements, version, document)

    def statement(self, version: str) -> bytes | None:
        """The text of a collection statement."""
        return self._statements.get(version)

    def names_of(self, resident_id: str) -> tuple[str, ...]:
        """Ids of a resident's decisions."""
        return tuple(one.id for one in self._decisions.get(resident_id, {}).values())

    def forget(self, name: str) -> None:
        """Delete a decision."""
        ledger = self._decisions[self._ids[name]]
        self._journal.remove(ledger, next(key for key, one in ledger.items() if one.id == name))
        self._journal.remove(self._ids, name)

    def _of(self, resident_id: str) -> list[tuple[tuple[Instant, int], ConsentDecision]]:
        ledger = self._decisions.get(resident_id, {})
        found = [((one.decided_at, position), one) for position, one in ledger.items()]
        return sorted(found, key=lambda entry: entry[0])


class MemoryDisclosures:
    """:class:`hkeid.profile.records.DisclosureRepository`."""

    __slots__ = ("_disclosures", "_ids", "_journal")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._ids: dict[str, str] = {}
        self._disclosures: dict[str, dict[int, Disclosure]] = {}

    def append(self, disclosure: Disclosure) -> None:
        """Record a disclosure.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        if disclosure.id in self._ids:
            raise self._journal.doom(Refused("record_exists", detail="disclosures"))
        self._journal.set(self._ids, disclosure.id, disclosure.resident_id)
        ledger = self._disclosures.get(disclosure.resident_id)
        if ledger is None:
            ledger = {}
            self._journal.set(self._disclosures, disclosure.resident_id, ledger)
        self._journal.set(ledger, max(ledger, default=-1) + 1, disclosure)

    def of_resident(self, resident_id: str, *, limit: int = 200) -> tuple[Disclosure, ...]:
        """A resident's disclosures, newest first."""
        ledger = self._disclosures.get(resident_id, {})
        ordered = sorted(
            ledger.items(), key=lambda item: (item[1].disclosed_at, item[0]), reverse=True
        )
        return tuple(disclosure for _, disclosure in ordered[:limit])

    def names_of(self, resident_id: str) -> tuple[str, ...]:
        """Ids of a resident's disclosures."""
        return tuple(one.id for one in self._disclosures.get(resident_id, {}).values())

    def forget(self, name: str) -> None:
        """Delete a disclosure."""
        ledger = self._disclosures[self._ids[name]]
        self._journal.remove(ledger, next(key for key, one in ledger.items() if one.id == name))
        self._journal.remove(self._ids, name)


class MemoryGuardianApprovals:
    """:class:`hkeid.residents.guardians.GuardianApprovalRepository`."""

    __slots__ = ("_approvals", "_journal")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._approvals: dict[str, GuardianApproval] = {}

    def add(self, approval: GuardianApproval) -> None:
        """Keep a new approval.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        if approval.id in self._approvals:
            raise self._journal.doom(Refused("record_exists", detail="guardian_approvals"))
        self._journal.set(self._approvals, approval.id, approval)

    def of_resident(self, resident_id: str) -> tuple[GuardianApproval, ...]:
        """Those about a minor, newest first."""
        found = [one for one in self._approvals.values() if one.resident_id == resident_id]
        ordered = sorted(sorted(found, key=lambda one: one.id), key=_moment, reverse=True)
        return tuple(ordered)

    def names_of(self, resident_id: str) -> tuple[str, ...]:
        """Ids of the approvals about a minor."""
        return tuple(one.id for one in self._approvals.values() if one.resident_id == resident_id)

    def forget(self, name: str) -> None:
        """Delete an approval."""
        self._journal.remove(self._approvals, name)


def _moment(approval: GuardianApproval) -> Instant:
    return approval.approved_at

"""The state machine: loading, moving by compare-and-set, ending in time, destroying evidence.

What a kill leaves behind: evidence is put into the vault before the step that it belongs to is taken,
so that no step lacks its evidence; it is destroyed after the step that ends its purpose, and a record
says so (``evidence_open``) until it is done - by the next request of the same browser, or by
:meth:`Cases.sweep`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from hkeid.audit.events import AuditEvent
from hkeid.enrolment.codes import ALPHABET
from hkeid.enrolment.proofing_policy import Decision, Findings
from hkeid.enrolment.registration.errors import RegistrationRefused, RegistrationUnknown
from hkeid.enrolment.registration.events import EvidenceDestroyed, RegistrationMoved
from hkeid.enrolment.registration.parts import CaseParts
from hkeid.enrolment.registration.records import (
    RegistrationRecord,
    RegistrationStep,
    RegistrationTransaction,
    may_follow,
)
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import Expired, HkeidError
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest

CONTACT = "contact"
"""Name of the item with the applicant's e-mail address."""
CARD_ITEMS = ("reading", "card", "portrait")
SELFIE = "selfie"
"""Names of what was read off the card with its pictures, and of the frame that was found live."""


def particulars_of(registration_id: str) -> str:
    """The vault session of particulars, which outlive the pictures until the device is bound."""
    return f"{registration_id}.particulars"


def content_digest(*contents: bytes) -> str:
    """SHA-256 over contents of the evidence vault, each with its length before it."""
    framed = b"".join(len(one).to_bytes(4, "big") + one for one in contents)
    return hashlib.sha256(b"hkeid-registration-content-1:" + framed).hexdigest()


def evidence_digest(findings: bytes, decision: bytes) -> bytes:
    """SHA-256 over findings and decision, each with its length before it."""
    framed = b"".join(len(part).to_bytes(4, "big") + part for part in (findings, decision))
    return hashlib.sha256(b"hkeid-registration-evidence-1:" + framed).digest()


class Cases:
    """Registrations in the store."""

    def __init__(self, parts: CaseParts) -> None:
        self._parts = parts

    @property
    def now(self) -> Instant:
        """The present moment."""
        return self._parts.clock.now()

    def add(
        self,
        record: RegistrationRecord,
        event: AuditEvent,
        admit: Callable[[RegistrationTransaction], None],
    ) -> RegistrationRecord:
        """Keep a new registration under a case number that nobody has.

        :param admit: raises inside the same transaction where it may not be kept.
        """
        for _ in range(5):
            numbered = replace(record, reference=self._reference())
            with self._parts.store.transaction() as tx:
                admit(tx)
                if tx.registrations.add(numbered):
                    tx.audit.append(event)
                    return numbered
        raise HkeidError("registration_reference_repeated")

    def get(self, registration_id: str) -> RegistrationRecord:
        """Whatever its step.

        :raises RegistrationUnknown: ``registration_unknown``.
        """
        with self._parts.store.transaction() as tx:
            record = tx.registrations.get(registration_id)
        if record is None:
            raise RegistrationUnknown("registration_unknown")
        return record

    def load(
        self, registration_id: str, *, browser: str, steps: Collection[RegistrationStep]
    ) -> RegistrationRecord:
        """A registration of this browser that is at one of ``steps`` and in time.

        :raises RegistrationUnknown: ``registration_unknown``.
        :raises RegistrationRefused: ``registration_expired``, ``registration_other_step``.
        """
        record = self.get(registration_id)
        if not hmac.compare_digest(record.browser, secret_digest(browser)):
            raise RegistrationUnknown("registration_unknown", detail="another browser's")
        return self.at(self.in_time(record), steps)

    def at(
        self, record: RegistrationRecord, steps: Collection[RegistrationStep]
    ) -> RegistrationRecord:
        """Let a registration at one of ``steps`` pass.

        :raises RegistrationRefused: ``registration_expired``, ``registration_other_step``.
        """
        if record.step in steps:
            return record
        if record.step is RegistrationStep.EXPIRED:
            raise RegistrationRefused("registration_expired")
        raise RegistrationRefused("registration_other_step", detail=record.step.value)

    def in_time(self, record: RegistrationRecord) -> RegistrationRecord:
        """The record, ended if its time is over, and with nothing left that had to be destroyed."""
        if not record.step.concluded and self.now >= record.expires_at:
            record = self.end(record, RegistrationStep.EXPIRED, "time_over")
        return self.settle(record)

    def move(
        self, old: RegistrationRecord, new: RegistrationRecord, *events: AuditEvent
    ) -> RegistrationRecord:
        """Compare-and-set, with its audit events, in a transaction of its own.

        :raises RegistrationRefused: ``registration_changed``: something else happened at once.
        """
        with self._parts.store.transaction() as tx:
            return self.move_in(tx, old, new, *events)

    def move_in(
        self,
        tx: RegistrationTransaction,
        old: RegistrationRecord,
        new: RegistrationRecord,
        *events: AuditEvent,
    ) -> RegistrationRecord:
        """As :meth:`move`, inside a transaction."""
        moved = replace(new, updated_at=self.now)
        if new.step is not old.step:
            if not may_follow(old.step, new.step):
                raise HkeidError(
                    "registration_step_impossible",
                    detail=f"{old.step.value} to {new.step.value}",
                )
            if new.step.concluded:
                moved = self._concluded(moved)
        if not tx.registrations.change(old, moved):
            raise RegistrationRefused("registration_changed")
        for event in events:
            tx.audit.append(event)
        if new.step is not old.step:
            tx.audit.append(
                RegistrationMoved(
                    registration=old.id,
                    before=old.step.value,
                    after=new.step.value,
                    reason=new.reason,
                )
            )
        return replace(moved, version=old.version + 1)

    def end(
        self, record: RegistrationRecord, step: RegistrationStep, reason: str, *events: AuditEvent
    ) -> RegistrationRecord:
        """Conclude without an eID, and destroy the evidence."""
        ended = replace(record, step=step, reason=reason)
        return self.settle(self.move(record, ended, *events))

    def settle(self, record: RegistrationRecord) -> RegistrationRecord:
        """Destroy what has served its purpose. May be repeated."""
        if not (record.evidence_open and record.step.decided):
            return record
        evidence = self._parts.evidence
        everything = record.step.concluded
        sessions = (record.id, particulars_of(record.id))
        self._tell(record, sessions)
        evidence.destroy(sessions[0])
        if everything:
            evidence.destroy(sessions[1])
        event = EvidenceDestroyed(registration=record.id, particulars=everything)
        try:
            return self.move(record, replace(record, evidence_open=False), event)
        except RegistrationRefused:
            return self.get(record.id)  # somebody else did it

    def sweep(self, *, limit: int) -> int:
        """End what is overdue, destroy what was decided on; returns how many there were."""
        with self._parts.store.transaction() as tx:
            overdue = tx.registrations.overdue(self.now, limit=limit)
        done = 0
        for record in overdue:
            try:
                self.end(record, RegistrationStep.EXPIRED, "time_over")
            except RegistrationRefused:
                continue  # the applicant was faster
            done += 1
        with self._parts.store.transaction() as tx:
            undestroyed = tx.registrations.undestroyed(limit=limit)
        for record in undestroyed:
            self.settle(record)
        return done + len(undestroyed)

    def findings(self, record: RegistrationRecord) -> Findings:
        """What the checks found."""
        return Findings.from_json(canonical_json.loads_object(record.findings))

    def evidence_is_whose(self, record: RegistrationRecord, findings: Findings) -> bool:
        """Whether the vault holds what was found out about, and not what a request put there that
        came too late to count.
        """
        evidence = self._parts.evidence
        card = [evidence.get(record.id, name) or b"" for name in CARD_ITEMS]
        selfie = evidence.get(record.id, SELFIE) or b""
        return findings.card_digest in ("", content_digest(*card)) and (
            findings.selfie_digest in ("", content_digest(selfie))
        )

    def decision(self, record: RegistrationRecord) -> Decision | None:
        """What was decided; None before."""
        kept: dict[str, Any] = canonical_json.loads_object(record.decision)
        return Decision.from_json(kept) if kept else None

    def _tell(self, record: RegistrationRecord, sessions: tuple[str, str]) -> None:
        """Hand the word of the decision on, while the address is known."""
        accepted = record.step not in (RegistrationStep.REFUSED, RegistrationStep.EXPIRED)
        for session in sessions:
            contact = self._parts.evidence.get(session, CONTACT)
            if contact:
                self._parts.hooks.decided(record, accepted=accepted, contact=contact.decode())
                try:
                    self._parts.evidence.put(session, CONTACT, b"")
                except Expired:
                    continue

    def _concluded(self, record: RegistrationRecord) -> RegistrationRecord:
        """The record of a registration that ends: nothing under way is left in it."""
        settings = self._parts.settings
        done = record.step is RegistrationStep.DONE
        return replace(
            record,
            challenge=None,
            pending=None,
            user_handle=None,
            network=None,
            site=None,
            provider=None,
            evidence_open=True,
            purge_after=self.now + (settings.kept_done if done else settings.kept),
        )

    def _reference(self) -> str:
        value = int.from_bytes(self._parts.random.token_bytes(8), "big")
        characters = "".join(ALPHABET[value >> (5 * place) & 31] for place in range(8))
        return f"{characters[:4]}-{characters[4:]}"

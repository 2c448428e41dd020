"""The front of this room: staff, login, the gate, and what residents and overseers see of accesses."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from hkeid.kernel.errors import NotFound
from hkeid.kernel.instants import Instant
from hkeid.officers.access import Admission, Gate, Request, SeenAccess
from hkeid.officers.errors import AccessDenied
from hkeid.officers.login import OfficerLogin
from hkeid.officers.reasons import AccessReason
from hkeid.officers.records import OfficersTransaction, RecordAccess
from hkeid.officers.roles import Permission
from hkeid.officers.sessions import OfficerView
from hkeid.officers.settings import OfficerSettings
from hkeid.officers.staff import Staff
from hkeid.ports.keys import KeyStore
from hkeid.ports.notices import Tell, tell_nobody
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.webauthn import WebAuthnPolicy

Tx = TypeVar("Tx", bound=OfficersTransaction)

OPENING_LASTS = timedelta(minutes=10)
"""How long a record that was opened may be looked at again under the same access."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedAccess:
    """An access as a privacy officer or auditor sees it: with the officer, without the note."""

    access_id: str
    officer_id: str
    seen: SeenAccess
    has_note: bool


class Officers(Generic[Tx]):
    """Everything about officers.

    :ivar staff: entering, inviting, suspending officers; for operators.
    :ivar login: enrolment, login, step-up, sessions.
    :ivar gate: checks and records what officers do.

    :param tell: tells residents that their record was looked at.
    """

    def __init__(
        self,
        store: Store[Tx],
        policy: WebAuthnPolicy,
        fields: PersonalFields,
        keys: KeyStore,
        clock: Clock,
        random: Random,
        settings: OfficerSettings | None = None,
        *,
        tell: Tell = tell_nobody,
    ) -> None:
        chosen = settings or OfficerSettings()
        self._store = store
        self._clock = clock
        self.staff = Staff(store, fields, keys, clock, random, chosen)
        self.login = OfficerLogin(store, policy, self.staff, clock, random, chosen)
        self.gate: Gate[Tx] = Gate(store, fields, clock, random, chosen, tell)

    def acting(
        self,
        view: OfficerView,
        permission: Permission,
        *,
        reason: AccessReason | None = None,
        note: str = "",
        resident_id: str | None = None,
        case_id: str | None = None,
        number_digest: bytes | None = None,
    ) -> AbstractContextManager[Admission[Tx]]:
        """A transaction in which the officer may act; see :meth:`Gate.acting`."""
        wanted = Request(
            permission=permission,
            reason=reason,
            note=note,
            resident_id=resident_id,
            case_id=case_id,
            number_digest=number_digest,
        )
        return self.gate.acting(view, wanted)

    def require(
        self,
        view: OfficerView,
        permission: Permission,
        *,
        reason: AccessReason | None = None,
        note: str = "",
        resident_id: str | None = None,
        case_id: str | None = None,
        number_digest: bytes | None = None,
    ) -> RecordAccess | None:
        """Let the officer pass who may do this; keeps and returns the access.

        :raises AccessDenied: see there; the attempt is recorded.
        :raises OfficerStepUpRequired: ``step_up_required``.
        """
        with self.acting(
            view,
            permission,
            reason=reason,
            note=note,
            resident_id=resident_id,
            case_id=case_id,
            number_digest=number_digest,
        ) as admission:
            return admission.access

    def opening(self, view: OfficerView, access_id: str) -> RecordAccess:
        """An access of this officer's own that is still warm: its record may be looked at again.

        :raises hkeid.kernel.errors.NotFound: ``access_unknown``: none, somebody else's, too old.
        :raises AccessDenied: ``permission_missing``.
        """
        with self._store.transaction() as tx:
            access = tx.record_accesses.get(access_id)
        now = self._clock.now()
        if (
            access is None
            or access.officer_id != view.officer_id
            or now >= access.at + OPENING_LASTS
        ):
            raise NotFound("access_unknown")
        if not view.may(access.permission):
            raise AccessDenied("permission_missing")
        return access

    def accesses_of_resident(
        self, resident_id: str, *, cases: Collection[str] = (), limit: int = 200
    ) -> tuple[SeenAccess, ...]:
        """Who looked at a resident's data, when, what and why, newest first; for My eID.

        :param cases: registrations from which this eID came: what was looked at before there was one.
        """
        return tuple(_seen(one) for one in self._accesses(resident_id, cases, limit))

    def traced_accesses(
        self,
        view: OfficerView,
        resident_id: str,
        *,
        reason: AccessReason,
        note: str = "",
        cases: Collection[str] = (),
        limit: int = 200,
    ) -> tuple[TracedAccess, ...]:
        """The same with the officers' ids, for those who watch over them.

        :raises AccessDenied: without ``accesses.read``.
        """
        self.require(
            view, Permission.ACCESSES_READ, reason=reason, note=note, resident_id=resident_id
        )
        return tuple(
            TracedAccess(
                access_id=one.id,
                officer_id=one.officer_id,
                seen=_seen(one),
                has_note=bool(one.note),
            )
            for one in self._accesses(resident_id, cases, limit)
        )

    def read_note(self, view: OfficerView, access_id: str, *, reason: AccessReason) -> str:
        """The note that an officer left with an access.

        :raises hkeid.kernel.errors.NotFound: ``access_unknown``.
        :raises AccessDenied: without ``note.read``.
        """
        with self._store.transaction() as tx:
            access = tx.record_accesses.get(access_id)
        if access is None:
            raise NotFound("access_unknown")
        self.require(
            view,
            Permission.NOTE_READ,
            reason=reason,
            resident_id=access.resident_id,
            case_id=access.case_id,
        )
        return self.gate.note_of(access)

    def accesses_since(self, moment: Instant, *, limit: int = 1000) -> tuple[RecordAccess, ...]:
        """All accesses from ``moment`` on, for figures; nothing in the clear."""
        with self._store.transaction() as tx:
            return tx.record_accesses.since(moment, limit=limit)

    def _accesses(
        self, resident_id: str, cases: Collection[str], limit: int
    ) -> tuple[RecordAccess, ...]:
        with self._store.transaction() as tx:
            found = {
                one.id: one for one in tx.record_accesses.of_resident(resident_id, limit=limit)
            }
            for case_id in cases:
                for one in tx.record_accesses.of_case(case_id, limit=limit):
                    found[one.id] = one
        ordered = sorted(found.values(), key=lambda one: (one.at, one.id), reverse=True)
        return tuple(ordered[:limit])


def _seen(access: RecordAccess) -> SeenAccess:
    return SeenAccess(at=access.at, role=access.role, what=access.permission, why=access.reason)

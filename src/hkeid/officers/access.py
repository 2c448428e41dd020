"""The one gate: permission, fresh passkey, reason; recorded in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Generic, NoReturn, Protocol, TypeVar

from hkeid.kernel.instants import Instant
from hkeid.officers.errors import AccessDenied, OfficerStepUpRequired
from hkeid.officers.events import AccessMade, AccessWasDenied
from hkeid.officers.reasons import AccessReason, parse_note
from hkeid.officers.records import Officer, OfficerStatus, OfficersTransaction, RecordAccess
from hkeid.officers.roles import RULES, Permission, Role, role_for
from hkeid.officers.sessions import OfficerView
from hkeid.officers.settings import OfficerSettings
from hkeid.ports.notices import Tell, tell_nobody
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import HKIC_INDEX, PersonalFields
from hkeid.residents.records import BlindIndexRepository

Tx = TypeVar("Tx", bound=OfficersTransaction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an officer wants to do, and why.

    :ivar resident_id: whose record, where there is one.
    :ivar case_id: the registration under review, or None.
    :ivar number_digest: blind digest of the person's identity-card number, where it is known.
    :ivar note: a short text; kept sealed, never shown to anybody but a privacy officer.
    """

    permission: Permission
    reason: AccessReason | None = None
    note: str = ""
    resident_id: str | None = None
    case_id: str | None = None
    number_digest: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission(Generic[Tx]):
    """An open transaction in which the officer may act.

    :ivar access: the access that was kept; None where the permission touches nobody's data.
    """

    tx: Tx
    now: Instant
    officer_id: str
    role: Role
    access: RecordAccess | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAccess:
    """An access as the person concerned sees it: no officer's name.

    :ivar what: what was done; :func:`hkeid.officers.words.permission_words` says it in words.
    """

    at: Instant
    role: Role
    what: Permission
    why: AccessReason


class Gate(Generic[Tx]):
    """Checks and records what officers do.

    :param store: a store with this room's repositories, and those of whoever acts behind the gate.
    :param tell: tells residents that their record was looked at; of a case whose owner is not known yet
        nobody is told.
    """

    def __init__(
        self,
        store: Store[Tx],
        fields: PersonalFields,
        clock: Clock,
        random: Random,
        settings: OfficerSettings,
        tell: Tell = tell_nobody,
    ) -> None:
        self._tell = tell
        self._store = store
        self._fields = fields
        self._clock = clock
        self._random = random
        self._settings = settings

    @contextmanager
    def acting(self, view: OfficerView, wanted: Request) -> Iterator[Admission[Tx]]:
        """A transaction in which the officer may do what is wanted; who may not gets none.

        Session, roles and freshness are read anew inside it. Access and audit record are kept if, and
        only if, what is done inside commits; a denial is recorded in a transaction of its own.

        :raises AccessDenied: see there; the note is judged by ``access_note_malformed``.
        :raises OfficerStepUpRequired: ``step_up_required``.
        """
        note = parse_note(wanted.note)
        now = self._clock.now()
        try:
            with self._store.transaction() as tx:
                role = self._check(tx, view, wanted, now)
                access = self._keep(tx, view, wanted, note, role, now)
                yield Admission(
                    tx=tx, now=now, officer_id=view.officer_id, role=role, access=access
                )
        except AccessDenied as denied:
            self._record(view, wanted, denied)
            raise

    def _check(
        self, tx: OfficersTransaction, view: OfficerView, wanted: Request, now: Instant
    ) -> Role:
        session = tx.officer_sessions.get(view.session_id)
        if (
            session is None
            or session.ended_at is not None
            or session.officer_id != view.officer_id
            or now >= session.expires_at
        ):
            raise AccessDenied("officer_session_ended")
        officer = tx.officers.get(view.officer_id)
        if officer is None or officer.status is not OfficerStatus.ACTIVE:
            raise AccessDenied("officer_not_active")
        role = role_for(officer.roles, wanted.permission)
        if role is None:
            raise AccessDenied("permission_missing")
        rule = RULES[wanted.permission]
        if rule.needs_reason and wanted.reason is None:
            raise AccessDenied("reason_missing")
        if wanted.reason is not None and wanted.reason not in rule.reasons:
            raise AccessDenied("reason_not_allowed")
        if is_own_record(
            tx, officer, resident_id=wanted.resident_id, number_digest=wanted.number_digest
        ):
            raise AccessDenied("own_record")
        if rule.step_up and now >= session.stepped_up_at + self._settings.step_up:
            raise OfficerStepUpRequired("step_up_required")
        return role

    def _keep(
        self,
        tx: OfficersTransaction,
        view: OfficerView,
        wanted: Request,
        note: str,
        role: Role,
        now: Instant,
    ) -> RecordAccess | None:
        access: RecordAccess | None = None
        if RULES[wanted.permission].shown and wanted.reason is not None:
            access = RecordAccess(
                id=self._random.token(16),
                at=now,
                officer_id=view.officer_id,
                role=role,
                permission=wanted.permission,
                reason=wanted.reason,
                resident_id=wanted.resident_id,
                case_id=wanted.case_id,
            )
            if note:
                access = _with_note(access, self._fields, note)
            tx.record_accesses.add(access)
            if access.resident_id is not None:
                self._tell(tx, access.resident_id, "record_seen", now)
        if not RULES[wanted.permission].audited:
            return access
        tx.audit.append(
            AccessMade(
                officer_id=view.officer_id,
                role=role.value,
                permission=wanted.permission.value,
                reason=None if wanted.reason is None else wanted.reason.value,
                resident_id=wanted.resident_id,
                case_id=wanted.case_id,
                access_id=None if access is None else access.id,
            )
        )
        return access

    def deny(self, view: OfficerView, wanted: Request, reason: str) -> NoReturn:
        """Turn an officer away from what is not theirs, and record it.

        :raises AccessDenied: always, with ``reason``.
        """
        denied = AccessDenied(reason)
        self._record(view, wanted, denied)
        raise denied

    def _record(self, view: OfficerView, wanted: Request, denied: AccessDenied) -> None:
        with self._store.transaction() as tx:
            tx.audit.append(
                AccessWasDenied(
                    officer_id=view.officer_id,
                    permission=wanted.permission.value,
                    denied=denied.reason,
                    reason=None if wanted.reason is None else wanted.reason.value,
                    resident_id=wanted.resident_id,
                    case_id=wanted.case_id,
                )
            )

    def note_of(self, access: RecordAccess) -> str:
        """The note of an access in the clear; "" where there is none."""
        if not access.note:
            return ""
        owner = _note_owner(access)
        opened = self._fields.unseal(owner, "record_accesses", "note", access.id, access.note)
        return opened.decode("utf-8")


class RecordOwners(Protocol):
    """What tells whose record it is, of a transaction."""

    @property
    def blind_index(self) -> BlindIndexRepository: ...


def is_own_record(
    tx: RecordOwners, officer: Officer, *, resident_id: str | None, number_digest: bytes | None
) -> bool:
    """Whether it is the officer's own record: nobody looks at it, serves it or decides on it as an
    officer.

    :param number_digest: blind digest of the number of the person concerned, where it is known.
    """
    if officer.own_number is None:
        return False
    if number_digest is not None and number_digest == officer.own_number:
        return True
    own = tx.blind_index.find(HKIC_INDEX, officer.own_number)
    return own is not None and own == resident_id


def _note_owner(access: RecordAccess) -> str:
    """Under whose data key the note lies: the resident's, so that it goes with the eID; for a case,
    where there may be no eID yet, the officer's.
    """
    if access.case_id is None and access.resident_id is not None:
        return access.resident_id
    return access.officer_id


def _with_note(access: RecordAccess, fields: PersonalFields, note: str) -> RecordAccess:
    owner = _note_owner(access)
    return replace(
        access, note=fields.seal(owner, "record_accesses", "note", access.id, note.encode("utf-8"))
    )

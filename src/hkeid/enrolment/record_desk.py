"""A resident's record as an officer sees it: found by the exact number, with a reason, shown masked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from hkeid.enrolment.devices import Device, Devices
from hkeid.enrolment.errors import ResidentUnknown
from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.enrolment.standing import Actor, Standing
from hkeid.identity.assurance import Acr
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.state import EidState
from hkeid.kernel.errors import TooManyAttempts
from hkeid.kernel.instants import Instant
from hkeid.officers import (
    AccessReason,
    Officers,
    OfficersTransaction,
    OfficerView,
    Permission,
    SeenAccess,
)
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock
from hkeid.residents import HKIC_INDEX, PersonalFields, blind_digest

_BUDGET = "record_lookups"
_LOOKUPS = 60
_WINDOW = timedelta(hours=1)


class RecordTransaction(EnrolmentTransaction, OfficersTransaction, Protocol):
    """What the record desk needs of a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentRecord:
    """A record, as far as an officer needs it.

    :ivar number: masked: ``A123***(*)``.
    """

    names: tuple[str, ...] = field(repr=False)
    number: str
    state: EidState
    proofed: Acr
    created_at: Instant
    updated_at: Instant
    devices: tuple[Device, ...]
    sessions: int
    accesses: tuple[SeenAccess, ...]
    may_suspend: bool
    may_resume: bool


class RecordDesk:
    """Finds and shows records; freezes eIDs and lifts a freeze."""

    def __init__(
        self,
        store: Store[RecordTransaction],
        officers: Officers[RecordTransaction],
        fields: PersonalFields,
        devices: Devices,
        standing: Standing,
        keys: KeyStore,
        clock: Clock,
    ) -> None:
        self._store = store
        self._officers = officers
        self._fields = fields
        self._devices = devices
        self._standing = standing
        self._keys = keys
        self._clock = clock

    def open(
        self, view: OfficerView, number: str, *, reason: AccessReason | None, note: str = ""
    ) -> str:
        """Open the record of whoever has this number; returns the id of the access under which it
        may be looked at. A number that nobody has leaves an access as well.

        :raises hkeid.kernel.errors.MalformedInput: ``hkic_malformed``, ``hkic_check_character_wrong``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``lookups_exhausted``.
        :raises hkeid.officers.AccessDenied: without ``record.open``, a fresh passkey and a reason.
        :raises ResidentUnknown: ``resident_unknown``.
        """
        wanted = HkicNumber.parse(number)
        digest = blind_digest(self._keys, wanted)
        now = self._clock.now()
        with self._store.transaction() as tx:
            spent = tx.budgets.spend(
                _BUDGET, view.officer_id.encode(), limit=_LOOKUPS, window=_WINDOW, now=now
            )
            resident_id = tx.blind_index.find(HKIC_INDEX, digest)
        if not spent.allowed:
            raise TooManyAttempts("lookups_exhausted", retry_after=spent.retry_after)
        access = self._officers.require(
            view,
            Permission.RECORD_OPEN,
            reason=reason,
            note=note,
            resident_id=resident_id,
            number_digest=digest,
        )
        if resident_id is None or access is None:
            raise ResidentUnknown("resident_unknown")
        return access.id

    def look(self, view: OfficerView, access_id: str) -> ResidentRecord:
        """The record that an access opened, while the access is warm.

        :raises hkeid.kernel.errors.NotFound: ``access_unknown``, ``resident_unknown``.
        :raises hkeid.officers.AccessDenied: ``permission_missing``.
        """
        resident_id = self._opened(view, access_id)
        now = self._clock.now()
        with self._store.transaction() as tx:
            resident = tx.residents.get(resident_id)
            if resident is None:
                raise ResidentUnknown("resident_unknown")
            kept = self._fields.read(
                tx, resident_id, ("name_english", "name_chinese", "hkic_number")
            )
            sessions = [one for one in tx.sessions.of_resident(resident_id) if now < one.expires_at]
        number = kept.get("hkic_number")
        suspended = resident.state is EidState.SUSPENDED
        return ResidentRecord(
            names=tuple(kept[n] for n in ("name_english", "name_chinese") if kept.get(n)),
            number="" if number is None else str(HkicNumber.parse(number)),
            state=resident.state,
            proofed=resident.proofed,
            created_at=resident.created_at,
            updated_at=resident.updated_at,
            devices=self._devices.of_resident(resident_id),
            sessions=len(sessions),
            accesses=self._officers.accesses_of_resident(resident_id, limit=50),
            may_suspend=view.may(Permission.RECORD_SUSPEND) and resident.state.may_log_in,
            may_resume=view.may(Permission.RECORD_RESUME) and suspended,
        )

    def suspend(
        self, view: OfficerView, access_id: str, *, reason: AccessReason | None, note: str = ""
    ) -> None:
        """Freeze the eID of the record that is open.

        :raises hkeid.officers.AccessDenied: without ``record.suspend``, a fresh passkey and a reason.
        :raises hkeid.kernel.errors.Refused: what :meth:`Standing.suspend` raises.
        """
        resident_id = self._opened(view, access_id)
        self._officers.require(
            view, Permission.RECORD_SUSPEND, reason=reason, note=note, resident_id=resident_id
        )
        assert reason is not None
        self._standing.suspend(resident_id, by=Actor.OFFICER, reason=reason.value)

    def resume(
        self, view: OfficerView, access_id: str, *, reason: AccessReason | None, note: str = ""
    ) -> None:
        """Lift the freeze of the eID of the record that is open.

        :raises hkeid.officers.AccessDenied: without ``record.resume``, a fresh passkey and a reason.
        :raises hkeid.kernel.errors.Refused: what :meth:`Standing.resume` raises.
        """
        resident_id = self._opened(view, access_id)
        self._officers.require(
            view, Permission.RECORD_RESUME, reason=reason, note=note, resident_id=resident_id
        )
        assert reason is not None
        self._standing.resume(resident_id, by=Actor.OFFICER, reason=reason.value)

    def _opened(self, view: OfficerView, access_id: str) -> str:
        access = self._officers.opening(view, access_id)
        if access.permission is not Permission.RECORD_OPEN or access.resident_id is None:
            raise ResidentUnknown("access_unknown")
        return access.resident_id

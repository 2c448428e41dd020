"""Erasing an eID at its resident's word: ordered, done, receipted; and finished where it was cut off.

The order is kept before anything ends. Whoever is killed between the steps leaves an order that waits, and
:meth:`Erasing.finish` does the rest: ending the eID, destroying the data key and deleting what it sealed may
each be done twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from hkeid.broker.errors import StepUpRequired
from hkeid.identity.authentication import SessionView
from hkeid.identity.language import Language
from hkeid.identity.state import EidState
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.profile.rights.events import DataRequestWithdrawn, ErasureDone, ErasureOrdered
from hkeid.profile.rights.records import (
    DataRequest,
    RequestKind,
    RequestState,
    RequestsTransaction,
    new_request_id,
)
from hkeid.residents.erasure import ErasureTransaction
from hkeid.residents.sealing import PersonalFields

_ERASURE = frozenset({RequestKind.ERASURE})


class ErasingTransaction(RequestsTransaction, ErasureTransaction, Protocol):
    """What erasing at a resident's word needs of a transaction."""


class Ends(Protocol):
    """Ends an eID for good: sessions, grants, devices, tickets, the right to sign; the resident's own word.

    Not called for one that has ended.
    """

    def __call__(self, resident_id: str) -> object:
        """End it.

        :raises hkeid.kernel.errors.HkeidError: it could not be ended now.
        """
        ...


class Erasing:
    """Erases eIDs whose residents want it (Cap. 486 s.26).

    :param end: :meth:`hkeid.enrolment.Standing.revoke` in the resident's name.
    :param recent: how old an authentication may be for the order.
    """

    def __init__(
        self,
        store: Store[ErasingTransaction],
        fields: PersonalFields,
        end: Ends,
        clock: Clock,
        random: Random,
        *,
        recent: timedelta = timedelta(minutes=5),
    ) -> None:
        self._store = store
        self._fields = fields
        self._end = end
        self._clock = clock
        self._random = random
        self._recent = recent

    @property
    def recent(self) -> timedelta:
        """How old an authentication may be for the order."""
        return self._recent

    def cooling(self, resident_id: str) -> Instant | None:
        """Until when an eID that was recovered cannot be erased or copied: whoever recovered it
        wrongfully would take or destroy its owner's data. None: it can.
        """
        with self._store.transaction() as tx:
            resident = tx.residents.get(resident_id)
        if resident is None or not resident.cools(self._clock.now()):
            return None
        return resident.cooling_until

    def erase(self, view: SessionView, *, confirmed: bool, language: str = Language.ENGLISH) -> str:
        """Erase the eID behind a session; returns the reference number of the order.

        :param confirmed: the resident said in so many words that they want it.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises hkeid.kernel.errors.Refused: ``erasure_not_confirmed``, ``eid_cooling``.
        :raises hkeid.kernel.errors.HkeidError: it was cut off; the order stands and is finished later.
        """
        now, script = self._clock.now(), Language.parse(language)
        if now - view.authentication.authenticated_at > self._recent:
            raise StepUpRequired("authentication_too_old")
        if not confirmed:
            raise Refused("erasure_not_confirmed")
        resident_id = view.authentication.resident_id
        order = DataRequest(
            id=new_request_id(self._random),
            resident_id=resident_id,
            kind=RequestKind.ERASURE,
            language=script.value,
            received_at=now,
            due_at=now,
        )
        order = self._ordered(order, now)
        self._carry_out(order)
        return order.id

    def finish(self, *, limit: int = 100) -> int:
        """Carry out orders that were cut off; returns how many were."""
        with self._store.transaction() as tx:
            cut_off = tx.data_requests.waiting(_ERASURE, limit=limit)
        for order in cut_off:
            self._carry_out(order)
        return len(cut_off)

    def _ordered(self, order: DataRequest, now: Instant) -> DataRequest:
        """Keep the order; a second one of the same resident is the first."""
        with self._store.transaction() as tx:
            resident = tx.residents.get(order.resident_id)
            if resident is not None and resident.cools(now):
                raise Refused("eid_cooling")
            if tx.data_requests.add(order):
                event = ErasureOrdered(request_id=order.id, resident_id=order.resident_id)
                tx.audit.append(event)
                return order
            waiting = [
                one
                for one in tx.data_requests.of_resident(order.resident_id)
                if one.kind is RequestKind.ERASURE and one.open
            ]
        return waiting[0] if waiting else order

    def _carry_out(self, order: DataRequest) -> None:
        self._end_once(order.resident_id)
        self._fields.erase(self._store, order.resident_id, self._clock.now())
        now = self._clock.now()
        with self._store.transaction() as tx:
            for request in tx.data_requests.of_resident(order.resident_id):
                if request.open and request.kind is not RequestKind.ERASURE:
                    # Nothing is left to tell or to correct, and the words cannot be read any more.
                    gone = replace(request, state=RequestState.WITHDRAWN, closed_at=now)
                    if tx.data_requests.change(request, gone):
                        tx.audit.append(
                            DataRequestWithdrawn(
                                request_id=request.id, resident_id=request.resident_id
                            )
                        )
            done = replace(order, state=RequestState.ANSWERED, closed_at=now)
            if tx.data_requests.change(order, done):
                tx.audit.append(ErasureDone(request_id=order.id, resident_id=order.resident_id))

    def _end_once(self, resident_id: str) -> None:
        """End the eID unless it has ended, also in this very moment by somebody else's hand."""
        if self._ended(resident_id):
            return
        try:
            self._end(resident_id)
        except Refused:
            if not self._ended(resident_id):
                raise

    def _ended(self, resident_id: str) -> bool:
        with self._store.transaction() as tx:
            resident = tx.residents.get(resident_id)
        return resident is None or resident.state is EidState.REVOKED

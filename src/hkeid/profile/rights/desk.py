"""The privacy officer's desk: which requests wait, one of them opened with a reason, answered or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import MalformedInput, NotFound, Refused
from hkeid.kernel.instants import Instant
from hkeid.officers import (
    AccessReason,
    Officers,
    OfficersTransaction,
    OfficerView,
    Permission,
    RecordAccess,
)
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock
from hkeid.profile.rights.asking import MOST_WORDS, Asked, asked_in, seal_text, written
from hkeid.profile.rights.events import DataRequestAnswered, DataRequestRefused
from hkeid.profile.rights.grounds import (
    ACCESS_GROUNDS,
    CORRECTION_GROUNDS,
    EXPLAINED,
    RefusalGround,
)
from hkeid.profile.rights.records import (
    ANSWERED_BY_OFFICERS,
    SOON,
    DataRequest,
    RequestKind,
    RequestState,
    RequestsTransaction,
)
from hkeid.residents.sealing import PersonalFields

GROUNDS: Final[Mapping[RequestKind, Mapping[RefusalGround, str]]] = {
    RequestKind.ACCESS: ACCESS_GROUNDS,
    RequestKind.CORRECTION: CORRECTION_GROUNDS,
}
"""Grounds for refusing, with their sections, by kind."""

ABOUT_ANSWERED: Final = "data_request_answered"
ABOUT_REFUSED: Final = "data_request_refused"


class RequestDeskTransaction(RequestsTransaction, OfficersTransaction, Protocol):
    """What the desk needs of a transaction."""


class Tells(Protocol):
    """Says in a transaction that a resident must be told, as :func:`hkeid.enrolment.notices.tell` does."""

    def __call__(
        self, tx: RequestDeskTransaction, resident_id: str, about: str, now: Instant
    ) -> None:
        """Once the transaction commits the resident is told by every channel there is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRequest:
    """A request in the queue; it names nobody.

    :ivar days_left: until it is due, rounded up; zero or less: overdue.
    :ivar soon: due within a week.
    """

    id: str
    kind: RequestKind
    fields: tuple[str, ...]
    received_at: Instant
    due_at: Instant
    days_left: int
    overdue: bool
    soon: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFile:
    """A request that was opened.

    :ivar held: what the particulars in question say now, an identity-card number masked.
    :ivar language: in which the answer has to be written.
    :ivar grounds: on which it may be refused, with their sections.
    """

    waiting: WaitingRequest
    asked: Asked
    held: Mapping[str, str] = field(repr=False)
    language: str
    grounds: Mapping[RefusalGround, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFigures:
    """How many requests wait."""

    waiting: int
    soon: int
    overdue: int


class RequestDesk:
    """What privacy officers do about requests.

    :param tell: puts the notice to the resident in the transaction of the answer (ss.19, 21, 23, 25
        want it in writing; the words are in My eID).
    """

    def __init__(
        self,
        store: Store[RequestDeskTransaction],
        officers: Officers[RequestDeskTransaction],
        fields: PersonalFields,
        clock: Clock,
        tell: Tells,
    ) -> None:
        self._store = store
        self._officers = officers
        self._fields = fields
        self._clock = clock
        self._tell = tell

    def queue(self, view: OfficerView) -> tuple[WaitingRequest, ...]:
        """Those that wait, the one that is due first comes first, so overdue ones lead.

        :raises hkeid.officers.AccessDenied: without ``requests.read``.
        """
        with self._officers.acting(view, Permission.REQUESTS_READ) as admission:
            found = admission.tx.data_requests.waiting(ANSWERED_BY_OFFICERS)
            return tuple(_waiting(one, admission.now) for one in found)

    def figures(self, view: OfficerView) -> RequestFigures:
        """How many wait.

        :raises hkeid.officers.AccessDenied: without ``requests.read``.
        """
        found = self.queue(view)
        return RequestFigures(
            waiting=len(found),
            soon=sum(one.soon for one in found),
            overdue=sum(one.overdue for one in found),
        )

    def open(
        self,
        view: OfficerView,
        request_id: str,
        *,
        reason: AccessReason | None,
        note: str = "",
    ) -> str:
        """Open a request; returns the id of the access, which the resident sees.

        :raises hkeid.kernel.errors.NotFound: ``request_unknown``.
        :raises hkeid.officers.AccessDenied: without ``request.open``, a fresh passkey and a reason.
        """
        with self._store.transaction() as tx:
            found = _for_officers(tx.data_requests.get(request_id))
        access = self._officers.require(
            view,
            Permission.REQUEST_OPEN,
            reason=reason,
            note=note,
            resident_id=found.resident_id,
        )
        assert access is not None
        return access.id

    def look(self, view: OfficerView, request_id: str, access_id: str) -> RequestFile:
        """The request that an access opened, while the access is warm.

        :raises hkeid.kernel.errors.NotFound: ``access_unknown``, ``request_unknown``.
        :raises hkeid.kernel.errors.Refused: ``request_closed``.
        """
        access = self._opened(view, access_id)
        with self._store.transaction() as tx:
            found = _for_officers(tx.data_requests.get(request_id))
            if found.resident_id != access.resident_id:
                raise NotFound("access_unknown")
            if not found.open:
                raise Refused("request_closed")
            texts = self._fields.read(tx, found.resident_id, found.fields)
        held = {name: _masked(name, text) for name, text in texts.items()}
        return RequestFile(
            waiting=_waiting(found, self._clock.now()),
            asked=asked_in(self._fields, found),
            held=held,
            language=found.language,
            grounds=GROUNDS[found.kind],
        )

    def answer(self, view: OfficerView, request_id: str, access_id: str, *, text: str) -> None:
        """Say that the request was complied with: what was asked for is in My eID or in the text, or the
        register has been corrected and says so.

        :raises hkeid.kernel.errors.MalformedInput: ``request_words_malformed``, ``answer_missing``.
        :raises hkeid.kernel.errors.HkeidError: as :meth:`look`.
        :raises hkeid.officers.AccessDenied: without ``request.answer`` and a fresh passkey.
        """
        self._close(view, request_id, access_id, text, None)

    def refuse(
        self,
        view: OfficerView,
        request_id: str,
        access_id: str,
        *,
        ground: RefusalGround | None,
        text: str,
    ) -> None:
        """Refuse, on a ground that the law has. A correction that is refused stays beside the
        particular in the resident's copy, with what the resident said (s.25(2)).

        :raises hkeid.kernel.errors.MalformedInput: ``refusal_ground_missing``,
            ``refusal_ground_not_allowed``, ``request_words_malformed``, ``answer_missing``.
        :raises hkeid.kernel.errors.HkeidError: as :meth:`answer`.
        """
        if ground is None:
            raise MalformedInput("refusal_ground_missing", field="ground")
        self._close(view, request_id, access_id, text, ground)

    def _close(
        self,
        view: OfficerView,
        request_id: str,
        access_id: str,
        text: str,
        ground: RefusalGround | None,
    ) -> None:
        access = self._opened(view, access_id)
        said = written(text, MOST_WORDS, "text")
        if not said and (ground is None or ground in EXPLAINED):
            raise MalformedInput("answer_missing", field="text")
        with self._officers.acting(
            view,
            Permission.REQUEST_ANSWER,
            reason=access.reason,
            resident_id=access.resident_id,
        ) as admission:
            tx, now = admission.tx, admission.now
            found = _for_officers(tx.data_requests.get(request_id))
            if found.resident_id != access.resident_id:
                raise NotFound("access_unknown")
            if not found.open:
                raise Refused("request_closed")
            if ground is not None and ground not in GROUNDS[found.kind]:
                raise MalformedInput("refusal_ground_not_allowed", field="ground")
            closed = replace(
                found,
                state=RequestState.ANSWERED if ground is None else RequestState.REFUSED,
                ground=ground,
                answer=seal_text(self._fields, found.resident_id, found.id, "answer", said),
                closed_at=now,
            )
            if not tx.data_requests.change(found, closed):
                raise Refused("request_closed")
            tx.audit.append(_closed_event(found, ground, late=now >= found.due_at))
            about = ABOUT_ANSWERED if ground is None else ABOUT_REFUSED
            self._tell(tx, found.resident_id, about, now)

    def _opened(self, view: OfficerView, access_id: str) -> RecordAccess:
        access = self._officers.opening(view, access_id)
        if access.permission is not Permission.REQUEST_OPEN:
            raise NotFound("access_unknown")
        return access


def _for_officers(found: DataRequest | None) -> DataRequest:
    if found is None or found.kind not in ANSWERED_BY_OFFICERS:
        raise NotFound("request_unknown")
    return found


def _waiting(request: DataRequest, now: Instant) -> WaitingRequest:
    overdue = request.overdue(now)
    return WaitingRequest(
        id=request.id,
        kind=request.kind,
        fields=request.fields,
        received_at=request.received_at,
        due_at=request.due_at,
        days_left=request.days_left(now),
        overdue=overdue,
        soon=not overdue and request.due_at - now <= SOON,
    )


def _masked(name: str, text: str) -> str:
    return HkicNumber.parse(text).masked() if name == "hkic_number" else text


def _closed_event(
    request: DataRequest, ground: RefusalGround | None, *, late: bool
) -> DataRequestAnswered | DataRequestRefused:
    if ground is None:
        return DataRequestAnswered(
            request_id=request.id,
            resident_id=request.resident_id,
            kind=request.kind.value,
            late=late,
        )
    return DataRequestRefused(
        request_id=request.id,
        resident_id=request.resident_id,
        kind=request.kind.value,
        ground=ground.value,
        late=late,
    )

"""What a resident does about their own data: ask for access or correction, look how it stands, take back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from hkeid.broker.errors import StepUpRequired
from hkeid.identity.authentication import SessionView
from hkeid.identity.characters import characters_allowed
from hkeid.identity.language import Language
from hkeid.identity.state import EidState
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput, NotFound, Refused, TooManyAttempts
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.profile.rights.events import DataRequestReceived, DataRequestWithdrawn
from hkeid.profile.rights.grounds import RefusalGround
from hkeid.profile.rights.records import (
    TERM,
    DataRequest,
    RequestKind,
    RequestState,
    RequestsTransaction,
    new_request_id,
)
from hkeid.residents.sealing import PersonalFields

CORRECTABLE: Final = ("name_english", "name_chinese", "hkic_number", "birth_date", "sex")
"""Particulars that the resident cannot edit, and whose correction may be asked for."""

MOST_WORDS: Final = 2000
MOST_WISH: Final = 300
_MOST_A_YEAR: Final = 24
_YEAR: Final = timedelta(days=365)
_BUDGET: Final = "data_requests"
_TABLE: Final = "data_requests"
_BREAKS: Final = frozenset("\n\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a resident wrote.

    :ivar wish: what the particular should say; "" for access.
    :ivar words: why, or what is looked for, in the resident's own words.
    """

    wish: str = field(default="", repr=False)
    words: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRequest:
    """A request as its resident sees it.

    :ivar asked: what they wrote.
    :ivar answer: what the officer wrote; "" before.
    """

    id: str
    kind: RequestKind
    fields: tuple[str, ...]
    asked: Asked
    received_at: Instant
    due_at: Instant
    state: RequestState
    ground: RefusalGround | None
    answer: str = field(repr=False)
    closed_at: Instant | None


class DataRequests:
    """Residents' requests about their own data (Cap. 486 DPP6, Part 5).

    :param recent: how old an authentication may be for asking.
    """

    def __init__(
        self,
        store: Store[RequestsTransaction],
        fields: PersonalFields,
        clock: Clock,
        random: Random,
        *,
        recent: timedelta = timedelta(minutes=30),
    ) -> None:
        self._store = store
        self._fields = fields
        self._clock = clock
        self._random = random
        self._recent = recent

    @property
    def recent(self) -> timedelta:
        """How old an authentication may be for asking."""
        return self._recent

    def ask_for_access(
        self, view: SessionView, *, words: str = "", language: str = Language.ENGLISH
    ) -> OwnRequest:
        """Ask to be told what is held, beyond what the page and the copy show (s.18).

        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises hkeid.kernel.errors.MalformedInput: ``request_words_malformed``, ``language_unknown``.
        :raises hkeid.kernel.errors.Refused: ``request_open`` (one of this kind waits),
            ``resident_not_active``: the eID has ended.
        :raises hkeid.kernel.errors.TooManyAttempts: ``requests_exhausted``.
        """
        asked = Asked(words=written(words, MOST_WORDS, "words"))
        return self._ask(view, RequestKind.ACCESS, (), asked, language)

    def ask_for_correction(
        self,
        view: SessionView,
        names: Collection[str],
        *,
        wish: str,
        words: str = "",
        language: str = Language.ENGLISH,
    ) -> OwnRequest:
        """Ask that particulars are corrected which the resident cannot edit (s.22).

        :param names: of :data:`CORRECTABLE`, at least one.
        :raises hkeid.kernel.errors.HkeidError: as :meth:`ask_for_access`; reasons besides
            ``request_fields_missing``, ``request_field_unknown``, ``request_wish_malformed``.
        """
        chosen = tuple(name for name in CORRECTABLE if name in names)
        if len(chosen) != len(set(names)):
            raise MalformedInput("request_field_unknown", field="fields")
        if not chosen:
            raise MalformedInput("request_fields_missing", field="fields")
        said = written(wish, MOST_WISH, "wish")
        if not said:
            raise MalformedInput("request_wish_malformed", field="wish")
        asked = Asked(wish=said, words=written(words, MOST_WORDS, "words"))
        return self._ask(view, RequestKind.CORRECTION, chosen, asked, language)

    def of_resident(self, resident_id: str) -> tuple[OwnRequest, ...]:
        """A resident's own, newest first.

        :raises hkeid.kernel.errors.NotFound: ``data_key_missing``: the resident was erased.
        """
        with self._store.transaction() as tx:
            found = tx.data_requests.of_resident(resident_id)
        return tuple(own_request(self._fields, one) for one in found)

    def withdraw(self, resident_id: str, request_id: str) -> None:
        """Take a request back that waits.

        :raises hkeid.kernel.errors.NotFound: ``request_unknown`` (none, or somebody else's).
        :raises hkeid.kernel.errors.Refused: ``request_closed``.
        """
        with self._store.transaction() as tx:
            found = tx.data_requests.get(request_id)
            if (
                found is None
                or found.resident_id != resident_id
                or found.kind is RequestKind.ERASURE
            ):
                raise NotFound("request_unknown")
            gone = replace(found, state=RequestState.WITHDRAWN, closed_at=self._clock.now())
            if not tx.data_requests.change(found, gone):
                raise Refused("request_closed")
            tx.audit.append(DataRequestWithdrawn(request_id=request_id, resident_id=resident_id))

    def _ask(
        self,
        view: SessionView,
        kind: RequestKind,
        names: tuple[str, ...],
        asked: Asked,
        language: str,
    ) -> OwnRequest:
        now, script = self._clock.now(), Language.parse(language)
        if now - view.authentication.authenticated_at > self._recent:
            raise StepUpRequired("authentication_too_old")
        resident_id = view.authentication.resident_id
        self._spend(resident_id, now)
        request_id = new_request_id(self._random)
        request = DataRequest(
            id=request_id,
            resident_id=resident_id,
            kind=kind,
            fields=names,
            asked=seal_text(self._fields, resident_id, request_id, "asked", _text(asked)),
            language=script.value,
            received_at=now,
            due_at=now + TERM,
        )
        with self._store.transaction() as tx:
            resident = tx.residents.get(resident_id)
            if resident is None or resident.state is EidState.REVOKED:
                raise Refused("resident_not_active")
            if not tx.data_requests.add(request):
                raise Refused("request_open")
            tx.audit.append(
                DataRequestReceived(
                    request_id=request_id, resident_id=resident_id, kind=kind.value, fields=names
                )
            )
        return own_request(self._fields, request)

    def _spend(self, resident_id: str, now: Instant) -> None:
        with self._store.transaction() as tx:
            spent = tx.budgets.spend(
                _BUDGET, resident_id.encode(), limit=_MOST_A_YEAR, window=_YEAR, now=now
            )
        if not spent.allowed:
            raise TooManyAttempts("requests_exhausted", retry_after=spent.retry_after)


def written(text: str, most: int, field_name: str) -> str:
    """What somebody wrote, as it is kept: lines without spaces at their ends.

    :raises hkeid.kernel.errors.MalformedInput: ``request_words_malformed``, for ``wish``
        ``request_wish_malformed``: longer than ``most`` characters, or with control characters.
    """
    lines = text.replace("\r\n", "\n").strip().split("\n")
    kept = "\n".join(line.rstrip() for line in lines)
    plain = "".join(sign for sign in kept if sign not in _BREAKS)
    if len(kept) > most or not characters_allowed(plain):
        reason = "request_wish_malformed" if field_name == "wish" else "request_words_malformed"
        raise MalformedInput(reason, field=field_name)
    return kept


def own_request(fields: PersonalFields, request: DataRequest) -> OwnRequest:
    """A request with what was written, opened.

    :raises hkeid.kernel.errors.NotFound: ``data_key_missing``.
    """
    return OwnRequest(
        id=request.id,
        kind=request.kind,
        fields=request.fields,
        asked=asked_in(fields, request),
        received_at=request.received_at,
        due_at=request.due_at,
        state=request.state,
        ground=request.ground,
        answer=open_text(fields, request, "answer"),
        closed_at=request.closed_at,
    )


def asked_in(fields: PersonalFields, request: DataRequest) -> Asked:
    """What the resident wrote.

    :raises hkeid.kernel.errors.NotFound: ``data_key_missing``.
    """
    text = open_text(fields, request, "asked")
    if not text:
        return Asked()
    members = canonical_json.loads_object(text)
    return Asked(wish=members["wish"], words=members["words"])


def seal_text(
    fields: PersonalFields, resident_id: str, request_id: str, column: str, text: str
) -> bytes:
    """Seal what belongs to a request, for ``asked`` or ``answer``; b"" stays b""."""
    if not text:
        return b""
    return fields.seal(resident_id, _TABLE, column, request_id, text.encode("utf-8"))


def open_text(fields: PersonalFields, request: DataRequest, column: str) -> str:
    """What :func:`seal_text` sealed.

    :raises hkeid.kernel.errors.NotFound: ``data_key_missing``.
    """
    sealed = request.asked if column == "asked" else request.answer
    if not sealed:
        return ""
    return fields.unseal(request.resident_id, _TABLE, column, request.id, sealed).decode("utf-8")


def _text(asked: Asked) -> str:
    if not (asked.wish or asked.words):
        return ""
    return canonical_json.dumps({"wish": asked.wish, "words": asked.words}).decode("utf-8")

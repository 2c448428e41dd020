"""A copy of everything that is held about a resident (Cap. 486 ss.18(1)(b), 19), as one JSON document.

It is put together from sections, each of which reads certain tables and covers certain fields of the
registry of personal fields. What no section covers stands in :data:`LEFT_OUT` with the reason, and in the
document too; a test compares both with the registry and with every table that has residents in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, TypeVar

from hkeid.broker.errors import StepUpRequired
from hkeid.identity.authentication import SessionView
from hkeid.identity.state import EidState
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock
from hkeid.profile.rights.events import OwnCopyMade
from hkeid.profile.rights.records import RequestsTransaction
from hkeid.residents.fields import FIELDS
from hkeid.residents.sealing import PersonalFields

FORMAT: Final = "hkeid-own-data/1"
EVERYTHING: Final = 1_000_000
"""The limit that is given where a repository wants one."""

Tx = TypeVar("Tx", bound=RequestsTransaction)
Row = Mapping[str, Any]
"""A record as it stands in the document: JSON values, instants as ISO 8601 text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[Tx]):
    """What sections read from: one transaction for all of them."""

    tx: Tx
    fields: PersonalFields
    resident_id: str
    now: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Generic[Tx]):
    """One kind of records.

    :ivar places: tables that it reads.
    :ivar covers: fields of the registry that its records hold.
    """

    name: str
    places: frozenset[str]
    covers: frozenset[str]
    read: Callable[[Reading[Tx]], Iterable[Row]]


_DIGEST = (
    "Only a keyed digest is kept, which says nothing without the value that it was made of; the value "
    "itself stands in this document where it is held"
)
_UNDER_WAY = "A code or a proof under way; it is over within a quarter of an hour"

LEFT_OUT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "hkic_number_digest": _DIGEST,
        "upstream_subject_digest": _DIGEST,
        "registration_number_digest": _DIGEST,
        "registration_network_digest": _DIGEST,
        "contact_pending": _UNDER_WAY,
        "eme_email_pending": _UNDER_WAY,
        "upstream_session_kept": "A secret of the other identity provider, to log out there",
        "form_submission": (
            "A form that was just sent and waits to be fetched, for ten minutes at most; which kinds of "
            "data were fetched stands under disclosures"
        ),
        "registration_evidence": (
            "Pictures and readings are sealed under a key of the registration or upgrade, not of the "
            "eID, and destroyed with its decision; documents to be signed are the service's"
        ),
        "access_note": (
            "An officer's own words; they may speak of others. Ask the privacy officer, who gives "
            "them without what is about somebody else (s.20(1)(b), (2))"
        ),
        "officer_name": "An officer's, sealed under the officer's own key",
        "officer_number_digest": "An officer's",
        "certificate_record": "The same certificates stand under signing_keys, in full",
        "audit_trail": (
            "The chain of evidence of the same events that the other sections tell; it holds internal "
            "ids and short words and nothing beyond"
        ),
    }
)
"""Fields that are not in the copy, and why."""

PLACES_LEFT_OUT: Final[Mapping[str, str]] = MappingProxyType(
    {"blind_index": "hkic_number_digest: see there"}
)
"""Tables with residents in them that no section reads, and why."""


class OwnCopy(Generic[Tx]):
    """Makes copies.

    :param issuer: who holds the data, as relying parties know it.
    :param recent: how old an authentication may be.
    """

    def __init__(
        self,
        store: Store[Tx],
        fields: PersonalFields,
        sections: tuple[Section[Tx], ...],
        clock: Clock,
        *,
        issuer: str,
        recent: timedelta = timedelta(minutes=5),
    ) -> None:
        self._store = store
        self._fields = fields
        self._sections = sections
        self._clock = clock
        self._issuer = issuer
        self._recent = recent

    @property
    def recent(self) -> timedelta:
        """How old an authentication may be."""
        return self._recent

    def make(self, view: SessionView, form: Literal["json", "pdf"]) -> dict[str, Any]:
        """The document, read in one transaction in which it is also recorded that it was made.

        :param form: in which it is given out.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises hkeid.kernel.errors.Refused: ``eid_cooling``: after a recovery, until the waiting time is
            over, so that whoever recovered an eID wrongfully does not get everything at once;
            ``resident_not_active``: the eID has ended.
        """
        now = self._clock.now()
        if now - view.authentication.authenticated_at > self._recent:
            raise StepUpRequired("authentication_too_old")
        resident_id = view.authentication.resident_id
        with self._store.transaction() as tx:
            resident = tx.residents.get(resident_id)
            if resident is None or resident.state is EidState.REVOKED:
                raise Refused("resident_not_active")
            if resident.cools(now):
                raise Refused("eid_cooling")
            reading = Reading(tx=tx, fields=self._fields, resident_id=resident_id, now=now)
            rows = {one.name: tuple(one.read(reading)) for one in self._sections}
            tx.audit.append(
                OwnCopyMade(
                    resident_id=resident_id, form=form, records=sum(map(len, rows.values()))
                )
            )
        return document(self._sections, rows, issuer=self._issuer, made_at=now)


def document(
    sections: Iterable[Section[Any]],
    rows: Mapping[str, tuple[Row, ...]],
    *,
    issuer: str,
    made_at: Instant,
) -> dict[str, Any]:
    """The document of what the sections read: each section with what the registry of personal fields says
    about it - purpose, retention, who sees it - and what was left out.
    """
    return {
        "format": FORMAT,
        "held_by": issuer,
        "made_at": when(made_at),
        "sections": {
            one.name: {
                "fields": [_declared(name) for name in FIELDS if name in one.covers],
                "records": list(rows[one.name]),
            }
            for one in sections
        },
        "left_out": [{"field": name, "why": why} for name, why in LEFT_OUT.items()],
    }


def when(moment: Instant | None) -> str | None:
    """An instant as the document says it: ISO 8601, in UTC."""
    return None if moment is None else moment.isoformat()


def _declared(name: str) -> Row:
    field = FIELDS[name]
    return {
        "field": name,
        "purpose": field.purpose,
        "kept_until": field.retention,
        "seen_by": [viewer.value for viewer in field.visible_to],
    }

"""Which decisions hold at a moment: the newest ones, about purposes as they are registered now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hkeid.doors.relying_party import DIRECT_MARKETING, RelyingParty
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel.errors import NotFound
from hkeid.kernel.instants import Instant
from hkeid.ports.notices import Tell, tell_nobody
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.profile.claims import NUMBER_IS_REGISTERED, Texts, fields_of
from hkeid.profile.eme import Source
from hkeid.profile.purposes import Purpose, purposes_of
from hkeid.profile.records import ConsentDecision, ConsentKey, ProfileTransaction
from hkeid.profile.signals import entry_texts
from hkeid.profile.sources import source_of_particulars
from hkeid.profile.statement import purpose_digest
from hkeid.residents.records import Resident
from hkeid.residents.sealing import PersonalFields

_CACHED_CLIENTS = 1024
_VERIFIED = "hkic_number_verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundPurpose:
    """A registered purpose with what decisions about its claims are bound to.

    :ivar digests: :func:`hkeid.profile.statement.purpose_digest` by claim.
    """

    purpose: Purpose
    digests: Mapping[str, str]


class Holding:
    """What asking, deciding and releasing share."""

    __slots__ = ("_purposes", "clock", "fields", "random", "store", "tell")

    def __init__(
        self,
        store: Store[ProfileTransaction],
        fields: PersonalFields,
        clock: Clock,
        random: Random,
        tell: Tell = tell_nobody,
    ) -> None:
        self.tell = tell
        self.store = store
        self.fields = fields
        self.clock = clock
        self.random = random
        self._purposes: dict[str, tuple[RelyingParty, Mapping[str, BoundPurpose]]] = {}

    def purpose(self, client: RelyingParty, purpose: str) -> BoundPurpose | None:
        """The purpose as registered, or None; kept while the registration stays the same."""
        kept = self._purposes.get(client.id)
        if kept is None or not _same_purposes(kept[0], client):
            kept = (client, {one.id: _bound(client, one) for one in purposes_of(client)})
            if len(self._purposes) >= _CACHED_CLIENTS:
                self._purposes.clear()
            self._purposes[client.id] = kept
        return kept[1].get(purpose)

    def decisions(
        self,
        tx: ProfileTransaction,
        resident_id: str,
        client: RelyingParty,
        purpose: str,
        now: Instant,
    ) -> dict[str, ConsentDecision]:
        """The decisions that hold, by claim: the newest ones, without those that expired, those about
        one sending of a form and those about a purpose that is not registered in these words (any more).
        """
        held = self.newest(tx, resident_id, client, purpose, now)
        return {claim: decision for claim, decision in held.items() if not decision.once}

    def newest(
        self,
        tx: ProfileTransaction,
        resident_id: str,
        client: RelyingParty,
        purpose: str,
        now: Instant,
    ) -> dict[str, ConsentDecision]:
        """As :meth:`decisions`, with those about one sending of a form."""
        about = self.purpose(client, purpose)
        if about is None:
            return {}
        return {
            claim: decision
            for (of, claim), decision in tx.consents.latest(resident_id, client.id).items()
            if of == purpose
            and not decision.expired(now)
            and decision.statement.rpartition(".")[2] == about.digests.get(claim)
        }

    def read(
        self, tx: ProfileTransaction, resident_id: str, claims: Collection[str]
    ) -> dict[str, str]:
        """The opened fields that ``claims`` are made of."""
        now = self.clock.now()
        try:
            texts = self.fields.read(tx, resident_id, fields_of(claims))
        except NotFound:
            # The data key is gone: an erasure is under way, and there is nothing left to tell.
            return {}
        return texts | self.beside(tx, resident_id, claims, texts, now)

    def beside(
        self,
        tx: ProfileTransaction,
        resident_id: str,
        claims: Collection[str],
        texts: Texts,
        now: Instant,
    ) -> dict[str, str]:
        """What ``claims`` are made of beside the sealed fields that were opened."""
        found = entry_texts(tx, resident_id, claims, now)
        if _VERIFIED in claims and "hkic_number" in texts:
            number = HkicNumber.parse(texts["hkic_number"])
            if self.fields.number_leads_to(tx, number, resident_id):
                found[NUMBER_IS_REGISTERED] = "yes"
        return found

    def particulars_source(self, tx: ProfileTransaction, resident: Resident) -> Source | None:
        """See :func:`hkeid.profile.sources.source_of_particulars`."""
        texts = self.fields.read(tx, resident.id, ("hkic_number",))
        registered = "hkic_number" in texts and self.fields.number_leads_to(
            tx, HkicNumber.parse(texts["hkic_number"]), resident.id
        )
        return source_of_particulars(resident, registered=registered)


def not_before(latest: Mapping[ConsentKey, ConsentDecision], now: Instant) -> Instant:
    """``now``, or the newest decision's moment if another machine's clock ran ahead: a withdrawal
    must never sort before the agreement that it withdraws.
    """
    return max([now, *(decision.decided_at for decision in latest.values())])


def bundled(latest: Mapping[ConsentKey, ConsentDecision], purpose: str, question: str) -> bool:
    """Whether the page that is answered now was answered about something else before, with direct
    marketing among the two (Cap. 486 s.35E: no consent by the way).
    """
    return any(
        decision.evidence is not None
        and decision.evidence.question == question
        and decision.purpose != purpose
        and DIRECT_MARKETING in (decision.purpose, purpose)
        for decision in latest.values()
    )


def _same_purposes(one: RelyingParty, other: RelyingParty) -> bool:
    return one is other or (
        one.claims == other.claims
        and one.voluntary_claims == other.voluntary_claims
        and one.forms == other.forms
        and one.direct_marketing == other.direct_marketing
    )


def _bound(client: RelyingParty, purpose: Purpose) -> BoundPurpose:
    digests = {claim: purpose_digest(client, claim, purpose) for claim in purpose.claims}
    return BoundPurpose(purpose=purpose, digests=digests)

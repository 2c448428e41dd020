"""Asking: what a resident must still decide on, and the page that asks."""

from __future__ import annotations

from collections.abc import Collection

from hkeid.doors.relying_party import LOGIN_PURPOSE, RelyingParty
from hkeid.identity.language import Language
from hkeid.kernel.instants import Instant
from hkeid.profile.claims import base_names
from hkeid.profile.holding import Holding
from hkeid.profile.question import ConsentQuestion, consent_question


class Asking:
    """Behind :class:`hkeid.profile.ConsentLedger`; see there."""

    __slots__ = ("_holding",)

    def __init__(self, holding: Holding) -> None:
        self._holding = holding

    def unconsented(
        self,
        resident_id: str,
        client_id: str,
        names: Collection[str],
        now: Instant,
        purpose: str = LOGIN_PURPOSE,
    ) -> frozenset[str]:
        """See :meth:`hkeid.profile.ConsentLedger.unconsented`."""
        asked = base_names(names)
        if not asked:
            return frozenset()
        with self._holding.store.transaction() as tx:
            client = tx.clients.get(client_id)
            if client is None or not client.enabled:
                return frozenset()
            decided = self._holding.decisions(tx, resident_id, client, purpose, now)
        about = self._holding.purpose(client, purpose)
        if about is None:
            return frozenset()
        return frozenset(
            claim
            for claim in about.purpose.claims
            if claim in asked
            and (
                claim not in decided
                or not (decided[claim].agreed or claim in about.purpose.voluntary)
            )
        )

    def question(
        self,
        client: RelyingParty,
        resident_id: str,
        names: Collection[str],
        language: str,
        purpose: str = LOGIN_PURPOSE,
    ) -> ConsentQuestion:
        """See :meth:`hkeid.profile.ConsentLedger.question`."""
        spoken = Language.parse(language)
        asked = base_names(names)
        now = self._holding.clock.now()
        with self._holding.store.transaction() as tx:
            decided = self._holding.decisions(tx, resident_id, client, purpose, now)
            texts = self._holding.read(tx, resident_id, asked)
        return consent_question(client, asked, decided, texts, spoken, now, purpose)

"""The consent ledger: asks, remembers and heeds what each relying party may know (S7, S8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hkeid.doors.relying_party import RelyingParty
from hkeid.identity.hkic_number import HkicNumber
from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput, NotFound, Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.profile.claims import CLAIMS, NUMBER_IS_REGISTERED, base_names, fields_of, render
from hkeid.profile.events import ClaimsDisclosed, ConsentDecided, ConsentWithdrawn
from hkeid.profile.question import ConsentQuestion, consent_question
from hkeid.profile.records import ConsentDecision, Disclosure, ProfileTransaction
from hkeid.profile.statement import (
    CollectionStatement,
    collection_statement,
    purpose_digest,
    registered_claims,
)
from hkeid.residents.finding import find_by_hkic
from hkeid.residents.sealing import PersonalFields

_ID_BYTES = 16
_CACHED_CLIENTS = 1024
_VERIFIED = "hkic_number_verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingConsent:
    """A claim that a client may receive at present, for the resident's account page."""

    client_id: str
    claim: str
    agreed_at: Instant


class ConsentLedger:
    """Implements :class:`hkeid.ports.ClaimsSource`, and what the consent and account pages do.

    Decisions are only ever added; the newest one about a claim and client holds, for the purpose it
    was made about. Withdrawal holds from the next release on.
    """

    __slots__ = ("_clock", "_fields", "_keys", "_purposes", "_random", "_store")

    def __init__(
        self,
        store: Store[ProfileTransaction],
        fields: PersonalFields,
        keys: KeyStore,
        clock: Clock,
        random: Random,
    ) -> None:
        self._store = store
        self._fields = fields
        self._keys = keys
        self._clock = clock
        self._random = random
        self._purposes: dict[str, tuple[RelyingParty, Mapping[str, str]]] = {}

    # --- ClaimsSource -------------------------------------------------------------------------

    def supported(self) -> frozenset[str]:
        """Names of the claims there can be, without language tags (``claims_supported``)."""
        return frozenset(CLAIMS)

    def unconsented(
        self, resident_id: str, client_id: str, names: Collection[str], now: Instant
    ) -> frozenset[str]:
        """Claims among ``names`` that the client registered and the resident must still decide on.

        Undecided are those never decided, those decided for a purpose that has changed since, and
        required ones that were refused or withdrawn.
        """
        del now
        asked = base_names(names)
        if not asked:
            return frozenset()
        with self._store.transaction() as tx:
            client = tx.clients.get(client_id)
            if client is None or not client.enabled:
                return frozenset()
            decided = self._holding(tx, resident_id, client)
        return frozenset(
            claim
            for claim in self._purposes_of(client)
            if claim in asked
            and (
                claim not in decided
                or not (decided[claim].agreed or claim in client.voluntary_claims)
            )
        )

    def release(
        self, resident_id: str, client_id: str, names: Collection[str], now: Instant
    ) -> Mapping[str, Any]:
        """The claims of ``names`` that may go to the client at this moment, by wire name.

        Looks again at the client's registration, the resident's state and the ledger, and records
        the disclosure in the same transaction, committed before it returns. What is undecided,
        refused, withdrawn, unregistered or not held is left out.
        """
        asked = base_names(names)
        if not asked:
            return {}
        with self._store.transaction() as tx:
            permitted = self._permitted(tx, resident_id, client_id, asked)
            if not permitted:
                return {}
            released = render(names, permitted, self._read(tx, resident_id, permitted), now)
            if not released:
                return {}
            disclosure = Disclosure(
                id=self._random.token(_ID_BYTES),
                resident_id=resident_id,
                client_id=client_id,
                claims=tuple(released),
                disclosed_at=now,
            )
            tx.disclosures.append(disclosure)
            tx.audit.append(
                ClaimsDisclosed(
                    disclosure_id=disclosure.id,
                    resident_id=resident_id,
                    client_id=client_id,
                    claims=disclosure.claims,
                )
            )
        return released

    # --- the consent page ---------------------------------------------------------------------

    def question(
        self, client: RelyingParty, resident_id: str, names: Collection[str], language: str
    ) -> ConsentQuestion:
        """What the consent page shows for ``names``: claims decided before are among the items.

        :raises hkeid.kernel.errors.MalformedInput: reason ``language_unknown``.
        """
        spoken = Language.parse(language)
        asked = base_names(names)
        with self._store.transaction() as tx:
            decided = self._holding(tx, resident_id, client)
            texts = self._read(tx, resident_id, asked)
        return consent_question(client, asked, decided, texts, spoken, self._clock.now())

    def statement(self, client: RelyingParty, names: Collection[str]) -> CollectionStatement:
        """The collection statement for ``names`` without anybody's data (for a public page)."""
        return collection_statement(client, base_names(names))

    def decide(
        self,
        resident_id: str,
        client_id: str,
        agreed: frozenset[str],
        refused: frozenset[str],
        statement: str,
        language: str,
    ) -> None:
        """Record the answer to a question: ``agreed`` and ``refused`` together are its claims.

        :param statement: ``question.statement.version`` as it was on the page.
        :raises hkeid.kernel.errors.MalformedInput: reasons ``language_unknown``,
            ``consent_contradictory`` (a claim both agreed and refused, or none at all).
        :raises hkeid.kernel.errors.Refused: reasons ``client_unknown``, ``resident_not_active``,
            ``claim_not_registered``, ``consent_required_claim_refused`` (then nobody is served:
            decline instead), ``statement_outdated`` (show the page again).
        """
        spoken = Language.parse(language)
        asked = agreed | refused
        if agreed & refused or not asked:
            raise MalformedInput("consent_contradictory")
        with self._store.transaction() as tx:
            client = self._client_to_decide_on(tx, resident_id, client_id)
            self._check_answer(client, agreed, refused, statement)
            purposes = self._purposes_of(client)
            now = _not_before(tx.consents.latest(resident_id, client_id), self._clock.now())
            tx.consents.append(
                tuple(
                    self._decision(
                        resident_id,
                        client_id,
                        claim,
                        agreed=claim in agreed,
                        statement=f"{statement}.{purposes[claim]}",
                        language=spoken,
                        now=now,
                    )
                    for claim in sorted(asked)
                )
            )
            tx.audit.append(
                ConsentDecided(
                    resident_id=resident_id,
                    client_id=client_id,
                    agreed=tuple(sorted(agreed)),
                    refused=tuple(sorted(refused)),
                    statement=statement,
                    language=spoken.value,
                )
            )

    # --- the account page ---------------------------------------------------------------------

    def withdraw(
        self,
        resident_id: str,
        client_id: str,
        claims: Collection[str] | None = None,
        *,
        language: str = Language.ENGLISH,
    ) -> tuple[str, ...]:
        """Withdraw agreement to ``claims``, or to all, from one client; also from one that is no
        longer registered. Returns what was withdrawn.

        :raises hkeid.kernel.errors.MalformedInput: reason ``language_unknown``.
        """
        spoken = Language.parse(language)
        with self._store.transaction() as tx:
            latest = tx.consents.latest(resident_id, client_id)
            now = _not_before(latest, self._clock.now())
            standing = {
                claim: decision
                for claim, decision in latest.items()
                if decision.agreed and (claims is None or claim in claims)
            }
            if not standing:
                return ()
            tx.consents.append(
                tuple(
                    self._decision(
                        resident_id,
                        client_id,
                        claim,
                        agreed=False,
                        statement=decision.statement,
                        language=spoken,
                        now=now,
                    )
                    for claim, decision in sorted(standing.items())
                )
            )
            withdrawn = tuple(sorted(standing))
            tx.audit.append(
                ConsentWithdrawn(resident_id=resident_id, client_id=client_id, claims=withdrawn)
            )
        return withdrawn

    def history(self, resident_id: str) -> tuple[ConsentDecision, ...]:
        """Every decision of a resident, newest first."""
        with self._store.transaction() as tx:
            return tx.consents.history(resident_id)

    def disclosures(self, resident_id: str, *, limit: int = 200) -> tuple[Disclosure, ...]:
        """What was disclosed about a resident, newest first."""
        with self._store.transaction() as tx:
            return tx.disclosures.of_resident(resident_id, limit=limit)

    def standing(self, resident_id: str) -> tuple[StandingConsent, ...]:
        """What the resident agrees to at present, the latest agreement first."""
        seen: set[tuple[str, str]] = set()
        standing = []
        for decision in self.history(resident_id):
            key = (decision.client_id, decision.claim)
            if key in seen:
                continue
            seen.add(key)
            if decision.agreed:
                standing.append(
                    StandingConsent(
                        client_id=decision.client_id,
                        claim=decision.claim,
                        agreed_at=decision.decided_at,
                    )
                )
        return tuple(standing)

    # --- inside -------------------------------------------------------------------------------

    def _permitted(
        self, tx: ProfileTransaction, resident_id: str, client_id: str, asked: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Of the claims asked for, those that every rule lets through at this moment."""
        client = tx.clients.get(client_id)
        if client is None or not client.enabled:
            return ()
        resident = tx.residents.get(resident_id)
        if resident is None or not resident.state.may_log_in:
            return ()
        decided = self._holding(tx, resident_id, client)
        return tuple(claim for claim in asked if claim in decided and decided[claim].agreed)

    def _holding(
        self, tx: ProfileTransaction, resident_id: str, client: RelyingParty
    ) -> dict[str, ConsentDecision]:
        """The newest decisions, those left out whose purpose is not registered (any more)."""
        purposes = self._purposes_of(client)
        return {
            claim: decision
            for claim, decision in tx.consents.latest(resident_id, client.id).items()
            if claim in purposes and decision.statement.rpartition(".")[2] == purposes[claim]
        }

    def _purposes_of(self, client: RelyingParty) -> Mapping[str, str]:
        """Purpose digests of the client's claims; kept while its registration stays the same."""
        kept = self._purposes.get(client.id)
        if kept is not None and (
            kept[0] is client
            or (
                kept[0].claims == client.claims
                and kept[0].voluntary_claims == client.voluntary_claims
            )
        ):
            return kept[1]
        purposes = {claim: purpose_digest(client, claim) for claim in registered_claims(client)}
        if len(self._purposes) >= _CACHED_CLIENTS:
            self._purposes.clear()
        self._purposes[client.id] = (client, purposes)
        return purposes

    def _read(
        self, tx: ProfileTransaction, resident_id: str, claims: Collection[str]
    ) -> dict[str, str]:
        try:
            texts = self._fields.read(tx, resident_id, fields_of(claims))
        except NotFound:
            # The data key is gone: an erasure is under way, and there is nothing left to tell.
            return {}
        if _VERIFIED in claims and "hkic_number" in texts:
            number = HkicNumber.parse(texts["hkic_number"])
            if find_by_hkic(tx, self._keys, number) == resident_id:
                texts[NUMBER_IS_REGISTERED] = "yes"
        return texts

    def _client_to_decide_on(
        self, tx: ProfileTransaction, resident_id: str, client_id: str
    ) -> RelyingParty:
        client = tx.clients.get(client_id)
        if client is None or not client.enabled:
            raise Refused("client_unknown")
        resident = tx.residents.get(resident_id)
        if resident is None or not resident.state.may_log_in:
            raise Refused("resident_not_active")
        return client

    def _check_answer(
        self, client: RelyingParty, agreed: frozenset[str], refused: frozenset[str], statement: str
    ) -> None:
        asked = agreed | refused
        if not asked <= set(self._purposes_of(client)):
            raise Refused("claim_not_registered")
        if refused - set(client.voluntary_claims):
            raise Refused("consent_required_claim_refused")
        if collection_statement(client, asked).version != statement:
            raise Refused(
                "statement_outdated", "What is asked for has changed. Please read it again."
            )

    def _decision(
        self,
        resident_id: str,
        client_id: str,
        claim: str,
        *,
        agreed: bool,
        statement: str,
        language: Language,
        now: Instant,
    ) -> ConsentDecision:
        return ConsentDecision(
            id=self._random.token(_ID_BYTES),
            resident_id=resident_id,
            client_id=client_id,
            claim=claim,
            agreed=agreed,
            statement=statement,
            language=language.value,
            decided_at=now,
        )


def _not_before(latest: Mapping[str, ConsentDecision], now: Instant) -> Instant:
    """``now``, or the newest decision's moment if another machine's clock ran ahead: a withdrawal
    must never sort before the agreement that it withdraws.
    """
    return max([now, *(decision.decided_at for decision in latest.values())])

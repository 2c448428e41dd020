"""The consent ledger: asks, remembers and heeds what each relying party may know (S7, S8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hkeid.doors.relying_party import LOGIN_PURPOSE, RelyingParty
from hkeid.identity.language import Language
from hkeid.kernel.instants import Instant
from hkeid.ports.notices import Tell, tell_nobody
from hkeid.ports.sessions import VerifiableClaims, VerifiedClaimsWish
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.profile.asking import Asking
from hkeid.profile.assurance import SUPPORTED
from hkeid.profile.claims import CLAIMS, base_names
from hkeid.profile.deciding import Answer, Deciding
from hkeid.profile.holding import Holding
from hkeid.profile.question import ConsentQuestion
from hkeid.profile.records import (
    ConsentDecision,
    ConsentEvidence,
    Disclosure,
    ProfileTransaction,
)
from hkeid.profile.releasing import Releasing
from hkeid.profile.standing import StandingConsent, standing_consents
from hkeid.profile.statement import CollectionStatement, collection_statement
from hkeid.residents.sealing import PersonalFields


class ConsentLedger:
    """Implements :class:`hkeid.ports.ClaimsSource`, and what the consent and account pages do.

    Its key is resident, client, purpose and claim. Decisions are only ever added; the newest one by
    key holds, for the purpose in the words in which it was asked, until it expires. Withdrawal and
    expiry hold from the next release on. A purpose is ``""`` (what a client registered for logins),
    the id of a form of the client, or ``direct_marketing``.

    :param tell: tells residents of each disclosure, where they want that.
    """

    __slots__ = ("_asking", "_deciding", "_holding", "_releasing")

    def __init__(
        self,
        store: Store[ProfileTransaction],
        fields: PersonalFields,
        clock: Clock,
        random: Random,
        *,
        tell: Tell = tell_nobody,
    ) -> None:
        self._holding = Holding(store, fields, clock, random, tell)
        self._asking = Asking(self._holding)
        self._deciding = Deciding(self._holding)
        self._releasing = Releasing(self._holding)

    # --- ClaimsSource -------------------------------------------------------------------------

    def supported(self) -> frozenset[str]:
        """Names of the claims there can be, without language tags (``claims_supported``)."""
        return frozenset(CLAIMS)

    def unconsented(
        self,
        resident_id: str,
        client_id: str,
        names: Collection[str],
        now: Instant,
        *,
        purpose: str = LOGIN_PURPOSE,
    ) -> frozenset[str]:
        """Claims among ``names`` that the client registered and the resident must still decide on.

        Undecided are those never decided, those decided for a purpose that has changed since or for
        a time that is over, and required ones that were refused or withdrawn.
        """
        return self._asking.unconsented(resident_id, client_id, names, now, purpose)

    def verifiable(self) -> VerifiableClaims:
        """What there can be in verified claims, for metadata."""
        return SUPPORTED

    def release(
        self,
        resident_id: str,
        client_id: str,
        names: Collection[str],
        now: Instant,
        verified: Collection[VerifiedClaimsWish] = (),
        *,
        purpose: str = LOGIN_PURPOSE,
    ) -> Mapping[str, Any]:
        """The claims of ``names`` that may go to the client at this moment, by wire name.

        Looks again at the client's registration, the resident's state and the ledger, and records
        the disclosure in the same transaction, committed before it returns. What is undecided,
        refused, withdrawn, expired, unregistered or not held is left out.
        """
        return self._releasing.release(resident_id, client_id, names, now, purpose, verified)

    # --- the consent page ---------------------------------------------------------------------

    def question(
        self,
        client: RelyingParty,
        resident_id: str,
        names: Collection[str],
        language: str,
        *,
        purpose: str = LOGIN_PURPOSE,
    ) -> ConsentQuestion:
        """What the consent page shows for ``names``: claims decided before are among the items.

        :raises hkeid.kernel.errors.MalformedInput: reason ``language_unknown``.
        :raises hkeid.kernel.errors.Refused: reason ``purpose_not_registered``.
        """
        return self._asking.question(client, resident_id, names, language, purpose)

    def statement(
        self, client: RelyingParty, names: Collection[str], *, purpose: str = LOGIN_PURPOSE
    ) -> CollectionStatement:
        """The collection statement for ``names`` without anybody's data (for a public page).

        :raises hkeid.kernel.errors.Refused: reason ``purpose_not_registered``.
        """
        return collection_statement(client, base_names(names), purpose)

    def decide(self, resident_id: str, client_id: str, answer: Answer) -> None:
        """Record the answer to a question.

        What a minor agrees to rests on a guardian's approval, unless it tells no more than an age.

        :raises hkeid.kernel.errors.MalformedInput: reasons ``language_unknown``,
            ``consent_contradictory`` (a claim both agreed and refused, or none at all),
            ``consent_expiry_past``.
        :raises hkeid.kernel.errors.Refused: reasons ``client_unknown``, ``resident_not_active``,
            ``purpose_not_registered``, ``claim_not_registered``, ``consent_not_standing`` (the form
            is filled once each time), ``consent_not_once`` (what is no form, or has no end), ``consent_required_claim_refused`` (then nobody is served:
            decline instead), ``consent_bundled`` (direct marketing together with something else),
            ``guardian_missing``, ``statement_outdated`` (show the page again).
        """
        self._deciding.decide(resident_id, client_id, answer)

    # --- the account page ---------------------------------------------------------------------

    def withdraw(
        self,
        resident_id: str,
        client_id: str,
        claims: Collection[str] | None = None,
        *,
        purpose: str | None = None,
        language: str = Language.ENGLISH,
        evidence: ConsentEvidence | None = None,
    ) -> tuple[str, ...]:
        """Withdraw agreement to ``claims``, or to all, from one client; also from one that is no
        longer registered. Returns what was withdrawn.

        When nothing stands any more between the two, the client's grants end with their tokens, in
        the same transaction; but not by the end of direct marketing alone.

        :param purpose: for this purpose only; None: for all.
        :param evidence: of the page where it was done, if it was one.
        :raises hkeid.kernel.errors.MalformedInput: reason ``language_unknown``.
        """
        return self._deciding.withdraw(resident_id, client_id, claims, purpose, language, evidence)

    def history(self, resident_id: str) -> tuple[ConsentDecision, ...]:
        """Every decision of a resident, newest first."""
        with self._holding.store.transaction() as tx:
            return tx.consents.history(resident_id)

    def disclosures(self, resident_id: str, *, limit: int = 200) -> tuple[Disclosure, ...]:
        """What was disclosed about a resident, newest first."""
        with self._holding.store.transaction() as tx:
            return tx.disclosures.of_resident(resident_id, limit=limit)

    def standing(self, resident_id: str) -> tuple[StandingConsent, ...]:
        """What the resident agrees to at present, the latest agreement first."""
        return standing_consents(self.history(resident_id), self._holding.clock.now())

    def prove(self, disclosure: Disclosure, claim: str, value: Any) -> bool:
        """Whether exactly ``value`` was sent as ``claim`` (a wire name) in a disclosure.

        :raises hkeid.kernel.errors.NotFound: reason ``data_key_missing``: the eID was erased.
        :raises hkeid.kernel.errors.Refused: reason ``disclosure_without_digests``: of an earlier release.
        """
        return self._releasing.prove(disclosure, claim, value)

    def disclosure_salt(self, disclosure: Disclosure) -> bytes:
        """The salt (16 bytes) with which the resident, and nobody else, can show what was sent:
        see :func:`hkeid.profile.proofs.proves`.

        :raises hkeid.kernel.errors.HkeidError: as :meth:`prove`.
        """
        return self._releasing.salt(disclosure)

"""Deciding: a resident's answer to a question, and its withdrawal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from hkeid.broker.ending import revoke_grant
from hkeid.doors.relying_party import DIRECT_MARKETING, LOGIN_PURPOSE, RelyingParty
from hkeid.identity.birth_date import AgeAnswer, BirthDate
from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput, NotFound, Refused
from hkeid.kernel.instants import Instant
from hkeid.profile.events import ConsentDecided, ConsentWithdrawn
from hkeid.profile.holding import BoundPurpose, Holding, bundled, not_before
from hkeid.profile.purposes import Purpose
from hkeid.profile.records import ConsentDecision, ConsentEvidence, ProfileTransaction
from hkeid.profile.statement import (
    CollectionStatement,
    collection_statement,
    statement_document,
)

_ID_BYTES = 16
_ADULT = 18
_AGE = "age_over_"
_HONG_KONG = timedelta(hours=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A resident's answer to one question, which is about one purpose.

    :ivar agreed: claims agreed to; with ``refused`` all claims of the question.
    :ivar statement: ``question.statement.version`` as it was on the page.
    :ivar language: in which the page was shown.
    :ivar until: when the resident wants it to end, or None: as late as the purpose allows.
    :ivar once: for one sending of a form, until ``until``; else the agreement stands.
    """

    agreed: frozenset[str]
    refused: frozenset[str]
    statement: str
    language: str
    evidence: ConsentEvidence
    purpose: str = LOGIN_PURPOSE
    until: Instant | None = None
    once: bool = False

    @property
    def claims(self) -> frozenset[str]:
        """All claims of the question."""
        return self.agreed | self.refused


class Deciding:
    """Behind :class:`hkeid.profile.ConsentLedger`; see there."""

    __slots__ = ("_holding",)

    def __init__(self, holding: Holding) -> None:
        self._holding = holding

    def decide(self, resident_id: str, client_id: str, answer: Answer) -> None:
        """See :meth:`hkeid.profile.ConsentLedger.decide`."""
        with self._holding.store.transaction() as tx:
            self.decide_in(tx, resident_id, client_id, answer)

    def decide_in(
        self, tx: ProfileTransaction, resident_id: str, client_id: str, answer: Answer
    ) -> tuple[ConsentDecision, ...]:
        """As :meth:`decide`, within a transaction; returns the decisions."""
        spoken = Language.parse(answer.language)
        if answer.agreed & answer.refused or not answer.claims:
            raise MalformedInput("consent_contradictory")
        client = self._client_to_decide_on(tx, resident_id, client_id)
        about, statement = self._check_answer(client, answer)
        latest = tx.consents.latest(resident_id, client_id)
        if bundled(latest, answer.purpose, answer.evidence.question):
            raise Refused("consent_bundled")
        now = not_before(latest, self._holding.clock.now())
        guardian = self._guardian(tx, resident_id, answer.agreed, now)
        evidence = replace(answer.evidence, guardian=guardian)
        expires_at = _expiry(about.purpose, answer.until, now)
        decisions = tuple(
            ConsentDecision(
                id=self._holding.random.token(_ID_BYTES),
                resident_id=resident_id,
                client_id=client_id,
                purpose=answer.purpose,
                claim=claim,
                agreed=claim in answer.agreed,
                statement=f"{answer.statement}.{about.digests[claim]}",
                language=spoken.value,
                decided_at=now,
                expires_at=expires_at if claim in answer.agreed else None,
                evidence=evidence,
                once=answer.once,
            )
            for claim in sorted(answer.claims)
        )
        tx.consents.keep_statement(
            answer.statement,
            statement_document(client, about.purpose, answer.claims, statement),
        )
        tx.consents.append(decisions)
        tx.audit.append(
            ConsentDecided(
                resident_id=resident_id,
                client_id=client_id,
                purpose=answer.purpose,
                agreed=tuple(sorted(answer.agreed)),
                refused=tuple(sorted(answer.refused)),
                statement=answer.statement,
                language=spoken.value,
                session_id=evidence.session_id,
                guardian=guardian,
                once=answer.once,
            )
        )
        return decisions

    def withdraw(
        self,
        resident_id: str,
        client_id: str,
        claims: Collection[str] | None,
        purpose: str | None,
        language: str,
        evidence: ConsentEvidence | None,
    ) -> tuple[str, ...]:
        """See :meth:`hkeid.profile.ConsentLedger.withdraw`."""
        spoken = Language.parse(language)
        with self._holding.store.transaction() as tx:
            latest = tx.consents.latest(resident_id, client_id)
            now = not_before(latest, self._holding.clock.now())
            # What expired is withdrawn as well: another machine's clock may be behind.
            ending = {
                key: decision
                for key, decision in latest.items()
                if decision.agreed
                and (claims is None or decision.claim in claims)
                and purpose in (None, decision.purpose)
            }
            if not ending:
                return ()
            tx.consents.append(
                tuple(
                    replace(
                        decision,
                        id=self._holding.random.token(_ID_BYTES),
                        agreed=False,
                        language=spoken.value,
                        decided_at=now,
                        expires_at=None,
                        evidence=evidence,
                    )
                    for _, decision in sorted(ending.items())
                )
            )
            ended = 0
            left = any(one.permits(now) for key, one in latest.items() if key not in ending)
            # Advertisements that stop end no login.
            if not left and any(of != DIRECT_MARKETING for of, _ in ending):
                ended = _end_grants(tx, resident_id, client_id, now)
            withdrawn = tuple(sorted({claim for _, claim in ending}))
            tx.audit.append(
                ConsentWithdrawn(
                    resident_id=resident_id,
                    client_id=client_id,
                    purposes=tuple(sorted({of for of, _ in ending})),
                    claims=withdrawn,
                    grants_ended=ended,
                )
            )
        return withdrawn

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
        self, client: RelyingParty, answer: Answer
    ) -> tuple[BoundPurpose, CollectionStatement]:
        about = self._holding.purpose(client, answer.purpose)
        if about is None:
            raise Refused("purpose_not_registered")
        if not answer.claims <= set(about.digests):
            raise Refused("claim_not_registered")
        if answer.once and (not about.purpose.is_form or answer.until is None):
            raise Refused("consent_not_once")
        if not answer.once and not about.purpose.standing:
            raise Refused("consent_not_standing")
        if answer.refused - about.purpose.voluntary:
            raise Refused("consent_required_claim_refused")
        statement = collection_statement(client, answer.claims, answer.purpose)
        if statement.version != answer.statement:
            raise Refused(
                "statement_outdated", "What is asked for has changed. Please read it again."
            )
        return about, statement

    def _guardian(
        self, tx: ProfileTransaction, resident_id: str, agreed: frozenset[str], now: Instant
    ) -> str | None:
        """On whose word a minor agrees; None for adults, and for what tells no more than an age.

        :raises Refused: ``guardian_missing``.
        """
        if all(claim.startswith(_AGE) for claim in agreed):
            return None
        if not self._is_minor(tx, resident_id, now):
            return None
        approvals = tx.guardian_approvals.of_resident(resident_id)
        if not approvals:
            raise Refused("guardian_missing", "A parent or guardian has to agree first.")
        return approvals[0].id

    def _is_minor(self, tx: ProfileTransaction, resident_id: str, now: Instant) -> bool:
        """By the birth date. Who may be an adult counts as one: whether a guardian is needed was
        decided at the registration, by officers where the date is partial.
        """
        try:
            texts: Mapping[str, str] = self._holding.fields.read(tx, resident_id, ("birth_date",))
        except NotFound:  # an erasure is under way
            return False
        born = texts.get("birth_date")
        if born is None:
            return False
        return BirthDate.parse(born).age_at_least(_ADULT, (now + _HONG_KONG).date()) is AgeAnswer.NO


def _expiry(purpose: Purpose, until: Instant | None, now: Instant) -> Instant | None:
    if until is not None and until <= now:
        raise MalformedInput("consent_expiry_past", field="until")
    if purpose.longest is None:
        return until
    latest = now + purpose.longest
    return latest if until is None else min(until, latest)


def _end_grants(tx: ProfileTransaction, resident_id: str, client_id: str, now: Instant) -> int:
    """Nothing stands any more between resident and client: their tokens end, ``offline_access``
    included.
    """
    grants = [one for one in tx.grants.of_resident(resident_id) if one.client_id == client_id]
    return sum(revoke_grant(tx, grant, now) for grant in grants)

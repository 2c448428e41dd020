"""What a consent ledger must do, said a second time and as shortly as can be: no digests, no store, no
history, only what stands. :mod:`hkeid.testing.consent_histories` compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

ADVERTISING = "direct_marketing"
NO_FORMS = ("", ADVERTISING)
FETCHED_WITHIN = timedelta(minutes=10)
Wording = tuple[str, bool]
"""Why a claim is wanted, and whether it may be withheld."""


@dataclass(slots=True, kw_only=True)
class ModelPurpose:
    """One purpose of a client.

    :ivar days: how long an agreement lasts at most; None: without end; 0: there is none that lasts.
    """

    wording: dict[str, Wording]
    days: int | None = None


@dataclass(slots=True, kw_only=True)
class ModelClient:
    """A client as registered now."""

    purposes: dict[str, ModelPurpose]
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """An answer that is given.

    :ivar seen: the purpose as the page showed it, in words and term.
    :ivar page: which page was answered.
    :ivar once: about one sending of a form.
    """

    client: str
    purpose: str
    agreed: frozenset[str]
    refused: frozenset[str]
    seen: tuple[Mapping[str, Wording], int | None]
    page: str
    until: datetime | None
    once: bool = False


@dataclass(slots=True, kw_only=True)
class ModelSubmission:
    """A form that was sent, for its client to fetch."""

    who: str
    answer: ModelAnswer
    sent_at: datetime
    fetched: bool = False


@dataclass(frozen=True, slots=True)
class _Standing:
    agreed: bool
    wording: Wording
    until: datetime | None
    page: str
    once: bool


@dataclass(slots=True, kw_only=True)
class ModelResident:
    """Somebody, and what they decided last about everything."""

    active: bool = True
    minor: bool = False
    guardian: bool = False
    decided: dict[tuple[str, str, str], _Standing] = field(default_factory=dict)
    latest: dict[str, datetime] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ConsentModel:
    """All clients and residents."""

    clients: dict[str, ModelClient]
    residents: dict[str, ModelResident]

    def releasable(self, who: str, client: str, purpose: str, now: datetime) -> frozenset[str]:
        """The claims that may go to the client for the purpose at this instant, and no others."""
        of, resident = self.clients[client], self.residents[who]
        if not (of.enabled and resident.active and purpose in of.purposes):
            return frozenset()
        return frozenset(
            claim
            for claim, wording in of.purposes[purpose].wording.items()
            if (said := resident.decided.get((client, purpose, claim))) is not None
            and said.agreed
            and not said.once
            and said.wording == wording
            and (said.until is None or now < said.until)
        )

    def answer(self, who: str, given: ModelAnswer, now: datetime) -> bool:
        """Take an answer; False: it must be refused, and changes nothing."""
        resident = self.residents[who]
        moment = max(now, resident.latest.get(given.client, now))
        if not self._acceptable(resident, given, moment):
            return False
        purpose = self.clients[given.client].purposes[given.purpose]
        until = given.until
        if purpose.days and not given.once:
            longest = moment + timedelta(days=purpose.days)
            until = longest if until is None else min(until, longest)
        for claim in given.agreed | given.refused:
            said = _Standing(
                claim in given.agreed, purpose.wording[claim], until, given.page, given.once
            )
            resident.decided[given.client, given.purpose, claim] = said
        resident.latest[given.client] = moment
        return True

    def _acceptable(self, resident: ModelResident, given: ModelAnswer, moment: datetime) -> bool:
        client, claims = self.clients[given.client], given.agreed | given.refused
        if not client.enabled or not resident.active or given.purpose not in client.purposes:
            return False
        purpose = client.purposes[given.purpose]
        if not claims or given.agreed & given.refused or not claims <= set(purpose.wording):
            return False
        shown = ({claim: purpose.wording[claim] for claim in claims}, purpose.days)
        if given.once and given.purpose in NO_FORMS:
            return False
        if (purpose.days == 0 and not given.once) or shown != given.seen:
            return False
        if not all(purpose.wording[claim][1] for claim in given.refused):
            return False
        by_the_way = any(
            said.page == given.page and of == given.client and about != given.purpose
            and ADVERTISING in (about, given.purpose)
            for (of, about, _), said in resident.decided.items()
        )  # fmt: skip
        alone = resident.minor and not resident.guardian
        late = given.until is not None and given.until <= moment
        return not (by_the_way or late or (alone and given.agreed))

    def fetch(
        self, submission: ModelSubmission | None, who: str, client: str, purpose: str, now: datetime
    ) -> frozenset[str]:
        """What the client gets of a form, by its submission if it has one: what was sent and still is as it was
        answered, once and in time; else what stands.
        """
        if purpose in NO_FORMS or purpose not in self.clients[client].purposes:
            return frozenset()
        sent = self._sent(submission, now)
        return sent or self.releasable(who, client, purpose, now)

    def _sent(self, submission: ModelSubmission | None, now: datetime) -> frozenset[str]:
        if submission is None or submission.fetched or now >= submission.sent_at + FETCHED_WITHIN:
            return frozenset()
        submission.fetched = True
        given = submission.answer
        client, resident = self.clients[given.client], self.residents[submission.who]
        if not (client.enabled and resident.active):
            return frozenset()
        wording = client.purposes[given.purpose].wording
        return frozenset(
            claim
            for claim in given.agreed
            if (said := resident.decided[given.client, given.purpose, claim]).agreed
            and said.page == given.page
            and said.wording == wording.get(claim)
            and (said.until is None or now < said.until)
        )

    def withdraw(
        self,
        who: str,
        client: str,
        purpose: str | None,
        claims: frozenset[str] | None,
        now: datetime,
    ) -> bool:
        """Withdraw; True: nothing stands between the two any more, and more than advertising did."""
        resident = self.residents[who]
        ended = [
            key
            for key, said in resident.decided.items()
            if key[0] == client
            and said.agreed
            and purpose in (None, key[1])
            and (claims is None or key[2] in claims)
        ]
        moment = max(now, resident.latest.get(client, now))
        for key in ended:
            resident.decided[key] = replace(
                resident.decided[key], agreed=False, until=None, page=""
            )
            resident.latest[client] = moment
        left = any(
            key[0] == client and said.agreed and (said.until is None or moment < said.until)
            for key, said in resident.decided.items()
        )
        return not left and any(key[1] != ADVERTISING for key in ended)

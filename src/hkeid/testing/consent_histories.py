"""Random histories of a consent ledger: what is released is what the model says, at every instant.

A history is a few dozen steps over two residents, three clients and their purposes: answers (right,
stale and wrong ones), withdrawals, waiting, clocks that go back a little, registrations that change,
eIDs that are suspended, guardians who agree, logins, releases. It follows from a seed alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random as Dice
from typing import Any

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.identity import Acr, BirthDate, EidState, HkicNumber, Person, PersonName, Sex
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.secret import Secret
from hkeid.op.records import Client, Grant
from hkeid.profile import (
    Answer,
    ConsentDecision,
    ConsentEvidence,
    ConsentLedger,
    Disclosure,
)
from hkeid.profile.forms import FormFetching, FormFilling
from hkeid.residents import PersonalFields
from hkeid.residents.guardians import GuardianApproval
from hkeid.residents.records import Resident
from hkeid.testing.consent_clients import CLAIMS, PURPOSES, new_client, registered
from hkeid.testing.consent_forms import (
    BEGINNING,
    CLIENTS,
    VALUES,
    Difference,
    MovedClock,
    SendsForms,
)
from hkeid.testing.consent_model import (
    ConsentModel,
    ModelAnswer,
    ModelResident,
    ModelSubmission,
)
from hkeid.testing.keys import MemoryKeyStore


class _Vault:
    """Data keys in memory."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}

    def put(self, resident_id: str, wrapped: bytes) -> bool:
        self._keys[resident_id] = wrapped
        return True

    def get(self, resident_id: str) -> bytes | None:
        return self._keys.get(resident_id)

    def destroy(self, resident_id: str, now: datetime) -> None:
        raise NotImplementedError

    def erased(self) -> Any:
        raise NotImplementedError


class History(SendsForms):
    """One history; :meth:`step` does something at random.

    :ivar releases: how often a client asked.
    :ivar released: how often it got something.
    """

    def __init__(self, dice: Dice, keys: MemoryKeyStore) -> None:
        self.dice, self.clock = dice, MovedClock()
        self.releases = self.released = 0
        self._pages = 0
        self._recorded: set[str] = set()
        self._stale: list[tuple[str, ModelAnswer, str]] = []
        self._store = MemoryStore(keys, self.clock, SystemRandom())
        self._fields = PersonalFields(keys, _Vault(), SystemRandom())
        parts = self._store, self._fields, self.clock, SystemRandom()
        self.ledger = ConsentLedger(*parts)
        self.filling, self.fetching = FormFilling(*parts), FormFetching(*parts)
        self._submissions: list[tuple[ModelSubmission, Secret]] = []
        self.model = ConsentModel(
            clients={one: new_client(self.dice) for one in CLIENTS},
            residents={"ah": ModelResident(), "siu": ModelResident(minor=True)},
        )
        for client in CLIENTS:
            self._register(client)
        for resident in VALUES:
            self._enter(resident)

    def step(self) -> None:
        """Something happens; then somebody asks.

        :raises Difference: model and ledger differ.
        """
        steps = (
            *[self._answer] * 9, *[self._withdraw] * 2, *[self._wait] * 3, *[self._reregister] * 2,
            *[self._send] * 3, *[self._fetch] * 3, self._switch_state, self._guardian, self._login,
        )  # fmt: skip
        self.dice.choice(steps)()
        self._release()

    # --- what happens -------------------------------------------------------------------------

    def _answer(self) -> None:
        who, client = self._who(), self.dice.choice(CLIENTS)
        if self._stale and self.dice.random() < 0.15:
            who, given, statement = self.dice.choice(self._stale)
        else:
            given, statement = self._fill_in(client, self.dice.choice(PURPOSES))
            if self.dice.random() < 0.2:  # left lying open, answered later
                self._stale.append((who, given, statement))
                return
        answer = Answer(
            agreed=given.agreed,
            refused=given.refused,
            statement=statement,
            language=self.dice.choice(("en", "zh-Hant-HK", "zh-Hans")),
            evidence=self._evidence(given.page),
            purpose=given.purpose,
            until=given.until,
        )
        expected = self.model.answer(who, given, self.clock.now())
        try:
            self.ledger.decide(who, given.client, answer)
            taken, reason = True, ""
        except HkeidError as error:
            taken, reason = False, error.reason
        if taken != expected:
            raise Difference(f"answer {given}: {reason or 'taken'}")

    def _evidence(self, page: str) -> ConsentEvidence:
        return ConsentEvidence(
            session_id="s", acr=Acr.EID, authenticated_at=self.clock.now(), question=page
        )

    def _registered(self, client: str) -> Client:
        with self._store.transaction() as tx:
            found = tx.clients.get(client)
        assert found is not None
        return found

    def _fill_in(self, client: str, purpose: str) -> tuple[ModelAnswer, str]:
        """A page as it is now, filled in well or badly."""
        known = self.model.clients[client].purposes.get(purpose)
        wording = {} if known is None else known.wording
        claims = {one for one in CLAIMS if one in wording and self.dice.random() < 0.7}
        strange = self.dice.random() < 0.05
        asked = claims | {self.dice.choice(CLAIMS)} if strange else claims
        refused = {
            one for one in asked
            if self.dice.random() < (0.4 if wording.get(one, ("", False))[1] else 0.03)
        }  # fmt: skip
        self._pages += self.dice.random() < 0.9
        until = None
        if self.dice.random() < 0.3:
            until = self.clock.now() + timedelta(hours=self.dice.randint(-2, 300))
        given = ModelAnswer(
            client=client,
            purpose=purpose,
            agreed=frozenset(asked - refused),
            refused=frozenset(refused),
            seen=(
                {one: wording[one] for one in asked if one in wording},
                None if known is None else known.days,
            ),
            page=f"page-{self._pages}",
            until=until,
        )
        if known is None:
            return given, "no statement"
        return given, self.ledger.statement(
            self._registered(client), asked, purpose=purpose
        ).version

    def _withdraw(self) -> None:
        who, client = self._who(), self.dice.choice(CLIENTS)
        purpose = self.dice.choice((None, None, *PURPOSES))
        some = frozenset(self.dice.sample(CLAIMS, 2))
        claims = self.dice.choice((None, None, some))
        nothing_left = self.model.withdraw(who, client, purpose, claims, self.clock.now())
        before = self._living(who, client)
        self.ledger.withdraw(who, client, claims, purpose=purpose)
        if self._living(who, client) != (0 if nothing_left else before):
            raise Difference(f"grants after withdrawal from {client}")

    def _wait(self) -> None:
        seconds = self.dice.choice((1, 60, 3600, 86_400, 86_400, 8 * 86_400, 40 * 86_400, -5))
        self.clock.moment += timedelta(seconds=seconds)

    def _reregister(self) -> None:
        client = self.dice.choice(CLIENTS)
        if not self.model.clients[client].enabled or self.dice.random() < 0.1:
            self.model.clients[client].enabled = not self.model.clients[client].enabled
        else:
            purpose = self.dice.choice(PURPOSES)
            found = new_client(self.dice).purposes.get(purpose)
            self.model.clients[client].purposes.pop(purpose, None)
            if found is not None:
                self.model.clients[client].purposes[purpose] = found
        self._register(client)

    def _switch_state(self) -> None:
        suspended = [one for one in VALUES if not self.model.residents[one].active]
        who = suspended[0] if suspended else self._who()
        resident = self.model.residents[who]
        resident.active = not resident.active
        with self._store.transaction() as tx:
            kept = tx.residents.get(who)
            assert kept is not None
            state = EidState.ACTIVE if resident.active else EidState.SUSPENDED
            tx.residents.change(kept, replace(kept, state=state))

    def _guardian(self) -> None:
        if self.model.residents["siu"].guardian:
            return
        self.model.residents["siu"].guardian = True
        approval = GuardianApproval(
            id="g", resident_id="siu", guardian_id="ah", registration="r", approved_at=BEGINNING
        )
        with self._store.transaction() as tx:
            tx.guardian_approvals.add(approval)

    def _login(self) -> None:
        who, now = self._who(), self.clock.now()
        grant = Grant(
            id=SystemRandom().token(16),
            client_id=self.dice.choice(CLIENTS),
            resident_id=who,
            session_id="s",
            subject="sub",
            scopes=("openid", "offline_access"),
            claims={},
            acr=Acr.EID,
            amr=("hwk",),
            authenticated_at=now,
            created_at=now,
            expires_at=now + timedelta(days=180),
        )
        with self._store.transaction() as tx:
            tx.grants.add(grant)

    # --- what is compared ---------------------------------------------------------------------

    def _release(self) -> None:
        who, client, purpose = self._somewhere()
        names = [one for one in CLAIMS if self.dice.random() < 0.8]
        now = self.clock.now()
        may = self.model.releasable(who, client, purpose, now) & set(names)
        got = self.ledger.release(who, client, names, now, purpose=purpose)
        self.releases += 1
        if dict(got) != {claim: VALUES[who][claim] for claim in may}:
            raise Difference(f"{client} {purpose!r}: got {sorted(got)}, may have {sorted(may)}")
        self._recorded_release(who, client, purpose, got)

    def _recorded_release(
        self, who: str, client: str, purpose: str, got: Mapping[str, Any]
    ) -> None:
        """There is one disclosure of what was released, and the ledger explains it."""
        fresh = [one for one in self.ledger.disclosures(who) if one.id not in self._recorded]
        if len(fresh) != bool(got):
            raise Difference(f"{len(fresh)} disclosures recorded of {sorted(got)}")
        for disclosure in fresh:
            self.released += 1
            self._recorded.add(disclosure.id)
            self._explain(disclosure, who, client, purpose, got)

    def _somewhere(self) -> tuple[str, str, str]:
        """Mostly where something was decided."""
        who = self._who()
        decided = [(client, purpose) for client, purpose, _ in self.model.residents[who].decided]
        if decided and self.dice.random() < 0.8:
            return who, *self.dice.choice(decided)
        return who, self.dice.choice(CLIENTS), self.dice.choice(PURPOSES)

    def _explain(
        self, disclosure: Disclosure, who: str, client: str, purpose: str, got: Mapping[str, Any]
    ) -> None:
        """The ledger says by which decisions a release happened, and can prove what was sent."""
        newest: dict[str, ConsentDecision] = {}
        for decision in self.ledger.history(who):
            if (decision.client_id, decision.purpose) == (client, purpose):
                newest.setdefault(decision.claim, decision)
        grounds = {newest[claim].id for claim in got if newest[claim].permits(self.clock.now())}
        if len(grounds) != len(got):
            raise Difference(f"no decision explains {sorted(got)}")
        if set(disclosure.decisions) != grounds or set(disclosure.claims) != set(got):
            raise Difference("the disclosure names other decisions or claims")
        name = self.dice.choice(sorted(got))
        if not self.ledger.prove(disclosure, name, got[name]):
            raise Difference(f"what was sent as {name} cannot be proved")

    # --- the beginning ------------------------------------------------------------------------

    def _who(self) -> str:
        return self.dice.choice(("ah", "ah", "siu"))

    def _register(self, client: str) -> None:
        with self._store.transaction() as tx:
            tx.clients.put(registered(client, self.model.clients[client]))

    def _enter(self, who: str) -> None:
        values = VALUES[who]
        person = Person(
            name=PersonName(english=values["name"]),
            hkic_number=HkicNumber.parse(values["hkic_number"]),
            birth_date=BirthDate.parse(values["birthdate"]),
            sex=Sex.MALE if values["gender"] == "male" else Sex.FEMALE,
        )
        self._fields.create_key(who)
        with self._store.transaction() as tx:
            tx.residents.add(
                Resident(
                    id=who,
                    user_handle=who.encode() * 16,
                    state=EidState.ACTIVE,
                    created_at=BEGINNING,
                    updated_at=BEGINNING,
                )
            )
            self._fields.put(tx, who, person.as_fields(), BEGINNING)

    def _living(self, who: str, client: str) -> int:
        with self._store.transaction() as tx:
            return sum(one.client_id == client for one in tx.grants.of_resident(who))


def run(attempts: int, *, seed: int, progress: Callable[[int], None]) -> list[dict[str, Any]]:
    """``attempts`` histories; those that differ are failures, named by their seed."""
    keys = MemoryKeyStore(algorithms=("ES256",))
    failures: list[str] = []
    releases = released = 0
    for number in range(attempts):
        progress(number)
        dice = Dice(f"{seed}:{number}")  # noqa: S311 - a history must follow from its seed
        history = History(dice, keys)
        try:
            for _ in range(dice.randint(5, 40)):
                history.step()
        except Difference as difference:
            failures.append(f"{seed}:{number}: {difference}")
        releases += history.releases
        released += history.released
    notes = f"{releases} requests, {released} of them released something"
    return [
        {
            "name": "consent_histories",
            "attempts": attempts,
            "failures": len(failures),
            "notes": "; ".join([notes, *failures[:5]]),
        }
    ]

"""Races: many threads at one single-use thing at the same instant, counted (law 1).

Every race has rounds. A round makes a fresh thing, lets all threads at it, and then looks whether
exactly what may happen happened; a round in which anything else did is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from hkeid.kernel.errors import HkeidError
from hkeid.ports.storage import Lost, SingleUseRecord, UseOutcome, Vanished, Won
from hkeid.testing.store_contract.crowd import Crowd
from hkeid.testing.store_contract.everything import (
    NOW,
    AnyStore,
    Happened,
    a_resident,
    a_single_use,
    fresh_bytes,
    fresh_id,
)
from hkeid.testing.store_contract.logout_notices import a_logout_notice
from hkeid.testing.store_contract.transactions import audit_faults

_CODE = "authorization_code"
_TOKEN = "refresh_token"
_LIMIT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where a race is run: the threads, and the stores among which they are shared out."""

    stores: Sequence[AnyStore]
    crowd: Crowd[Any]

    def store(self, number: int) -> AnyStore:
        """The store of thread ``number``: as in a service of several processes."""
        return self.stores[number % len(self.stores)]


class _ChecksFailed(Exception):
    """A check after the redemption failed, such as PKCE."""


def redeem_code(field: Field) -> str | None:
    """One code, all threads redeem it: one wins, the others are told that it was used."""
    code = a_single_use(family=fresh_id())
    _put(field, code)

    def redeem(number: int) -> UseOutcome:
        with field.store(number).transaction() as tx:
            outcome = tx.single_use.use_up(_CODE, code.digest, NOW)
            if isinstance(outcome, Won):
                tx.audit.append(Happened(thing=fresh_id()))
            return outcome

    outcomes = field.crowd.at_once(redeem)
    return _one_winner(outcomes) or _all_others_lost(outcomes)


def redeem_code_with_failing_checks(field: Field) -> str | None:
    """Every second thread fails a check after the redemption and rolls back: that never burns the
    code, and exactly one of the others wins.
    """
    code = a_single_use(family=fresh_id())
    _put(field, code)

    def redeem(number: int) -> UseOutcome | None:
        with suppress(_ChecksFailed), field.store(number).transaction() as tx:
            outcome = tx.single_use.use_up(_CODE, code.digest, NOW)
            tx.audit.append(Happened(thing=fresh_id()))
            if number % 2:
                raise _ChecksFailed
            return outcome
        return None

    outcomes = [outcome for outcome in field.crowd.at_once(redeem) if outcome is not None]
    return _one_winner(outcomes) or _all_others_lost(outcomes)


def rotate_without_grace(field: Field) -> str | None:
    """One refresh token, all threads rotate it: one wins, the first to lose takes the replay as a
    theft, and in the end the family is revoked, the winner's successor included.
    """
    token = a_single_use(kind=_TOKEN, family=fresh_id())
    _put(field, token)
    family = str(token.family)
    successors = [replace(token, digest=fresh_bytes()) for _ in range(field.crowd.size)]

    def rotate(number: int) -> UseOutcome:
        with field.store(number).transaction() as tx:
            outcome = tx.single_use.use_up(
                _TOKEN, token.digest, NOW, result=successors[number].digest
            )
            if isinstance(outcome, Won):
                tx.single_use.put(successors[number])
            elif isinstance(outcome, Lost):
                tx.single_use.revoke_family(family, NOW)
            return outcome

    outcomes = field.crowd.at_once(rotate)
    with field.stores[0].transaction() as tx:
        kept = [tx.single_use.look(_TOKEN, one.digest) for one in (token, *successors)]
    family_members = [one for one in kept if one is not None]
    if len(family_members) != 2:
        return f"{len(family_members) - 1} successors"
    if any(one.revoked_at is None for one in family_members):
        return "the family outlived the replay"
    return _one_winner(outcomes)


def rotate_within_grace(field: Field) -> str | None:
    """One refresh token, all threads rotate it within the grace window: whoever loses reads the
    winner's successor, and there is no other.
    """
    token = a_single_use(kind=_TOKEN, family=fresh_id())
    _put(field, token)
    successors = [replace(token, digest=fresh_bytes()) for _ in range(field.crowd.size)]

    def rotate(number: int) -> UseOutcome:
        mine = successors[number]
        with field.store(number).transaction() as tx:
            outcome = tx.single_use.use_up(_TOKEN, token.digest, NOW, result=mine.digest)
            if isinstance(outcome, Won):
                tx.single_use.put(mine)
            return outcome

    outcomes = field.crowd.at_once(rotate)
    with field.stores[0].transaction() as tx:
        kept = [one for one in successors if tx.single_use.look(_TOKEN, one.digest) is not None]
    results = {getattr(outcome.record, "result", None) for outcome in outcomes}
    if [one.digest for one in kept] != list(results):
        return f"{len(kept)} successors, {len(results)} results"
    return _one_winner(outcomes) or _all_others_lost(outcomes)


def revoke_during_rotation(field: Field) -> str | None:
    """Threads rotate along a family while one revokes it: nothing of it is alive afterwards, but
    for a thread that began when it was over and found nothing to rotate.
    """
    token = a_single_use(kind=_TOKEN, family=fresh_id())
    _put(field, token)
    family, members = str(token.family), [token]

    def rotate(number: int) -> None:
        with field.store(number).transaction() as tx:
            if number == 0:
                tx.single_use.revoke_family(family, NOW)
                return
            successor = replace(token, digest=fresh_bytes())
            outcome = tx.single_use.use_up(_TOKEN, members[-1].digest, NOW)
            if isinstance(outcome, Won):
                tx.single_use.put(successor)
            else:
                return
        members.append(successor)

    field.crowd.at_once(rotate)
    with field.stores[0].transaction() as tx:
        kept = [tx.single_use.look(_TOKEN, one.digest) for one in members]
    alive = [one for one in kept if one is not None and one.revoked_at is None]
    return f"{len(alive)} of the family alive" if alive else None


def put_identifier(field: Field) -> str | None:
    """One ``jti``, all threads present it: one puts it first."""
    identifier = a_single_use(kind="client_assertion")

    def put(number: int) -> bool:
        with field.store(number).transaction() as tx:
            return tx.single_use.put(identifier)

    winners = sum(field.crowd.at_once(put))
    return None if winners == 1 else f"{winners} winners"


def spend_budget(field: Field) -> str | None:
    """All threads spend from one budget: as many as it has are allowed, the rest must wait."""
    subject = fresh_bytes()

    def spend(number: int) -> bool:
        with field.store(number).transaction() as tx:
            answer = tx.budgets.spend(
                "ticket", subject, limit=_LIMIT, window=timedelta(minutes=1), now=NOW
            )
            return answer.allowed

    allowed = sum(field.crowd.at_once(spend))
    return None if allowed == min(_LIMIT, field.crowd.size) else f"{allowed} allowed"


def change_resident(field: Field) -> str | None:
    """All threads change the same version of a resident: one does, nobody's change is lost."""
    resident = a_resident()
    with field.stores[0].transaction() as tx:
        tx.residents.add(resident)

    def change(number: int) -> bool:
        with field.store(number).transaction() as tx:
            return tx.residents.change(resident, resident)

    winners = sum(field.crowd.at_once(change))
    with field.stores[0].transaction() as tx:
        stored = tx.residents.get(resident.id)
    if stored is None or stored.version != 2:
        return "the version does not count the change"
    return None if winners == 1 else f"{winners} winners"


def take_logout_notice(field: Field) -> str | None:
    """All threads take the same logout notice up: one does, and one of those who then remove it."""
    notice = a_logout_notice()
    with field.stores[0].transaction() as tx:
        tx.logout_notices.add(notice)
    taken = replace(notice, attempts=1, next_at=NOW + timedelta(minutes=1))

    def take(number: int) -> bool:
        with field.store(number).transaction() as tx:
            return tx.logout_notices.take(notice, taken)

    def remove(number: int) -> bool:
        with field.store(number).transaction() as tx:
            return tx.logout_notices.remove(taken)

    for work in (take, remove):
        winners = sum(field.crowd.at_once(work))
        if winners != 1:
            return f"{winners} winners"
    return None


def _put(field: Field, record: SingleUseRecord) -> None:
    with field.stores[0].transaction() as tx:
        tx.single_use.put(record)


def _one_winner(outcomes: Sequence[UseOutcome]) -> str | None:
    winners = sum(isinstance(outcome, Won) for outcome in outcomes)
    return None if winners == 1 else f"{winners} winners"


def _all_others_lost(outcomes: Sequence[UseOutcome]) -> str | None:
    vanished = sum(isinstance(outcome, Vanished) for outcome in outcomes)
    return f"{vanished} found nothing" if vanished else None


Race = Callable[[Field], "str | None"]

CODE_RACES: Final[tuple[Race, ...]] = (redeem_code,)
TOKEN_RACES: Final[tuple[Race, ...]] = (rotate_without_grace, rotate_within_grace)
FURTHER_RACES: Final[tuple[Race, ...]] = (
    redeem_code_with_failing_checks,
    revoke_during_rotation,
    put_identifier,
    spend_budget,
    change_resident,
    take_logout_notice,
)


def run_race(race: Race, field: Field, rounds: int) -> dict[str, Any]:
    """Run ``rounds`` rounds of one race: its case of a torture report."""
    failures: list[str] = []
    for _ in range(rounds):
        try:
            failure = race(field)
        except HkeidError as error:
            failure = f"{type(error).__name__} {error.reason}"
        if failure is not None:
            failures.append(failure)
    return {
        "name": race.__name__,
        "attempts": rounds * field.crowd.size,
        "failures": len(failures),
        "notes": _notes(rounds, field, failures),
    }


def _notes(rounds: int, field: Field, failures: list[str]) -> str:
    kinds = {reason: failures.count(reason) for reason in sorted(set(failures))}
    told = f"; {json.dumps(kinds)}" if kinds else ""
    return f"{rounds} rounds x {field.crowd.size} threads on {len(field.stores)} stores{told}"


def check_audit(stores: Sequence[AnyStore]) -> dict[str, Any]:
    """Whether the audit chains are whole after all that: a case of its own."""
    with stores[0].transaction() as tx:
        records = sum(head.sequence for head in tx.audit_records.heads())
        faults = list(audit_faults(tx))
    notes = f"{records} records; {', '.join(faults[:3])}".rstrip("; ")
    return {"name": "audit_chains", "attempts": records, "failures": len(faults), "notes": notes}


def run(
    store_factory: Callable[[], AnyStore],
    *,
    codes: int,
    tokens: int,
    parallel: int = 32,
    nodes: int = 1,
) -> list[dict[str, Any]]:
    """Run every race: the cases of a torture report.

    :param store_factory: opens one more store on the same state (a store in memory: returns it).
    :param codes: rounds of the race for authorization codes.
    :param tokens: rounds of each race for refresh tokens; the further races have a tenth of these.
    :param parallel: threads in every round.
    :param nodes: how many stores the threads are shared out among.
    """
    stores = [store_factory() for _ in range(nodes)]
    with Crowd[Any](parallel) as crowd:
        field = Field(stores=stores, crowd=crowd)
        cases = [run_race(race, field, codes) for race in CODE_RACES]
        cases += [run_race(race, field, tokens) for race in TOKEN_RACES]
        cases += [run_race(race, field, -(-tokens // 10)) for race in FURTHER_RACES]
    return [*cases, check_audit(stores)]

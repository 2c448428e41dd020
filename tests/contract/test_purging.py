"""The purge job over every store, with a clock that moves: what goes, what stays, and the proof."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.purging import (
    KINDS,
    RecordsPurged,
    Retention,
    held,
    last_purges,
    purge,
    purge_digest,
)
from hkeid.adapters.sql import SqlStore, upgrade
from hkeid.adapters.sql.tables import METADATA
from hkeid.audit.checkpointer import Checkpointer
from hkeid.audit.verification import verify_store
from hkeid.identity.state import EidState
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import record_name
from hkeid.residents import FIELDS, Ending
from hkeid.residents.personal_field import SEALED_PLACE
from hkeid.testing.fake_hub import SettableClock
from hkeid.testing.store_contract.everything import (
    NOW,
    SECOND,
    a_credential,
    a_decision,
    a_disclosure,
    a_grant,
    a_resident,
    a_session,
    a_single_use,
    an_access_token,
    an_approval,
    fresh_bytes,
    fresh_id,
)
from hkeid.testing.store_contract.links import an_upstream_session
from hkeid.testing.store_contract.logout_notices import a_logout_notice
from hkeid.testing.store_contract.notices import a_notice
from hkeid.testing.store_contract.officers import an_access, an_officer_session
from hkeid.testing.store_contract.registrations import a_registration
from hkeid.testing.store_contract.rights import a_request, refused
from hkeid.testing.store_contract.saml import a_participation
from hkeid.testing.store_contract.signature_requests import a_signature_request
from hkeid.testing.store_contract.stations import an_upgrade

RETENTION = Retention()
YEARS = timedelta(days=3000)
"""Longer than any retention."""


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOW)


@pytest.fixture
def make_store(parts, clock):
    """A store whose audit trail has the moving clock."""
    own = {**parts, "clock": clock}
    return lambda url=None: MemoryStore(**own) if url is None else SqlStore(url, **own)


@pytest.fixture
def memory_store(make_store):
    return make_store()


@pytest.fixture
def sql_store(make_store, database_url):
    upgrade(database_url)
    with closing(make_store(database_url)) as opened:
        yield opened


# --- one of each kind, whose time is over at a moment --------------------------------------------


def _budget(tx, end: Instant) -> tuple[str, ...]:
    subject = fresh_bytes()
    tx.budgets.spend("k", subject, limit=1, window=SECOND, now=end - SECOND)
    return (record_name("k", subject),)


def _token(tx, end: Instant) -> tuple[str, ...]:
    grant = replace(a_grant(), expires_at=NOW + YEARS)
    token = replace(an_access_token(grant), expires_at=end)
    tx.grants.add(grant)
    tx.access_tokens.add(token)
    return (record_name(token.digest),)


def _erased(tx, end: Instant) -> tuple[str, ...]:
    """Who was erased, with proofs of every sort; beside them two about whom nothing may go."""
    resident = replace(a_resident(), state=EidState.REVOKED, updated_at=end)
    names = _proofs(tx, resident)
    _proofs(tx, replace(a_resident(), state=EidState.ACTIVE, updated_at=end))
    ended = replace(a_resident(), state=EidState.REVOKED, updated_at=end)
    _proofs(tx, ended)
    tx.sealed_fields.put(ended.id, "name_english", b"sealed", end)
    return names


def _proofs(tx, resident) -> tuple[str, ...]:
    tx.residents.add(resident)
    decision, disclosure = a_decision(resident.id, "name"), a_disclosure(resident.id)
    approval, access = an_approval(resident.id), an_access(resident.id)
    credential = a_credential(resident.id)
    tx.consents.append((decision,))
    tx.disclosures.append(disclosure)
    tx.guardian_approvals.add(approval)
    tx.record_accesses.add(access)
    tx.credentials.add(credential)
    return (
        f"consents/{decision.id}",
        f"disclosures/{disclosure.id}",
        f"guardian_approvals/{approval.id}",
        f"record_accesses/{access.id}",
        f"credentials/{credential.id.hex()}",
    )


def _put(make: Callable, add: str, name: Callable, **end_in: str) -> Callable:
    """Put one made by ``make`` into the repository ``add``, its end in the member that is named."""
    repository, verb = add.split(".")
    (member,) = end_in.values()

    def put(tx, end: Instant) -> tuple[str, ...]:
        one = replace(make(), **{member: end})
        getattr(getattr(tx, repository), verb)(one)
        return (name(one),)

    return put


def _id(one) -> str:
    return one.id


PUT: dict[str, Callable] = {
    "single_use": _put(
        a_single_use, "single_use.put", lambda one: record_name(one.kind, one.digest), end="expires_at"
    ),
    "budgets": _budget,
    "sessions": _put(lambda: a_session("r"), "sessions.add", _id, end="expires_at"),
    "upstream_sessions": _put(
        an_upstream_session, "upstream_sessions.put", lambda one: one.session_id, end="expires_at"
    ),
    "officer_sessions": _put(
        lambda: an_officer_session(fresh_id()), "officer_sessions.add", _id, end="expires_at"
    ),
    "access_tokens": _token,
    "grants": _put(a_grant, "grants.add", _id, end="expires_at"),
    "registrations": _put(a_registration, "registrations.add", _id, end="purge_after"),
    "upgrades": _put(an_upgrade, "upgrades.add", _id, end="expires_at"),
    "notices": _put(a_notice, "notices.add", _id, end="due_at"),
    "signature_requests": _put(
        a_signature_request, "signature_requests.add", _id, end="expires_at"
    ),
    "participations": _put(
        a_participation,
        "participations.put",
        lambda one: record_name(one.session_id, one.entity_id, one.name_id),
        end="expires_at",
    ),
    "logout_notices": _put(
        a_logout_notice,
        "logout_notices.add",
        lambda one: record_name(one.session_id, one.client_id),
        end="ended_at",
    ),
    "data_requests": _put(
        lambda: refused(a_request()), "data_requests.add", _id, end="closed_at"
    ),
    "erased_records": _erased,
}  # fmt: skip


def _events(store) -> list[dict]:
    with store.transaction() as tx:
        records = tx.audit_records.between(NOW - YEARS, NOW + YEARS, name=RecordsPurged.NAME)
    return [canonical_json.loads_object(one.body) for one in reversed(records)]


def _check(store, clock, keys) -> None:
    old, young = {}, {}
    with store.transaction() as tx:
        for kind in KINDS:
            kept = kind.kept(RETENTION)
            old[kind.name] = PUT[kind.name](tx, NOW - kept - SECOND)
            young[kind.name] = PUT[kind.name](tx, NOW - kept + SECOND)
            PUT[kind.name](tx, NOW + YEARS)
    for one in held(store):
        assert one.oldest == NOW - one.kept - SECOND, one.kind.name
        assert one.overdue(NOW, round_every=timedelta(0))
        assert not one.overdue(NOW, round_every=2 * SECOND)
    for gone, later in ((old, SECOND), (young, YEARS)):
        now = clock.now()
        found = purge(store, now)
        assert found.complete
        assert found.counts == {name: len(names) for name, names in gone.items()}
        proved = {event["kind"]: event for event in _events(store)[-len(KINDS) :]}
        for kind in KINDS:
            event = proved[kind.name]
            assert event["digest"] == purge_digest(gone[kind.name]), kind.name
            assert event["removed"] == len(gone[kind.name])
            assert event["before"] == (now - kind.kept(RETENTION)).isoformat()
        for one in held(store):
            assert one.oldest is not None, one.kind.name
            assert one.oldest == now - one.kept + later or gone is young, one.kind.name
            assert not one.overdue(now, round_every=timedelta(0)), one.kind.name
        clock.advance(2 * SECOND)
    assert purge(store, clock.now()).total == 0
    assert len(_events(store)) == 2 * len(KINDS), "what deleted nothing is no event"
    last = last_purges(store, clock.now())
    assert {name: proof.digest for name, proof in last.items()} == {
        name: purge_digest(names) for name, names in young.items()
    }
    assert Checkpointer(store, keys, clock).make() is not None
    assert verify_store(store, keys, now=clock.now()).sound


def test_what_is_older_than_its_retention_goes_and_nothing_younger_in_memory(
    memory_store, clock, keys
) -> None:
    _check(memory_store, clock, keys)


def test_what_is_older_than_its_retention_goes_and_nothing_younger_in_sql(
    sql_store, clock, keys
) -> None:
    _check(sql_store, clock, keys)


def _check_batches(store) -> None:
    with store.transaction() as tx:
        names = sorted(
            name for _ in range(3) for name in _erased(tx, NOW - RETENTION.erased_records - SECOND)
        )
        sessions = [
            PUT["sessions"](tx, NOW - RETENTION.sessions - n * SECOND)[0] for n in (1, 2, 3)
        ]
    first = purge(store, NOW, batch=2, batches=1)
    assert not first.complete
    assert (first.counts["sessions"], first.counts["erased_records"]) == (2, 2)
    event = next(one for one in _events(store) if one["kind"] == "sessions")
    assert event["digest"] == purge_digest(sessions[1:]), "the oldest go first"
    second = purge(store, NOW, batch=7, batches=9)
    assert second.complete
    assert (second.counts["sessions"], second.counts["erased_records"]) == (1, len(names) - 2)


def test_a_backlog_goes_in_small_transactions_in_memory(memory_store) -> None:
    _check_batches(memory_store)


def test_a_backlog_goes_in_small_transactions_in_sql(sql_store) -> None:
    _check_batches(sql_store)


def _check_rolled_back(store) -> None:
    with store.transaction() as tx:
        PUT["erased_records"](tx, NOW - RETENTION.erased_records - SECOND)
        PUT["sessions"](tx, NOW - RETENTION.sessions - SECOND)

    def begin_and_fail() -> None:
        with store.transaction() as tx:
            assert len(tx.erased_records.purge(NOW)) == 5
            assert len(tx.sessions.purge(NOW)) == 1
            raise KeyError

    with pytest.raises(KeyError):
        begin_and_fail()
    assert _events(store) == []
    counts = purge(store, NOW).counts
    assert (counts["erased_records"], counts["sessions"]) == (5, 1)


def test_what_is_not_committed_is_not_gone_in_memory(memory_store) -> None:
    _check_rolled_back(memory_store)


def test_what_is_not_committed_is_not_gone_in_sql(sql_store) -> None:
    _check_rolled_back(sql_store)


def test_the_digest_names_nobody_and_keeps_no_order() -> None:
    names = [fresh_id(), fresh_id()]
    assert purge_digest(names) == purge_digest(reversed(names))
    assert purge_digest(names) != purge_digest(names[:1])
    assert not any(name in purge_digest(names) for name in names)


# --- the registry and the purge agree -------------------------------------------------------------


def test_whatever_a_clock_ends_is_purged() -> None:
    """A new table whose retention the registry calls a clock's needs a kind here."""
    purged = {table for kind in KINDS for table in kind.tables}
    assert purged <= set(METADATA.tables)
    evidence = {"evidence_items"}  # ends by itself, with its keys in the vault
    for field in FIELDS.values():
        tables = {place.partition(".")[0] for place in field.places if place != SEALED_PLACE}
        if field.ends == (Ending.CLOCK,):
            assert tables <= purged | evidence, field.name
        elif Ending.CLOCK in field.ends:
            assert tables & (purged | evidence), field.name
        else:
            assert field.ends, field.name
            assert not tables & purged or field.name == "device_label", field.name


def test_every_kind_says_how_long() -> None:
    assert {kind.name for kind in KINDS} == set(Retention.__slots__) == set(PUT)

"""The purge job over every store."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.purging import Purged, Retention, purge
from hkeid.adapters.sql import SqlStore, upgrade
from hkeid.testing.store_contract.everything import (
    NOW,
    SECOND,
    a_grant,
    a_session,
    a_single_use,
    an_access_token,
    fresh_bytes,
)
from hkeid.testing.store_contract.registrations import a_registration


@pytest.fixture
def sql_store(database_url, parts):
    upgrade(database_url)
    with closing(SqlStore(database_url, **parts)) as store:
        yield store


def _fill(store) -> None:
    with store.transaction() as tx:
        for age in (3, 2, 1, 0):
            expiry = NOW - age * timedelta(days=1)
            grant = replace(a_grant(), expires_at=expiry)
            tx.single_use.put(replace(a_single_use(), expires_at=expiry))
            tx.sessions.add(replace(a_session("r"), expires_at=expiry))
            tx.grants.add(grant)
            tx.access_tokens.add(replace(an_access_token(grant), expires_at=expiry))
            tx.registrations.add(replace(a_registration(), purge_after=expiry))
            tx.budgets.spend("k", fresh_bytes(), limit=1, window=SECOND, now=expiry)


RETENTION = Retention(
    single_use=timedelta(days=1),
    budgets=timedelta(0),
    sessions=timedelta(days=2),
    access_tokens=timedelta(0),
    grants=timedelta(days=2),
)


def _check(store) -> None:
    _fill(store)
    first = purge(store, NOW + SECOND, retention=RETENTION, batch=1, batches=2)
    assert first == Purged(
        single_use=2,
        budgets=2,
        sessions=2,
        access_tokens=2,
        grants=2,
        registrations=2,
        complete=False,
    )
    second = purge(store, NOW + SECOND, retention=RETENTION, batch=2, batches=5)
    assert second == Purged(
        single_use=1,
        budgets=1,
        sessions=0,
        access_tokens=2,
        grants=0,
        registrations=2,
        complete=True,
    )
    third = purge(store, NOW + SECOND, retention=RETENTION)
    assert third == Purged(
        single_use=0,
        budgets=0,
        sessions=0,
        access_tokens=0,
        grants=0,
        registrations=0,
        complete=True,
    )


def test_memory(parts) -> None:
    _check(MemoryStore(**parts))


def test_sql(sql_store) -> None:
    _check(sql_store)

"""Statements as the drivers get them."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import timedelta

import pytest
from sqlalchemy import select

import hkeid.adapters.sql
from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.statements import Statement
from hkeid.adapters.sql.tables import single_use
from hkeid.testing.store_contract.everything import NOW, a_single_use, fresh_bytes


def _statements():
    for found in pkgutil.iter_modules(hkeid.adapters.sql.__path__, "hkeid.adapters.sql."):
        if found.name.endswith((".migrations", ".postgresql")):
            continue
        module = importlib.import_module(found.name)
        for name, thing in vars(module).items():
            if isinstance(thing, Statement):
                yield pytest.param(thing, id=f"{found.name.split('.')[-1]}.{name}")


@pytest.mark.parametrize("statement", list(_statements()))
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_every_statement_compiles_and_no_value_stands_in_it(statement, engine) -> None:
    if engine == "sqlite" and "advisory" in str(statement._source):
        return
    text, own = statement.prepared(engine)
    assert "'" not in text
    assert set(own.values()) <= {0}
    assert statement.prepared(engine) is statement.prepared(engine)


def test_a_value_inside_a_construct_reaches_the_driver() -> None:
    statement = Statement(select(single_use.c.kind).where(single_use.c.kind == "code"))
    text, own = statement.prepared("sqlite")
    assert ":kind_1" in text
    assert own == {"kind_1": "code"}


@pytest.fixture
def run(monkeypatch):
    """The statements that are run, by their first word."""
    seen = []
    original = SqlConnection._run

    def watching(self, statement, parameters):
        seen.append(statement.prepared(self.engine)[0].split()[0])
        return original(self, statement, parameters)

    monkeypatch.setattr(SqlConnection, "_run", watching)
    return seen


def test_winning_is_one_conditional_statement(sqlite_store, run) -> None:
    record = a_single_use()
    with sqlite_store.transaction() as tx:
        tx.single_use.put(record)
        run.clear()
        tx.single_use.use_up(record.kind, record.digest, NOW)
        assert run == ["UPDATE"]


def test_spending_is_one_conditional_statement(sqlite_store, run) -> None:
    with sqlite_store.transaction() as tx:
        run.clear()
        tx.budgets.spend("k", fresh_bytes(), limit=1, window=timedelta(minutes=1), now=NOW)
        assert run == ["INSERT"]

"""Databases for the stores under test, each fresh and gone afterwards."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.testing.keys import MemoryKeyStore


@pytest.fixture(scope="session")
def keys() -> MemoryKeyStore:
    return MemoryKeyStore(algorithms=("ES256",))


@pytest.fixture(scope="session")
def parts(keys):
    """What every store is given."""
    return {"keys": keys, "clock": SystemClock(), "random": SystemRandom()}


@pytest.fixture(scope="session")
def postgresql_server() -> URL:
    """The server that scripts/test starts; without one these tests fail, they do not hide."""
    return make_url(os.environ["HKEID_TEST_POSTGRESQL"])


@contextmanager
def a_database(server: URL) -> Iterator[str]:
    name = f"hkeid_test_{secrets.token_hex(8)}"
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server):
    """Makes an empty database; a context manager that yields its URL."""
    return lambda: a_database(postgresql_server)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request, tmp_path):
    """An empty database of each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/hkeid.sqlite"
        return
    with request.getfixturevalue("postgresql_database")() as url:
        yield url


@pytest.fixture
def second_database_url(request, database_url, tmp_path):
    """Another empty database of the same engine."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/second.sqlite"
        return
    with request.getfixturevalue("postgresql_database")() as url:
        yield url

"""New databases on a PostgreSQL that is there for tests."""

from __future__ import annotations

import os
import secrets

SERVER_VARIABLE = "HKEID_TEST_POSTGRESQL"
"""Environment variable with the URL of a database whose role may create others; ``scripts/test``,
``scripts/bench`` and ``scripts/torture`` start such a server and set it."""


def new_postgresql_database(server: str | None = None) -> str:
    """Create an empty database; gives its SQLAlchemy URL.

    :param server: URL of a database on the same server; that of the environment if None.
    :raises KeyError: the environment names no server.
    """
    import psycopg
    from psycopg import sql

    server = server or os.environ[SERVER_VARIABLE]
    name = f"hkeid_{secrets.token_hex(6)}"
    with psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{server.rpartition('/')[0]}/{name}"

"""Everything that a server leaves on disk: files, rows of tables, PostgreSQL's own files."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import psycopg

from hkeid_server.config import Config, load_config
from hkeid_server.wiring.opening import store_url, vault_url


def readable_in(canary: bytes, content: bytes) -> bool:
    """Whether a picture's canary is there: as it is, in hexadecimal, in base64 at any alignment."""
    return any(form in content for form in _forms(canary))


def _forms(canary: bytes) -> Iterator[bytes]:
    yield canary
    yield canary.hex().encode()
    for offset in range(3):
        encoded = b64encode(bytes(offset) + canary)
        inner = encoded[(offset * 8 + 5) // 6 : (offset + len(canary)) * 8 // 6]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


def left_on_disk(configuration: Path) -> Iterator[tuple[str, bytes]]:
    """Files of the installation (databases, write-ahead logs, keys, logs, temporary files), and
    every row of its databases where they are on PostgreSQL.
    """
    for file in configuration.parent.rglob("*"):
        if file.is_file():
            yield file.name, _content(file)
    for connection in _databases(load_config(configuration)):
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        for (table,) in tables:
            rows = connection.execute(f'SELECT t::text FROM "{table}" t').fetchall()
            yield table, "\n".join(row[0] for row in rows).encode()


def left_by_postgresql(configuration: Path) -> Iterator[tuple[str, bytes]]:
    """PostgreSQL's files: the databases' own folders, write-ahead log, temporary files, as far as
    this process may read them; nothing for SQLite.
    """
    for connection in _databases(load_config(configuration)):
        connection.autocommit = True
        connection.execute("CHECKPOINT")
        (place,) = connection.execute("SHOW data_directory").fetchone()
        (oid,) = connection.execute(
            "SELECT oid FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        for folder in (f"base/{oid}", "base/pgsql_tmp", "pg_wal", "log"):
            path = Path(place, folder)
            if path.is_dir() and os.access(path, os.R_OK | os.X_OK):
                for file in path.rglob("*"):
                    if file.is_file():
                        yield f"{folder}/{file.name}", _content(file)


def _databases(config: Config) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    for url in (store_url(config), vault_url(config)):
        if url.get_backend_name() == "postgresql":
            address = url.set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(address) as connection:
                yield connection


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:  # a temporary file, a journal that was just deleted
        return b""

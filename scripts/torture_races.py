"""Races at full numbers: 1,000 codes and 1,000 refresh tokens x 32 simultaneous threads.

Usage: python scripts/torture_races.py [--full|--tenth] [--store NAME] [--json FILE]
On the stores memory, SQLite (two stores on one file) and PostgreSQL (four stores on one database,
which is made on the server that HKEID_TEST_POSTGRESQL names).
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.sql import SqlStore, upgrade
from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.store_contract import races

PARTS: dict[str, Any] = {
    "keys": MemoryKeyStore(algorithms=("ES256",)),
    "clock": SystemClock(),
    "random": SystemRandom(),
}


@contextmanager
def memory() -> Iterator[tuple[Callable[[], Any], int]]:
    """One store."""
    store = MemoryStore(**PARTS)
    yield lambda: store, 1


@contextmanager
def sqlite() -> Iterator[tuple[Callable[[], Any], int]]:
    """Two stores on one file, synchronous=FULL."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/hkeid.sqlite"
        upgrade(url)
        opened: list[SqlStore] = []
        yield lambda: _open(opened, url), 2
        _close(opened)


@contextmanager
def postgresql() -> Iterator[tuple[Callable[[], Any], int]]:
    """Four stores on one database, eight connections each."""
    server = make_url(os.environ["HKEID_TEST_POSTGRESQL"])
    name = f"hkeid_races_{secrets.token_hex(4)}"
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            url = server.set(database=name).render_as_string(hide_password=False)
            upgrade(url)
            opened: list[SqlStore] = []
            yield lambda: _open(opened, url, pool_size=8), 4
            _close(opened)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _open(opened: list[SqlStore], url: str, **more: Any) -> SqlStore:
    opened.append(SqlStore(url, **PARTS, **more))
    return opened[-1]


def _close(opened: list[SqlStore]) -> None:
    for store in opened:
        store.close()


STORES = {"memory": memory, "sqlite": sqlite, "postgresql": postgresql}


def run(names: list[str], rounds: int, parallel: int) -> list[dict[str, Any]]:
    """Every race on every store."""
    cases = []
    for name in names:
        began = time.monotonic()
        with STORES[name]() as (factory, nodes):
            found = races.run(factory, codes=rounds, tokens=rounds, parallel=parallel, nodes=nodes)
        cases += [{**case, "name": f"races_{name}_{case['name']}"} for case in found]
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return cases


def main() -> int:
    """Entry point; 0 when nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", dest="rounds", action="store_const", const=1000, default=1000)
    size.add_argument("--tenth", dest="rounds", action="store_const", const=100)
    parser.add_argument("--parallel", type=int, default=32)
    parser.add_argument("--store", action="append", choices=list(STORES))
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    cases = run(arguments.store or list(STORES), arguments.rounds, arguments.parallel)
    if arguments.json:
        arguments.json.write_text(json.dumps({"cases": cases}, indent=2) + "\n")
    else:
        print(json.dumps({"cases": cases}, indent=2))
    return 1 if any(case["failures"] for case in cases) else 0


if __name__ == "__main__":
    sys.exit(main())

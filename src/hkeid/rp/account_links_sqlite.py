"""Links in an SQLite database, which may be the one where the service has its accounts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hkeid.kernel.instants import epoch_seconds, from_epoch_seconds
from hkeid.rp.account_links import AccountEvent, AccountLink, PutLink

SCHEMA = """
CREATE TABLE IF NOT EXISTS eid_links (
    issuer TEXT NOT NULL,
    sub TEXT NOT NULL,
    account TEXT NOT NULL,
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, sub),
    UNIQUE (issuer, account)
);
CREATE TABLE IF NOT EXISTS eid_link_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    account TEXT NOT NULL,
    issuer TEXT NOT NULL,
    sub TEXT,
    acr TEXT
);
"""
"""Both constraints on ``eid_links`` are the rule itself; the statement that inserts leans on them."""

_COLUMNS = "SELECT issuer, sub, account, linked_at FROM eid_links"
_PUT = """INSERT INTO eid_links (issuer, sub, account, linked_at) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING"""
_RECORD = """INSERT INTO eid_link_events (at, kind, reason, account, issuer, sub, acr)
VALUES (?, ?, ?, ?, ?, ?, ?)"""


class SqliteAccountLinks:
    """:class:`~hkeid.rp.account_links.AccountLinks` and their events. Threads and processes may share the file.

    :param path: the database; its tables are made where they are missing.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        with self._transaction() as database:
            for statement in SCHEMA.split(";"):
                database.execute(statement)

    def find(self, issuer: str, sub: str) -> AccountLink | None:
        """The link of an eID, or None."""
        with self._transaction(writes=False) as database:
            row = database.execute(f"{_COLUMNS} WHERE issuer = ? AND sub = ?", (issuer, sub))
            found = row.fetchone()
        return None if found is None else _link(found)

    def of_account(self, account: str) -> Sequence[AccountLink]:
        """The links of an account, at most one for each issuer."""
        with self._transaction(writes=False) as database:
            rows = database.execute(f"{_COLUMNS} WHERE account = ? ORDER BY issuer", (account,))
            return [_link(row) for row in rows]

    def put(self, link: AccountLink, event: AccountEvent) -> PutLink:
        """Make the link unless its eID or its account has one."""
        row = (link.issuer, link.sub, link.account, epoch_seconds(link.linked_at))
        with self._transaction() as database:
            if database.execute(_PUT, row).rowcount == 1:
                _record(database, event)
                return PutLink.MADE
            found = database.execute(
                f"{_COLUMNS} WHERE issuer = ? AND sub = ?", (link.issuer, link.sub)
            ).fetchone()
        if found is None:
            return PutLink.ACCOUNT_TAKEN
        return PutLink.STANDS if found[2] == link.account else PutLink.EID_TAKEN

    def remove(self, link: AccountLink, event: AccountEvent) -> bool:
        """Remove the link; False when it is not there (any more)."""
        with self._transaction() as database:
            gone = database.execute(
                "DELETE FROM eid_links WHERE issuer = ? AND sub = ? AND account = ?",
                (link.issuer, link.sub, link.account),
            )
            if gone.rowcount != 1:
                return False
            _record(database, event)
            return True

    def record(self, event: AccountEvent) -> None:
        """Record a refusal."""
        with self._transaction() as database:
            _record(database, event)

    def events(self, account: str) -> Sequence[tuple[str, str]]:
        """Kind and reason of what happened to an account's links, oldest first."""
        with self._transaction(writes=False) as database:
            found = database.execute(
                "SELECT kind, reason FROM eid_link_events WHERE account = ? ORDER BY number",
                (account,),
            )
            return [(kind, reason) for kind, reason in found]

    @contextmanager
    def _transaction(self, *, writes: bool = True) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            # Writers queue here: whoever reads first and writes later could be turned away in the middle.
            database.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            with database:
                yield database
        finally:
            database.close()


def _link(row: tuple[str, str, str, int]) -> AccountLink:
    issuer, sub, account, moment = row
    return AccountLink(
        issuer=issuer, sub=sub, account=account, linked_at=from_epoch_seconds(moment)
    )


def _record(database: sqlite3.Connection, event: AccountEvent) -> None:
    moment = epoch_seconds(event.at)
    row = (moment, event.kind, event.reason, event.account, event.issuer, event.sub, event.acr)
    database.execute(_RECORD, row)

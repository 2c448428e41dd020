"""Accounts with a user name and a password, as this service had them before there was eID. Fictional people."""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_COLUMNS = "SELECT account, user_name, name, since, salt, password FROM old_accounts "
_BY = {
    "account": _COLUMNS + "WHERE account = ?",
    "user_name": _COLUMNS + "WHERE user_name = ?",
}
_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


@dataclass(frozen=True, slots=True, kw_only=True)
class OldAccount:
    """An account. The key never changes; the user name could."""

    key: str
    user_name: str
    name: str
    since: int


PEOPLE = (
    (
        OldAccount(key="m-1041", user_name="rain.watcher", name="Rain Watcher", since=2014),
        "kite-2014",
    ),
    (OldAccount(key="m-2207", user_name="peak.hiker", name="Peak Hiker", since=2019), "fog-2019"),
)
"""Who has an account, with the password, which the log-in page prints: nobody real is behind it."""


class OldAccounts:
    """The accounts in an SQLite database; passwords are kept as scrypt keys with a salt each.

    A service on the Internet also slows down whoever guesses passwords. Here they are on the page.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        with closing(sqlite3.connect(self._path)) as database, database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS old_accounts (account TEXT PRIMARY KEY, "
                "user_name TEXT UNIQUE NOT NULL, name TEXT NOT NULL, since INTEGER NOT NULL, "
                "salt BLOB NOT NULL, password BLOB NOT NULL)"
            )
            for one, password in PEOPLE:
                salt = os.urandom(16)
                row = (one.key, one.user_name, one.name, one.since, salt, _kept(password, salt))
                database.execute(
                    "INSERT INTO old_accounts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row
                )

    def check(self, user_name: str, password: str) -> OldAccount | None:
        """The account where name and password go together. An unknown name takes as long as a wrong password."""
        row = self._row("user_name", user_name)
        salt, kept = (row[4], row[5]) if row else (b"\0" * 16, b"")
        fits = hmac.compare_digest(_kept(password, salt), kept)
        return _account(row) if row and fits else None

    def find(self, key: str | None) -> OldAccount | None:
        """An account by its key."""
        row = None if key is None else self._row("account", key)
        return _account(row) if row else None

    def has_password(self, key: str) -> bool:
        """Whether an account can be entered without eID: every one has a password here."""
        return self.find(key) is not None

    def _row(self, column: str, value: str) -> tuple[str, str, str, int, bytes, bytes] | None:
        with closing(sqlite3.connect(self._path)) as database:
            found: tuple[str, str, str, int, bytes, bytes] | None = database.execute(
                _BY[column], (value,)
            ).fetchone()
        return found


def _kept(password: str, salt: bytes) -> bytes:
    text = password.encode("utf-8", "replace")[:1024]
    return hashlib.scrypt(text, salt=salt, **_SCRYPT)


def _account(row: tuple[str, str, str, int, bytes, bytes]) -> OldAccount:
    key, user_name, name, since, _, _ = row
    return OldAccount(key=key, user_name=user_name, name=name, since=since)

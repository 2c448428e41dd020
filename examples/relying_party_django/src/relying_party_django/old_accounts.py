"""Accounts with a user name and a password, as this service had them before there was eID. Fictional people."""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest

from hkeid.rp.account_links import Match
from hkeid.rp.account_links_sqlite import SqliteAccountLinks

_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
_COLUMNS = "SELECT account, user_name, name, hkic_number, salt, password FROM old_accounts "
_BY = {
    "account": _COLUMNS + "WHERE account = ?",
    "user_name": _COLUMNS + "WHERE user_name = ?",
}
_FRESH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class OldAccount:
    """An account. Its number never changes; the identity-card number is in the tax file."""

    key: str
    user_name: str
    name: str
    hkic_number: str


PEOPLE = (
    (
        OldAccount(key="T-500231", user_name="tm.chan", name="Mr Chan", hkic_number="Q000101(1)"),
        "teapot-31",
    ),
    (
        OldAccount(
            key="T-500347", user_name="s.cheung", name="Mr Cheung", hkic_number="Q000102(A)"
        ),
        "umbrella-47",
    ),
)
"""Who has an account, with the password, which the log-in page prints: nobody real is behind it."""


@cache
def database() -> Path:
    """The file in RP_DATABASE; without one, a file that is forgotten with the process."""
    given = os.environ.get("RP_DATABASE")
    return Path(given) if given else Path(tempfile.mkdtemp(prefix="etax-")) / "accounts.sqlite"


@cache
def links() -> SqliteAccountLinks:
    """Which eID leads to which account."""
    return SqliteAccountLinks(database())


@cache
def accounts() -> OldAccounts:
    """The accounts."""
    return OldAccounts(database())


class OldAccounts:
    """The accounts in an SQLite database; passwords are kept as scrypt keys with a salt each.

    A service on the Internet also slows down whoever guesses passwords. Here they are on the page.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        with closing(sqlite3.connect(self._path)) as opened, opened:
            opened.execute(
                "CREATE TABLE IF NOT EXISTS old_accounts (account TEXT PRIMARY KEY, "
                "user_name TEXT UNIQUE NOT NULL, name TEXT NOT NULL, hkic_number TEXT NOT NULL, "
                "salt BLOB NOT NULL, password BLOB NOT NULL)"
            )
            for one, password in PEOPLE:
                salt = os.urandom(16)
                kept = _kept(password, salt)
                row = (one.key, one.user_name, one.name, one.hkic_number, salt, kept)
                opened.execute(
                    "INSERT INTO old_accounts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row
                )

    def check(self, user_name: str, password: str) -> OldAccount | None:
        """The account where name and password go together. An unknown name takes as long as a wrong password."""
        row = self._row("user_name", user_name)
        salt, kept = (row[4], row[5]) if row else (b"\0" * 16, b"")
        fits = hmac.compare_digest(_kept(password, salt), kept)
        return _account(row) if row and fits else None

    def find(self, key: str | None) -> OldAccount | None:
        """An account by its number."""
        row = None if key is None else self._row("account", key)
        return _account(row) if row else None

    def _row(self, column: str, value: str) -> Any:
        with closing(sqlite3.connect(self._path)) as opened:
            return opened.execute(_BY[column], (value,)).fetchone()


# What HKEID["ACCOUNT_LINKS"] names.


def current(request: HttpRequest) -> str | None:
    """The account that is logged in with its password in this browser."""
    return request.session.get("account")


def is_fresh(request: HttpRequest) -> bool:
    """Whether that was in the last five minutes."""
    return time.time() - request.session.get("since", 0) < _FRESH


def has_password(key: str) -> bool:
    """Whether an account can be entered without eID: every one has a password here."""
    return accounts().find(key) is not None


def shown(key: str) -> str:
    """What an account is called on pages."""
    found = accounts().find(key)
    return key if found is None else f"{found.name} ({found.user_name})"


def _agrees(key: str, values: Mapping[str, Any]) -> bool:
    """The identity-card number in the tax file is the one that eID released."""
    found = accounts().find(key)
    return found is not None and values["hkic_number"] == found.hkic_number


SAME_PERSON = Match(claims=("hkic_number",), agrees=_agrees)


def _kept(password: str, salt: bytes) -> bytes:
    text = password.encode("utf-8", "replace")[:1024]
    return hashlib.scrypt(text, salt=salt, **_SCRYPT)


def _account(row: Any) -> OldAccount:
    key, user_name, name, hkic_number, _, _ = row
    return OldAccount(key=key, user_name=user_name, name=name, hkic_number=hkic_number)

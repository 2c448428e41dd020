"""Links in a database of Django's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
import pytest
from django.conf import settings

if not settings.configured:
    settings.configure(SECRET_KEY="outside of any test: nothing is sealed with it")
    django.setup()

from django.db import ConnectionHandler, connections

from hkeid.rp.account_links import AccountEvent, AccountLink, AccountLinks, PutLink
from hkeid.rp.django.account_links import SCHEMA, DatabaseAccountLinks
from hkeid.testing.account_links_contract import AccountLinksContract
from hkeid.testing.databases import SERVER_VARIABLE, new_postgresql_database

NAME = "links_of_a_test"


class ClosingAfterwards:
    """Each thread of Django has a connection of its own, which a request's end would close."""

    def __init__(self) -> None:
        self.links = DatabaseAccountLinks(NAME)

    def find(self, issuer: str, sub: str) -> AccountLink | None:
        return self._closed(self.links.find(issuer, sub))  # type: ignore[no-any-return]

    def of_account(self, account: str) -> Sequence[AccountLink]:
        return self._closed(self.links.of_account(account))  # type: ignore[no-any-return]

    def put(self, link: AccountLink, event: AccountEvent) -> PutLink:
        return self._closed(self.links.put(link, event))  # type: ignore[no-any-return]

    def remove(self, link: AccountLink, event: AccountEvent) -> bool:
        return self._closed(self.links.remove(link, event))  # type: ignore[no-any-return]

    def record(self, event: AccountEvent) -> None:
        self._closed(self.links.record(event))

    def _closed(self, result: Any) -> Any:
        connections[NAME].close()
        return result


def _sqlite(folder: Path) -> dict[str, Any]:
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "db.sqlite")}


def _postgresql() -> dict[str, Any]:
    parts = urlsplit(new_postgresql_database())
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path[1:],
        "HOST": parts.hostname,
        "PORT": parts.port,
        "USER": parts.username,
        "PASSWORD": parts.password or "",
    }


class TestInDjangosDatabase(AccountLinksContract):
    @pytest.fixture(params=["sqlite", "postgresql"])
    def links(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[ClosingAfterwards]:
        # A browser that an earlier test of this process drives leaves its event loop running in this thread.
        monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        if request.param == "postgresql" and SERVER_VARIABLE not in os.environ:
            pytest.skip("no PostgreSQL for tests")
        described = _postgresql() if request.param == "postgresql" else _sqlite(tmp_path)
        handler = ConnectionHandler({"default": {}, NAME: described})
        connections.databases[NAME] = handler.databases[NAME]
        with connections[NAME].cursor() as cursor:
            for statement in SCHEMA:
                cursor.execute(statement)
        yield ClosingAfterwards()
        connections[NAME].close()
        del connections[NAME]
        del connections.databases[NAME]

    def recorded(self, links: AccountLinks) -> Sequence[tuple[str, str]]:
        postgresql = connections[NAME].vendor == "postgresql"
        with connections[NAME].cursor() as cursor:
            order = "ctid" if postgresql else "rowid"
            cursor.execute(f"SELECT kind, reason FROM eid_link_events ORDER BY {order}")
            found = [(kind, reason) for kind, reason in cursor.fetchall()]
        connections[NAME].close()
        return found

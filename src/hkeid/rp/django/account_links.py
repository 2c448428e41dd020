"""Links in a database of Django's, PostgreSQL or SQLite, beside the project's accounts.

The project makes the tables by a migration of its own::

    from hkeid.rp.django.account_links import SCHEMA

    operations = [migrations.RunSQL(SCHEMA)]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, transaction

from hkeid.kernel.instants import epoch_seconds, from_epoch_seconds
from hkeid.rp.account_links import AccountEvent, AccountLink, PutLink

SCHEMA = [
    """CREATE TABLE eid_links (
    issuer varchar(300) NOT NULL,
    sub varchar(255) NOT NULL,
    account varchar(200) NOT NULL,
    linked_at bigint NOT NULL,
    PRIMARY KEY (issuer, sub),
    UNIQUE (issuer, account)
)""",
    """CREATE TABLE eid_link_events (
    at bigint NOT NULL,
    kind varchar(20) NOT NULL,
    reason varchar(80) NOT NULL,
    account varchar(200) NOT NULL,
    issuer varchar(300) NOT NULL,
    sub varchar(255),
    acr varchar(200)
)""",
    "CREATE INDEX eid_link_events_by_account ON eid_link_events (account, at)",
]
"""Both constraints on ``eid_links`` are the rule itself; the statement that inserts leans on them."""

_COLUMNS = "SELECT issuer, sub, account, linked_at FROM eid_links "
_PUT = """INSERT INTO eid_links (issuer, sub, account, linked_at) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING"""
_REMOVE = "DELETE FROM eid_links WHERE issuer = %s AND sub = %s AND account = %s"
_RECORD = """INSERT INTO eid_link_events (at, kind, reason, account, issuer, sub, acr)
VALUES (%s, %s, %s, %s, %s, %s, %s)"""


class DatabaseAccountLinks:
    """:class:`~hkeid.rp.account_links.AccountLinks` and their events.

    Within a transaction of the project's own (``ATOMIC_REQUESTS``) all of it is part of that, refusals too.

    :param using: which of the project's databases.
    """

    def __init__(self, using: str = "default") -> None:
        self._using = using

    def find(self, issuer: str, sub: str) -> AccountLink | None:
        """The link of an eID, or None."""
        found = self._links("WHERE issuer = %s AND sub = %s", (issuer, sub))
        return found[0] if found else None

    def of_account(self, account: str) -> Sequence[AccountLink]:
        """The links of an account, at most one for each issuer."""
        return self._links("WHERE account = %s ORDER BY issuer", (account,))

    def put(self, link: AccountLink, event: AccountEvent) -> PutLink:
        """Make the link unless its eID or its account has one."""
        row = (link.issuer, link.sub, link.account, epoch_seconds(link.linked_at))
        with transaction.atomic(using=self._using):
            if self._change(_PUT, row) == 1:
                self.record(event)
                return PutLink.MADE
        standing = self.find(link.issuer, link.sub)
        if standing is None:
            return PutLink.ACCOUNT_TAKEN
        return PutLink.STANDS if standing.account == link.account else PutLink.EID_TAKEN

    def remove(self, link: AccountLink, event: AccountEvent) -> bool:
        """Remove the link; False when it is not there (any more)."""
        with transaction.atomic(using=self._using):
            if self._change(_REMOVE, (link.issuer, link.sub, link.account)) != 1:
                return False
            self.record(event)
            return True

    def record(self, event: AccountEvent) -> None:
        """Record a refusal."""
        moment = epoch_seconds(event.at)
        kind, account = event.kind.value, event.account
        self._change(
            _RECORD, (moment, kind, event.reason, account, event.issuer, event.sub, event.acr)
        )

    def _links(self, condition: str, values: tuple[str, ...]) -> list[AccountLink]:
        with connections[self._using].cursor() as cursor:
            cursor.execute(_COLUMNS + condition, values)
            return [
                AccountLink(
                    issuer=issuer, sub=sub, account=account, linked_at=from_epoch_seconds(moment)
                )
                for issuer, sub, account, moment in cursor.fetchall()
            ]

    def _change(self, statement: str, values: tuple[Any, ...]) -> int:
        with connections[self._using].cursor() as cursor:
            cursor.execute(statement, values)
            return int(cursor.rowcount)

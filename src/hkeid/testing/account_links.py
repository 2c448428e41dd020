"""Links between accounts and eIDs in memory, for tests and demonstrations of services."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from hkeid.rp.account_links import AccountEvent, AccountLink, PutLink


class MemoryAccountLinks:
    """:class:`~hkeid.rp.account_links.AccountLinks` of one process.

    :ivar events: everything that happened, oldest first.
    """

    def __init__(self) -> None:
        self.events: list[AccountEvent] = []
        self._lock = threading.Lock()
        self._by_eid: dict[tuple[str, str], AccountLink] = {}
        self._by_account: dict[tuple[str, str], AccountLink] = {}

    def find(self, issuer: str, sub: str) -> AccountLink | None:
        """The link of an eID, or None."""
        return self._by_eid.get((issuer, sub))

    def of_account(self, account: str) -> Sequence[AccountLink]:
        """The links of an account."""
        with self._lock:
            return [link for link in self._by_account.values() if link.account == account]

    def put(self, link: AccountLink, event: AccountEvent) -> PutLink:
        """Make the link unless its eID or its account has one."""
        with self._lock:
            standing = self._by_eid.get((link.issuer, link.sub))
            if standing is not None:
                same = standing.account == link.account
                return PutLink.STANDS if same else PutLink.EID_TAKEN
            if (link.issuer, link.account) in self._by_account:
                return PutLink.ACCOUNT_TAKEN
            self._by_eid[link.issuer, link.sub] = link
            self._by_account[link.issuer, link.account] = link
            self.events.append(event)
            return PutLink.MADE

    def remove(self, link: AccountLink, event: AccountEvent) -> bool:
        """Remove the link; False when it is not there (any more)."""
        with self._lock:
            standing = self._by_eid.get((link.issuer, link.sub))
            if standing is None or standing.account != link.account:
                return False
            del self._by_eid[link.issuer, link.sub]
            del self._by_account[link.issuer, link.account]
            self.events.append(event)
            return True

    def record(self, event: AccountEvent) -> None:
        """Record a refusal."""
        with self._lock:
            self.events.append(event)

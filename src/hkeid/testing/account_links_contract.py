"""What every table of links between accounts and eIDs promises, for pytest: a service proves its own one.

::

    class TestMyLinks(AccountLinksContract):
        @pytest.fixture
        def links(self):
            return MyLinks(...)

        def recorded(self, links):            # kind and reason of every event so far, oldest first
            return links.events()

It needs nothing but these two, and minds nothing that was there before.
"""

from __future__ import annotations

import secrets
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

from hkeid.rp.account_links import AccountEvent, AccountLink, AccountLinks, EventKind, PutLink

ISSUER = "https://eid.example.hk"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
_TOGETHER = 8


def a_link(
    *, issuer: str = ISSUER, sub: str | None = None, account: str | None = None
) -> AccountLink:
    """A link between an account and an eID that nobody has seen yet."""
    return AccountLink(
        issuer=issuer,
        sub=sub or f"sub-{secrets.token_hex(6)}",
        account=account or f"account-{secrets.token_hex(6)}",
        linked_at=NOW,
    )


def an_event(link: AccountLink, kind: EventKind = EventKind.LINKED) -> AccountEvent:
    """What is recorded with it; the reason tells one from another."""
    return AccountEvent(
        kind=kind,
        reason=f"reason_{secrets.token_hex(4)}",
        at=NOW,
        account=link.account,
        issuer=link.issuer,
        sub=link.sub,
        acr="urn:hkeid:acr:eid",
    )


class AccountLinksContract:
    """Subclasses supply a ``links`` fixture and :meth:`recorded`."""

    @abstractmethod
    def recorded(self, links: AccountLinks) -> Sequence[tuple[str, str]]:
        """Kind and reason of every event that ``links`` recorded, oldest first."""

    def test_what_is_put_is_what_is_found(self, links: AccountLinks) -> None:
        """By the eID and by the account, with its date."""
        link = a_link()
        assert links.find(link.issuer, link.sub) is None
        assert list(links.of_account(link.account)) == []
        assert links.put(link, an_event(link)) is PutLink.MADE
        assert links.find(link.issuer, link.sub) == link
        assert list(links.of_account(link.account)) == [link]
        assert links.find("https://other.example.hk", link.sub) is None

    def test_the_same_link_again_changes_nothing(self, links: AccountLinks) -> None:
        """Its date stands, and nothing is recorded twice."""
        link, first, second = a_link(), an_event(a_link()), an_event(a_link())
        links.put(link, first)
        later = replace(link, linked_at=NOW + timedelta(days=1))
        assert links.put(later, second) is PutLink.STANDS
        assert links.find(link.issuer, link.sub) == link
        reasons = [reason for _, reason in self.recorded(links)]
        assert first.reason in reasons
        assert second.reason not in reasons

    def test_an_eid_leads_to_one_account(self, links: AccountLinks) -> None:
        """The second account loses, and the first keeps its link."""
        link = a_link()
        links.put(link, an_event(link))
        other = a_link(sub=link.sub)
        assert links.put(other, an_event(other)) is PutLink.EID_TAKEN
        assert links.find(link.issuer, link.sub) == link
        assert list(links.of_account(other.account)) == []

    def test_an_account_has_one_eid_of_an_issuer(self, links: AccountLinks) -> None:
        """Another issuer's eID is another matter."""
        link = a_link()
        links.put(link, an_event(link))
        other = a_link(account=link.account)
        assert links.put(other, an_event(other)) is PutLink.ACCOUNT_TAKEN
        assert links.find(other.issuer, other.sub) is None
        elsewhere = a_link(account=link.account, issuer="https://other.example.hk")
        assert links.put(elsewhere, an_event(elsewhere)) is PutLink.MADE
        assert len(links.of_account(link.account)) == 2

    def test_only_the_very_link_is_removed(self, links: AccountLinks) -> None:
        """Not by another account's name; afterwards both are free."""
        link = a_link()
        links.put(link, an_event(link))
        gone = an_event(link, EventKind.UNLINKED)
        assert not links.remove(a_link(sub=link.sub), gone)
        assert not links.remove(a_link(account=link.account), gone)
        assert links.find(link.issuer, link.sub) == link
        assert links.remove(link, gone)
        assert not links.remove(link, an_event(link, EventKind.UNLINKED))
        assert links.find(link.issuer, link.sub) is None
        assert self.recorded(links)[-1] == ("unlinked", gone.reason)
        other = a_link(sub=link.sub)
        assert links.put(other, an_event(other)) is PutLink.MADE

    def test_refusals_are_recorded(self, links: AccountLinks) -> None:
        """Though nothing changes; who came may be unknown."""
        link = a_link()
        event = replace(an_event(link, EventKind.REFUSED), sub=None, acr=None)
        links.record(event)
        assert self.recorded(links)[-1] == ("refused", event.reason)

    def test_one_of_many_at_once_wins_an_eid(self, links: AccountLinks) -> None:
        """Many accounts want the same eID at the same moment."""
        eid = a_link().sub
        wanted = [a_link(sub=eid) for _ in range(_TOGETHER)]
        said = _at_once([_putting(links, link) for link in wanted])
        assert sorted(said) == sorted(["made", *["eid_taken"] * (_TOGETHER - 1)])
        assert links.find(ISSUER, eid) == wanted[said.index("made")]
        assert sum(len(links.of_account(link.account)) for link in wanted) == 1

    def test_one_of_many_at_once_wins_an_account(self, links: AccountLinks) -> None:
        """Many eIDs want the same account at the same moment."""
        account = a_link().account
        wanted = [a_link(account=account) for _ in range(_TOGETHER)]
        said = _at_once([_putting(links, link) for link in wanted])
        assert sorted(said) == sorted(["made", *["account_taken"] * (_TOGETHER - 1)])
        assert list(links.of_account(account)) == [wanted[said.index("made")]]

    def test_one_of_many_at_once_removes(self, links: AccountLinks) -> None:
        """And it alone is recorded."""
        link = a_link()
        links.put(link, an_event(link))
        events = [an_event(link, EventKind.UNLINKED) for _ in range(_TOGETHER)]

        def removing(event: AccountEvent) -> Callable[[], str]:
            return lambda: str(links.remove(link, event))

        said = _at_once([removing(event) for event in events])
        assert said.count("True") == 1
        recorded = {reason for _, reason in self.recorded(links)}
        assert [e.reason in recorded for e in events] == [word == "True" for word in said]


def _putting(links: AccountLinks, link: AccountLink) -> Callable[[], str]:
    return lambda: links.put(link, an_event(link)).value


def _at_once(acts: Sequence[Callable[[], str]]) -> list[str]:
    """Do all at the same moment; what each said, in order."""
    gate = Barrier(len(acts))

    def act(one: Callable[[], str]) -> str:
        gate.wait()
        return one()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(act, acts))

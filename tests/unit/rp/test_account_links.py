"""Tables of links, and what may be matched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hkeid.kernel.errors import ConfigurationError
from hkeid.rp.account_links import AccountLinks, Match
from hkeid.rp.account_links_sqlite import SqliteAccountLinks
from hkeid.testing.account_links import MemoryAccountLinks
from hkeid.testing.account_links_contract import AccountLinksContract, a_link, an_event


class TestInMemory(AccountLinksContract):
    @pytest.fixture
    def links(self) -> MemoryAccountLinks:
        return MemoryAccountLinks()

    def recorded(self, links: AccountLinks) -> Sequence[tuple[str, str]]:
        assert isinstance(links, MemoryAccountLinks)
        return [(event.kind.value, event.reason) for event in links.events]


class TestOnSqlite(AccountLinksContract):
    @pytest.fixture
    def links(self, tmp_path: Path) -> SqliteAccountLinks:
        return SqliteAccountLinks(tmp_path / "service.sqlite")

    def recorded(self, links: AccountLinks) -> Sequence[tuple[str, str]]:
        assert isinstance(links, SqliteAccountLinks)
        with links._transaction(writes=False) as database:
            found = database.execute("SELECT kind, reason FROM eid_link_events ORDER BY number")
            return [(kind, reason) for kind, reason in found]

    def test_links_outlive_the_process(self, links: SqliteAccountLinks, tmp_path: Path) -> None:
        link = a_link()
        event = an_event(link)
        links.put(link, event)
        again = SqliteAccountLinks(tmp_path / "service.sqlite")
        assert again.find(link.issuer, link.sub) == link
        assert again.events(link.account) == [("linked", event.reason)]


class TestMatch:
    @pytest.mark.parametrize(
        "claims",
        [
            ("email",),
            ("email", "email_verified"),
            ("phone_number", "address"),
            ("nickname",),
            (),
        ],
    )
    def test_never_by_email_alone(self, claims: tuple[str, ...]) -> None:
        with pytest.raises(ConfigurationError) as caught:
            Match(claims=claims, agrees=lambda _account, _values: True)
        assert caught.value.reason == "match_by_email_alone"

    @pytest.mark.parametrize("claims", [("name",), ("birthdate", "email"), ("name", "email")])
    def test_what_many_share_is_too_weak(self, claims: tuple[str, ...]) -> None:
        with pytest.raises(ConfigurationError) as caught:
            Match(claims=claims, agrees=lambda _account, _values: True)
        assert caught.value.reason == "match_too_weak"

    def test_all_values_must_have_been_released(self) -> None:
        match = Match(claims=("birthdate", "name"), agrees=lambda _account, _values: True)
        both = {"name": "CHAN, Tai Man", "name#zh-Hant-HK": "陳大文", "birthdate": "1985-03-09"}
        assert match.released({**both, "gender": "male"}) == both
        assert match.released({"name": "CHAN, Tai Man"}) is None
        assert match.released({**both, "birthdate": ""}) is None

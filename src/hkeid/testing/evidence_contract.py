"""What every evidence vault promises: a kit for adapters, with a fixture ``vault`` of
:class:`EvidenceUnderTest`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from hkeid.kernel.errors import Expired
from hkeid.kernel.instants import Instant
from hkeid.ports.evidence import EvidenceVault
from hkeid.testing.fake_hub import SettableClock
from hkeid.testing.store_contract.everything import fresh_bytes, fresh_id

_HALF_AN_HOUR = timedelta(minutes=30)


@dataclass(frozen=True)
class EvidenceUnderTest:
    """A vault, the clock it lives by, and what can be found where it writes.

    :ivar readable: whether bytes can be found in the clear anywhere the vault writes.
    """

    vault: EvidenceVault
    clock: SettableClock
    readable: Callable[[bytes], bool]

    def opened(self) -> str:
        """A session with a key for half an hour."""
        session = fresh_id()
        now: Instant = self.clock.now()
        self.vault.open(session, expires_at=now + _HALF_AN_HOUR)
        return session


class EvidenceVaultContract:
    """:class:`hkeid.ports.EvidenceVault`."""

    def test_what_is_put_is_what_is_got(self, vault: EvidenceUnderTest) -> None:
        """Items replace items of the same name; sessions do not see each other's."""
        mine, other = vault.opened(), vault.opened()
        vault.vault.put(mine, "selfie", b"1")
        vault.vault.put(mine, "card", b"")
        vault.vault.put(mine, "selfie", b"2" * 300_000)
        assert vault.vault.get(mine, "selfie") == b"2" * 300_000
        assert vault.vault.get(mine, "card") == b""
        assert vault.vault.get(mine, "details") is None
        assert vault.vault.get(other, "selfie") is None
        assert vault.vault.names(mine) == ("card", "selfie")
        assert vault.vault.names(other) == ()
        assert mine in vault.vault.sessions()
        assert other not in vault.vault.sessions()
        assert mine not in vault.vault.sessions(mine)

    def test_nothing_stands_in_the_clear(self, vault: EvidenceUnderTest) -> None:
        """Not even while the session lives."""
        canary = fresh_bytes(48)
        session = vault.opened()
        vault.vault.put(session, "card", canary)
        assert not vault.readable(canary)

    def test_opening_twice_changes_nothing(self, vault: EvidenceUnderTest) -> None:
        """The key stays the one it was."""
        session = vault.opened()
        vault.vault.put(session, "card", b"1")
        now = vault.clock.now()
        vault.vault.open(session, expires_at=now + timedelta(days=1))
        assert vault.vault.get(session, "card") == b"1"

    def test_what_is_destroyed_stays_so(self, vault: EvidenceUnderTest) -> None:
        """It may be done again; it cannot be undone."""
        session = vault.opened()
        vault.vault.put(session, "card", b"1")
        vault.vault.destroy(session)
        vault.vault.destroy(session)
        assert vault.vault.get(session, "card") is None
        assert vault.vault.names(session) == ()
        now = vault.clock.now()
        with pytest.raises(Expired, match="evidence_destroyed"):
            vault.vault.open(session, expires_at=now + _HALF_AN_HOUR)
        with pytest.raises(Expired, match="evidence_destroyed"):
            vault.vault.put(session, "card", b"2")
        with pytest.raises(Expired, match="evidence_destroyed"):
            vault.vault.extend(session, now + _HALF_AN_HOUR)

    def test_a_session_that_never_was_takes_nothing(self, vault: EvidenceUnderTest) -> None:
        """And can be destroyed beforehand."""
        session = fresh_id()
        with pytest.raises(Expired, match="evidence_destroyed"):
            vault.vault.put(session, "card", b"1")
        vault.vault.destroy(session)
        now = vault.clock.now()
        with pytest.raises(Expired, match="evidence_destroyed"):
            vault.vault.open(session, expires_at=now + _HALF_AN_HOUR)

    def test_time_ends_a_session(self, vault: EvidenceUnderTest) -> None:
        """For readers at once, for good with the next sweep; not if it was extended."""
        over, extended = vault.opened(), vault.opened()
        for session in (over, extended):
            vault.vault.put(session, "card", b"1")
        vault.vault.extend(extended, vault.clock.now() + timedelta(days=30))
        assert vault.vault.expire(vault.clock.now()) == ()
        assert vault.vault.oldest() == vault.clock.now() + _HALF_AN_HOUR
        vault.clock.advance(_HALF_AN_HOUR)
        assert vault.vault.get(over, "card") is None
        assert vault.vault.expire(vault.clock.now()) == (over,)
        assert vault.vault.get(extended, "card") == b"1"
        assert vault.vault.expire(vault.clock.now()) == ()
        oldest = vault.vault.oldest()
        assert oldest is not None
        assert oldest > vault.clock.now()

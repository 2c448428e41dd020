"""The races as tests of the contract, at a size that suits a test run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from hkeid.testing.store_contract import races
from hkeid.testing.store_contract.crowd import Crowd
from hkeid.testing.store_contract.everything import AnyStore


class RacesContract:
    """Law 1 under 32 simultaneous threads.

    :cvar rounds: how many fresh things each race is run for.
    :cvar further_rounds: the same for the races beside codes and refresh tokens.
    """

    rounds: ClassVar[int] = 100
    further_rounds: ClassVar[int] = 20
    parallel: ClassVar[int] = 32

    def stores(self, store: AnyStore) -> Sequence[AnyStore]:
        """Stores on the same state among which the threads are shared out; override to add more."""
        return (store,)

    def test_one_code_one_winner(self, store: AnyStore) -> None:
        """RFC 6749 §4.1.2: the code "MUST NOT be used more than once"."""
        self._run(races.redeem_code, store, self.rounds)

    def test_one_refresh_token_one_winner_and_a_replay_revokes_the_family(
        self, store: AnyStore
    ) -> None:
        """RFC 9700 §4.14.2, without grace."""
        self._run(races.rotate_without_grace, store, self.rounds)

    def test_within_grace_the_losers_get_the_same_successor(self, store: AnyStore) -> None:
        """Never another one."""
        self._run(races.rotate_within_grace, store, self.rounds)

    def test_a_failed_check_never_burns_the_code(self, store: AnyStore) -> None:
        """RFC 7636 §4.6, with honest clients at the same instant."""
        self._run(races.redeem_code_with_failing_checks, store, self.further_rounds)

    def test_a_rotation_under_way_does_not_escape_the_revocation(self, store: AnyStore) -> None:
        """The successor that a rival put meanwhile is revoked as well."""
        self._run(races.revoke_during_rotation, store, self.further_rounds)

    def test_one_identifier_one_winner(self, store: AnyStore) -> None:
        """RFC 7523 §3: a ``jti`` is accepted once."""
        self._run(races.put_identifier, store, self.further_rounds)

    def test_a_budget_is_exact(self, store: AnyStore) -> None:
        """Not one attempt more than the limit."""
        self._run(races.spend_budget, store, self.further_rounds)

    def test_one_change_of_a_resident_at_a_time(self, store: AnyStore) -> None:
        """Compare-and-set loses nothing."""
        self._run(races.change_resident, store, self.further_rounds)

    def test_one_process_delivers_a_logout_notice(self, store: AnyStore) -> None:
        """OpenID Connect Back-Channel Logout §2.5: taken up by one, done with once."""
        self._run(races.take_logout_notice, store, self.further_rounds)

    def test_the_audit_chains_are_whole_after_it_all(self, store: AnyStore) -> None:
        """After concurrent commits and rollbacks."""
        self._run(races.redeem_code_with_failing_checks, store, 3)
        case = races.check_audit(self.stores(store))
        assert case["attempts"] > 0
        assert not case["failures"], case["notes"]

    def _run(self, race: races.Race, store: AnyStore, rounds: int) -> None:
        with Crowd[Any](self.parallel) as crowd:
            field = races.Field(stores=self.stores(store), crowd=crowd)
            case = races.run_race(race, field, rounds)
        assert not case["failures"], case["notes"]

"""next → active → passive → retired, and why no relying party notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from hkeid.jose import public_jwks, sign_jwt, verify_jwt
from hkeid.jose.rotation import RotationPlan, RotationPolicy, Transition, plan_rotation
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant
from hkeid.ports import KeyPurpose, KeyState
from hkeid.testing.keys import MemoryKeyStore

NOW = datetime(2026, 11, 1, tzinfo=UTC)
POLICY = RotationPolicy(publication=timedelta(hours=1), farewell=timedelta(days=2))


@dataclass(frozen=True)
class Key:
    kid: str
    state: KeyState
    since: Instant = NOW
    algorithm: str = "ES256"


def plan(*keys: Key, at: timedelta = timedelta(0), published: bool = True) -> RotationPlan:
    return plan_rotation(keys, "ES256", NOW + at, POLICY, publication_required=published)


def test_the_first_key_signs_at_once() -> None:
    assert plan() == RotationPlan((), KeyState.ACTIVE)


def test_keys_of_other_algorithms_do_not_matter() -> None:
    assert plan(Key("rsa", KeyState.ACTIVE, algorithm="RS256")).create is KeyState.ACTIVE


def test_a_second_key_is_published_before_it_signs() -> None:
    assert plan(Key("a", KeyState.ACTIVE)) == RotationPlan((), KeyState.NEXT)


def test_a_key_does_not_sign_before_everybody_can_know_it() -> None:
    keys = (Key("a", KeyState.ACTIVE), Key("b", KeyState.NEXT))
    with pytest.raises(Refused) as caught:
        plan(*keys, at=timedelta(minutes=59))
    assert caught.value.reason == "key_not_published_long_enough"
    assert caught.value.detail is not None
    assert "2026-11-01T01:00" in caught.value.detail


def test_the_next_key_takes_over_and_the_old_one_stays_published() -> None:
    found = plan(Key("a", KeyState.ACTIVE), Key("b", KeyState.NEXT), at=timedelta(hours=1))
    assert found == RotationPlan(
        (Transition("b", KeyState.ACTIVE), Transition("a", KeyState.PASSIVE)), KeyState.NEXT
    )


def test_without_an_active_key_the_next_one_takes_over_at_once() -> None:
    assert plan(Key("b", KeyState.NEXT)).transitions == (Transition("b", KeyState.ACTIVE),)


def test_the_oldest_of_several_next_keys_comes_first() -> None:
    found = plan(
        Key("a", KeyState.ACTIVE),
        Key("late", KeyState.NEXT, NOW + timedelta(minutes=1)),
        Key("early", KeyState.NEXT),
        at=timedelta(hours=2),
    )
    assert found.transitions[0] == Transition("early", KeyState.ACTIVE)


def test_a_passive_key_retires_after_its_farewell() -> None:
    keys = (Key("a", KeyState.ACTIVE), Key("z", KeyState.PASSIVE))
    assert plan(*keys, at=timedelta(days=1)).transitions == ()
    assert plan(*keys, at=timedelta(days=2)).transitions == (Transition("z", KeyState.RETIRED),)


def test_a_key_that_nobody_caches_is_replaced_at_once_and_its_predecessor_never_retires() -> None:
    keys = (Key("a", KeyState.ACTIVE), Key("z", KeyState.PASSIVE))
    assert plan(*keys, at=timedelta(days=999), published=False) == RotationPlan(
        (Transition("a", KeyState.PASSIVE),), KeyState.ACTIVE
    )


def test_a_relying_party_that_caches_the_jwks_verifies_every_token() -> None:
    """100 rotations under load; the relying party fetches the JWKS as rarely as it may."""
    keys = MemoryKeyStore(algorithms=("ES256",), since=NOW)
    purpose, now = KeyPurpose.TOKEN_SIGNING, NOW
    cache_for = timedelta(minutes=59)
    fetched_at, cached = now, public_jwks(keys, purpose)["keys"]
    in_flight: list[tuple[str, Instant]] = []
    kids: set[str] = set()
    rotations = 0
    while rotations < 100:
        now += timedelta(minutes=20)
        try:
            keys.rotate(purpose, "ES256", now, POLICY)
            rotations += 1
        except Refused as refused:
            assert refused.reason == "key_not_published_long_enough"
        in_flight.append((sign_jwt(keys, purpose, {"n": 1}, algorithm="ES256"), now))
        if now - fetched_at > cache_for:
            fetched_at, cached = now, public_jwks(keys, purpose)["keys"]
        # Tokens are looked at now and up to an hour after they were signed.
        for token, _ in in_flight:
            found = verify_jwt(token, cached, algorithms={"ES256"}, typ={None})
            kids.add(found.header["kid"])
        in_flight = [(t, at) for t, at in in_flight if now - at < timedelta(hours=1)]
    assert len(kids) > 90

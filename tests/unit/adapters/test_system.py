from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.kernel import base64url


def test_the_clock_is_aware_and_in_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_tokens_are_base64url_of_as_many_bytes_as_asked_for() -> None:
    random = SystemRandom()
    for length in range(1, 40):
        assert len(random.token_bytes(length)) == length
        assert len(base64url.decode(random.token(length))) == length


def test_no_token_comes_twice() -> None:
    random = SystemRandom()
    assert len({random.token() for _ in range(1000)}) == 1000

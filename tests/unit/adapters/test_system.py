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


def test_no_token_looks_like_an_option_of_a_command() -> None:
    random = SystemRandom()
    # One in 64 would: of 5,000 the chance to see none by luck is below 10^-34.
    assert not [token for token in (random.token(3) for _ in range(5000)) if token[0] == "-"]

"""Once means once, through the whole provider (law 1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from hkeid.kernel.http import Response
from hkeid.op import ConsentGiven, Interaction, ProviderSettings
from hkeid.op.records import ClientAuthMethod
from hkeid.testing.provider import BROWSER, CALLBACK, VERIFIER, ProviderBench, a_client

PUBLIC = a_client(
    auth_method=ClientAuthMethod.NONE, grant_types=("authorization_code", "refresh_token")
)
TOGETHER = 16


def at_once(call: Callable[[], Response]) -> list[Response]:
    """The answers to the same request sent by many threads at the same moment."""
    start, answers = Barrier(TOGETHER), list[Response]()

    def run() -> None:
        start.wait()
        answers.append(call())

    threads = [Thread(target=run, daemon=True) for _ in range(TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == TOGETHER
    return answers


def bench_with(grace: timedelta) -> ProviderBench:
    bench = ProviderBench(PUBLIC, settings=ProviderSettings(refresh_grace=grace))
    bench.log_in()
    return bench


def refresh_token(bench: ProviderBench) -> str:
    step = bench.authorize(scope="openid offline_access", prompt="consent")
    assert isinstance(step, Interaction)
    view = bench.sessions.current("session-reference", bench.clock.now())
    answer = bench.provider.resume(step.id, ConsentGiven(), browser=BROWSER, session=view)
    token: str = bench.exchange(bench.code(answer))["refresh_token"]
    return token


def test_a_code_is_redeemed_once() -> None:
    bench = bench_with(timedelta(0))
    for _ in range(20):
        form = {
            "grant_type": "authorization_code",
            "code": bench.code(bench.authorize()),
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        answers = at_once(lambda form=form: bench.token(bench.client, **form))  # type: ignore[misc]
        assert Counter(a.status for a in answers) == {200: 1, 400: TOGETHER - 1}
        won = next(a for a in answers if a.status == 200)
        # The losers were replays, so what the winner got is revoked.
        assert bench.userinfo(bench.good(won)["access_token"]).status == 401


def test_a_refresh_token_is_used_once_without_grace() -> None:
    bench = bench_with(timedelta(0))
    for _ in range(20):
        token = refresh_token(bench)
        answers = at_once(lambda token=token: bench.refresh(token))  # type: ignore[misc]
        assert Counter(a.status for a in answers) == {200: 1, 400: TOGETHER - 1}


def test_within_grace_every_loser_gets_the_same_successor() -> None:
    bench = bench_with(timedelta(seconds=10))
    for _ in range(20):
        token = refresh_token(bench)
        answers = at_once(lambda token=token: bench.refresh(token))  # type: ignore[misc]
        assert {a.status for a in answers} == {200}
        bodies = [bench.good(a) for a in answers]
        assert len({body["refresh_token"] for body in bodies}) == 1
        assert len({body["access_token"] for body in bodies}) == TOGETHER


@pytest.mark.parametrize("path", ["/token", "/revoke"])
def test_an_assertion_is_used_once(path: str) -> None:
    bench = ProviderBench(a_client(grant_types=("authorization_code", "refresh_token")))
    bench.log_in()
    for _ in range(20):
        token = refresh_token(bench)
        form = {
            **bench.credentials(),
            "grant_type": "refresh_token",
            "refresh_token": token,
            "token": "unknown",
        }
        answers = at_once(lambda form=form: bench.post(path, form))  # type: ignore[misc]
        assert Counter(a.status for a in answers) == {200: 1, 401: TOGETHER - 1}

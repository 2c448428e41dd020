"""The HMAC over a request, and what the other side refuses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote

import pytest
from tests.unit.upstream.iam_smart.conftest import Bench

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import epoch_seconds
from hkeid.kernel.secret import Secret
from hkeid.ports.surroundings import HttpAnswer
from hkeid.rp.surroundings import SystemClock
from hkeid.rp.transport import DirectHttpClient
from hkeid.testing.fake_hub import SettableClock
from hkeid.upstream import UpstreamUnavailable
from hkeid.upstream.iam_smart.content_keys import ContentKey, ContentKeys
from hkeid.upstream.iam_smart.request_signatures import (
    ProcessTimestamps,
    check_signature,
    signed_headers,
)

SECRET = Secret("0123456789abcdef0123456789abcdef")
BODY = '{"content":"測試"}'.encode()


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_the_signature_is_over_the_bytes_that_are_sent() -> None:
    """``URLencode(Base64(HMAC-SHA256(secret as text, clientID‖method‖timestamp‖nonce‖body)))``."""
    headers = signed_headers(SECRET, "client", timestamp=1_700_000_000_000, nonce="n", body=BODY)
    message = b"clientHmacSHA2561700000000000n" + BODY
    digest = hmac.new(SECRET.reveal().encode(), message, hashlib.sha256).digest()
    assert headers["signature"] == quote(base64.b64encode(digest), safe="")
    assert check_signature(SECRET, "client", lower(headers), BODY) == (1_700_000_000_000, "n")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"signature": "AAAA"}, "signature_wrong"),
        ({"signature": ""}, "signature_wrong"),
        ({"signaturemethod": "HmacSHA1"}, "signature_method_unknown"),
        ({"timestamp": "1700000000001"}, "signature_wrong"),
        ({"timestamp": "-1"}, "signature_headers_malformed"),
        ({"timestamp": ""}, "signature_headers_malformed"),
        ({"nonce": "m"}, "signature_wrong"),
        ({"nonce": "n" * 37}, "signature_headers_malformed"),
    ],
)
def test_an_altered_header_is_noticed(change: dict[str, str], reason: str) -> None:
    headers = lower(
        signed_headers(SECRET, "client", timestamp=1_700_000_000_000, nonce="n", body=BODY)
    )
    with pytest.raises(Refused) as caught:
        check_signature(SECRET, "client", headers | change, BODY)
    assert caught.value.reason == reason


def test_an_altered_body_another_client_and_another_secret_are_noticed() -> None:
    headers = lower(signed_headers(SECRET, "client", timestamp=1, nonce="n", body=BODY))
    for secret, client, body in (
        (SECRET, "client", BODY + b" "),
        (SECRET, "client2", BODY),
        (Secret("another"), "client", BODY),
    ):
        with pytest.raises(Refused) as caught:
            check_signature(secret, client, headers, body)
        assert caught.value.reason == "signature_wrong"


def test_timestamps_never_go_back() -> None:
    source = ProcessTimestamps()
    assert [source.next(now) for now in (5, 3, 5, 7, 6)] == [5, 5, 5, 7, 7]
    assert [source.later_than(one) for one in (6, 7, 8)] == [True, False, False]


def send(bench: Bench, path: str, headers: dict[str, str], body: bytes) -> str:
    answer: HttpAnswer = DirectHttpClient().send(
        "POST",
        bench.simulator.url + path,
        headers={"Content-Type": "application/json", **headers},
        body=body,
    )
    return str(canonical_json.loads_object(answer.body)["code"])


def test_the_simulator_refuses_what_iam_smart_refuses(bench: Bench) -> None:
    """D20006 wrong HMAC, D20004 replayed nonce, D20003 stale or lower timestamp, D30002 and D30004 content keys."""
    registration = bench.simulator.registration
    now = epoch_seconds(SystemClock().now()) * 1000
    path = "/api/v1/security/getKey"

    def headers(
        timestamp: int, nonce: str, body: bytes = b"", secret: Secret = registration.client_secret
    ) -> dict[str, str]:
        return signed_headers(
            secret, registration.client_id, timestamp=timestamp, nonce=nonce, body=body
        )

    good = headers(now, "once")
    assert send(bench, path, good, b"") == "D00000"
    assert send(bench, path, good, b"") == "D20004"
    assert send(bench, path, headers(now - 1, "lower"), b"") == "D20003"
    assert send(bench, path, headers(now + 600_000, "ahead"), b"") == "D20003"
    assert send(bench, path, headers(now, "other", secret=Secret("wrong")), b"") == "D20006"
    assert send(bench, path, {**headers(now, "m"), "signatureMethod": "none"}, b"") == "D20005"
    token = "/api/v1/auth/getToken"
    sealed = b'{"content":"AAAADA=="}'
    assert send(bench, token, headers(now, "sealed", sealed), sealed) == "D30004"
    bench.simulator.memory.key = None
    assert send(bench, token, headers(now, "no-key", sealed), sealed) == "D30002"


def test_a_revoked_key_is_fetched_anew(bench: Bench) -> None:
    bench.log_in()
    before = bench.simulator.memory.key
    bench.upstream.api.revoke_key()
    assert bench.log_in()
    assert bench.simulator.memory.key != before


def test_many_at_once_all_get_in(bench: Bench) -> None:
    """Timestamps must not go back, and requests overtake each other: those are signed anew."""
    departures = [bench.begin() for _ in range(48)]
    backs = [bench.simulator.approve_login(one.to, "chan-tai-man") for one in departures]
    with ThreadPoolExecutor(16) as threads:
        answers = list(
            threads.map(
                lambda pair: bench.finish(pair[0].kept, pair[1]),
                zip(departures, backs, strict=True),
            )
        )
    assert len(answers) == 48
    assert len({answer.subject for answer in answers}) == 1


def test_visitors_who_wait_for_a_key_share_its_failure() -> None:
    """The last of a hundred does not wait a hundred time limits."""
    asked: list[float] = []

    def fetch() -> ContentKey:
        asked.append(1)
        time.sleep(0.2)
        raise UpstreamUnavailable("iam_smart_unreachable")

    keys = ContentKeys(fetch)

    def visit(_: int) -> str:
        try:
            keys.current(SystemClock().now())
        except UpstreamUnavailable as error:
            return error.reason
        return "a key"

    with ThreadPoolExecutor(20) as threads:
        assert set(threads.map(visit, range(20))) == {"iam_smart_unreachable"}
    assert len(asked) < 5


def test_a_key_is_fetched_once_for_all_and_again_when_it_is_over() -> None:
    clock, made = SettableClock(), []

    def fetch() -> ContentKey:
        made.append(
            ContentKey(value=bytes([len(made)]) * 32, expires_at=clock.now() + timedelta(hours=1))
        )
        return made[-1]

    keys = ContentKeys(fetch)
    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(lambda _: keys.current(clock.now()).value, range(50)))) == 1
    clock.advance(timedelta(minutes=59, seconds=29))
    assert keys.current(clock.now()) is made[0]
    clock.advance(2)
    assert keys.current(clock.now()) is made[1]
    keys.forget(made[0])
    assert keys.current(clock.now()) is made[1]
    keys.forget(made[1])
    assert keys.current(clock.now()) is made[2]
    assert "value" not in repr(made[2])

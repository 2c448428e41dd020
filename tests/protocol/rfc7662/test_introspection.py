"""Token introspection (RFC 7662)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hkeid.identity.state import EidState
from hkeid.kernel.http import Response
from hkeid.kernel.instants import epoch_seconds
from hkeid.op.records import ClientAuthMethod
from hkeid.testing.provider import ISSUER, ProviderBench, a_client


@pytest.fixture
def bench() -> ProviderBench:
    bench = ProviderBench(
        a_client(), a_client("other"), a_client("app", auth_method=ClientAuthMethod.NONE)
    )
    bench.log_in()
    return bench


@pytest.fixture
def token(bench: ProviderBench) -> str:
    return str(bench.exchange(bench.code(bench.authorize()))["access_token"])


def ask(bench: ProviderBench, token: str, **form: str | None) -> Response:
    return bench.post("/introspect", {**bench.credentials(), "token": token, **form})


def test_a_client_learns_what_its_token_is_good_for(bench: ProviderBench, token: str) -> None:
    """§2.2: ``active`` REQUIRED, the others OPTIONAL."""
    now = epoch_seconds(bench.clock.now())
    response = ask(bench, token)
    answer = bench.good(response)
    assert answer.pop("sub")
    assert answer == {
        "active": True,
        "iss": ISSUER,
        "client_id": "hko",
        "token_type": "Bearer",
        "scope": "openid",
        "iat": now,
        "exp": now + 600,
    }
    assert response.header("Cache-Control") == "no-store"


def test_everything_else_is_inactive_and_nothing_more(bench: ProviderBench, token: str) -> None:
    """§2.2: for a token that is not active "the authorization server MUST NOT include any additional
    information".
    """
    inactive = {"active": False}
    assert bench.good(ask(bench, "unknown")) == inactive
    with bench.store.transaction() as tx:
        other = tx.clients.get("other")
    theirs = bench.post("/introspect", {**bench.credentials(other), "token": token})
    assert bench.good(theirs) == inactive
    nobody = bench.post("/introspect", {"client_id": "app", "token": token})
    assert bench.good(nobody) == inactive
    bench.set_state("resident-1", EidState.SUSPENDED)
    assert bench.good(ask(bench, token)) == inactive
    bench.set_state("resident-1", EidState.ACTIVE)
    bench.clock.advance(timedelta(minutes=10))
    assert bench.good(ask(bench, token)) == inactive


def test_a_revoked_token_is_inactive(bench: ProviderBench, token: str) -> None:
    assert bench.post("/revoke", {**bench.credentials(), "token": token}).status == 200
    assert bench.good(ask(bench, token)) == {"active": False}


@pytest.mark.parametrize(
    ("form", "error", "status"),
    [
        ({"token": None}, "invalid_request", 400),
        ({"client_assertion": "a.b.c"}, "invalid_client", 401),
        ({"client_assertion": None, "client_assertion_type": None}, "invalid_client", 401),
    ],
)
def test_errors(
    bench: ProviderBench, token: str, form: dict[str, str | None], error: str, status: int
) -> None:
    """§2.1: "the endpoint MUST also require some form of authorization"; §2.3."""
    response = bench.post("/introspect", {**bench.credentials(), "token": token, **form})
    assert (response.status, bench.error(response)) == (status, error)


def test_an_assertion_is_used_up_here_too(bench: ProviderBench, token: str) -> None:
    form = {**bench.credentials(), "token": token}
    assert bench.good(bench.post("/introspect", form))["active"]
    assert bench.error(bench.post("/introspect", form)) == "invalid_client"

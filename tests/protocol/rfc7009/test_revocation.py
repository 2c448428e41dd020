"""Token revocation (RFC 7009)."""

from __future__ import annotations

import pytest

from hkeid.kernel.http import Request, Response
from hkeid.op import ConsentGiven, Interaction
from hkeid.testing.provider import BROWSER, ProviderBench, a_client

GRANTS = ("authorization_code", "refresh_token")


@pytest.fixture
def bench() -> ProviderBench:
    return ProviderBench(a_client(grant_types=GRANTS), a_client("other"))


@pytest.fixture
def tokens(bench: ProviderBench) -> dict[str, str]:
    view = bench.log_in()
    asked = bench.authorize(scope="openid offline_access", prompt="consent")
    assert isinstance(asked, Interaction)
    answer = bench.provider.resume(asked.id, ConsentGiven(), browser=BROWSER, session=view)
    return bench.exchange(bench.code(answer))


def revoke(bench: ProviderBench, token: str, **form: str | None) -> Response:
    return bench.post("/revoke", {**bench.credentials(), "token": token, **form})


def test_an_access_token_is_revoked_alone(bench: ProviderBench, tokens: dict[str, str]) -> None:
    """§2.1: revoking an access token "MAY" revoke the refresh token; it does not here."""
    assert revoke(bench, tokens["access_token"]).status == 200
    assert bench.userinfo(tokens["access_token"]).status == 401
    assert bench.events()[-1] == "op:token:revoked"
    assert bench.refresh(tokens["refresh_token"]).status == 200


def test_with_a_refresh_token_goes_the_whole_grant(
    bench: ProviderBench, tokens: dict[str, str]
) -> None:
    """§2.1: "the authorization server SHOULD also invalidate all access tokens"."""
    assert revoke(bench, tokens["refresh_token"]).status == 200
    assert bench.userinfo(tokens["access_token"]).status == 401
    assert bench.error(bench.refresh(tokens["refresh_token"])) == "invalid_grant"


def test_a_rotated_refresh_token_still_revokes(
    bench: ProviderBench, tokens: dict[str, str]
) -> None:
    newer = bench.good(bench.refresh(tokens["refresh_token"]))
    assert revoke(bench, tokens["refresh_token"]).status == 200
    assert bench.error(bench.refresh(newer["refresh_token"])) == "invalid_grant"
    assert bench.userinfo(newer["access_token"]).status == 401


@pytest.mark.parametrize("token", ["unknown", "天", "x" * 512])
def test_an_unknown_token_is_revoked_already(bench: ProviderBench, token: str) -> None:
    """§2.2: "invalid tokens do not cause an error response"."""
    response = revoke(bench, token)
    assert (response.status, response.body) == (200, b"")
    assert response.header("Cache-Control") == "no-store"


def test_twice_is_as_good_as_once(bench: ProviderBench, tokens: dict[str, str]) -> None:
    for name in ("access_token", "refresh_token"):
        assert revoke(bench, tokens[name]).status == 200
        assert revoke(bench, tokens[name]).status == 200
    assert bench.events().count("op:token:revoked") == 2


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "unknown_kind"])
@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_the_hint_is_a_hint(
    bench: ProviderBench, tokens: dict[str, str], name: str, hint: str
) -> None:
    """§2.1: if it cannot be found with the hint, "it MUST extend its search"."""
    assert revoke(bench, tokens[name], token_type_hint=hint).status == 200
    assert bench.userinfo(tokens["access_token"]).status == 401


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
def test_a_token_of_another_client_stays(
    bench: ProviderBench, tokens: dict[str, str], name: str
) -> None:
    """§2.1: "the request is refused and the client is informed of the error"."""
    with bench.store.transaction() as tx:
        other = tx.clients.get("other")
    response = bench.post("/revoke", {**bench.credentials(other), "token": tokens[name]})
    assert (response.status, bench.error(response)) == (400, "invalid_grant")
    assert bench.userinfo(tokens["access_token"]).status == 200


@pytest.mark.parametrize(
    ("form", "error", "status"),
    [
        ({"token": None}, "invalid_request", 400),
        ({"token": ""}, "invalid_request", 400),
        ({"token": "x" * 513}, "invalid_request", 400),
        ({"client_assertion": "a.b.c"}, "invalid_client", 401),
        ({"client_assertion": None, "client_assertion_type": None}, "invalid_client", 401),
    ],
)
def test_errors(bench: ProviderBench, form: dict[str, str | None], error: str, status: int) -> None:
    response = bench.post("/revoke", {**bench.credentials(), "token": "x", **form})
    assert (response.status, bench.error(response)) == (status, error)


def test_an_assertion_is_used_up_here_too(bench: ProviderBench) -> None:
    form = {**bench.credentials(), "token": "x"}
    assert bench.post("/revoke", form).status == 200
    assert bench.error(bench.post("/revoke", form)) == "invalid_client"
    assert bench.error(bench.post("/token", {**form, "grant_type": "x"})) == (
        "unsupported_grant_type"
    )


def test_the_method_is_post(bench: ProviderBench) -> None:
    response = bench.provider.handle(Request(method="GET", path="/revoke"))
    assert isinstance(response, Response)
    assert response.status == 405


def test_a_refusal_uses_up_the_assertion(bench: ProviderBench, tokens: dict[str, str]) -> None:
    """RFC 7523 §3 (7): what proved who the client is proves it once, whatever comes of it."""
    for token in (tokens["access_token"], tokens["refresh_token"]):
        credentials = {**bench.credentials(), "client_assertion": bench.assertion("other")}
        refused = bench.post("/revoke", {**credentials, "token": token})
        assert bench.error(refused) == "invalid_grant"
        again = bench.post("/revoke", {**credentials, "token": "unknown"})
        assert bench.error(again) == "invalid_client"
    assert bench.userinfo(tokens["access_token"]).status == 200

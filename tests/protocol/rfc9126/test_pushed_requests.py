"""Pushed authorization requests (RFC 9126)."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from hkeid.kernel.http import Parameters, Request, Response
from hkeid.oidc.client_assertion import ASSERTION_TYPE
from hkeid.op import ErrorPage, Interaction, LoggedIn, ProviderSettings
from hkeid.op.records import ClientAuthMethod
from hkeid.testing.provider import BROWSER, CALLBACK, ISSUER, ProviderBench, a_client


@pytest.fixture
def bench() -> ProviderBench:
    bench = ProviderBench(
        a_client(),
        a_client("other"),
        a_client("app", auth_method=ClientAuthMethod.NONE),
    )
    bench.log_in()
    return bench


def pushed(bench: ProviderBench, **changes: str | None) -> dict[str, Any]:
    response = bench.push(**changes)
    assert response.status == 201, response.body
    return json.loads(response.body)


def test_a_request_is_pushed_named_and_answered(bench: ProviderBench) -> None:
    """§2.2: "the server MUST generate a request URI and provide it in the response with a 201"."""
    response = bench.push()
    assert response.status == 201
    assert response.header("Cache-Control") == "no-store"
    answer = json.loads(response.body)
    assert answer["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert answer["expires_in"] == 90
    assert "confirmation_code" not in answer
    code = bench.answer(bench.authorize_pushed(answer["request_uri"]))
    assert code["state"] == "state-1"
    assert code["iss"] == ISSUER
    assert bench.exchange(code["code"])["id_token"]


def test_the_name_cannot_be_guessed(bench: ProviderBench) -> None:
    """§2.2: "a cryptographically strong random value", and no two are alike."""
    names = {pushed(bench)["request_uri"] for _ in range(20)}
    assert len(names) == 20
    assert all(len(name) >= len("urn:ietf:params:oauth:request_uri:") + 43 for name in names)


def test_a_name_is_good_once(bench: ProviderBench) -> None:
    """§7.3: "the authorization server SHOULD make the request URIs one-time use"."""
    uri = pushed(bench)["request_uri"]
    assert bench.code(bench.authorize_pushed(uri))
    again = bench.authorize_pushed(uri)
    assert isinstance(again, ErrorPage)
    assert (again.error.code, again.error.reason) == ("invalid_request_uri", "pushed_request_used")


def test_of_many_at_once_one_is_served(bench: ProviderBench) -> None:
    uri = pushed(bench)["request_uri"]
    barrier, answers = Barrier(8), []

    def go() -> None:
        barrier.wait()
        answers.append(bench.authorize_pushed(uri))

    threads = [Thread(target=go) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(answers) == 8
    assert sum(not isinstance(one, ErrorPage) for one in answers) == 1


def test_a_name_does_not_last(bench: ProviderBench) -> None:
    """§2.2: ``expires_in`` is short; §4 then wants an error."""
    uri = pushed(bench)["request_uri"]
    bench.clock.advance(timedelta(seconds=90))
    late = bench.authorize_pushed(uri)
    assert isinstance(late, ErrorPage)
    assert late.error.reason == "pushed_request_unknown_or_expired"


def test_a_name_belongs_to_its_client(bench: ProviderBench) -> None:
    """§2.2: "the request URI MUST be bound to the client that posted the authorization request"."""
    uri = pushed(bench)["request_uri"]
    stolen = bench.authorize_pushed(uri, client_id="other")
    assert isinstance(stolen, ErrorPage)
    assert stolen.error.reason == "pushed_request_of_other_client"
    assert bench.code(bench.authorize_pushed(uri)), "and is not wasted by another"


@pytest.mark.parametrize("name", ["unknown", "", "天", "x" * 900])
def test_a_name_that_never_was(bench: ProviderBench, name: str) -> None:
    answer = bench.authorize_pushed("urn:ietf:params:oauth:request_uri:" + name)
    assert isinstance(answer, ErrorPage)
    assert answer.error.code == "invalid_request_uri"


def test_the_client_id_stays_needed(bench: ProviderBench) -> None:
    """§4: the client "sends ... the ``client_id``" beside the ``request_uri``."""
    query = Parameters.of({"request_uri": pushed(bench)["request_uri"]})
    answer = bench.provider.handle(Request(method="GET", path="/authorize", query=query))
    assert isinstance(answer, ErrorPage)
    assert answer.error.reason == "client_id_missing"


def test_nothing_counts_but_what_was_pushed(bench: ProviderBench) -> None:
    """RFC 9101 §6.3: "the authorization server MUST only use the parameters in the Request Object"."""
    uri = pushed(bench, state="pushed")["request_uri"]
    answer = bench.authorize(request_uri=uri, state="added", redirect_uri="https://evil.example")
    assert isinstance(answer, Response)
    assert (answer.header("Location") or "").startswith(CALLBACK)
    assert bench.answer(answer)["state"] == "pushed"


def test_a_journey_goes_on_through_a_login(bench: ProviderBench) -> None:
    uri = pushed(bench, prompt="login")["request_uri"]
    step = bench.authorize_pushed(uri)
    assert isinstance(step, Interaction)
    bench.clock.advance(timedelta(seconds=5))
    view = bench.log_in()
    done = bench.provider.resume(step.id, LoggedIn(), browser=BROWSER, session=view)
    assert bench.code(done)


@pytest.mark.parametrize(
    ("changes", "error", "status"),
    [
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request", 400),
        ({"request": "a.b.c"}, "request_not_supported", 400),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request", 400),
        ({"redirect_uri": None}, "invalid_request", 400),
        ({"response_type": "token"}, "unsupported_response_type", 400),
        ({"scope": "profile"}, "invalid_scope", 400),
        ({"code_challenge": None}, "invalid_request", 400),
        ({"code_challenge_method": "plain"}, "invalid_request", 400),
        ({"prompt": "none login"}, "invalid_request", 400),
        ({"claims": "{"}, "invalid_request", 400),
        ({"authorization_details": "[]"}, "invalid_authorization_details", 400),
        ({"state": "x" * 5000}, "invalid_request", 400),
    ],
)
def test_what_authorization_refuses_pushing_refuses(
    bench: ProviderBench, changes: dict[str, str | None], error: str, status: int
) -> None:
    """§2.1 (3): the server "validates the pushed request as it would an authorization request";
    §2.3: errors are those of the token endpoint.
    """
    response = bench.push(**changes)
    assert (response.status, bench.error(response)) == (status, error)


def test_the_client_authenticates_as_at_the_token_endpoint(bench: ProviderBench) -> None:
    """§2.1 (1): "authenticates the client in the same way as at the token endpoint"."""
    without = bench.post("/par", bench.parameters())
    assert (without.status, bench.error(without)) == (401, "invalid_client")
    form = {**bench.parameters(), **bench.credentials()}
    assert bench.post("/par", form).status == 201
    replayed = bench.post("/par", form)
    assert (replayed.status, bench.error(replayed)) == (401, "invalid_client")
    wrong = bench.post("/par", {**bench.parameters(), **bench.credentials(), "client_id": "other"})
    assert bench.error(wrong) == "invalid_request"


def test_an_assertion_is_used_up_by_a_request_that_is_refused_too(bench: ProviderBench) -> None:
    form = {**bench.parameters(scope="profile"), **bench.credentials()}
    assert bench.error(bench.post("/par", form)) == "invalid_scope"
    assert bench.error(bench.post("/par", {**form, "scope": "openid"})) == "invalid_client"


@pytest.mark.parametrize("audience", [ISSUER, f"{ISSUER}/token", f"{ISSUER}/par"])
def test_three_audiences_are_accepted(bench: ProviderBench, audience: str) -> None:
    """§2: "the authorization server MUST accept its issuer identifier, token endpoint URL, or pushed
    authorization request endpoint URL as values that identify it as an intended audience".
    """
    credentials = {
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": bench.assertion(aud=audience),
    }
    assert bench.post("/par", {**bench.parameters(), **credentials}).status == 201


def test_a_public_client_pushes_too(bench: ProviderBench) -> None:
    """§2: "The endpoint can be used by public clients"."""
    uri = json.loads(bench.post("/par", bench.parameters(client_id="app")).body)["request_uri"]
    assert bench.code(bench.authorize_pushed(uri, client_id="app"))


@pytest.mark.parametrize("everyone", [True, False])
def test_pushing_can_be_required(everyone: bool) -> None:
    """§5 and §6: ``require_pushed_authorization_requests``, of the server and of a client."""
    settings = ProviderSettings(
        client_cache=timedelta(0), require_pushed_authorization_requests=everyone
    )
    client = a_client(require_pushed_authorization_requests=not everyone)
    bench = ProviderBench(client, settings=settings)
    bench.log_in()
    refused = bench.answer(bench.authorize())
    assert (refused["error"], refused["state"]) == ("invalid_request", "state-1")
    assert bench.code(bench.authorize_pushed(pushed(bench)["request_uri"]))
    metadata = bench.good(
        bench.provider.handle(Request(method="GET", path="/.well-known/openid-configuration"))
    )
    assert metadata["pushed_authorization_request_endpoint"] == f"{ISSUER}/par"
    assert metadata["require_pushed_authorization_requests"] is everyone


def test_the_method_is_post(bench: ProviderBench) -> None:
    """§2.3: 405 where "the request did not use the POST method"."""
    response = bench.provider.handle(Request(method="GET", path="/par"))
    assert isinstance(response, Response)
    assert response.status == 405

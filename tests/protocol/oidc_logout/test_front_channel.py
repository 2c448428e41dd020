"""OpenID Connect Front-Channel Logout 1.0, the provider's half."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hkeid.kernel.http import Parameters, Request
from hkeid.op import Interaction, LogoutConfirmed, LogoutDeclined, LogoutPage
from hkeid.testing.detail_types import TicketType
from hkeid.testing.provider import BROWSER, CALLBACK, ISSUER, ProviderBench, a_client

BYE = "https://rp.example.hk/bye"
FRAME = "https://rp.example.hk/eid/front-channel?lang=en"


@pytest.fixture
def bench() -> ProviderBench:
    return ProviderBench(
        a_client(frontchannel_logout_uri=FRAME),
        a_client("plain", redirect_uris=(CALLBACK,)),
    )


def log_in(bench: ProviderBench) -> dict[str, Any]:
    bench.log_in(session_id="session-1")
    token = bench.exchange(bench.code(bench.authorize()))["id_token"]
    return {"hint": token, **bench.claims_of(token)}


def log_out(bench: ProviderBench, hint: str, outcome: Any = None, **more: str) -> Any:
    query = Parameters.of({"id_token_hint": hint, **more})
    step = bench.provider.handle(
        Request(
            method="GET", path="/logout", query=query, browser=BROWSER, session="session-reference"
        )
    )
    assert isinstance(step, Interaction)
    if outcome is None:
        bench.sessions.end("session-reference")
    return bench.provider.resume(
        step.id, outcome or LogoutConfirmed(), browser=BROWSER, session=None
    )


def test_3_the_address_is_loaded_with_iss_and_sid(bench: ProviderBench) -> None:
    """What the address has of a query stays (§2)."""
    told = log_in(bench)
    page = log_out(bench, told["hint"], post_logout_redirect_uri=BYE, state="s")
    assert isinstance(page, LogoutPage)
    assert page.signed_out
    [frame] = page.frames
    assert frame.startswith("https://rp.example.hk/eid/front-channel?")
    assert parse_qs(urlsplit(frame).query) == {
        "lang": ["en"],
        "iss": [ISSUER],
        "sid": [told["sid"]],
    }
    assert page.onward == f"{BYE}?state=s"
    assert page.header("Location") is None


def test_without_a_redirect_the_page_stays(bench: ProviderBench) -> None:
    page = log_out(bench, log_in(bench)["hint"])
    assert isinstance(page, LogoutPage)
    assert (len(page.frames), page.onward) == (1, None)


def test_who_has_given_its_tokens_back_is_told_all_the_same(bench: ProviderBench) -> None:
    told = log_in(bench)
    with bench.store.transaction() as tx:
        for grant in tx.grants.of_session("session-1"):
            tx.grants.revoke(grant.id, bench.clock.now())
    assert len(log_out(bench, told["hint"]).frames) == 1


def test_nobody_is_told_of_a_logout_that_was_declined(bench: ProviderBench) -> None:
    page = log_out(bench, log_in(bench)["hint"], LogoutDeclined())
    assert (page.signed_out, page.frames) == (False, ())


def test_clients_without_an_address_cost_no_page() -> None:
    """As before: straight to the redirect URI."""
    bench = ProviderBench(a_client(backchannel_logout_uri="https://rp.example.hk/told"))
    answer = log_out(bench, log_in(bench)["hint"], post_logout_redirect_uri=BYE)
    assert answer.header("Location") == BYE


def test_a_logout_at_the_provider_itself(bench: ProviderBench) -> None:
    told = log_in(bench)
    [frame] = bench.provider.front_channel_logouts("session-1")
    assert parse_qs(urlsplit(frame).query)["sid"] == [told["sid"]]
    assert bench.provider.front_channel_logouts("another") == ()


def test_discovery_says_so(bench: ProviderBench) -> None:
    """Back-Channel Logout §2.1, Front-Channel Logout §3."""
    answer = bench.provider.handle(Request(method="GET", path="/.well-known/openid-configuration"))
    import json

    found = json.loads(answer.body)  # type: ignore[union-attr]
    for name in ("backchannel", "frontchannel"):
        assert found[f"{name}_logout_supported"] is True
        assert found[f"{name}_logout_session_supported"] is True


def test_a_client_that_nobody_logged_in_at_is_not_told() -> None:
    """``sid`` would tie a form that was filled without a login to the resident's session."""
    tickets = TicketType()
    bench = ProviderBench(
        a_client(),
        a_client(
            "other",
            redirect_uris=(CALLBACK,),
            frontchannel_logout_uri=FRAME,
            authorization_details_types=(tickets.name,),
        ),
        details=(tickets,),
    )
    told = log_in(bench)
    asked = json.dumps([{"type": tickets.name, "count": 1}])
    bench.code(bench.authorize(client_id="other", scope=None, authorization_details=asked))
    page = log_out(bench, told["hint"])
    assert getattr(page, "frames", ()) == ()

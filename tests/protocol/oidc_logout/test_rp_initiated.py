"""OpenID Connect RP-Initiated Logout 1.0; tests named after the modules of the conformance suite
say which one they stand for.
"""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.kernel.errors import AlreadyUsed, Refused
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.op import (
    ConsentGiven,
    ErrorPage,
    Interaction,
    InteractionKind,
    LoggedIn,
    LogoutConfirmed,
    LogoutDeclined,
    LogoutPage,
    Outcome,
)
from hkeid.testing.provider import BROWSER, ProviderBench, RelyingPartyKey, a_client

BYE = "https://rp.example.hk/bye"


@pytest.fixture
def bench() -> ProviderBench:
    return ProviderBench(
        a_client(
            grant_types=("authorization_code", "refresh_token"),
            post_logout_redirect_uris=(BYE, BYE + "?a=1"),
        ),
        a_client("other", post_logout_redirect_uris=("https://other.example/bye",)),
    )


@pytest.fixture
def hint(bench: ProviderBench) -> str:
    bench.log_in()
    token: str = bench.exchange(bench.code(bench.authorize()))["id_token"]
    return token


def logout(
    bench: ProviderBench,
    *,
    method: str = "GET",
    browser: str | None = BROWSER,
    **parameters: str,
) -> Response | Interaction:
    pairs = Parameters.of(parameters)
    return bench.provider.handle(
        Request(
            method=method,
            path="/logout",
            query=pairs if method == "GET" else Parameters(),
            form=pairs if method == "POST" else Parameters(),
            browser=browser,
            session="session-reference",
        )
    )


def asked(answer: Response | Interaction) -> Interaction:
    assert isinstance(answer, Interaction), answer
    assert answer.kind is InteractionKind.LOGOUT
    return answer


def answer(bench: ProviderBench, step: Interaction, outcome: Outcome) -> Response:
    """What the server does: end the session if the resident agrees, then resume."""
    if isinstance(outcome, LogoutConfirmed):
        bench.sessions.end("session-reference")
    response = bench.provider.resume(step.id, outcome, browser=BROWSER, session=None)
    assert isinstance(response, Response)
    return response


def error(page: Response | Interaction) -> str:
    assert isinstance(page, ErrorPage), page
    assert page.header("Location") is None
    return page.error.reason


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_oidcc_rp_initiated_logout(bench: ProviderBench, hint: str, method: str) -> None:
    """§2: GET and POST; §3: redirected with ``state``."""
    step = asked(
        logout(
            bench, method=method, id_token_hint=hint, post_logout_redirect_uri=BYE, state="a&b é"
        )
    )
    assert step.ask is False, "the hint belongs to the present session"
    response = answer(bench, step, LogoutConfirmed())
    assert response.status == 303
    assert (response.header("Location") or "").startswith(BYE + "?")
    assert bench.answer(response) == {"state": "a&b é"}
    assert bench.answer(bench.authorize(prompt="none"))["error"] == "login_required"


def test_oidcc_rp_initiated_logout_no_state(bench: ProviderBench, hint: str) -> None:
    step = asked(logout(bench, id_token_hint=hint, post_logout_redirect_uri=BYE))
    assert answer(bench, step, LogoutConfirmed()).header("Location") == BYE


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(
    bench: ProviderBench, hint: str
) -> None:
    page = logout(bench, id_token_hint=hint, post_logout_redirect_uri=BYE + "?x=y")
    assert error(page) == "post_logout_redirect_unregistered"


def test_a_registered_query_is_kept(bench: ProviderBench, hint: str) -> None:
    step = asked(
        logout(bench, id_token_hint=hint, post_logout_redirect_uri=BYE + "?a=1", state="s")
    )
    assert answer(bench, step, LogoutConfirmed()).header("Location") == BYE + "?a=1&state=s"


@pytest.mark.parametrize(
    "uri", ["https://evil.example/", BYE + "/", BYE.upper(), "https://other.example/bye", "x"]
)
def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(
    bench: ProviderBench, hint: str, uri: str
) -> None:
    page = logout(bench, id_token_hint=hint, post_logout_redirect_uri=uri)
    assert error(page) == "post_logout_redirect_unregistered"


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "x" * 9000])
def test_oidcc_rp_initiated_logout_bad_id_token_hint(bench: ProviderBench, token: str) -> None:
    page = logout(bench, id_token_hint=token, post_logout_redirect_uri=BYE)
    assert error(page) in ("jws_malformed", "parameter_too_long")


def test_oidcc_rp_initiated_logout_modified_id_token_hint(bench: ProviderBench, hint: str) -> None:
    head, payload, signature = hint.split(".")
    flipped = ("A" if signature[5] != "A" else "B").join((signature[:5], signature[6:]))
    page = logout(bench, id_token_hint=f"{head}.{payload}.{flipped}", post_logout_redirect_uri=BYE)
    assert error(page) == "jws_signature_invalid"
    forged = RelyingPartyKey().sign(bench.claims_of(hint))
    assert error(logout(bench, id_token_hint=forged)) == "jws_key_unknown"


def test_oidcc_rp_initiated_logout_no_id_token_hint(bench: ProviderBench) -> None:
    """§2: without a hint the resident is asked; §3: the client is known by ``client_id``."""
    bench.log_in()
    page = logout(bench, post_logout_redirect_uri=BYE)
    assert error(page) == "post_logout_client_unknown"
    step = asked(logout(bench, post_logout_redirect_uri=BYE, client_id="hko", state="s"))
    assert step.ask
    assert step.client is not None
    assert answer(bench, step, LogoutConfirmed()).header("Location") == BYE + "?state=s"


@pytest.mark.parametrize("parameters", [{}, {"state": "only-state"}])
def test_oidcc_rp_initiated_logout_no_params(
    bench: ProviderBench, parameters: dict[str, str]
) -> None:
    """``-no-params`` and ``-only-state``: asked, and then nowhere to go."""
    view = bench.log_in()
    step = asked(logout(bench, **parameters))
    assert step.ask
    assert (step.client, step.session) == (None, view)
    page = answer(bench, step, LogoutConfirmed())
    assert isinstance(page, LogoutPage)
    assert page.signed_out
    assert bench.events()[-1] == "op:logout:answered"


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(
    bench: ProviderBench, hint: str
) -> None:
    page = answer(bench, asked(logout(bench, id_token_hint=hint)), LogoutConfirmed())
    assert isinstance(page, LogoutPage)


def test_an_expired_hint_is_as_good(bench: ProviderBench, hint: str) -> None:
    """§4: "the OP SHOULD accept ID Tokens when the RP … exp time has passed"."""
    bench.clock.advance(1_000_000)
    assert asked(logout(bench, id_token_hint=hint)).ask is False


def test_a_hint_of_an_earlier_session_asks(bench: ProviderBench, hint: str) -> None:
    bench.log_in(session_id="another-session")
    assert asked(logout(bench, id_token_hint=hint)).ask


def test_a_hint_of_another_resident_asks(bench: ProviderBench, hint: str) -> None:
    bench.add_resident("resident-2")
    bench.log_in("resident-2")
    assert asked(logout(bench, id_token_hint=hint)).ask


def test_the_client_id_must_be_that_of_the_hint(bench: ProviderBench, hint: str) -> None:
    """§2: "the OP MUST verify that the Client Identifier matches"."""
    assert error(logout(bench, id_token_hint=hint, client_id="other")) == "client_id_mismatch"
    assert asked(logout(bench, id_token_hint=hint, client_id="hko"))


def test_an_unknown_client(bench: ProviderBench) -> None:
    assert error(logout(bench, client_id="unknown")) == "client_unknown"


@pytest.mark.parametrize("name", ["state", "id_token_hint", "client_id"])
def test_repeated_parameters(bench: ProviderBench, name: str) -> None:
    page = bench.provider.handle(
        Request(method="GET", path="/logout", query=Parameters(((name, "a"), (name, "a"))))
    )
    assert error(page) == "parameter_repeated"


def test_without_a_session_there_is_nothing_to_ask(bench: ProviderBench, hint: str) -> None:
    bench.sessions.end("session-reference")
    response = logout(bench, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")
    assert isinstance(response, Response)
    assert response.header("Location") == BYE + "?state=s"
    assert isinstance(logout(bench), LogoutPage)


def test_without_a_browser_nobody_can_be_asked(bench: ProviderBench) -> None:
    bench.log_in()
    assert error(logout(bench, browser=None)) == "browser_unknown"


def test_declining_stays_here(bench: ProviderBench, hint: str) -> None:
    step = asked(logout(bench, id_token_hint=hint, post_logout_redirect_uri=BYE))
    page = answer(bench, step, LogoutDeclined())
    assert isinstance(page, LogoutPage)
    assert not page.signed_out
    assert "code" in bench.answer(bench.authorize(prompt="none"))


def test_a_confirmation_whose_session_still_lives_is_refused(
    bench: ProviderBench, hint: str
) -> None:
    step = asked(logout(bench, id_token_hint=hint))
    with pytest.raises(Refused, match="session_still_live"):
        bench.provider.resume(step.id, LogoutConfirmed(), browser=BROWSER, session=None)
    assert isinstance(answer(bench, step, LogoutConfirmed()), LogoutPage)


def test_an_answer_counts_once(bench: ProviderBench, hint: str) -> None:
    step = asked(logout(bench, id_token_hint=hint))
    answer(bench, step, LogoutConfirmed())
    with pytest.raises(AlreadyUsed, match="interaction_used"):
        answer(bench, step, LogoutConfirmed())


@pytest.mark.parametrize("outcome", [LoggedIn(), ConsentGiven()])
def test_an_answer_to_another_question(bench: ProviderBench, hint: str, outcome: Outcome) -> None:
    step = asked(logout(bench, id_token_hint=hint))
    with pytest.raises(Refused, match="outcome_unexpected"):
        answer(bench, step, outcome)


def tokens_with_offline(bench: ProviderBench) -> dict[str, Any]:
    view = bench.log_in()
    step = bench.authorize(scope="openid offline_access", prompt="consent")
    assert isinstance(step, Interaction)
    code = bench.provider.resume(step.id, ConsentGiven(), browser=BROWSER, session=view)
    return bench.exchange(bench.code(code))


def test_what_was_given_in_the_session_ends_with_it(bench: ProviderBench) -> None:
    """Access tokens of the session die; §6: those for ``offline_access`` do not."""
    offline = tokens_with_offline(bench)
    online = bench.exchange(bench.code(bench.authorize()))
    answer(bench, asked(logout(bench)), LogoutConfirmed())
    assert bench.userinfo(online["access_token"]).status == 401
    assert bench.userinfo(offline["access_token"]).status == 200
    assert bench.refresh(offline["refresh_token"]).status == 200
    assert "op:grant:revoked" in bench.events()


def test_the_page_can_be_shown_again(bench: ProviderBench) -> None:
    view = bench.log_in()
    step = asked(logout(bench, client_id="hko", ui_locales="zh-HK"))
    again = bench.provider.look(step.id, BROWSER, view)
    assert again == step
    assert again.ui_locales == ("zh-HK",)

"""Logout at an upstream, both ways: RP-Initiated Logout 1.0, Back-Channel Logout 1.0."""

from __future__ import annotations

import json

import pytest
from tests.unit.upstream.oidc.conftest import ISSUER, Bench
from tests.unit.upstream.oidc.test_login import query_of

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.testing.fake_provider import Fault
from hkeid.testing.upstream_provider import PEOPLE, CompanyFault
from hkeid.upstream import (
    AnswerUnexpected,
    LogoutOutcome,
    UpstreamFailed,
    UpstreamLogout,
    UpstreamLogoutRequest,
    UpstreamMalformed,
)

FORM = {"content-type": "application/x-www-form-urlencoded"}
PERSON = PEOPLE["ip-manager"]


def posted(
    token: str, *, method: str = "POST", headers: dict[str, str] = FORM, times: int = 1
) -> Request:
    form = Parameters((("logout_token", token),) * times)
    return Request(method=method, path="/logout", form=form, headers=headers)


def read(bench: Bench, token: str) -> UpstreamLogout:
    return bench.upstream.read_logout(posted(token), bench.clock.now())


def test_a_logout_token_names_subject_and_session(bench: Bench) -> None:
    logout = read(bench, bench.company.logout_token(PERSON))
    assert (logout.provider, logout.subject) == ("company", PERSON.sub)
    assert logout.sessions == ("sid-of-a-session",)
    assert not logout.browser
    answer = bench.upstream.answer_logout(logout, LogoutOutcome.DONE)
    assert isinstance(answer, Response)
    assert (answer.status, answer.header("Cache-Control")) == (200, "no-store")
    failed = bench.upstream.answer_logout(logout, LogoutOutcome.FAILED)
    assert isinstance(failed, Response)
    assert failed.status == 400


@pytest.mark.parametrize(
    ("changes", "subject", "sessions"),
    [({"sid": None}, PERSON.sub, ()), ({"sub": None}, None, ("sid-of-a-session",))],
)
def test_either_of_the_two_will_do(
    bench: Bench, changes: dict[str, None], subject: str | None, sessions: tuple[str, ...]
) -> None:
    """§2.4: "A Logout Token MUST contain either a sub or a sid Claim, and MAY contain both"."""
    logout = read(bench, bench.company.logout_token(PERSON, **changes))
    assert (logout.subject, logout.sessions) == (subject, sessions)


REASONS = {
    CompanyFault.LOGOUT_ALG_NONE: "algorithm_not_allowed",
    CompanyFault.LOGOUT_ALG_HS256: "algorithm_not_allowed",
    CompanyFault.LOGOUT_OTHER_KEY: "signature_invalid",
    CompanyFault.LOGOUT_TYP_OTHER: "typ_unexpected",
    CompanyFault.LOGOUT_ISSUER_OTHER: "issuer_mismatch",
    CompanyFault.LOGOUT_AUDIENCE_OTHER: "audience_mismatch",
    CompanyFault.LOGOUT_AUDIENCE_WITH_OTHERS: "audience_untrusted",
    CompanyFault.LOGOUT_EXPIRED: "expired",
    CompanyFault.LOGOUT_FUTURE: "from_the_future",
    CompanyFault.LOGOUT_LONG_LIVED: "too_long_lived",
    CompanyFault.LOGOUT_IAT_MISSING: "iat_missing",
    CompanyFault.LOGOUT_EXP_MISSING: "exp_missing",
    CompanyFault.LOGOUT_TIME_TEXT: "time_malformed",
    CompanyFault.LOGOUT_JTI_MISSING: "jti_missing",
    CompanyFault.LOGOUT_EVENT_MISSING: "event_missing",
    CompanyFault.LOGOUT_EVENT_OTHER: "event_missing",
    CompanyFault.LOGOUT_EVENT_TEXT: "event_missing",
    CompanyFault.LOGOUT_NONCE: "nonce_present",
    CompanyFault.LOGOUT_NAMES_NOBODY: "names_nobody",
    CompanyFault.LOGOUT_SUBJECT_NUMBER: "sub_malformed",
    CompanyFault.LOGOUT_SESSION_LIST: "sid_malformed",
    CompanyFault.LOGOUT_IS_ID_TOKEN: "event_missing",
}


def test_every_fault_of_a_logout_token_is_expected() -> None:
    assert set(REASONS) == {fault for fault in CompanyFault if fault.value.startswith("logout")}


@pytest.mark.parametrize("fault", REASONS)
def test_a_bad_logout_token_ends_nothing(bench: Bench, fault: CompanyFault) -> None:
    """§2.6, step by step; §2.8: 400."""
    bench.company.company_fault = fault
    token = bench.company.logout_token(PERSON)
    with pytest.raises(UpstreamFailed) as caught:
        read(bench, token)
    assert caught.value.reason == f"logout_token_{REASONS[fault]}"
    answer = bench.upstream.refuse_logout(caught.value)
    assert (answer.status, json.loads(answer.body)) == (400, {"error": "invalid_request"})


def test_a_real_id_token_is_no_logout_token(bench: Bench) -> None:
    answer = bench.log_in()
    assert answer.logout is not None
    with pytest.raises(UpstreamFailed) as caught:
        read(bench, json.loads(answer.logout)["id_token"])
    assert caught.value.reason == "logout_token_event_missing"


def test_a_jti_is_used_once(bench: Bench) -> None:
    """§2.6 step 7, by the store's one verb (law 1); another provider's same jti is another."""
    store = MemoryStore(keys=bench.keys, clock=bench.clock, random=SystemRandom())
    token = bench.company.logout_token(PERSON, jti="the-same")
    for first in (True, False):
        logout = read(bench, token)
        with store.transaction() as tx:
            assert tx.single_use.put(logout.once) is first
    other = Bench(options={"id": "another"})
    with store.transaction() as tx:
        again = read(other, other.company.logout_token(PERSON, jti="the-same"))
        assert tx.single_use.put(again.once)


def test_the_record_outlives_the_token(bench: Bench) -> None:
    token = bench.company.logout_token(PERSON)
    logout = read(bench, token)
    bench.clock.advance((logout.once.expires_at - bench.clock.now()).total_seconds())
    with pytest.raises(UpstreamFailed) as caught:
        read(bench, token)
    assert caught.value.reason == "logout_token_expired"


@pytest.mark.parametrize(
    "request_",
    [
        posted("x", method="GET"),
        posted("x", headers={"content-type": "application/json"}),
        posted("x", headers={}),
        posted("x", times=2),
        posted(""),
        posted("x" * 20_000),
        Request(method="POST", path="/", headers=FORM),
    ],
)
def test_what_is_no_logout_request_is_malformed(bench: Bench, request_: Request) -> None:
    """§2.5: a POST with ``logout_token`` in the form."""
    with pytest.raises(UpstreamMalformed) as caught:
        bench.upstream.read_logout(request_, bench.clock.now())
    assert caught.value.reason == "logout_request_malformed"


def test_our_logout_goes_on_at_the_upstream(bench: Bench) -> None:
    """RP-Initiated Logout §2, §3."""
    answer = bench.log_in()
    assert answer.logout is not None
    state = SystemRandom().token(24)
    asked = UpstreamLogoutRequest(
        logout=answer.logout, state=state, callback="https://id.example.hk/bye"
    )
    departure = bench.upstream.begin_logout(asked)
    assert departure is not None
    query = query_of(departure.to)
    assert str(departure.to).startswith(f"{ISSUER}/logout?")
    assert query["id_token_hint"].count(".") == 2
    assert query["post_logout_redirect_uri"] == "https://id.example.hk/bye"
    assert query["client_id"] == "hkeid"
    back = Request(method="GET", path="/bye", query=Parameters.of({"state": state}))
    assert (
        bench.upstream.finish_logout(departure.kept, back, bench.clock.now()) is LogoutOutcome.DONE
    )
    for wrong in ({}, {"state": "another"}):
        back = Request(method="GET", path="/bye", query=Parameters.of(wrong))
        with pytest.raises(AnswerUnexpected) as caught:
            bench.upstream.finish_logout(departure.kept, back, bench.clock.now())
        assert caught.value.reason == "logout_state_mismatch"


def test_a_damaged_hint_is_left_out(bench: Bench) -> None:
    asked = UpstreamLogoutRequest(
        logout=b"\xff", state="s" * 24, callback="https://id.example.hk/bye"
    )
    departure = bench.upstream.begin_logout(asked)
    assert departure is not None
    assert "id_token_hint" not in query_of(departure.to)


def test_an_upstream_that_is_down_says_so(bench: Bench) -> None:
    bench.company.fault = Fault.METADATA_DOWN
    with pytest.raises(UpstreamFailed) as caught:
        read(bench, "a.b.c")
    assert caught.value.reason in ("jwks_unreachable", "metadata_unreachable")

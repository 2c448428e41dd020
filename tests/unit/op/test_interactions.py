"""Interactions belong to one browser, count once and end."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from hkeid.kernel.errors import AlreadyUsed, Expired, HkeidError, NotFound, Refused
from hkeid.kernel.secret import secret_digest
from hkeid.op import (
    ConsentGiven,
    Declined,
    Interaction,
    InteractionKind,
    LoggedIn,
    LogoutConfirmed,
    Outcome,
)
from hkeid.op.interactions import RECORD_KIND
from hkeid.testing.provider import BROWSER, ProviderBench, a_client, reasons


@pytest.fixture
def bench() -> ProviderBench:
    return ProviderBench(a_client(claims=reasons("name")))


@pytest.fixture
def login(bench: ProviderBench) -> Interaction:
    step = bench.authorize(scope="openid profile")
    assert isinstance(step, Interaction)
    return step


def test_a_page_can_be_shown_again(bench: ProviderBench, login: Interaction) -> None:
    assert bench.provider.look(login.id, BROWSER) == login
    assert bench.provider.look(login.id, BROWSER) == login


def test_the_consent_page_too(bench: ProviderBench, login: Interaction) -> None:
    view = bench.log_in()
    consent = bench.provider.resume(login.id, LoggedIn(), browser=BROWSER, session=view)
    assert isinstance(consent, Interaction)
    assert consent.kind is InteractionKind.CONSENT
    assert consent.claims == ("name",)
    assert bench.provider.look(consent.id, BROWSER, view) == consent


@pytest.mark.parametrize("browser", ["another", "", None])
def test_another_browser_sees_nothing(
    bench: ProviderBench, login: Interaction, browser: str | None
) -> None:
    with pytest.raises(Refused, match="interaction_other_browser"):
        bench.provider.look(login.id, browser)
    with pytest.raises(Refused, match="interaction_other_browser"):
        bench.provider.resume(login.id, LoggedIn(), browser=browser, session=bench.log_in())
    assert bench.provider.look(login.id, BROWSER)


@pytest.mark.parametrize("interaction_id", ["", "unknown", "天", "\ud800", "x" * 10_000])
def test_an_unknown_one(bench: ProviderBench, interaction_id: str) -> None:
    with pytest.raises(NotFound, match="interaction_unknown"):
        bench.provider.look(interaction_id, BROWSER)


def test_it_ends_after_twenty_minutes(bench: ProviderBench, login: Interaction) -> None:
    bench.clock.advance(timedelta(minutes=20, microseconds=-1))
    assert bench.provider.look(login.id, BROWSER)
    bench.clock.advance(timedelta(microseconds=1))
    with pytest.raises(Expired, match="interaction_expired"):
        bench.provider.look(login.id, BROWSER)
    with pytest.raises(Expired, match="interaction_expired"):
        bench.provider.resume(login.id, LoggedIn(), browser=BROWSER, session=bench.log_in())


def test_a_double_submit_counts_once(bench: ProviderBench, login: Interaction) -> None:
    view = bench.log_in()
    assert bench.provider.resume(login.id, LoggedIn(), browser=BROWSER, session=view)
    for outcome in (LoggedIn(), Declined()):
        with pytest.raises(AlreadyUsed, match="interaction_used"):
            bench.provider.resume(login.id, outcome, browser=BROWSER, session=view)


def submit(bench: ProviderBench, step: Interaction, start: Barrier, results: list[str]) -> None:
    session = bench.sessions.current("session-reference", bench.clock.now())
    start.wait()
    try:
        bench.provider.resume(step.id, LoggedIn(), browser=BROWSER, session=session)
        results.append("won")
    except HkeidError as error:
        results.append(error.reason)


def test_of_many_at_once_one_wins(bench: ProviderBench) -> None:
    bench.log_in()
    for _ in range(10):
        step = bench.authorize(prompt="login")
        assert isinstance(step, Interaction)
        start, results = Barrier(8), list[str]()
        threads = [
            Thread(target=submit, args=(bench, step, start, results), daemon=True) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["interaction_used"] * 7 + ["won"]


@pytest.mark.parametrize("outcome", [ConsentGiven(), LogoutConfirmed()])
def test_an_answer_to_another_question(
    bench: ProviderBench, login: Interaction, outcome: Outcome
) -> None:
    with pytest.raises(Refused, match="outcome_unexpected"):
        bench.provider.resume(login.id, outcome, browser=BROWSER, session=bench.log_in())
    assert bench.provider.look(login.id, BROWSER), "and nothing was used up"


def test_consent_is_no_login(bench: ProviderBench, login: Interaction) -> None:
    view = bench.log_in()
    consent = bench.provider.resume(login.id, LoggedIn(), browser=BROWSER, session=view)
    assert isinstance(consent, Interaction)
    with pytest.raises(Refused, match="outcome_unexpected"):
        bench.provider.resume(consent.id, LoggedIn(), browser=BROWSER, session=view)


def test_consent_is_of_the_session_that_saw_the_page(
    bench: ProviderBench, login: Interaction
) -> None:
    first = bench.log_in()
    consent = bench.provider.resume(login.id, LoggedIn(), browser=BROWSER, session=first)
    assert isinstance(consent, Interaction)
    bench.add_resident("resident-2")
    other = bench.log_in("resident-2")
    with pytest.raises(Refused, match="interaction_other_session"):
        bench.provider.resume(consent.id, ConsentGiven(), browser=BROWSER, session=other)


def test_a_session_that_has_ended_answers_nothing(bench: ProviderBench, login: Interaction) -> None:
    view = bench.log_in()
    bench.sessions.end("session-reference")
    for session in (view, None):
        with pytest.raises(Refused, match="session_ended"):
            bench.provider.resume(login.id, LoggedIn(), browser=BROWSER, session=session)


@pytest.mark.parametrize("change", [{"enabled": False}, {"redirect_uris": ("https://new.hk/cb",)}])
def test_a_client_that_changed_meanwhile(
    bench: ProviderBench, login: Interaction, change: dict[str, object]
) -> None:
    bench.register(a_client(**change))
    with pytest.raises(Refused, match="client_unknown"):
        bench.provider.resume(login.id, LoggedIn(), browser=BROWSER, session=bench.log_in())


def test_the_record_tells_no_secret(bench: ProviderBench, login: Interaction) -> None:
    with bench.store.transaction() as tx:
        record = tx.single_use.look(RECORD_KIND, secret_digest(login.id))
    assert record is not None
    assert BROWSER.encode() not in record.payload
    assert login.id.encode() not in record.payload
    assert login.id not in repr(login)


def test_half_a_surrogate_pair_in_the_claims_parameter_is_somebody_unknown(
    bench: ProviderBench,
) -> None:
    """It came as an escape in JSON, past every check of characters, and broke the record."""
    asked = bench.authorize(session=None, claims='{"id_token":{"sub":{"value":"\\ud800"}}}')
    assert isinstance(asked, Interaction)
    answer = bench.provider.resume(asked.id, LoggedIn(), browser=BROWSER, session=bench.log_in())
    assert bench.answer(answer)["error"] == "login_required"


@pytest.mark.parametrize("same", [True, False])
def test_consent_is_the_residents_own(same: bool) -> None:
    """OpenID Connect Core §11: ``offline_access`` needs consent, and of the one who then logs in."""
    bench = ProviderBench(a_client(grant_types=("authorization_code", "refresh_token")))
    bench.add_resident("resident-2")
    view = bench.log_in()
    bench.clock.advance(50)
    consent = bench.authorize(prompt="consent", scope="openid offline_access", max_age="60")
    assert isinstance(consent, Interaction)
    assert consent.kind is InteractionKind.CONSENT
    bench.clock.advance(20)
    login = bench.provider.resume(consent.id, ConsentGiven(), browser=BROWSER, session=view)
    assert isinstance(login, Interaction)
    assert login.kind is InteractionKind.LOGIN
    view = bench.log_in("resident-1" if same else "resident-2")
    answer = bench.provider.resume(login.id, LoggedIn(), browser=BROWSER, session=view)
    if same:
        assert bench.code(answer)
    else:
        assert isinstance(answer, Interaction)
        assert answer.kind is InteractionKind.CONSENT


@pytest.mark.parametrize("wish", [{"prompt": "login"}, {"max_age": "0"}, {"max_age": "3"}])
def test_the_login_of_a_moment_ago_is_not_a_fresh_one(wish: dict[str, str]) -> None:
    """Core §3.1.2.1: ``login`` "SHOULD prompt the End-User for reauthentication". The leeway is for
    clocks that differ, not for the authentication that was there before.
    """
    bench = ProviderBench()
    before = bench.log_in()
    bench.clock.advance(5)
    login = bench.authorize(**wish)
    assert isinstance(login, Interaction)
    again = bench.provider.resume(login.id, LoggedIn(), browser=BROWSER, session=before)
    assert isinstance(again, Interaction)
    assert again.kind is InteractionKind.LOGIN
    bench.clock.advance(-2)  # the machine that saw the passkey is behind
    assert bench.code(
        bench.provider.resume(again.id, LoggedIn(), browser=BROWSER, session=bench.log_in())
    )


def test_a_question_is_not_shown_to_who_logged_in_meanwhile(
    bench: ProviderBench, login: Interaction
) -> None:
    """Two persons at one browser: what one is asked, the other neither sees nor answers."""
    view = bench.log_in()
    consent = bench.provider.resume(login.id, LoggedIn(), browser=BROWSER, session=view)
    assert isinstance(consent, Interaction)
    other = bench.log_in("resident-2")
    assert other.session_id != view.session_id
    with pytest.raises(Refused, match="interaction_other_session"):
        bench.provider.look(consent.id, BROWSER, other)
    assert bench.provider.look(consent.id, BROWSER, view) == consent

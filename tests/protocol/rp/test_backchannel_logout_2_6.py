"""OpenID Connect Back-Channel Logout §2.6, the relying party's half: every rule, and one token that keeps all."""

from __future__ import annotations

from typing import Any

import pytest

from hkeid.kernel.instants import epoch_seconds
from hkeid.rp import ProviderMisbehaved, RelyingParty
from hkeid.rp.login_state import ProcessSpentStates
from hkeid.testing.fake_hub import SettableClock
from hkeid.testing.fake_provider import SID, AccountHolder, FakeProvider

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def provider(clock: SettableClock) -> FakeProvider:
    return FakeProvider(clock=clock)


@pytest.fixture
def party(provider: FakeProvider, clock: SettableClock) -> RelyingParty:
    return RelyingParty(provider.issuer, client_id="service", http=provider, clock=clock)


def refused(party: RelyingParty, token: str) -> str:
    with pytest.raises(ProviderMisbehaved) as caught:
        party.read_logout_token(token)
    return caught.value.reason


def test_a_token_that_is_in_order(
    party: RelyingParty, provider: FakeProvider, clock: SettableClock
) -> None:
    read = party.read_logout_token(provider.logout_jwt(jti="one"))
    assert (read.issuer, read.sub, read.sid, read.jti) == (
        provider.issuer,
        AccountHolder().sub,
        SID,
        "one",
    )
    assert read.issued_at == clock.now()


def test_step_4_sub_or_sid_or_both(party: RelyingParty, provider: FakeProvider) -> None:
    assert party.read_logout_token(provider.logout_jwt(sid=None)).sub == AccountHolder().sub
    assert party.read_logout_token(provider.logout_jwt(sub=None)).sid == SID
    token = provider.logout_jwt(sub=None, sid=None)
    assert refused(party, token) == "logout_token_names_nobody"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://other.example.hk"}, "issuer_mismatch"),
        ({"iss": None}, "issuer_mismatch"),
        ({"aud": "other"}, "audience_mismatch"),
        ({"aud": None}, "audience_mismatch"),
        ({"aud": ["service", "other"]}, "audience_untrusted"),
        ({"iat": None}, "iat_missing"),
        ({"iat": "now"}, "iat_malformed"),
        ({"iat": True}, "iat_malformed"),
        ({"exp": None}, "exp_missing"),
        ({"exp": 2**50}, "exp_malformed"),
        ({"events": None}, "event_missing"),
        ({"events": {}}, "event_missing"),
        ({"events": [EVENT]}, "event_missing"),
        ({"events": {EVENT: True}}, "event_missing"),
        ({"events": {"http://schemas.openid.net/event/other": {}}}, "event_missing"),
        ({"nonce": "n"}, "has_nonce"),
        ({"jti": None}, "jti_missing"),
        ({"jti": 7}, "jti_malformed"),
        ({"sub": ["x"]}, "sub_malformed"),
        ({"sub": ""}, "sub_malformed"),
        ({"sid": 7}, "sid_malformed"),
        ({"sid": "x" * 256}, "sid_malformed"),
    ],
)
def test_steps_3_to_6(
    party: RelyingParty, provider: FakeProvider, changes: dict[str, Any], reason: str
) -> None:
    assert refused(party, provider.logout_jwt(**changes)) == f"logout_token_{reason}"


def test_step_3_times(party: RelyingParty, provider: FakeProvider, clock: SettableClock) -> None:
    """As for ID tokens: clocks may be a minute apart."""
    now = epoch_seconds(clock.now())
    assert refused(party, provider.logout_jwt(exp=now - 60)) == "logout_token_expired"
    assert party.read_logout_token(provider.logout_jwt(exp=now - 59))
    for name in ("iat", "nbf"):
        late = provider.logout_jwt(**{name: now + 61})
        assert refused(party, late) == "logout_token_from_the_future"
        assert party.read_logout_token(provider.logout_jwt(**{name: now + 60}))


@pytest.mark.parametrize("typ", [None, "JWT", "at+jwt", "dpop+jwt"])
def test_2_4_the_type(party: RelyingParty, provider: FakeProvider, typ: str | None) -> None:
    """An ID token is never taken for a logout token."""
    assert refused(party, provider.logout_jwt(typ=typ)) == "logout_token_typ_unexpected"
    assert party.read_logout_token(provider.logout_jwt(typ="application/logout+jwt"))


def test_step_2_the_signature(party: RelyingParty, provider: FakeProvider) -> None:
    """With the provider's keys, fetched anew where one is unknown, and the registered algorithm."""
    head, body, signature = provider.logout_jwt().split(".")
    other = provider.logout_jwt(sid="other").split(".")[1]
    assert refused(party, f"{head}.{other}.{signature}") == "logout_token_signature_invalid"
    strict = RelyingParty(
        provider.issuer, client_id="service", http=provider, id_token_algorithms=("RS256",)
    )
    token = f"{head}.{body}.{signature}"
    assert refused(strict, token) == "logout_token_algorithm_not_allowed"
    # {"alg":"none","typ":"logout+jwt"}
    none = "eyJhbGciOiJub25lIiwidHlwIjoibG9nb3V0K2p3dCJ9"
    assert refused(party, f"{none}.{body}.") == "logout_token_algorithm_not_allowed"
    for junk in ("", "a", "a.b", "a.b.c", "é.b.c", "x" * 20_000):
        assert refused(party, junk).startswith("logout_token_")


def test_a_rotated_key_is_found(
    party: RelyingParty, provider: FakeProvider, clock: SettableClock
) -> None:
    party.read_logout_token(provider.logout_jwt())
    clock.advance(30)
    provider.rotate_key()
    assert party.read_logout_token(provider.logout_jwt())


def test_step_7_a_token_counts_once(
    party: RelyingParty, provider: FakeProvider, clock: SettableClock
) -> None:
    """Until it has expired anyway; one that was refused for something else is not used up."""
    bad = provider.logout_jwt(jti="same", aud="other")
    assert refused(party, bad) == "logout_token_audience_mismatch"
    token = provider.logout_jwt(jti="same")
    assert party.read_logout_token(token)
    assert refused(party, token) == "logout_token_replayed"
    clock.advance(120 + 59)
    assert refused(party, token) == "logout_token_replayed"
    clock.advance(1)
    assert refused(party, token) == "logout_token_expired"


def test_step_7_with_a_memory_that_processes_share(
    provider: FakeProvider, clock: SettableClock
) -> None:
    spent = ProcessSpentStates()
    first, second = (
        RelyingParty(provider.issuer, client_id="service", http=provider, clock=clock, spent=spent)
        for _ in range(2)
    )
    token = provider.logout_jwt()
    assert first.read_logout_token(token)
    assert refused(second, token) == "logout_token_replayed"


def test_nothing_that_names_anybody_is_printed(party: RelyingParty, provider: FakeProvider) -> None:
    shown = repr(party.read_logout_token(provider.logout_jwt()))
    assert SID not in shown
    assert AccountHolder().sub not in shown

"""The hub logs somebody in at an upstream OpenID Provider."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.rp.test_faults import EXPECTED, SIGNED_USERINFO, D, M, S, U
from tests.unit.upstream.oidc.conftest import CALLBACK, ISSUER, NAMES, Bench

from hkeid.adapters.system import SystemRandom
from hkeid.identity.assurance import Acr
from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.kernel.http import Parameters, Request
from hkeid.kernel.secret import Secret
from hkeid.oidc.errors import ErrorCode
from hkeid.testing.fake_provider import AccountHolder, Fault
from hkeid.testing.provider import ProviderBench, a_client
from hkeid.testing.upstream_provider import PEOPLE, CompanyFault
from hkeid.upstream import (
    AnswerUnexpected,
    AssuranceTable,
    EndsSessions,
    UpstreamFailed,
    UpstreamKind,
    UpstreamMisbehaved,
    UpstreamProvider,
    UpstreamRefused,
    UpstreamRequest,
    UpstreamUnavailable,
)
from hkeid.upstream.errors import PASSED_ON
from hkeid.upstream.oidc import OidcUpstream, OidcUpstreamSettings


def query_of(url: object) -> dict[str, str]:
    return dict(Parameters.parse(str(url).partition("?")[2]).pairs)


def test_it_keeps_the_contract(bench: Bench) -> None:
    assert isinstance(bench.upstream, UpstreamProvider)
    assert isinstance(bench.upstream, EndsSessions)
    assert bench.upstream.kind is UpstreamKind.OIDC
    assert bench.upstream.names == NAMES
    assert bench.upstream.authority == bench.upstream.settings.issuer


def test_somebody_logs_in_with_mapped_assurance_and_attributes(bench: Bench) -> None:
    answer = bench.log_in(PEOPLE["ko-director"])
    assert (answer.provider, answer.subject) == ("company", "company-ko-director")
    assert (answer.acr, answer.upstream_acr) == (Acr.EID_BOUND, "urn:example:company:smart-card")
    assert answer.amr == ("sc", "pin", "mfa")
    assert answer.authenticated_at == bench.clock.now() - timedelta(seconds=5)
    assert answer.session == "sid-of-a-session"
    assert dict(answer.attributes) == {
        "name": ("KO, Director",),
        "email": ("ko-director@specimen-trading.example.hk",),
        "organisation": ("Specimen Trading Limited",),
        "role": ("director",),
        "groups": ("staff", "director"),
    }
    assert "Director" not in repr(answer)


def test_an_acr_that_the_table_does_not_know_is_refused(bench: Bench) -> None:
    """Law 7: a password alone is worth no rung."""
    with pytest.raises(UpstreamRefused) as caught:
        bench.log_in(PEOPLE["ho-clerk"])
    assert caught.value.reason == "upstream_acr_unknown"
    assert caught.value.code is ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS


def test_the_request_is_pushed_and_only_a_reference_goes_through_the_browser(bench: Bench) -> None:
    """RFC 9126 §4."""
    url = bench.begin(acr=Acr.EID_BOUND).to
    assert set(query_of(url)) == {"client_id", "request_uri"}
    pushed = next(iter(bench.company._pushed.values()))
    assert pushed["code_challenge_method"] == "S256"
    assert pushed["acr_values"] == "urn:example:company:smart-card"
    assert pushed["max_age"] == "86400"


def test_without_pushing_pkce_nonce_and_state_go_along() -> None:
    bench = Bench(company_options={"pushing": False})
    query = query_of(bench.begin(ui_locales=("zh-Hant-HK", "en")).to)
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert query["nonce"] != query["state"]
    assert query["ui_locales"] == "zh-Hant-HK en"
    assert "login_hint" not in query
    assert query["scope"] == "openid profile"
    assert bench.finish


@pytest.mark.parametrize(
    ("changes", "prompt", "max_age"),
    [
        ({}, None, "86400"),
        ({"fresh": True}, "login", "0"),
        ({"max_age": 60}, None, "60"),
        ({"max_age": 10**8}, None, "86400"),
    ],
)
def test_freshness_is_asked_for(
    changes: dict[str, object], prompt: str | None, max_age: str
) -> None:
    """OpenID Connect Core §2: ``auth_time`` is owed where ``max_age`` was sent, so it always is."""
    query = query_of(Bench(company_options={"pushing": False}).begin(**changes).to)
    assert (query.get("prompt"), query["max_age"]) == (prompt, max_age)


def test_a_login_that_is_not_fresh_enough_is_no_login() -> None:
    bench = Bench()
    old = AccountHolder(sub="x", acr="urn:hkeid:acr:eid", age_seconds=3_600)
    assert bench.log_in(old)
    for changes, reason in (
        ({"max_age": 600}, "auth_time_too_old"),
        ({"fresh": True}, "auth_time_too_old"),
    ):
        with pytest.raises(UpstreamRefused) as caught:
            bench.log_in(old, **changes)
        assert caught.value.reason == f"id_token_{reason}"
        assert caught.value.code is ErrorCode.LOGIN_REQUIRED


KINDS = {M: UpstreamMisbehaved, U: UpstreamUnavailable, D: UpstreamRefused, S: AnswerUnexpected}
OTHERWISE: dict[Fault, tuple[type[UpstreamFailed], str]] = {
    Fault.ID_TOKEN_ACR_MISSING: (UpstreamRefused, "upstream_acr_unknown"),
    Fault.ID_TOKEN_ACR_UNKNOWN: (UpstreamRefused, "upstream_acr_unknown"),
    Fault.ID_TOKEN_AUTH_TIME_MISSING: (UpstreamRefused, "id_token_auth_time_missing"),
    Fault.ID_TOKEN_AUTH_TIME_OLD: (UpstreamRefused, "id_token_auth_time_too_old"),
}


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.ID_TOKEN_ACR_LOW])
def test_every_fault_of_a_provider_is_refused(fault: Fault) -> None:
    """alg none, HS256 with the public key, another aud, nonce, issuer … (OpenID Connect Core §3.1.3.7)."""
    signed = fault in SIGNED_USERINFO
    bench = Bench(
        options={"userinfo_algorithm": "ES256"} if signed else {},
        company_options={"signed_userinfo": signed},
    )
    bench.company.fault = fault
    kind, reason = OTHERWISE.get(fault) or (KINDS[EXPECTED[fault][0]], EXPECTED[fault][1])
    with pytest.raises(UpstreamFailed) as caught:
        bench.log_in(max_age=600)
    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert caught.value.code in PASSED_ON


def test_a_lower_acr_than_asked_for_is_reported_as_what_it_is(bench: Bench) -> None:
    """The hub compares, and may put its own passkey on top."""
    bench.company.fault = Fault.ID_TOKEN_ACR_LOW
    assert bench.log_in(PEOPLE["ko-director"], acr=Acr.EID_BOUND).acr is Acr.EID


@pytest.mark.parametrize("code", sorted(code.value for code in ErrorCode))
def test_errors_are_passed_on_faithfully(bench: Bench, code: str) -> None:
    departure = bench.begin()
    with pytest.raises(UpstreamRefused) as caught:
        bench.finish(departure.kept, bench.company.decline(str(departure.to), code))
    expected = ErrorCode(code) if ErrorCode(code) in PASSED_ON else ErrorCode.SERVER_ERROR
    assert caught.value.code is expected


def test_an_error_of_the_back_channel_is_not_the_persons(bench: Bench) -> None:
    bench.company.fault = Fault.TOKEN_INVALID_CLIENT
    with pytest.raises(UpstreamRefused) as caught:
        bench.log_in()
    assert caught.value.code is ErrorCode.SERVER_ERROR
    assert caught.value.upstream_code == "invalid_client"


def test_a_mix_up_of_providers_is_noticed(bench: Bench) -> None:
    """RFC 9207 §2.4, and what was kept names its issuer."""
    other = Bench()
    object.__setattr__(other.upstream.settings, "issuer", "https://other.example.hk")
    departure = bench.begin()
    back = bench.company.log_in(str(departure.to))
    with pytest.raises(AnswerUnexpected) as caught:
        other.finish(departure.kept, back)
    assert caught.value.reason == "login_state_foreign"


def test_an_answer_serves_its_own_departure_and_no_longer_than_half_an_hour(bench: Bench) -> None:
    first, second = bench.begin(), bench.begin()
    back = bench.company.log_in(str(second.to))
    with pytest.raises(AnswerUnexpected) as caught:
        bench.finish(first.kept, back)
    assert caught.value.reason == "state_mismatch"
    bench.clock.advance(timedelta(minutes=30))
    with pytest.raises(AnswerUnexpected) as caught:
        bench.finish(second.kept, back)
    assert caught.value.reason == "login_state_expired"
    for kept in (b"", b"{}", b"\xff", b'{"v":1}'):
        with pytest.raises(AnswerUnexpected) as caught:
            bench.finish(kept, back)
        assert caught.value.reason == "login_state_malformed"


def test_what_is_kept_is_small(bench: Bench) -> None:
    assert len(bench.begin(state=SystemRandom().token(24)).kept) < 4096


def test_what_cannot_be_asked_is_refused_at_once(bench: Bench) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        bench.begin(acr=Acr.EID_PLUS)
    assert caught.value.reason == "upstream_acr_out_of_reach"
    with pytest.raises(MalformedInput) as malformed:
        bench.begin(state="short")
    assert malformed.value.reason == "state_malformed"


# Pushed requests and proofs of possession


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        (CompanyFault.PUSHED_REFUSED, UpstreamRefused, "pushed_refused_invalid_request"),
        (CompanyFault.PUSHED_NO_URI, UpstreamMisbehaved, "pushed_request_uri_malformed"),
        (CompanyFault.DPOP_NONCE_EVER_NEW, UpstreamRefused, "token_refused_unknown"),
        (CompanyFault.DPOP_ANSWERED_BEARER, UpstreamMisbehaved, "token_type_unexpected"),
    ],
)
def test_faults_of_pushing_and_proofs(
    bench: Bench, fault: CompanyFault, kind: type[UpstreamFailed], reason: str
) -> None:
    bench.company.company_fault = fault
    with pytest.raises(kind) as caught:
        bench.log_in()
    assert caught.value.reason == reason


def test_tokens_are_bound_to_a_key_of_the_key_store(bench: Bench) -> None:
    """RFC 9449 §5, §7."""
    bench.log_in()
    assert len(bench.company._bound) == 1


def test_a_nonce_that_the_server_wants_is_put_into_the_next_proof(bench: Bench) -> None:
    """RFC 9449 §8: one more try, at each endpoint."""
    bench.company.company_fault = CompanyFault.DPOP_NONCE_WANTED
    assert bench.log_in()
    assert [path for _, path in bench.company.seen].count("/token") == 2


def test_proofs_can_be_demanded_or_left_out() -> None:
    bench = Bench(options={"dpop": True}, company_options={"dpop": False})
    with pytest.raises(UpstreamRefused) as caught:
        bench.log_in()
    assert caught.value.reason == "upstream_takes_no_dpop"
    bench = Bench(options={"dpop": False, "push": False})
    assert bench.log_in()
    assert bench.company._bound == {}
    assert ("POST", "/par") not in bench.company.seen


def test_a_provider_that_does_not_announce_pkce_is_taken_on_purpose_only() -> None:
    """RFC 9700 §2.1.1: for OpenID Connect the nonce can stand in for it."""
    for announced, works in ((True, False), (False, True)):
        bench = Bench(options={"pkce_announced": announced})
        bench.company.fault = Fault.METADATA_PKCE_MISSING
        if works:
            assert bench.log_in()
        else:
            with pytest.raises(UpstreamMisbehaved) as caught:
                bench.log_in()
            assert caught.value.reason == "metadata_pkce_unsupported"


def test_a_client_secret_serves_where_no_key_is_taken() -> None:
    bench = Bench(
        options={"client_secret": Secret("s3cret-of-the-client")},
        company_options={"client_jwk": None, "client_secret": "s3cret-of-the-client"},
    )
    assert bench.log_in()


def test_settings_that_cannot_work_are_refused() -> None:
    good = {"id": "company", "names": NAMES, "issuer": ISSUER, "client_id": "hkeid"}
    assert OidcUpstreamSettings(**good)
    for change, reason in (
        ({"id": "Company!"}, "upstream_id_malformed"),
        ({"id": "-x"}, "upstream_id_malformed"),
        ({"names": {}}, "upstream_name_missing"),
        ({"client_id": ""}, "upstream_setting_invalid"),
        ({"scopes": ("a b",)}, "upstream_setting_invalid"),
        ({"id_token_algorithms": ()}, "upstream_setting_invalid"),
        ({"id_token_algorithms": ("none",)}, "upstream_setting_invalid"),
        ({"id_token_algorithms": ("HS256",)}, "upstream_setting_invalid"),
        ({"max_age": 0}, "upstream_setting_invalid"),
        ({"timeout": 1000.0}, "upstream_setting_invalid"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            OidcUpstreamSettings(**{**good, **change})
        assert caught.value.reason == reason


class OwnProvider:
    """hkeid's own provider as a network: it was not written for this client."""

    def __init__(self, bench: ProviderBench) -> None:
        self.bench = bench

    def send(self, method, url, *, headers=None, body=None, timeout=10.0, limit=1_048_576):
        from hkeid.ports.surroundings import HttpAnswer

        lower = {name.lower(): value for name, value in (headers or {}).items()}
        form = lower.get("content-type", "").startswith("application/x-www-form-urlencoded")
        answer = self.bench.provider.handle(
            Request(
                method=method,
                path=url.removeprefix(self.bench.issuer),
                form=Parameters.parse(body or b"") if form else Parameters(),
                headers=lower,
                body=body or b"",
            )
        )
        found = {name.lower(): value for name, value in answer.headers}
        return HttpAnswer(status=answer.status, headers=found, body=answer.body)


def test_hkeid_behind_hkeid() -> None:
    """The hub's own OpenID Provider as an upstream: discovery, pushed request, code, tokens, UserInfo."""
    from hkeid.jose import public_jwks
    from hkeid.ports.keys import KeyPurpose
    from hkeid.testing.keys import MemoryKeyStore

    ours = MemoryKeyStore(algorithms=("ES256",))
    client = a_client(
        "hub",
        redirect_uris=(CALLBACK,),
        jwks=public_jwks(ours, KeyPurpose.UPSTREAM_CLIENT),
        sector_identifier="id.example.hk",
    )
    behind = ProviderBench(client)
    behind.log_in(acr=Acr.EID_BOUND)
    upstream = OidcUpstream(
        OidcUpstreamSettings(
            id="eid",
            names=NAMES,
            issuer=behind.issuer,
            client_id="hub",
            scopes=(),
            assurance=AssuranceTable(
                values={acr.value: acr for acr in (Acr.EID, Acr.EID_BOUND, Acr.EID_PLUS)}
            ),
        ),
        keys=ours,
        http=OwnProvider(behind),
        clock=behind.clock,
        random=SystemRandom(),
    )
    departure = upstream.begin(
        UpstreamRequest(state=SystemRandom().token(24), callback=CALLBACK, acr=Acr.EID)
    )
    query = query_of(departure.to)
    assert set(query) == {"client_id", "request_uri"}
    answer = behind.answer(behind.authorize_pushed(query["request_uri"], client_id="hub"))
    request = Request(method="GET", path="/", query=Parameters.of(answer))
    came = upstream.finish(departure.kept, request, behind.clock.now())
    assert (came.acr, came.upstream_acr) == (Acr.EID_BOUND, Acr.EID_BOUND.value)
    assert came.subject

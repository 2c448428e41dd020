"""Logging in at iAM Smart, end to end over a socket, and each way in which it can go wrong."""

from __future__ import annotations

import pytest
from tests.unit.upstream.iam_smart.conftest import Bench, came_back

from hkeid.identity.assurance import Acr
from hkeid.kernel import canonical_json
from hkeid.kernel.http import Parameters
from hkeid.oidc.errors import ErrorCode
from hkeid.rp.surroundings import SystemClock
from hkeid.testing.iam_smart_simulator import IamSmartFault as F
from hkeid.testing.iam_smart_simulator.accounts import open_id
from hkeid.testing.personas import PERSONAS
from hkeid.upstream import (
    AnswerUnexpected,
    AttributeMapping,
    UpstreamFailed,
    UpstreamKind,
    UpstreamMalformed,
    UpstreamMisbehaved,
    UpstreamProvider,
    UpstreamRefused,
    UpstreamUnavailable,
)
from hkeid.upstream.iam_smart.codes import CODES


def test_it_keeps_the_contract(bench: Bench) -> None:
    assert isinstance(bench.upstream, UpstreamProvider)
    assert bench.upstream.kind is UpstreamKind.IAM_SMART
    assert len(bench.upstream.names) == 3
    assert bench.upstream.authority == bench.upstream.settings.host


def test_a_persona_logs_in_with_verified_attributes(bench: Bench) -> None:
    persona = PERSONAS["chan-tai-man"]
    answer = bench.log_in("chan-tai-man")
    assert answer.provider == "iam-smart"
    assert answer.subject == open_id(persona, bench.simulator.registration.client_id)
    assert answer.acr is Acr.EID
    assert answer.upstream_acr == "fido"
    assert answer.amr == ("hwk", "user")
    assert answer.authenticated_at <= SystemClock().now()
    assert dict(answer.attributes) == {
        "hkic_number": ("Q000101(1)",),
        "name": ("CHAN, Tai Man",),
        "name#zh-Hant-HK": ("陳大文",),
        "birthdate": ("1985-04-12",),
        "gender": ("male",),
    }


def test_a_plus_account_is_told_but_worth_no_more_by_itself(bench: Bench) -> None:
    """Law 7: FIDO alone proves no chip, whatever the account."""
    answer = bench.log_in("cheung-sam")
    assert (answer.upstream_acr, answer.acr) == ("fido:sign", Acr.EID)


def test_a_mapping_can_ask_for_the_account(bench: Bench) -> None:
    settings = bench.upstream.settings
    usual = settings.mapping
    wanted = [
        {"claim": "updated_at", "from": "lastModifiedDate"},
        {"claim": "kind", "from": "userType"},
    ]
    try:
        object.__setattr__(settings, "mapping", AttributeMapping.read(wanted))
        attributes = bench.log_in("cheung-sam").attributes
    finally:
        object.__setattr__(settings, "mapping", usual)
    assert dict(attributes) == {"updated_at": ("1700000000",), "kind": ("sign",)}


def test_nothing_personal_prints(bench: Bench) -> None:
    answer = bench.log_in()
    shown = f"{answer!r} {answer.attributes} {bench.begin()!r} {bench.upstream.settings!r}"
    for secret in ("Q000101", "CHAN", "1985", answer.subject):
        assert secret not in shown
    assert bench.simulator.registration.client_secret.reveal() not in shown


def test_the_same_person_is_the_same_subject_however_it_is_written(bench: Bench) -> None:
    plain = bench.log_in().subject
    bench.simulator.fault = F.OPEN_ID_ENCODED
    assert bench.log_in().subject == plain
    assert plain.endswith("=")


@pytest.mark.parametrize("fault", [F.KEY_FORGOTTEN, F.KEY_RAW, F.KEY_ABSOLUTE_EXPIRY])
def test_what_is_unusual_but_right_goes_through(bench: Bench, fault: F) -> None:
    bench.upstream.api.keys.forget(bench.upstream.api.keys.current(SystemClock().now()))
    bench.simulator.fault = fault
    assert bench.log_in().acr is Acr.EID


FAULTS: dict[F, tuple[type[UpstreamFailed], str, ErrorCode]] = {
    F.CLOCK_AHEAD: (UpstreamRefused, "iam_smart_parameter_invalid", ErrorCode.SERVER_ERROR),
    F.CLOCK_AHEAD_IN_ANSWERS: (UpstreamMisbehaved, "token_from_the_future", ErrorCode.SERVER_ERROR),
    F.CLOCK_BEHIND_IN_ANSWERS: (UpstreamMisbehaved, "token_stale", ErrorCode.SERVER_ERROR),
    F.TOKEN_STALE: (UpstreamMisbehaved, "token_stale", ErrorCode.SERVER_ERROR),
    F.BUSY: (UpstreamUnavailable, "iam_smart_busy", ErrorCode.TEMPORARILY_UNAVAILABLE),
    F.TOO_MANY: (UpstreamUnavailable, "iam_smart_busy", ErrorCode.TEMPORARILY_UNAVAILABLE),
    F.HTML: (UpstreamMalformed, "envelope_not_json", ErrorCode.SERVER_ERROR),
    F.REDIRECT: (UpstreamMisbehaved, "iam_smart_status_unexpected", ErrorCode.SERVER_ERROR),
    F.TOKEN_CONTENT_ALTERED: (UpstreamMisbehaved, "content_not_authentic", ErrorCode.SERVER_ERROR),
    F.TOKEN_CONTENT_CLEAR: (UpstreamMisbehaved, "content_not_encrypted", ErrorCode.SERVER_ERROR),
    F.SCOPE_WITHOUT_LOGIN: (UpstreamMisbehaved, "scope_not_granted", ErrorCode.SERVER_ERROR),
    F.NUMBER_WRONG: (UpstreamMisbehaved, "profile_number_wrong", ErrorCode.SERVER_ERROR),
    F.LOGIN_STATE_OTHER: (AnswerUnexpected, "state_mismatch", ErrorCode.ACCESS_DENIED),
    F.LOGIN_STATE_MISSING: (AnswerUnexpected, "state_missing", ErrorCode.ACCESS_DENIED),
    F.LOGIN_CODE_MISSING: (UpstreamRefused, "iam_smart_login_declined", ErrorCode.ACCESS_DENIED),
    F.LOGIN_CODE_REPEATED: (UpstreamMalformed, "callback_malformed", ErrorCode.SERVER_ERROR),
    F.LOGIN_CODE_OTHER: (UpstreamRefused, "iam_smart_code_expired", ErrorCode.SERVER_ERROR),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_a_login_is_refused_for_its_own_reason(bench: Bench, fault: F) -> None:
    kind, reason, code = FAULTS[fault]
    bench.simulator.fault = fault
    with pytest.raises(kind) as caught:
        bench.log_in()
    assert (caught.value.reason, caught.value.code) == (reason, code)


def test_a_key_that_was_enciphered_to_another_certificate_is_not_used(bench: Bench) -> None:
    bench.upstream.api.keys.forget(bench.upstream.api.keys.current(SystemClock().now()))
    bench.simulator.fault = F.KEY_TO_ANOTHER_CERTIFICATE
    with pytest.raises(UpstreamMisbehaved) as caught:
        bench.log_in()
    assert caught.value.reason == "content_key_not_ours"


def test_a_slow_answer_is_waited_for_and_a_slower_one_is_not(bench: Bench) -> None:
    bench.simulator.fault = F.SLOW
    patient = bench.upstream.settings.timeout
    try:
        object.__setattr__(bench.upstream.settings, "timeout", 0.3)
        with pytest.raises(UpstreamUnavailable) as caught:
            bench.log_in()
    finally:
        object.__setattr__(bench.upstream.settings, "timeout", patient)
    assert caught.value.reason == "iam_smart_unreachable"
    assert caught.value.code is ErrorCode.TEMPORARILY_UNAVAILABLE
    bench.simulator.fault = None
    assert bench.log_in()


PASSED_ON = {
    "D40000": ErrorCode.ACCESS_DENIED,
    "D40001": ErrorCode.ACCESS_DENIED,
    "D40002": ErrorCode.LOGIN_REQUIRED,
    "D40003": ErrorCode.TEMPORARILY_UNAVAILABLE,
    "D50001": ErrorCode.ACCESS_DENIED,
    "D50002": ErrorCode.CONSENT_REQUIRED,
    "D80002": ErrorCode.LOGIN_REQUIRED,
    "D70004": ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS,
    "D20006": ErrorCode.SERVER_ERROR,
    "D20012": ErrorCode.SERVER_ERROR,
    "D40004": ErrorCode.SERVER_ERROR,
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("place", ["login", "token"])
def test_every_return_code_has_its_own_outcome(bench: Bench, code: str, place: str) -> None:
    """Bar 6: what each code says to the front door and to the person."""
    bench.simulator.fail(code, place)
    with pytest.raises(UpstreamFailed) as caught:
        bench.log_in()
    error = caught.value
    assert error.reason == f"iam_smart_{CODES[code].reason}"
    assert error.detail == code
    assert error.safe_text.endswith(".")
    if code in PASSED_ON:
        assert error.code is PASSED_ON[code]


def test_a_code_that_nobody_knows_is_a_failure(bench: Bench) -> None:
    """An anonymous sample shows D20102: more codes than the tables have may come."""
    departure = bench.begin()
    kept = canonical_json.loads_object(departure.kept)
    for word in ("D20102", "D00000", "x" * 500, "<script>"):
        back = Parameters.of({"error_code": word, "state": kept["state"]}).encode()
        with pytest.raises(UpstreamRefused) as caught:
            bench.finish(departure.kept, f"?{back}")
        assert caught.value.reason == "iam_smart_unknown_failure"
        assert caught.value.code is ErrorCode.SERVER_ERROR
        assert "script" not in str(caught.value)


def test_a_person_who_rejects_is_told_so(bench: Bench) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        bench.log_in(approve=False)
    assert caught.value.reason == "iam_smart_login_rejected"
    assert caught.value.upstream_code == "D40001"


def test_a_login_that_iam_smart_starts_by_itself_is_nobodys(bench: Bench) -> None:
    """Direct Login brings a code and no state: whose browser it is, nobody knows (login CSRF)."""
    departure = bench.begin()
    with pytest.raises(AnswerUnexpected) as caught:
        bench.finish(departure.kept, "?code=0123456789abcdef&RefID=1")
    assert caught.value.reason == "state_missing"


def test_what_was_kept_serves_its_own_login_only(bench: Bench) -> None:
    first, second = bench.begin(), bench.begin()
    back = bench.simulator.approve_login(second.to, "chan-tai-man")
    with pytest.raises(AnswerUnexpected) as caught:
        bench.finish(first.kept, back)
    assert caught.value.reason == "state_mismatch"
    for kept, reason in (
        (b"", "login_state_malformed"),
        (b"[]", "login_state_malformed"),
        (b'{"v":2,"state":"x","created":1}', "login_state_malformed"),
        (
            second.kept.replace(bench.upstream.settings.client_id.encode(), b"f" * 32),
            "login_state_foreign",
        ),
    ):
        with pytest.raises(AnswerUnexpected) as caught:
            bench.finish(kept, back)
        assert caught.value.reason == reason


def test_a_code_is_good_once(bench: Bench) -> None:
    departure = bench.begin()
    back = bench.simulator.approve_login(departure.to, "chan-tai-man")
    assert bench.finish(departure.kept, back)
    with pytest.raises(UpstreamRefused) as caught:
        bench.finish(departure.kept, back)
    assert caught.value.reason == "iam_smart_code_expired"


def test_what_cannot_be_asked_is_refused_at_once(bench: Bench) -> None:
    with pytest.raises(UpstreamRefused) as caught:
        bench.begin(acr=Acr.EID_PLUS_ATTESTED)
    assert caught.value.code is ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS


@pytest.mark.parametrize(
    ("agent", "source", "page"),
    [
        (None, "PC_Browser", "false"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
            "PC_Browser",
            "false",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit Chrome/140.0 Mobile Safari/537.36",
            "Android_Chrome",
            "true",
        ),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 EdgA/140.0", "Android_Edge", "true"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Mobile Safari/604.1",
            "iOS_Safari",
            "true",
        ),
        ("Mozilla/5.0 (iPhone) CriOS/140 Mobile Safari/604.1", "iOS_Chrome", "true"),
        ("Mozilla/5.0 (iPhone) an in-app browser", "PC_Browser", "false"),
    ],
)
def test_the_browser_is_named_as_iam_smart_wants(
    bench: Bench, agent: str | None, source: str, page: str
) -> None:
    asked = came_back(bench.begin(user_agent=agent, ui_locales=("zh-Hans",)).to).query
    assert (asked.get("source"), asked.get("brokerPage")) == (source, page)
    assert asked.get("lang") == "zh-CN"


@pytest.mark.parametrize(
    ("locales", "lang"),
    [((), "zh-HK"), (("en-GB",), "en-US"), (("fr", "zh-Hant-HK"), "zh-HK"), (("zh-SG",), "zh-CN")],
)
def test_the_language_is_one_of_three(bench: Bench, locales: tuple[str, ...], lang: str) -> None:
    assert came_back(bench.begin(ui_locales=locales).to).query.get("lang") == lang

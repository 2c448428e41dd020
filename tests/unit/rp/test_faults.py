"""Whatever a provider does wrong is refused, each wrong with its own reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hkeid.rp import (
    LoginDeclined,
    LoginFailed,
    ProviderMisbehaved,
    ProviderUnavailable,
    RelyingParty,
    StartAgain,
)
from hkeid.testing.fake_provider import FakeProvider, Fault

M, U, D, S = ProviderMisbehaved, ProviderUnavailable, LoginDeclined, StartAgain

EXPECTED: dict[Fault, tuple[type[LoginFailed], str]] = {
    Fault.METADATA_ISSUER_OTHER: (M, "metadata_issuer_mismatch"),
    Fault.METADATA_ISSUER_SLASH: (M, "metadata_issuer_mismatch"),
    Fault.METADATA_ISSUER_MISSING: (M, "metadata_issuer_mismatch"),
    Fault.METADATA_TOKEN_ENDPOINT_MISSING: (M, "metadata_endpoint_missing"),
    Fault.METADATA_TOKEN_ENDPOINT_HTTP: (M, "metadata_endpoint_malformed"),
    Fault.METADATA_TOKEN_ENDPOINT_CREDENTIALS: (M, "metadata_endpoint_malformed"),
    Fault.METADATA_PKCE_MISSING: (M, "metadata_pkce_unsupported"),
    Fault.METADATA_CODE_MISSING: (M, "metadata_code_flow_unsupported"),
    Fault.METADATA_LIST_IS_TEXT: (M, "metadata_value_malformed"),
    Fault.METADATA_NOT_JSON: (M, "metadata_not_json"),
    Fault.METADATA_NOT_FOUND: (M, "metadata_not_found"),
    Fault.METADATA_REDIRECT: (M, "metadata_redirected"),
    Fault.METADATA_TOO_LARGE: (M, "metadata_too_large"),
    Fault.METADATA_SERVER_ERROR: (U, "metadata_server_error"),
    Fault.METADATA_DOWN: (U, "metadata_unreachable"),
    Fault.JWKS_NOT_A_SET: (M, "jwks_malformed"),
    Fault.JWKS_EMPTY: (M, "id_token_key_unknown"),
    Fault.JWKS_REDIRECT: (M, "jwks_redirected"),
    Fault.JWKS_DOWN: (U, "jwks_unreachable"),
    Fault.CALLBACK_STATE_OTHER: (S, "state_mismatch"),
    Fault.CALLBACK_STATE_MISSING: (S, "state_missing"),
    Fault.CALLBACK_STATE_REPEATED: (M, "callback_parameter_repeated"),
    Fault.CALLBACK_ISSUER_OTHER: (M, "callback_issuer_mismatch"),
    Fault.CALLBACK_ISSUER_MISSING: (M, "callback_issuer_missing"),
    Fault.CALLBACK_CODE_MISSING: (M, "callback_code_missing"),
    Fault.CALLBACK_CODE_REPEATED: (M, "callback_parameter_repeated"),
    Fault.CALLBACK_CODE_CONTROL: (M, "callback_code_malformed"),
    Fault.CALLBACK_ACCESS_DENIED: (D, "provider_access_denied"),
    Fault.CALLBACK_LOGIN_REQUIRED: (D, "provider_login_required"),
    Fault.CALLBACK_ERROR_UNKNOWN: (D, "provider_unknown"),
    Fault.TOKEN_HTML: (M, "token_not_json"),
    Fault.TOKEN_JSON_BROKEN: (M, "token_not_json"),
    Fault.TOKEN_JSON_ARRAY: (M, "token_not_json"),
    Fault.TOKEN_JSON_REPEATED_MEMBER: (M, "token_not_json"),
    Fault.TOKEN_REDIRECT: (M, "token_redirected"),
    Fault.TOKEN_TOO_LARGE: (M, "token_too_large"),
    Fault.TOKEN_STATUS_204: (M, "token_status_unexpected"),
    Fault.TOKEN_SERVER_ERROR: (U, "token_server_error"),
    Fault.TOKEN_DOWN: (U, "token_unreachable"),
    Fault.TOKEN_INVALID_GRANT: (D, "token_refused_invalid_grant"),
    Fault.TOKEN_INVALID_CLIENT: (D, "token_refused_invalid_client"),
    Fault.TOKEN_ERROR_UNKNOWN: (D, "token_refused_unknown"),
    Fault.TOKEN_TYPE_OTHER: (M, "token_type_unexpected"),
    Fault.TOKEN_ACCESS_TOKEN_MISSING: (M, "token_access_token_malformed"),
    Fault.TOKEN_ACCESS_TOKEN_NUMBER: (M, "token_access_token_malformed"),
    Fault.TOKEN_ID_TOKEN_MISSING: (M, "token_id_token_missing"),
    Fault.TOKEN_EXPIRES_IN_TEXT: (M, "token_expires_in_malformed"),
    Fault.ID_TOKEN_MALFORMED: (M, "id_token_malformed"),
    Fault.ID_TOKEN_TOO_LONG: (M, "id_token_too_long"),
    Fault.ID_TOKEN_ALG_NONE: (M, "id_token_algorithm_not_allowed"),
    Fault.ID_TOKEN_ALG_HS256: (M, "id_token_algorithm_not_allowed"),
    Fault.ID_TOKEN_ALG_RS256: (M, "id_token_algorithm_not_allowed"),
    Fault.ID_TOKEN_KID_UNKNOWN: (M, "id_token_key_unknown"),
    Fault.ID_TOKEN_OTHER_KEY: (M, "id_token_signature_invalid"),
    Fault.ID_TOKEN_KEY_IN_HEADER: (M, "id_token_key_unknown"),
    Fault.ID_TOKEN_SIGNATURE_CUT: (M, "id_token_signature_invalid"),
    Fault.ID_TOKEN_CLAIMS_CHANGED: (M, "id_token_signature_invalid"),
    Fault.ID_TOKEN_TYP_OTHER: (M, "id_token_typ_unexpected"),
    Fault.ID_TOKEN_CRIT: (M, "id_token_crit_not_supported"),
    Fault.ID_TOKEN_ISSUER_OTHER: (M, "id_token_issuer_mismatch"),
    Fault.ID_TOKEN_AUDIENCE_OTHER: (M, "id_token_audience_mismatch"),
    Fault.ID_TOKEN_AUDIENCE_MISSING: (M, "id_token_audience_mismatch"),
    Fault.ID_TOKEN_AUDIENCE_WITH_OTHERS: (M, "id_token_audience_untrusted"),
    Fault.ID_TOKEN_AZP_OTHER: (M, "id_token_azp_mismatch"),
    Fault.ID_TOKEN_SUBJECT_MISSING: (M, "id_token_subject_malformed"),
    Fault.ID_TOKEN_SUBJECT_LONG: (M, "id_token_subject_malformed"),
    Fault.ID_TOKEN_EXPIRED: (M, "id_token_expired"),
    Fault.ID_TOKEN_EXP_MISSING: (M, "id_token_exp_missing"),
    Fault.ID_TOKEN_EXP_TEXT: (M, "id_token_exp_malformed"),
    Fault.ID_TOKEN_IAT_MISSING: (M, "id_token_iat_missing"),
    Fault.ID_TOKEN_IAT_FUTURE: (M, "id_token_from_the_future"),
    Fault.ID_TOKEN_IAT_OLD: (M, "id_token_older_than_login"),
    Fault.ID_TOKEN_NBF_FUTURE: (M, "id_token_from_the_future"),
    Fault.ID_TOKEN_NONCE_MISSING: (M, "id_token_nonce_missing"),
    Fault.ID_TOKEN_NONCE_OTHER: (M, "id_token_nonce_mismatch"),
    Fault.ID_TOKEN_AT_HASH_OTHER: (M, "id_token_at_hash_mismatch"),
    Fault.ID_TOKEN_ACR_LOW: (M, "id_token_acr_too_low"),
    Fault.ID_TOKEN_ACR_MISSING: (M, "id_token_acr_too_low"),
    Fault.ID_TOKEN_ACR_UNKNOWN: (M, "id_token_acr_too_low"),
    Fault.ID_TOKEN_ACR_LIST: (M, "id_token_acr_malformed"),
    Fault.ID_TOKEN_AUTH_TIME_MISSING: (M, "id_token_auth_time_missing"),
    Fault.ID_TOKEN_AUTH_TIME_OLD: (M, "id_token_auth_time_too_old"),
    Fault.ID_TOKEN_AUTH_TIME_FUTURE: (M, "id_token_auth_time_in_the_future"),
    Fault.ID_TOKEN_AMR_TEXT: (M, "id_token_amr_malformed"),
    Fault.USERINFO_SUBJECT_OTHER: (M, "userinfo_subject_mismatch"),
    Fault.USERINFO_SUBJECT_MISSING: (M, "userinfo_subject_mismatch"),
    Fault.USERINFO_HTML: (M, "userinfo_not_json"),
    Fault.USERINFO_JSON_BROKEN: (M, "userinfo_not_json"),
    Fault.USERINFO_REFUSED: (D, "userinfo_refused_invalid_token"),
    Fault.USERINFO_REDIRECT: (M, "userinfo_redirected"),
    Fault.USERINFO_TOO_LARGE: (M, "userinfo_too_large"),
    Fault.USERINFO_DOWN: (U, "userinfo_unreachable"),
    Fault.USERINFO_UNSIGNED: (M, "userinfo_not_signed"),
    Fault.USERINFO_ISSUER_OTHER: (M, "userinfo_issuer_mismatch"),
    Fault.USERINFO_AUDIENCE_OTHER: (M, "userinfo_audience_mismatch"),
    Fault.USERINFO_OTHER_KEY: (M, "userinfo_signature_invalid"),
    Fault.USERINFO_ALG_NONE: (M, "userinfo_algorithm_not_allowed"),
}

SIGNED_USERINFO = {
    Fault.USERINFO_UNSIGNED,
    Fault.USERINFO_ISSUER_OTHER,
    Fault.USERINFO_AUDIENCE_OTHER,
    Fault.USERINFO_OTHER_KEY,
    Fault.USERINFO_ALG_NONE,
}


def test_every_fault_has_an_expectation() -> None:
    assert set(EXPECTED) == set(Fault)
    assert len(EXPECTED) >= 40


def _attempt(party: RelyingParty, provider: FakeProvider, callback: str) -> None:
    login = party.start_login(
        redirect_uri=callback,
        acr="urn:hkeid:acr:eid-bound",
        max_age=600,
        claims=["name"],
    )
    from hkeid.testing.fake_provider import AccountHolder

    person = AccountHolder(acr="urn:hkeid:acr:eid-bound", claims={"name": "CHAN Tai Man"})
    party.finish_login(login.state, provider.log_in(login.url, person))


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_is_refused_with_its_reason(
    fault: Fault, provider: FakeProvider, make_party: Callable[..., RelyingParty], callback: str
) -> None:
    provider.signed_userinfo = fault in SIGNED_USERINFO
    party = make_party(userinfo_algorithm="ES256" if fault in SIGNED_USERINFO else None)
    provider.fault = fault
    kind, reason = EXPECTED[fault]
    with pytest.raises(LoginFailed) as caught:
        _attempt(party, provider, callback)
    assert caught.value.reason == reason
    assert type(caught.value) is kind
    assert caught.value.safe_text.endswith(".")
    assert "<b>" not in str(caught.value)


@pytest.mark.parametrize("signed", [False, True])
def test_without_a_fault_the_same_attempt_succeeds(
    signed: bool, provider: FakeProvider, make_party: Callable[..., RelyingParty], callback: str
) -> None:
    provider.signed_userinfo = signed
    _attempt(make_party(userinfo_algorithm="ES256" if signed else None), provider, callback)

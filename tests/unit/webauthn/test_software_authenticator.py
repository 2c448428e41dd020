"""The software authenticator behaves as a device and a browser do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hkeid.kernel import base64url
from hkeid.testing.authenticator import AuthenticatorRefused, SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import Dishonesty
from hkeid.webauthn import CeremonyRefused, verify_registration


def _thrown(attempt: Any) -> str:
    with pytest.raises(AuthenticatorRefused) as refused:
        attempt()
    return refused.value.reason


def test_one_credential_per_account_and_device(desk: Any, phone: Any) -> None:
    credential = desk.register(phone)
    options = desk.start_registration(exclude=(credential,)).options
    assert _thrown(lambda: phone.create(options, desk.origin)) == "invalid_state_error"
    again = desk.register(phone)  # not excluded: it replaces the old one
    assert [one.id for one in phone.credentials] == [again.id]


def test_no_user_verification_no_ceremony(desk: Any, phone: Any) -> None:
    desk.register(phone)
    phone.user_verified = False
    start = desk.start_login()
    assert _thrown(lambda: phone.get(start.options, desk.origin)) == "not_allowed_error"
    assert _thrown(lambda: desk.register(phone)) == "not_allowed_error"


def test_another_origin_gets_nothing(desk: Any, phone: Any) -> None:
    """What stops phishing is the browser; what stops a dishonest one is the origin check."""
    desk.register(phone)
    start = desk.start_login()
    evil = "https://evil.test"
    assert _thrown(lambda: phone.get(start.options, evil)) == "security_error"
    answer = phone.create(
        desk.start_registration().options, evil, dishonesty=Dishonesty(out_of_scope=True)
    )
    with pytest.raises(CeremonyRefused) as refused:
        verify_registration(answer, desk.claim(desk.start_registration()), desk.policy)
    assert refused.value.reason == "challenge_mismatch"


def test_a_sibling_of_the_rp_is_in_scope_and_refused_by_us(desk: Any, phone: Any) -> None:
    desk.register(phone)
    start = desk.start_registration()
    answer = phone.create(start.options, "https://evil.id.example.hk")
    with pytest.raises(CeremonyRefused) as refused:
        verify_registration(answer, desk.claim(start), desk.policy)
    assert refused.value.reason == "origin_mismatch"


def test_unknown_algorithms(desk: Any) -> None:
    phone = SoftwareAuthenticator(algorithms=(-48,))
    assert _thrown(lambda: desk.register(phone)) == "not_supported_error"


def test_nothing_to_log_in_with(desk: Any, phone: Any) -> None:
    start = desk.start_login()
    assert _thrown(lambda: phone.get(start.options, desk.origin)) == "not_allowed_error"
    desk.register(phone)
    other = desk.start_login(allow=(replace(desk.register(SoftwareAuthenticator()), id=b"x"),))
    assert _thrown(lambda: phone.get(other.options, desk.origin)) == "not_allowed_error"


def test_the_person_may_pick(desk: Any, phone: Any) -> None:
    first = desk.register(phone)
    desk.resident = desk.new_resident()
    second = desk.register(phone)
    options = desk.start_login().options
    newest = phone.get(options, desk.origin)
    picked = phone.get(options, desk.origin, credential_id=first.id)
    assert base64url.decode(newest["id"]) == second.id
    assert base64url.decode(picked["id"]) == first.id


def test_a_clone_is_noticed(desk: Any, phone: Any) -> None:
    """Two devices with one key: whichever comes second with a lower counter."""
    credential = desk.register(phone)
    clone = phone.clone()
    for _ in range(2):
        proof = desk.login(phone, credential)
        credential = replace(credential, sign_count=proof.sign_count)
    with pytest.raises(CeremonyRefused) as refused:
        desk.login(clone, credential)
    assert refused.value.reason == "counter_regressed"


def test_a_synced_passkey_has_no_counter_to_notice_by(desk: Any) -> None:
    phone = SoftwareAuthenticator(synced=True)
    credential = desk.register(phone)
    for device in (phone, phone.clone(), phone):
        assert desk.login(device, credential).sign_count == 0


def test_a_key_copied_from_a_bound_device_shows_by_its_flags(desk: Any, phone: Any) -> None:
    credential = desk.register(phone)
    other = SoftwareAuthenticator(synced=True)
    other.import_credential(phone.export_credential(credential.id))
    with pytest.raises(CeremonyRefused) as refused:
        desk.login(other, credential)
    assert refused.value.reason == "be_changed"


def test_keys_do_not_print(desk: Any, phone: Any) -> None:
    desk.register(phone)
    assert "key=" not in repr(phone.credentials[0])

"""A ceremony is answered once, by one browser, in time and for its purpose."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hkeid.kernel.errors import AlreadyUsed, ConfigurationError, Expired, HkeidError, NotFound
from hkeid.kernel.secret import secret_digest
from hkeid.testing.authenticator_dishonesty import Dishonesty
from hkeid.webauthn import (
    CeremonyKind,
    CeremonyRefused,
    CeremonyStart,
    verify_assertion,
    verify_registration,
)
from hkeid.webauthn.ceremony import SINGLE_USE_KIND


def _refusal(attempt: Any) -> CeremonyRefused:
    with pytest.raises(CeremonyRefused) as refused:
        attempt()
    return refused.value


def _audited(desk: Any) -> list[tuple[str, bytes]]:
    with desk.store.transaction() as tx:
        records = [
            record
            for writer in tx.audit_records.writers()
            for record in tx.audit_records.of_writer(writer)
        ]
    return [(record.name, record.body) for record in records]


def test_what_comes_back(desk: Any) -> None:
    start = desk.start_registration(context={"ticket": "t-1"})
    ceremony = desk.claim(start, CeremonyKind.ACTIVATE)
    assert ceremony.kind is CeremonyKind.ACTIVATE
    assert ceremony.resident_id == desk.resident.id
    assert ceremony.user_handle == desk.resident.user_handle
    assert ceremony.context == {"ticket": "t-1"}
    assert ceremony.allowed == ()
    assert ceremony.created_at == desk.clock.now()
    assert ceremony.expires_at == desk.clock.now() + desk.policy.lifetime
    assert len(ceremony.challenge) == 32


def test_named_credentials_come_back(desk: Any, phone: Any) -> None:
    credential = desk.register(phone)
    start = desk.start_login(allow=(credential,), resident_id=desk.resident.id)
    ceremony = desk.claim(start, CeremonyKind.LOGIN)
    assert ceremony.allowed == (credential.id,)
    assert ceremony.resident_id == desk.resident.id
    assert ceremony.user_handle is None


def test_a_second_claim_is_refused(desk: Any) -> None:
    start = desk.start_login()
    desk.claim(start)
    refusal = _refusal(lambda: desk.claim(start))
    assert refusal.reason == "ceremony_used"
    assert isinstance(refusal, AlreadyUsed)
    assert _audited(desk) == [
        ("webauthn:ceremony:misused", b'{"kind":"login","reason":"ceremony_used"}')
    ]


def test_nobody_fills_the_audit_trail_with_misuse(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody can begin a login and claim it again and again, and the trail never shrinks."""
    monkeypatch.setattr("hkeid.webauthn.ceremony._MISUSES", 3)
    start = desk.start_login()
    desk.claim(start)
    for _ in range(10):
        assert _refusal(lambda: desk.claim(start)).reason == "ceremony_used"
    assert len(_audited(desk)) == 3
    known = desk.start_login(resident_id=desk.resident.id)
    desk.claim(known)
    assert _refusal(lambda: desk.claim(known)).reason == "ceremony_used"
    assert len(_audited(desk)) == 4


def test_of_many_claims_at_once_one_wins(desk: Any) -> None:
    start = desk.start_login()

    def claim(_: int) -> str:
        try:
            desk.claim(start)
        except CeremonyRefused as refusal:
            return refusal.reason
        return "won"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(claim, range(16)))
    assert outcomes == ["ceremony_used"] * 15 + ["won"]


def test_a_failed_answer_burns_the_ceremony(desk: Any, phone: Any) -> None:
    """The claim is over, and kept, before anything is verified."""
    credential = desk.register(phone)
    start = desk.start_login()
    forged = phone.get(start.options, desk.origin, dishonesty=Dishonesty(sign_count=0))
    honest = phone.get(start.options, desk.origin)
    ceremony = desk.claim(start)
    handle = desk.resident.user_handle
    with pytest.raises(CeremonyRefused):
        verify_assertion({**forged, "type": "x"}, ceremony, credential, handle, desk.policy)
    assert _refusal(lambda: desk.claim(start)).reason == "ceremony_used"
    other = desk.claim(desk.start_login())
    refusal = _refusal(lambda: verify_assertion(honest, other, credential, handle, desk.policy))
    assert refusal.reason == "challenge_mismatch"


def test_unknown(desk: Any) -> None:
    start = CeremonyStart(id="never-was", options={})
    refusal = _refusal(lambda: desk.claim(start))
    assert refusal.reason == "ceremony_unknown"
    assert isinstance(refusal, NotFound)


@pytest.mark.parametrize("ceremony_id", ["", "\ud800", "x" * 100_000, "'; --"])
def test_any_text_may_be_claimed(ceremony_id: str, desk: Any) -> None:
    start = CeremonyStart(id=ceremony_id, options={})
    assert _refusal(lambda: desk.claim(start)).reason == "ceremony_unknown"


def test_expired(desk: Any) -> None:
    start = desk.start_login()
    desk.wait(minutes=5)
    refusal = _refusal(lambda: desk.claim(start))
    assert refusal.reason == "ceremony_expired"
    assert isinstance(refusal, Expired)


def test_in_the_last_moment(desk: Any) -> None:
    start = desk.start_login()
    desk.wait(minutes=4, seconds=59.999)
    assert desk.claim(start)


def test_another_browser_burns_it_and_is_recorded(desk: Any) -> None:
    start = desk.start_login()
    stranger = _refusal(lambda: desk.claim(start, browser="browser-2"))
    assert stranger.reason == "ceremony_other_browser"
    assert _refusal(lambda: desk.claim(start)).reason == "ceremony_used"
    assert [body for _, body in _audited(desk)] == [
        b'{"kind":"login","reason":"ceremony_other_browser"}',
        b'{"kind":"login","reason":"ceremony_used"}',
    ]


@pytest.mark.parametrize("kind", list(CeremonyKind))
def test_another_purpose_burns_it(kind: CeremonyKind, desk: Any) -> None:
    start = desk.start_registration() if kind.registers else desk.start_login()
    others = [other for other in CeremonyKind if other.registers is not kind.registers]
    assert _refusal(lambda: desk.claim(start, *others)).reason == "ceremony_other_kind"
    assert _refusal(lambda: desk.claim(start)).reason == "ceremony_used"


def test_an_answer_to_login_is_no_registration(desk: Any, phone: Any) -> None:
    ceremony = desk.claim(desk.start_login())
    answer = phone.create(desk.start_registration().options, desk.origin)
    refusal = _refusal(lambda: verify_registration(answer, ceremony, desk.policy))
    assert refusal.reason == "ceremony_other_kind"


def test_mixing_kinds_up_fails_at_once(desk: Any) -> None:
    with pytest.raises(ConfigurationError) as error:
        desk.start_registration(kind=CeremonyKind.LOGIN)
    assert error.value.reason == "ceremony_other_kind"
    with pytest.raises(ConfigurationError):
        desk.start_login(kind=CeremonyKind.ACTIVATE)


def test_revoked(desk: Any) -> None:
    """Nothing revokes ceremonies today; if something does, they are gone."""
    from dataclasses import replace

    start = desk.start_login()
    with desk.store.transaction() as tx:
        record = tx.single_use.look(SINGLE_USE_KIND, secret_digest(start.id))
        twin = replace(record, digest=secret_digest("twin"), family="f")
        assert tx.single_use.put(twin)
        assert tx.single_use.revoke_family("f", desk.clock.now()) == 1
    twin_start = CeremonyStart(id="twin", options={})
    assert _refusal(lambda: desk.claim(twin_start)).reason == "ceremony_unknown"


def test_the_store_keeps_neither_id_nor_names(desk: Any) -> None:
    start = desk.start_registration()
    with desk.store.transaction() as tx:
        record = tx.single_use.look(SINGLE_USE_KIND, secret_digest(start.id))
    assert record is not None
    for hidden in (start.id, desk.browser, "CHAN", "eID 7F3K"):
        assert hidden.encode() not in record.payload


def test_chance_that_repeats_is_noticed(desk: Any) -> None:
    class Stuck:
        def token_bytes(self, length: int) -> bytes:
            return bytes(length)

        def token(self, length: int = 32) -> str:
            return "A" * length

    desk.random = Stuck()
    desk.start_login()
    with pytest.raises(HkeidError) as error:
        desk.start_login()
    assert error.value.reason == "ceremony_id_repeated"


def test_refusals_all_say_the_same(desk: Any, phone: Any) -> None:
    """A prober learns nothing from the text; nothing secret is in the exception."""
    credential = desk.register(phone)
    texts = set()
    for lie in (Dishonesty(flags_cleared=4), Dishonesty(rp_id="x.test"), Dishonesty(sign_count=9)):
        lie_bad = lie if lie.sign_count is None else Dishonesty(signature=lambda _: b"x")
        refusal = _refusal(lambda d=lie_bad: desk.login(phone, credential, d))
        texts.add(refusal.safe_text)
        assert refusal.reason not in refusal.safe_text
    assert len(texts) == 1


def test_records_do_not_print_secrets(desk: Any) -> None:
    start = desk.start_registration()
    assert start.id not in repr(start)
    ceremony = desk.claim(start)
    assert start.id not in repr(ceremony)
    assert repr(ceremony.challenge)[2:-1] not in repr(ceremony)

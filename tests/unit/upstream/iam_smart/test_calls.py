"""Re-authentication, form filling and hash signing: the call, the callback, and every attack on it."""

from __future__ import annotations

import base64
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.unit.upstream.iam_smart.conftest import Bench

from hkeid.identity.assurance import Acr
from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError, MalformedInput
from hkeid.kernel.http import Request
from hkeid.oidc.errors import ErrorCode
from hkeid.rp.surroundings import SystemClock
from hkeid.testing.iam_smart_simulator import IamSmartFault as F
from hkeid.testing.personas import PERSONAS
from hkeid.upstream import (
    AnswerUnexpected,
    UpstreamFailed,
    UpstreamMisbehaved,
    UpstreamRefused,
)
from hkeid.upstream.iam_smart import (
    Acknowledgement,
    FormDescription,
    HashSigning,
    Method,
    Pending,
    SigningDescription,
    raised,
    read_callback,
    read_form,
    read_reauthentication,
    read_signature,
    settle,
)
from hkeid.upstream.iam_smart.codes import CODES
from hkeid.upstream.iam_smart.envelopes import seal_content
from hkeid.upstream.iam_smart.hash_signing import SignatureAlgorithm, number_hash

FORM = FormDescription(
    name="Licence renewal", number="TD-1", description="Particulars of the holder"
)
DOCUMENT = SigningDescription(department="Test", service="Test service", document="Test document")
DIGEST = sha256(b"a document").digest()


def reauthentication(
    bench: Bench, persona: str = "cheung-sam", methods: frozenset[Method] = frozenset({Method.NFC})
) -> Pending:
    return bench.keep(
        bench.calls.reauthenticate(
            bench.person(persona), methods=methods, callback=bench.callback, source="PC_Browser"
        )
    )


def form(bench: Bench, **fields: tuple[str, ...]) -> Pending:
    asked = fields or {
        "profile_fields": ("idNo", "enName"),
        "eme_fields": ("mobileNumber", "residentialAddress"),
    }
    return bench.keep(
        bench.calls.fill_form(
            bench.person(), FORM, callback=bench.callback, source="PC_Browser", **asked
        )
    )


def signing(
    bench: Bench,
    algorithm: SignatureAlgorithm = SignatureAlgorithm.NONE_WITH_RSA,
    persona: str = "cheung-sam",
) -> Pending:
    return bench.keep(
        HashSigning(bench.calls).begin(
            bench.person(persona),
            DIGEST,
            DOCUMENT,
            signer=PERSONAS["cheung-sam"].hkic_number,
            callback=bench.callback,
            source="PC_Browser",
            algorithm=algorithm,
        )
    )


def test_a_card_tap_raises_the_rung_of_a_plus_account(bench: Bench) -> None:
    before = bench.log_in("cheung-sam")
    pending = reauthentication(bench)
    assert pending.by_push
    bench.simulator.approve_call(pending.business_id)
    methods = read_reauthentication(bench.settled[0])
    assert methods == {Method.FIDO, Method.NFC}
    after = raised(before, methods, signs=True, table=bench.upstream.settings.assurance)
    assert (after.acr, after.upstream_acr) == (Acr.EID_PLUS, "fido+nfc:sign")
    assert after.amr == ("hwk", "user", "sc")
    assert after.subject == before.subject


def test_without_a_plus_account_a_tap_raises_nothing(bench: Bench) -> None:
    before = bench.log_in()
    after = raised(
        before,
        frozenset({Method.FIDO, Method.NFC}),
        signs=False,
        table=bench.upstream.settings.assurance,
    )
    assert after.acr is Acr.EID


def test_on_the_phone_a_ticket_opens_the_app(bench: Bench) -> None:
    pending = bench.calls.reauthenticate(
        bench.person(), methods={Method.FACE}, callback=bench.callback, source="iOS_Safari"
    )
    assert not pending.by_push
    assert pending.ticket is not None


@pytest.mark.parametrize(
    ("methods", "hours"),
    [(set(), None), ({Method.FIDO}, None), ({Method.NFC}, 721), ({Method.NFC}, -1)],
)
def test_what_cannot_be_asked_is_refused_here(
    bench: Bench, methods: set[Method], hours: int | None
) -> None:
    with pytest.raises(MalformedInput) as caught:
        bench.calls.reauthenticate(
            bench.person(),
            methods=methods,
            callback=bench.callback,
            source="PC_Browser",
            minimum_account_hours=hours,
        )
    assert caught.value.reason == "stepup_methods_malformed"


def test_a_form_is_filled_with_what_was_asked_for(bench: Bench) -> None:
    pending = form(bench)
    bench.simulator.approve_call(pending.business_id)
    filled = read_form(bench.settled[0])
    assert dict(filled) == {
        "enName": ("CHAN, Tai Man",),
        "idNo": ("Q000101(1)",),
        "mobileNumber": ("+85255550101",),
        "residentialAddress": ("Flat A, 1/F, Specimen House, 1 Sample Street, Kowloon",),
    }
    assert "Q000101" not in repr(bench.settled[0])
    assert bench.simulator.posted == [200]


@pytest.mark.parametrize(
    "fields",
    [{"profile_fields": ()}, {"eme_fields": ("shoeSize",)}, {"profile_fields": ("emailAddress",)}],
)
def test_a_form_wants_fields_that_there_are(
    bench: Bench, fields: dict[str, tuple[str, ...]]
) -> None:
    with pytest.raises(MalformedInput) as caught:
        form(bench, **fields)
    assert caught.value.reason == "form_fields_malformed"


@pytest.mark.parametrize("algorithm", list(SignatureAlgorithm))
def test_a_hash_is_signed_verified_and_acknowledged(
    bench: Bench, algorithm: SignatureAlgorithm
) -> None:
    pending = signing(bench, algorithm)
    bench.simulator.approve_call(pending.business_id)
    signature = read_signature(bench.settled[0])
    assert (
        "cheung-sam"
        in x509.load_der_x509_certificate(signature.certificate).subject.rfc4514_string()
    )
    HashSigning(bench.calls).acknowledge(pending.business_id, Acknowledgement.ACCEPTED)
    assert bench.simulator.memory.acknowledged[pending.business_id] == "SR001"


def test_only_the_named_person_signs(bench: Bench) -> None:
    """D70004: no iAM Smart+ account; D70005: another person's number."""
    with pytest.raises(UpstreamRefused) as caught:
        signing(bench, persona="chan-tai-man")
    assert caught.value.code is ErrorCode.UNMET_AUTHENTICATION_REQUIREMENTS
    with pytest.raises(UpstreamRefused) as caught:
        signing(bench, persona="lee-sze")
    assert caught.value.reason == "iam_smart_signer_is_another_person"


def test_the_number_hash_leaves_the_check_character_out_of_any_number() -> None:
    """A public integration does that for one-letter numbers only."""
    assert number_hash(HkicNumber("A123456", "3")).startswith("rDcExehS")
    two = HkicNumber("AB987654", "3")
    assert number_hash(two) == base64.b64encode(sha256(b"AB987654").digest()).decode()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (F.SIGNATURE_WRONG, "signature_wrong"),
        (F.SIGNATURE_OF_ANOTHER_HASH, "signature_of_another_hash"),
    ],
)
def test_a_signature_that_does_not_hold_is_not_handed_on(
    bench: Bench, fault: F, reason: str
) -> None:
    pending = signing(bench)
    bench.simulator.fault = fault
    bench.simulator.approve_call(pending.business_id)
    with pytest.raises(UpstreamMisbehaved) as caught:
        read_signature(bench.settled[0])
    assert caught.value.reason == reason


def test_a_duplicate_callback_is_answered_and_does_nothing(bench: Bench) -> None:
    """Law 1."""
    pending = reauthentication(bench)
    bench.simulator.fault = F.CALLBACK_TWICE
    bench.simulator.approve_call(pending.business_id)
    assert bench.simulator.posted == [200, 200]
    assert (len(bench.settled), bench.duplicates) == (1, 1)


@pytest.mark.parametrize("fault", [F.CALLBACK_NEW_KEY, F.CALLBACK_KEY_MEMBER, F.KEY_RAW])
def test_unusual_callbacks_that_are_right_are_taken(bench: Bench, fault: F) -> None:
    pending = reauthentication(bench)
    bench.simulator.fault = fault
    bench.simulator.approve_call(pending.business_id)
    assert bench.refusals == []
    assert len(bench.settled) == 1


REFUSED = {
    F.CALLBACK_ALTERED: "content_not_authentic",
    F.CALLBACK_CLEAR: "callback_not_encrypted",
    F.CALLBACK_STATE_OTHER: "callback_state_mismatch",
    F.CALLBACK_BUSINESS_ID_OTHER: "callback_unknown",
    F.CALLBACK_OF_ANOTHER_CLIENT: "content_key_not_ours",
    F.CALLBACK_FORGED: "callback_key_not_confirmed",
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_bad_callback_is_refused_and_a_good_one_still_serves(bench: Bench, fault: F) -> None:
    pending = reauthentication(bench)
    bench.simulator.fault = fault
    bench.simulator.approve_call(pending.business_id)
    assert bench.refusals == [REFUSED[fault]]
    assert bench.simulator.posted == [400]
    assert bench.settled == []
    # The attack used nothing up.
    bench.simulator.fault = None
    bench.simulator.memory.calls[pending.business_id].decision = type(
        bench.simulator.memory.calls[pending.business_id].decision
    ).WAITING
    bench.simulator.approve_call(pending.business_id)
    assert len(bench.settled) == 1


def test_nobody_answers_and_the_call_is_over(bench: Bench) -> None:
    """No callback within 18 minutes: the request has failed."""
    pending = reauthentication(bench)
    bench.simulator.fault = F.CALLBACK_NEVER
    bench.simulator.approve_call(pending.business_id)
    assert bench.settled == []
    life = pending.record.expires_at - pending.record.created_at
    assert life == timedelta(minutes=18)
    bench.simulator.fault = None
    callback = callback_for(bench, pending)
    with bench.store.transaction() as tx, pytest.raises(AnswerUnexpected) as caught:
        settle(tx.single_use, callback, SystemClock().now() + life)
    assert caught.value.reason == "callback_unknown"


def callback_for(bench: Bench, pending: Pending, **changes: object):
    return read_callback(
        bench.calls.api, request_for(bench, pending, **changes), SystemClock().now()
    )


def request_for(
    bench: Bench,
    pending: Pending,
    *,
    code: str = "D00000",
    key: bytes | None = None,
    clear: bool = False,
    **changes: object,
) -> Request:
    """A callback that the test makes itself."""
    call = bench.simulator.memory.calls[pending.business_id]
    content = {
        "businessID": pending.business_id,
        "state": call.members["state"],
        "isPassed": "true",
        **changes,
    }
    content = {name: value for name, value in content.items() if value is not None}
    shared = bench.simulator.memory.key
    assert shared is not None
    sealed = content if clear else seal_content(key or shared, content, secrets.token_bytes(12))
    members = {"txID": "1", "code": code, "content": sealed}
    if key is not None:
        public = bench.simulator.registration.kek.public_key()
        wrapped = public.encrypt(base64.b64encode(key), padding.PKCS1v15())
        members["secretKey"] = base64.b64encode(wrapped).decode()
    return Request(
        method="POST",
        path="/callback",
        headers={"content-type": "application/json"},
        body=canonical_json.dumps(members),
    )


def test_the_id_of_another_open_call_is_no_way_in(bench: Bench) -> None:
    """Two calls are open; a callback with the id of one and the state of the other ends neither."""
    mine, other = reauthentication(bench), reauthentication(bench, "chan-tai-man")
    state = bench.simulator.memory.calls[mine.business_id].members["state"]
    swapped = callback_for(bench, other, state=state)
    assert swapped.authentic
    with bench.store.transaction() as tx, pytest.raises(AnswerUnexpected) as caught:
        settle(tx.single_use, swapped, SystemClock().now())
    assert caught.value.reason == "callback_state_mismatch"
    for pending in (mine, other):
        with bench.store.transaction() as tx:
            assert settle(tx.single_use, callback_for(bench, pending), SystemClock().now())


def test_of_many_callbacks_at_once_one_settles(bench: Bench) -> None:
    """Law 1."""
    pending = reauthentication(bench)
    request = request_for(bench, pending)
    with ThreadPoolExecutor(16) as threads:
        statuses = list(threads.map(lambda _: bench.receive(request).status, range(64)))
    assert statuses == [200] * 64
    assert (len(bench.settled), bench.duplicates) == (1, 63)


@pytest.mark.parametrize(
    "request_",
    [
        Request(
            method="GET", path="/callback", headers={"content-type": "application/json"}, body=b"{}"
        ),
        Request(
            method="POST", path="/callback", headers={"content-type": "text/plain"}, body=b"{}"
        ),
        Request(method="POST", path="/callback", body=b"{}"),
    ],
)
def test_what_is_no_callback_is_malformed(bench: Bench, request_: Request) -> None:
    with pytest.raises(UpstreamFailed) as caught:
        read_callback(bench.calls.api, request_, SystemClock().now())
    assert caught.value.reason == "callback_malformed"


def test_our_certificate_is_public_and_gives_nobody_a_voice(bench: Bench) -> None:
    """Anybody can encipher a key of his own to it, with content that names an open call and its state."""
    pending = reauthentication(bench)
    with pytest.raises(UpstreamMisbehaved) as caught:
        callback_for(bench, pending, key=secrets.token_bytes(32))
    assert caught.value.reason == "callback_key_not_confirmed"


def test_strange_keys_do_not_make_us_ask_again_and_again(bench: Bench) -> None:
    pending = reauthentication(bench)
    before = len(bench.simulator.memory.nonces)
    for _ in range(20):
        with pytest.raises(UpstreamMisbehaved):
            callback_for(bench, pending, key=secrets.token_bytes(32))
    assert len(bench.simulator.memory.nonces) - before <= 3


def test_a_failure_in_the_clear_ends_only_a_call_whose_state_it_knows(bench: Bench) -> None:
    pending = reauthentication(bench)
    blind = callback_for(bench, pending, code="D80001", clear=True, state="guessed")
    with bench.store.transaction() as tx, pytest.raises(AnswerUnexpected) as caught:
        settle(tx.single_use, blind, SystemClock().now())
    assert caught.value.reason == "callback_state_mismatch"
    told = callback_for(bench, pending, code="D80001", clear=True)
    with bench.store.transaction() as tx:
        settled = settle(tx.single_use, told, SystemClock().now())
    assert settled is not None
    with pytest.raises(UpstreamRefused) as refusal:
        read_reauthentication(settled)
    assert refusal.value.reason == "iam_smart_reauthentication_rejected"


def test_a_callback_of_one_kind_is_no_answer_to_another(bench: Bench) -> None:
    pending = form(bench)
    bench.simulator.approve_call(pending.business_id)
    with pytest.raises(AnswerUnexpected) as caught:
        read_reauthentication(bench.settled[0])
    assert caught.value.reason == "callback_of_another_kind"


@pytest.mark.parametrize("said", ["false", False, 0, None, "no", [], "TRUE "])
def test_an_answer_that_does_not_say_passed_is_no_pass(bench: Bench, said: object) -> None:
    pending = reauthentication(bench)
    callback = callback_for(bench, pending, isPassed=said)
    with bench.store.transaction() as tx:
        settled = settle(tx.single_use, callback, SystemClock().now())
    assert settled is not None
    with pytest.raises(UpstreamRefused) as caught:
        read_reauthentication(settled)
    assert caught.value.reason == "iam_smart_reauthentication_failed"


CALLBACK_CODES = [code for code in CODES if code[:2] in ("D5", "D6", "D7", "D8")]


@pytest.mark.parametrize("code", CALLBACK_CODES)
def test_every_code_of_a_callback_has_its_own_outcome(bench: Bench, code: str) -> None:
    pending = form(bench)
    bench.simulator.fail(code, "callback")
    bench.simulator.approve_call(pending.business_id)
    with pytest.raises(UpstreamFailed) as caught:
        read_form(bench.settled[0])
    assert caught.value.reason == f"iam_smart_{CODES[code].reason}"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("place", ["reauthentication", "form_filling", "signing"])
def test_every_code_at_the_beginning_of_a_call(bench: Bench, place: str, code: str) -> None:
    begin = {"reauthentication": reauthentication, "form_filling": form, "signing": signing}[place]
    bench.simulator.fail(code, place)
    with pytest.raises(UpstreamFailed) as caught:
        begin(bench)
    assert caught.value.reason == f"iam_smart_{CODES[code].reason}"


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("place", ["profiles", "key", "acknowledgement"])
def test_every_code_elsewhere(bench: Bench, place: str, code: str) -> None:
    api = bench.upstream.api
    if place == "key":
        api.keys.forget(api.keys.current(SystemClock().now()))
    bench.simulator.fail(code, place)
    signing = HashSigning(bench.calls)
    attempt = (
        partial(signing.acknowledge, "nothing", Acknowledgement.REJECTED)
        if place == "acknowledgement"
        else bench.log_in
    )
    with pytest.raises(UpstreamFailed) as caught:
        attempt()
    assert caught.value.reason == f"iam_smart_{CODES[code].reason}"


def test_ids_and_states_are_never_one_constant(bench: Bench) -> None:
    calls = [reauthentication(bench) for _ in range(3)]
    states = {bench.simulator.memory.calls[one.business_id].members["state"] for one in calls}
    ids = {one.business_id for one in calls}
    assert len(states) == len(ids) == 3
    assert not states & ids
    assert all(len(one) <= 36 for one in states | ids)


def test_after_the_token_has_ended_nothing_is_asked(bench: Bench) -> None:
    person = replace(bench.person(), expires_at=SystemClock().now())
    with pytest.raises(UpstreamRefused) as caught:
        bench.calls.reauthenticate(
            person, methods={Method.FACE}, callback=bench.callback, source="PC_Browser"
        )
    assert (caught.value.reason, caught.value.code) == (
        "iam_smart_session_over",
        ErrorCode.LOGIN_REQUIRED,
    )


def test_a_foreign_rsa_text_never_becomes_a_key(bench: Bench) -> None:
    """PKCS #1 v1.5 with implicit rejection: a damaged ciphertext gives other bytes, not an oracle."""
    pending = reauthentication(bench)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    reasons = set()
    for wrapped in (
        bytes(256),
        secrets.token_bytes(256),
        other.encrypt(bytes(32), padding.PKCS1v15()),
        b"short",
    ):
        request = request_for(bench, pending, key=secrets.token_bytes(32))
        members = {
            **canonical_json.loads_object(request.body),
            "secretKey": base64.b64encode(wrapped).decode(),
        }
        with pytest.raises(HkeidError) as caught:
            read_callback(
                bench.calls.api,
                Request(
                    method="POST",
                    path="/",
                    headers=request.headers,
                    body=canonical_json.dumps(members),
                ),
                SystemClock().now(),
            )
        reasons.add(caught.value.reason)
    assert reasons <= {"content_key_not_ours", "content_not_authentic"}

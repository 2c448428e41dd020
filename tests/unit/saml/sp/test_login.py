"""A login at an identity provider: what the answer must say (saml-profiles §4.1.4.2, §4.1.4.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.unit.saml.sp.conftest import CLASS, RELAY, Stage, post, redirected

from hkeid.adapters.system import SystemRandom
from hkeid.kernel.errors import ConfigurationError, HkeidError
from hkeid.kernel.http import Request
from hkeid.saml.dsig import (
    Element,
    EncryptionPolicy,
    Reason,
    encode_post,
    encrypt_assertion,
    encrypt_name_id,
    sign_element,
    write,
    write_redirect,
)
from hkeid.saml.messages import (
    Assertion,
    AuthnContext,
    AuthnRequest,
    Binding,
    Comparison,
    Conditions,
    MessageReason,
    NameId,
    NameIdFormat,
    NameIdPolicy,
    ProxyRestriction,
    RequestedAuthnContext,
    Scoping,
    StatusCode,
    SubjectConfirmation,
    failure,
)
from hkeid.saml.messages.authn_request import AUTHN_REQUEST
from hkeid.saml.messages.bindings import arrival
from hkeid.saml.metadata import Endpoint, Entity, SpRole
from hkeid.saml.sp import FormPost, LoginWish, StatusRefused
from hkeid.testing.saml_parties import Party

MINUTE = timedelta(minutes=1)
Alter = Callable[[Stage, Any], Any]


def test_an_assertion_that_never_ends(stage: Stage) -> None:
    """Some identity providers say so with the end of time, to which nothing can be added."""
    never = datetime.max.replace(tzinfo=UTC)

    def forever(one: Assertion) -> Assertion:
        assert one.subject is not None
        assert one.conditions is not None
        (confirmation,) = one.subject.confirmations
        (statement,) = one.authn_statements
        return replace(
            one,
            subject=replace(
                one.subject, confirmations=(replace(confirmation, not_on_or_after=never),)
            ),
            conditions=replace(one.conditions, not_on_or_after=never),
            authn_statements=(replace(statement, session_not_on_or_after=never),),
        )

    ends = stage.login(assertion=forever).session_not_on_or_after
    assert ends is not None
    assert never - ends < timedelta(milliseconds=1)


def test_a_login(stage: Stage) -> None:
    login = stage.login()
    assert login.identity_provider == stage.idp.entity_id
    assert login.name_id == NameId(value="4711", format=NameIdFormat.PERSISTENT)
    assert login.context == AuthnContext(class_ref=CLASS)
    assert login.session_index == "s1"
    assert login.session_not_on_or_after == stage.now + timedelta(hours=8)
    assert [one.texts for one in login.attributes] == [("大文",)]
    assert login.solicited


@pytest.mark.parametrize(("whole", "inner"), [(True, False), (True, True)])
def test_a_login_by_the_signature_of_the_response(stage: Stage, whole: bool, inner: bool) -> None:
    assert stage.login(sign_response=whole, sign_assertion=inner).session_index == "s1"


def test_the_request_says_what_is_wished(stage: Stage) -> None:
    """saml-core §3.4.1; SAML2int: signed, and with the address of the answer."""
    wish = {
        "force_authn": True,
        "is_passive": True,
        "name_id_policy": NameIdPolicy(format=NameIdFormat.PERSISTENT, allow_create=True),
        "requested_context": RequestedAuthnContext(classes=(CLASS,), comparison=Comparison.MINIMUM),
        "scoping": Scoping(proxy_count=0, requesters=("https://rp.example",)),
        "attribute_service": 2,
    }
    _, request = stage.begin(**wish)
    assert request.issuer == stage.settings.entity_id
    assert request.destination == "https://idp.example/sso"
    assert request.acs_url == stage.settings.acs
    assert request.binding == Binding.POST
    for name, value in wish.items():
        assert getattr(request, name) == value


def test_a_request_by_post_is_signed_in_the_xml(stage: Stage) -> None:
    """saml-bindings §3.5."""
    begun = stage.sp.begin(
        LoginWish(identity_provider=stage.idp.entity_id, binding=Binding.POST),
        relay_state=RELAY,
        now=stage.now,
    )
    assert isinstance(begun.to, FormPost)
    assert begun.to.action == "https://idp.example/sso"
    assert dict(begun.to.fields)["RelayState"] == RELAY

    came = arrival(post(dict(begun.to.fields)))
    assert came.claimed().signed
    assert came.claimed().tag == AUTHN_REQUEST
    assert AuthnRequest.read(came.verified([stage.us.signing.public_key()])).id


@pytest.mark.parametrize(
    "relay_state", ["https://sp.example/page?a=1", "short", "a" * 81, "", "spaces are not allowed"]
)
def test_relay_state_is_a_reference(stage: Stage, relay_state: str) -> None:
    """saml-bindings §3.4.3."""
    with pytest.raises(HkeidError) as caught:
        stage.sp.begin(
            LoginWish(identity_provider=stage.idp.entity_id), relay_state=relay_state, now=stage.now
        )
    assert caught.value.reason == MessageReason.RELAY_STATE


# What is around the assertions.


def around(name: str, value: Callable[[Stage], Any] | Any) -> Alter:
    return lambda stage, one: replace(one, **{name: value(stage) if callable(value) else value})


AROUND: list[tuple[str, Alter, MessageReason]] = [
    ("another destination", around("destination", "https://other.example/acs"), MessageReason.DESTINATION),
    ("a longer destination", around("destination", "https://sp.example/acs/"), MessageReason.DESTINATION),
    ("another issuer", around("issuer", "https://other.example"), MessageReason.ISSUER_UNEXPECTED),
    ("another request", around("in_response_to", "_other"), MessageReason.IN_RESPONSE_TO),
    ("no request", around("in_response_to", None), MessageReason.IN_RESPONSE_TO),
    ("of the future", around("issued_at", lambda s: s.now + 2 * MINUTE), MessageReason.ISSUED_TOO_EARLY),
]  # fmt: skip


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(("name", "alter", "expected"), AROUND, ids=[one[0] for one in AROUND])
def test_what_is_around_the_assertions(
    stage: Stage, name: str, alter: Alter, expected: MessageReason, signed: bool
) -> None:
    """saml-bindings §3.5.5.2; saml-profiles §4.1.4.2."""
    assert name
    refused = stage.refusal(response=lambda one: alter(stage, one), sign_response=signed)
    assert refused == expected


def test_a_signed_response_says_from_whom_and_to_whom(stage: Stage) -> None:
    """saml-bindings §3.5.5.2 (Destination); saml-profiles §4.1.4.2 (Issuer)."""
    for name, expected in (
        ("destination", MessageReason.DESTINATION_MISSING),
        ("issuer", MessageReason.ISSUER_MISSING),
    ):
        change = {"response": lambda one, name=name: replace(one, **{name: None})}
        assert stage.refusal(sign_response=True, **change) == expected
        assert Stage().login(**change).session_index == "s1"


# What an assertion says.


def confirmed(**changes: Any) -> Alter:
    def alter(stage: Stage, one: Assertion) -> Assertion:
        values = {k: v(stage) if callable(v) else v for k, v in changes.items()}
        assert one.subject is not None
        (only,) = one.subject.confirmations
        return replace(one, subject=replace(one.subject, confirmations=(replace(only, **values),)))

    return alter


def conditioned(**changes: Any) -> Alter:
    def alter(stage: Stage, one: Assertion) -> Assertion:
        values = {k: v(stage) if callable(v) else v for k, v in changes.items()}
        assert one.conditions is not None
        return replace(one, conditions=replace(one.conditions, **values))

    return alter


def stated(**changes: Any) -> Alter:
    def alter(stage: Stage, one: Assertion) -> Assertion:
        values = {k: v(stage) if callable(v) else v for k, v in changes.items()}
        (only,) = one.authn_statements
        return replace(one, authn_statements=(replace(only, **values),))

    return alter


def said(**changes: Any) -> Alter:
    def alter(stage: Stage, one: Assertion) -> Assertion:
        values = {k: v(stage) if callable(v) else v for k, v in changes.items()}
        return replace(one, **values)

    return alter


def named(**changes: Any) -> Alter:
    def alter(_stage: Stage, one: Assertion) -> Assertion:
        assert one.subject is not None
        assert one.subject.name_id is not None
        name = replace(one.subject.name_id, **changes)
        return replace(one, subject=replace(one.subject, name_id=name))

    return alter


WITHIN: list[tuple[str, Alter, MessageReason]] = [
    ("issuer", said(issuer="https://other.example"), MessageReason.ASSERTION_ISSUER),
    ("issued in the future", said(issued_at=lambda s: s.now + 2 * MINUTE), MessageReason.ISSUED_TOO_EARLY),
    ("no subject", said(subject=None), MessageReason.SUBJECT_MISSING),
    ("no conditions", said(conditions=None), MessageReason.CONDITIONS_MISSING),
    ("no statement", said(authn_statements=()), MessageReason.AUTHN_STATEMENT_MISSING),
    ("recipient", confirmed(recipient="https://other.example/acs"), MessageReason.CONFIRMATION_RECIPIENT),
    ("no recipient", confirmed(recipient=None), MessageReason.CONFIRMATION_RECIPIENT),
    ("confirmation over", confirmed(not_on_or_after=lambda s: s.now - MINUTE), MessageReason.CONFIRMATION_EXPIRED),
    ("confirmation for ever", confirmed(not_on_or_after=None), MessageReason.CONFIRMATION_EXPIRED),
    ("confirmation from", confirmed(not_before=lambda s: s.now - MINUTE), MessageReason.CONFIRMATION_NOT_BEFORE),
    ("confirmation of another request", confirmed(in_response_to="_x"), MessageReason.CONFIRMATION_IN_RESPONSE_TO),
    ("confirmation of no request", confirmed(in_response_to=None), MessageReason.CONFIRMATION_IN_RESPONSE_TO),
    ("holder of key", confirmed(method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"), MessageReason.CONFIRMATION_METHOD),
    ("not yet", conditioned(not_before=lambda s: s.now + 2 * MINUTE), MessageReason.CONDITIONS_NOT_YET),
    ("over", conditioned(not_on_or_after=lambda s: s.now - MINUTE), MessageReason.CONDITIONS_EXPIRED),
    ("no audience", conditioned(audiences=()), MessageReason.AUDIENCE_MISSING),
    ("another audience", conditioned(audiences=(("https://other.example",),)), MessageReason.AUDIENCE),
    ("one of two", conditioned(audiences=(("https://sp.example/metadata",), ("https://other.example",))), MessageReason.AUDIENCE),
    ("part of the audience", conditioned(audiences=(("https://sp.example/metadata/2",),)), MessageReason.AUDIENCE),
    ("session over", stated(session_not_on_or_after=lambda s: s.now - MINUTE), MessageReason.SESSION_EXPIRED),
    ("login in the future", stated(authenticated_at=lambda s: s.now + 2 * MINUTE), MessageReason.AUTHN_INSTANT_FUTURE),
    ("name for another", named(sp_name_qualifier="https://other.example"), MessageReason.NAME_ID_QUALIFIER),
]  # fmt: skip


@pytest.mark.parametrize(("name", "alter", "expected"), WITHIN, ids=[one[0] for one in WITHIN])
def test_what_an_assertion_says(
    stage: Stage, name: str, alter: Alter, expected: MessageReason
) -> None:
    """saml-core §2.4.1.2, §2.5.1, §2.7.2; saml-profiles §4.1.4.2, §4.1.4.3."""
    assert name
    assert stage.refusal(assertion=lambda one: alter(stage, one)) == expected


JUST_IN_TIME: list[tuple[str, Alter]] = [
    ("confirmation", confirmed(not_on_or_after=lambda s: s.now - timedelta(seconds=59))),
    ("conditions over", conditioned(not_on_or_after=lambda s: s.now - timedelta(seconds=59))),
    ("conditions from", conditioned(not_before=lambda s: s.now + timedelta(seconds=60))),
    ("login", stated(authenticated_at=lambda s: s.now + timedelta(seconds=60))),
    ("session", stated(session_not_on_or_after=lambda s: s.now - timedelta(seconds=59))),
    ("issued", said(issued_at=lambda s: s.now + timedelta(seconds=60))),
    ("no times", conditioned(not_before=None, not_on_or_after=None)),
    ("two audiences", conditioned(audiences=(("urn:x", "https://sp.example/metadata"),))),
    ("own qualifier", named(sp_name_qualifier="https://sp.example/metadata")),
]


@pytest.mark.parametrize(("name", "alter"), JUST_IN_TIME, ids=[one[0] for one in JUST_IN_TIME])
def test_what_is_within_the_skew_of_clocks(stage: Stage, name: str, alter: Alter) -> None:
    assert name
    login = stage.login(assertion=lambda one: alter(stage, one))
    assert login.authenticated_at <= stage.now


def test_one_good_confirmation_is_enough(stage: Stage) -> None:
    """saml-profiles §4.1.4.3: "any" bearer confirmation that fits."""

    def more(one: Assertion) -> Assertion:
        assert one.subject is not None
        (good,) = one.subject.confirmations
        bad = replace(good, recipient="https://other.example/acs")
        other = SubjectConfirmation(method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")
        return replace(one, subject=replace(one.subject, confirmations=(bad, other, good)))

    assert stage.login(assertion=more).session_index == "s1"


def test_a_fresh_login_is_not_older_than_its_request(stage: Stage) -> None:
    """saml-core §3.4.1: ForceAuthn."""
    old = stated(authenticated_at=lambda s: s.now - 2 * MINUTE)
    change = {"assertion": lambda one: old(stage, one)}
    assert stage.login(**change).session_index == "s1"
    assert Stage().refusal({"force_authn": True}, **change) == MessageReason.AUTHN_NOT_FRESH


def test_a_login_is_no_older_than_was_asked(stage: Stage) -> None:
    old = stated(authenticated_at=lambda s: s.now - 5 * MINUTE)
    change = {"assertion": lambda one: old(stage, one)}
    assert stage.login({"max_age": 5 * MINUTE}, **change).session_index == "s1"
    assert Stage().refusal({"max_age": MINUTE}, **change) == MessageReason.AUTHN_TOO_OLD


def test_the_context_is_one_of_those_that_were_asked_for(stage: Stage) -> None:
    """saml-core §3.3.2.2.1: ``exact``; the other comparisons are for who knows a ladder of classes."""
    exact = RequestedAuthnContext(classes=("urn:other",))
    assert stage.refusal({"requested_context": exact}) == MessageReason.AUTHN_CONTEXT
    minimum = RequestedAuthnContext(classes=("urn:other",), comparison=Comparison.MINIMUM)
    assert Stage().login({"requested_context": minimum}).context.class_ref == CLASS


def test_restrictions_are_handed_on(stage: Stage) -> None:
    """saml-core §2.5.1.5, §2.5.1.6."""
    restriction = ProxyRestriction(count=0, audiences=("https://rp.example",))
    login = stage.login(
        assertion=lambda one: replace(
            one,
            conditions=replace(one.conditions, one_time_use=True, proxy_restriction=restriction),
        )
    )
    assert login.one_time_use
    assert login.proxy_restriction == restriction


def said_by_two(stage: Stage, request_id: str, *assertions: Assertion) -> Request:
    """A Response with several assertions, each signed."""
    made = [sign_element(one.write(), stage.idp.signer) for one in assertions]
    octets = write(stage.response(request_id).write(*made))
    return post({"SAMLResponse": encode_post(octets), "RelayState": RELAY})


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (None, ProxyRestriction(count=1), ProxyRestriction(count=1)),
        (
            ProxyRestriction(count=2, audiences=("a", "b")),
            ProxyRestriction(count=1),
            ProxyRestriction(count=1, audiences=("a", "b")),
        ),
        (
            ProxyRestriction(audiences=("a", "b")),
            ProxyRestriction(count=1, audiences=("b", "c")),
            ProxyRestriction(count=1, audiences=("b",)),
        ),
        (
            ProxyRestriction(audiences=("a",)),
            ProxyRestriction(audiences=("b",)),
            ProxyRestriction(count=0),
        ),
    ],
)
def test_restrictions_of_several_assertions_all_count(
    stage: Stage,
    one: ProxyRestriction | None,
    other: ProxyRestriction,
    both: ProxyRestriction,
) -> None:
    begun, request = stage.begin()

    def restricted(name: str, restriction: ProxyRestriction | None) -> Assertion:
        made = stage.assertion(request.id, name)
        return replace(made, conditions=replace(made.conditions, proxy_restriction=restriction))

    answer = said_by_two(stage, request.id, restricted("_a", one), restricted("_b", other))
    assert stage.sp.finish(begun.kept, answer, stage.now).proxy_restriction == both


def test_assertions_are_about_one_subject(stage: Stage) -> None:
    """saml-profiles §4.1.4.2."""
    begun, request = stage.begin()

    one = stage.assertion(request.id)
    assert one.subject is not None
    other = replace(
        stage.assertion(request.id, "_b"),
        subject=replace(one.subject, name_id=NameId(value="4712", format=NameIdFormat.PERSISTENT)),
    )
    with pytest.raises(HkeidError) as caught:
        stage.sp.finish(begun.kept, said_by_two(stage, request.id, one, other), stage.now)
    assert caught.value.reason == MessageReason.SUBJECTS_DIFFER


# How it went.


@pytest.mark.parametrize(
    ("top", "lower", "meaning"),
    [
        (StatusCode.RESPONDER, StatusCode.AUTHN_FAILED, "access_denied"),
        (StatusCode.RESPONDER, StatusCode.REQUEST_DENIED, "access_denied"),
        (StatusCode.RESPONDER, StatusCode.NO_PASSIVE, "login_required"),
        (StatusCode.RESPONDER, StatusCode.NO_AUTHN_CONTEXT, "unmet_authentication_requirements"),
        (StatusCode.RESPONDER, StatusCode.NO_AVAILABLE_IDP, "temporarily_unavailable"),
        (StatusCode.RESPONDER, None, "temporarily_unavailable"),
        (StatusCode.REQUESTER, None, "server_error"),
        (StatusCode.VERSION_MISMATCH, None, "server_error"),
    ],
)
@pytest.mark.parametrize("signed", [True, False])
def test_a_refusal_is_told_as_it_was_meant(
    stage: Stage, top: StatusCode, lower: StatusCode | None, meaning: str, signed: bool
) -> None:
    """saml-core §3.2.2.2."""
    begun, request = stage.begin()
    response = replace(stage.response(request.id), status=failure(top, lower))
    element = response.write()
    if signed:
        element = sign_element(element, stage.idp.signer)
    form = {"SAMLResponse": encode_post(write(element)), "RelayState": RELAY}
    with pytest.raises(StatusRefused) as caught:
        stage.sp.finish(begun.kept, post(form), stage.now)
    assert caught.value.reason == MessageReason.STATUS
    assert caught.value.oauth_error == meaning
    assert caught.value.answered_for is signed


def test_an_unsigned_answer_ends_no_other_login(stage: Stage) -> None:
    begun, _ = stage.begin()
    response = replace(stage.response("_other"), status=failure(StatusCode.RESPONDER))
    form = {"SAMLResponse": encode_post(write(response.write())), "RelayState": RELAY}
    with pytest.raises(HkeidError) as caught:
        stage.sp.finish(begun.kept, post(form), stage.now)
    assert caught.value.reason == MessageReason.IN_RESPONSE_TO


def test_an_unsigned_success_is_none(stage: Stage) -> None:
    begun, request = stage.begin()
    form = {
        "SAMLResponse": encode_post(write(stage.response(request.id).write())),
        "RelayState": RELAY,
    }
    with pytest.raises(HkeidError) as caught:
        stage.sp.finish(begun.kept, post(form), stage.now)
    assert caught.value.reason == Reason.UNSIGNED
    assert stage.refusal(sign_assertion=False) == Reason.UNSIGNED


def test_success_without_assertion_is_no_login(stage: Stage) -> None:
    """saml-profiles §4.1.4.2: a successful Response has an assertion."""

    begun, request = stage.begin()
    element = sign_element(stage.response(request.id).write(), stage.idp.signer)
    form = {"SAMLResponse": encode_post(write(element)), "RelayState": RELAY}
    with pytest.raises(HkeidError) as caught:
        stage.sp.finish(begun.kept, post(form), stage.now)
    assert caught.value.reason == MessageReason.ASSERTION_MISSING


# Once, and for whom.


def test_an_assertion_is_used_once(stage: Stage) -> None:
    """saml-profiles §4.1.4.5."""
    begun, request = stage.begin()
    answer = stage.answer(request.id)
    stage.sp.finish(begun.kept, answer, stage.now)
    with pytest.raises(HkeidError) as caught:
        stage.sp.finish(begun.kept, answer, stage.now)
    assert caught.value.reason == MessageReason.REPLAYED


def test_the_relay_state_is_the_one_that_went_out(stage: Stage) -> None:
    for came in (None, "another-reference-altogether", ""):
        assert stage.refusal(relay_state=came) == MessageReason.RELAY_STATE


def test_an_old_request_is_not_answered(stage: Stage) -> None:
    begun, request = stage.begin()
    stage.clock.advance(timedelta(minutes=15))
    with pytest.raises(HkeidError) as caught:
        stage.sp.finish(begun.kept, stage.answer(request.id), stage.now)
    assert caught.value.reason == MessageReason.ISSUED_TOO_LATE


def test_the_key_of_another_identity_provider_does_not_answer(stage: Stage) -> None:
    """Key of B on an assertion of A: keys are those of the entity that was asked."""
    other = Party.at("https://other-idp.example")
    stage.metadata.put(other.idp())
    assert stage.refusal(signer=other.signer) == Reason.SIGNATURE_INVALID


def test_an_identity_provider_that_metadata_no_longer_knows(stage: Stage) -> None:
    begun, request = stage.begin()
    answer = stage.answer(request.id)
    stage.metadata.entities.clear()
    with pytest.raises(HkeidError) as caught:
        stage.sp.finish(begun.kept, answer, stage.now)
    assert caught.value.reason == MessageReason.ENTITY_UNKNOWN


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        (None, MessageReason.ENTITY_UNKNOWN),
        (Entity(entity_id="x", sp=SpRole()), MessageReason.ENTITY_ROLE),
        (Party.at("https://idp.example").idp(single_sign_on_services=()), MessageReason.BINDING),
        (Party.at("https://idp.example").idp(single_sign_on_services=(Endpoint(binding="urn:x", location="https://x"),)), MessageReason.BINDING),
    ],
)  # fmt: skip
def test_whom_nobody_can_be_sent_to(
    stage: Stage, entity: Entity | None, expected: MessageReason
) -> None:
    stage.metadata.entities.clear()
    if entity is not None:
        stage.metadata.entities[stage.idp.entity_id] = entity
    with pytest.raises(HkeidError) as caught:
        stage.begin()
    assert caught.value.reason == expected


def test_an_expired_role_is_not_there(stage: Stage) -> None:
    stage.metadata.put(stage.idp.idp(valid_until=stage.now))
    with pytest.raises(HkeidError) as caught:
        stage.begin()
    assert caught.value.reason == MessageReason.ENTITY_UNKNOWN


# Bindings.


def test_a_response_does_not_come_by_redirect(stage: Stage) -> None:
    """saml-profiles §4.1.2."""
    begun, request = stage.begin()

    query = write_redirect(
        write(stage.response(request.id).write()), "SAMLResponse", signer=stage.idp.signer
    )
    with pytest.raises(HkeidError) as caught:
        stage.sp.finish(begun.kept, redirected(f"https://sp.example/acs?{query}"), stage.now)
    assert caught.value.reason == MessageReason.BINDING


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, MessageReason.BINDING_PARAMETERS),
        ({"SAMLResponse": "A", "SAMLRequest": "A"}, MessageReason.BINDING_PARAMETERS),
        ({"SAMLResponse": "AAAA", "RelayState": "a" * 1025}, MessageReason.BINDING_PARAMETERS),
        ({"SAMLRequest": "AAAA"}, MessageReason.BINDING),
        ({"SAMLResponse": "!"}, Reason.BASE64),
    ],
)
def test_a_form_that_holds_no_response(stage: Stage, form: dict[str, str], expected: str) -> None:
    begun, _ = stage.begin()
    with pytest.raises(HkeidError) as caught:
        stage.sp.finish(begun.kept, post(form), stage.now)
    assert caught.value.reason == expected


# Encryption.


def encrypted(stage: Stage) -> Callable[[Element], Element]:
    key = stage.us.encryption.public_key()
    return lambda made: encrypt_assertion(made, key, SystemRandom())


def test_an_encrypted_assertion(stage: Stage) -> None:
    stage.configure(want_encrypted=True)
    assert stage.login(element=encrypted(stage)).session_index == "s1"
    other = Stage()
    assert other.login(
        element=encrypted(other), sign_assertion=False, sign_response=True
    ).name_id == NameId(value="4711", format=NameIdFormat.PERSISTENT)


def test_an_encrypted_assertion_is_held_to_the_same_rules(stage: Stage) -> None:
    refused = stage.refusal(
        element=encrypted(stage),
        assertion=lambda one: replace(one, conditions=Conditions(audiences=(("urn:x",),))),
    )
    assert refused == MessageReason.AUDIENCE
    assert (
        Stage().refusal(element=encrypted(stage), sign_assertion=False) == Reason.ASSERTION_UNSIGNED
    )


def test_what_is_to_be_encrypted(stage: Stage) -> None:
    stage.configure(want_encrypted=True)
    assert stage.refusal() == MessageReason.NOT_ENCRYPTED


def test_what_is_encrypted_for_somebody_else(stage: Stage) -> None:
    key = stage.idp.encryption.public_key()
    refused = stage.refusal(element=lambda made: encrypt_assertion(made, key, SystemRandom()))
    assert refused == Reason.DECRYPTION_FAILED


# Policy.


def test_a_subject_without_name(stage: Stage) -> None:
    """saml-core §2.4.1: it need not have one; subject-id attributes stand in for it."""

    def nameless(one: Assertion) -> Assertion:
        return replace(one, subject=replace(one.subject, name_id=None))

    assert stage.login(assertion=nameless).name_id is None
    other = Stage()
    other.configure(require_name_id=True)
    assert other.refusal(assertion=nameless) == MessageReason.NAME_ID_MISSING


def test_a_response_that_is_to_be_signed_as_a_whole(stage: Stage) -> None:
    stage.configure(want_response_signed=True)
    assert stage.refusal() == Reason.UNSIGNED
    assert stage.login(sign_response=True).session_index == "s1"


def test_an_answer_that_nobody_asked_for(stage: Stage) -> None:
    """saml-profiles §4.1.5: by policy only, with no InResponseTo anywhere, and once."""
    with pytest.raises(HkeidError) as caught:
        stage.sp.take_unsolicited(stage.answer(None), stage.now)
    assert caught.value.reason == MessageReason.UNSOLICITED
    stage.configure(unsolicited=True)
    login = stage.sp.take_unsolicited(stage.answer(None), stage.now)
    assert not login.solicited
    for answer, expected in (
        (stage.answer(None), MessageReason.REPLAYED),
        (stage.answer("_1"), MessageReason.IN_RESPONSE_TO),
        (stage.answer("_1", response=lambda one: replace(one, in_response_to=None)),
         MessageReason.CONFIRMATION_IN_RESPONSE_TO),
    ):  # fmt: skip
        with pytest.raises(HkeidError) as caught:
            stage.sp.take_unsolicited(answer, stage.now)
        assert caught.value.reason == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"skew": timedelta(minutes=6)},
        {"skew": timedelta(seconds=-1)},
        {"login_lifetime": timedelta(0)},
        {"message_lifetime": timedelta(hours=2)},
    ],
)
def test_settings_that_cannot_be_meant(stage: Stage, changes: dict[str, timedelta]) -> None:
    stage.configure(**changes)
    with pytest.raises(ConfigurationError):
        assert stage.sp
    with pytest.raises(ConfigurationError):
        assert stage.logout


def test_cbc_is_not_opened_by_default(stage: Stage) -> None:
    assert stage.settings.encryption == EncryptionPolicy(cbc=False)


# A name that came encrypted.


def with_encrypted_name(stage: Stage, name: Element, key: Any = None) -> Request:
    """An assertion whose subject is named by a saml:EncryptedID (saml-core §2.2.4)."""
    begun, request = stage.begin()
    stage.kept = begun.kept  # type: ignore[attr-defined]
    sealed = encrypt_name_id(name, key or stage.us.encryption.public_key(), SystemRandom())
    assertion = stage.assertion(request.id).write()
    subject = assertion.children[1]
    assert isinstance(subject, Element)
    changed = Element(subject.name, {}, [sealed, *subject.children[1:]])
    parts = [assertion.children[0], changed, *assertion.children[2:]]
    made = sign_element(Element(assertion.name, assertion.attributes, parts), stage.idp.signer)
    whole = write(stage.response(request.id).write(made))
    return post({"SAMLResponse": encode_post(whole), "RelayState": RELAY})


def test_a_name_that_came_encrypted(stage: Stage) -> None:
    name = NameId(value="4711", format=NameIdFormat.PERSISTENT)
    answer = with_encrypted_name(stage, name.write())
    login = stage.sp.finish(stage.kept, answer, stage.now)  # type: ignore[attr-defined]
    assert login.name_id == name


def test_an_encrypted_name_is_held_to_the_same_rules(stage: Stage) -> None:
    for name, key, expected in (
        (NameId(value="1", format=NameIdFormat.PERSISTENT, sp_name_qualifier="urn:x"), None, MessageReason.NAME_ID_QUALIFIER),
        (NameId(value=" "), None, MessageReason.TEXT_MISSING),
        (NameId(value="1"), stage.idp.encryption.public_key(), Reason.DECRYPTION_FAILED),
    ):  # fmt: skip
        answer = with_encrypted_name(stage, name.write(), key)
        with pytest.raises(HkeidError) as caught:
            stage.sp.finish(stage.kept, answer, stage.now)  # type: ignore[attr-defined]
        assert caught.value.reason == expected


def test_nothing_but_a_name_is_encrypted_as_one(stage: Stage) -> None:
    with pytest.raises(ConfigurationError):
        with_encrypted_name(stage, Element("saml:Audience", {}, ["x"]))

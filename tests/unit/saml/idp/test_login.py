"""Logins at our identity provider (saml-profiles §4.1, SAML2int)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.saml.idp.conftest import (
    BROWSER,
    HOME,
    RESIDENT,
    SESSION,
    Stage,
    error_of,
    location_of,
)

from hkeid.adapters.system import SystemRandom
from hkeid.doors.interactions import (
    ConsentGiven,
    Declined,
    Interaction,
    InteractionKind,
    LoggedIn,
)
from hkeid.doors.subjects import pairwise_subject
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import Proxying
from hkeid.kernel.errors import AlreadyUsed, ConfigurationError, HkeidError, Refused
from hkeid.kernel.http import Parameters, Request, Response
from hkeid.saml.dsig import ECDSA_SHA256, RSA_SHA256, Reason, SignedElement, verify_message
from hkeid.saml.idp import Encrypts, IdentityProvider, Signs
from hkeid.saml.messages import (
    Binding,
    Comparison,
    MessageReason,
    NameId,
    NameIdFormat,
    NameIdPolicy,
    ProxyRestriction,
    RequestedAuthnContext,
    Scoping,
    StatusCode,
    Subject,
    SubjectConfirmation,
)
from hkeid.saml.metadata import (
    AlgorithmSupport,
    AttributeConsumingService,
    EncryptionMethod,
    Entity,
    EntityAttribute,
    KeyUse,
    RequestedAttribute,
    RoleKey,
    SigningMethod,
    SpRole,
)
from hkeid.saml.metadata.records import SUBJECT_ID_REQUIREMENT
from hkeid.testing.saml_parties import Party

CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
GIVEN_NAME = "urn:oid:2.5.4.42"


def interaction(answer: Response | Interaction, kind: InteractionKind) -> Interaction:
    assert isinstance(answer, Interaction), answer
    assert answer.kind is kind
    return answer


def resume(stage: Stage, asked: Interaction, outcome: Any, session: Any = None) -> Any:
    return stage.idp.resume(asked.id, outcome, browser=BROWSER, session=session)


# The good way.


@pytest.mark.parametrize("binding", [Binding.REDIRECT, Binding.POST])
def test_a_login_of_somebody_who_is_there(stage: Stage, binding: Binding) -> None:
    view = stage.log_in()
    request = stage.request()
    answer = stage.answer(stage.ask(request, by=binding))
    assert answer.action == "https://sp.example/acs"
    assert answer.relay_state == "their state"
    response, assertion = answer.response, answer.only
    assert response.status.success
    assert response.in_response_to == request.id
    assert response.destination == "https://sp.example/acs"
    assert response.issuer == assertion.issuer == f"{HOME}/saml/metadata"
    assert assertion.subject is not None
    (confirmation,) = assertion.subject.confirmations
    assert confirmation.recipient == "https://sp.example/acs"
    assert confirmation.in_response_to == request.id
    assert confirmation.not_before is None
    assert confirmation.not_on_or_after == stage.now + timedelta(minutes=5)
    assert assertion.conditions is not None
    assert assertion.conditions.audiences == ((stage.sp.entity_id,),)
    (statement,) = assertion.authn_statements
    assert statement.authenticated_at == view.authentication.authenticated_at
    assert statement.context.class_ref == Acr.EID.value
    assert statement.session_index
    with stage.store.transaction() as tx:
        (kept,) = tx.participations.of_session("session-1")
    assert kept.session_index == statement.session_index


def test_what_an_upstream_limits_is_limited_here(stage: Stage) -> None:
    """saml-core §2.7.2: the session ends no later; §2.5.1.6: the restriction goes on with one provider fewer."""
    ends_at = stage.now + timedelta(hours=1)
    audiences = frozenset({stage.sp.entity_id, "https://other.example"})
    for proxying, restriction in (
        (None, None),
        (Proxying(count=2), ProxyRestriction(count=1)),
        (Proxying(audiences=audiences), ProxyRestriction(audiences=tuple(sorted(audiences)))),
    ):
        view = replace(stage.log_in(), ends_at=ends_at, proxying=proxying)
        stage.sessions.put(SESSION, view)
        assertion = stage.answer(stage.ask()).only
        assert assertion.authn_statements[0].session_not_on_or_after == ends_at
        assert assertion.conditions is not None
        assert assertion.conditions.proxy_restriction == restriction


@pytest.mark.parametrize(
    "proxying", [Proxying(count=0), Proxying(audiences=frozenset({"https://other.example"}))]
)
def test_a_session_that_may_not_be_passed_on_is_none_for_a_service(
    stage: Stage, proxying: Proxying
) -> None:
    """saml-core §2.5.1.6: another login is asked for; where it is limited as well, there is no answer."""
    view = replace(stage.log_in(), proxying=proxying)
    stage.sessions.put(SESSION, view)
    assert stage.login(is_passive=True).response.status.lower == StatusCode.NO_PASSIVE
    asked = interaction(stage.ask(), InteractionKind.LOGIN)
    assert asked.request is not None
    assert asked.request.audience == stage.sp.entity_id
    refused = stage.answer(resume(stage, asked, LoggedIn(), view)).response
    assert refused.status.lower == StatusCode.PROXY_COUNT_EXCEEDED
    asked = interaction(stage.ask(), InteractionKind.LOGIN)
    assert stage.answer(resume(stage, asked, LoggedIn(), stage.log_in())).only


def test_a_login_of_somebody_who_is_not(stage: Stage) -> None:
    asked = interaction(stage.ask(), InteractionKind.LOGIN)
    assert asked.request is not None
    assert asked.request.client_id == "https://sp.example"
    assert stage.idp.look(asked.id, BROWSER).id == asked.id
    view = stage.log_in()
    answer = stage.answer(resume(stage, asked, LoggedIn(), view))
    assert answer.response.status.success
    assert answer.relay_state == "their state"
    with pytest.raises(AlreadyUsed):
        resume(stage, asked, LoggedIn(), view)


def test_an_interaction_belongs_to_its_browser_and_its_door(stage: Stage) -> None:
    asked = interaction(stage.ask(), InteractionKind.LOGIN)
    with pytest.raises(Refused, match="interaction_other_browser"):
        stage.idp.look(asked.id, "another")
    with pytest.raises(Refused, match="outcome_unexpected"):
        resume(stage, asked, ConsentGiven(), stage.log_in())
    from hkeid.op import interactions

    with stage.store.transaction() as tx, pytest.raises(HkeidError, match="interaction_unknown"):
        interactions.read_record(tx.single_use, asked.id, BROWSER, stage.now)


def test_a_request_is_answered_once(stage: Stage) -> None:
    """A Response to a request that was answered would be a second login."""
    stage.log_in()
    request = stage.request()
    stage.answer(stage.ask(request))
    assert error_of(stage.ask(request)) == MessageReason.REPLAYED


def test_somebody_who_turns_back(stage: Stage) -> None:
    for reason, lower in (
        ("resident_declined", StatusCode.REQUEST_DENIED),
        ("unmet_authentication_requirements", StatusCode.NO_AUTHN_CONTEXT),
        ("login_required", StatusCode.AUTHN_FAILED),
        ("temporarily_unavailable", StatusCode.NO_AVAILABLE_IDP),
    ):
        asked = interaction(stage.ask(), InteractionKind.LOGIN)
        answer = stage.answer(resume(stage, asked, Declined(reason)))
        assert answer.response.status.lower == lower
        assert not answer.assertions
        assert isinstance(answer.verified.message, SignedElement)


# Who may ask, and where the answer goes.


def test_who_is_not_known(stage: Stage) -> None:
    stranger = Party.at("https://other.example")
    assert error_of(stage.ask(party=stranger)) == MessageReason.ENTITY_UNKNOWN
    stage.metadata.put(stranger.sp())
    assert error_of(stage.ask(party=stranger)) == MessageReason.ENTITY_UNKNOWN
    stage.enter(stranger, enabled=False)
    assert error_of(stage.ask(party=stranger)) == MessageReason.ENTITY_DISABLED
    stage.enter(stranger)
    stage.metadata.put(stranger.idp())
    assert error_of(stage.ask(party=stranger)) == MessageReason.ENTITY_ROLE
    stage.metadata.put(stranger.sp(valid_until=stage.now))
    assert error_of(stage.ask(party=stranger)) == MessageReason.ENTITY_UNKNOWN
    assert error_of(stage.ask(issuer=None)) == MessageReason.ISSUER_MISSING


@pytest.mark.parametrize("binding", [Binding.REDIRECT, Binding.POST])
def test_a_signature_that_is_there_is_verified(stage: Stage, binding: Binding) -> None:
    """saml-bindings §3.4.4.1, §3.5.5.2."""
    other = Party.at("https://other.example")
    assert error_of(stage.ask(by=binding, signer=other.signer)) == Reason.SIGNATURE_INVALID


@pytest.mark.parametrize("binding", [Binding.REDIRECT, Binding.POST])
def test_a_signature_that_is_wanted_is_there(stage: Stage, binding: Binding) -> None:
    """saml-metadata §2.4.4 (AuthnRequestsSigned); registration; policy."""
    stage.log_in()
    assert stage.login(by=binding, signer=None).response.status.success
    for wants in ("metadata", "registration", "policy"):
        other = Stage()
        if wants == "metadata":
            other.enter(other.sp, {"authn_requests_signed": True})
        elif wants == "registration":
            other.enter(other.sp, require_signed_requests=True)
        else:
            from dataclasses import replace

            other.settings = replace(other.settings, require_signed_requests=True)
        refused = other.ask(by=binding, signer=None)
        assert error_of(refused) == MessageReason.REQUEST_UNSIGNED
        assert isinstance(other.ask(by=binding), Interaction)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"destination": "https://other.example/sso"}, MessageReason.DESTINATION),
        ({"destination": None}, MessageReason.DESTINATION_MISSING),
        ({"acs_url": "https://evil.example/acs"}, MessageReason.ACS_UNKNOWN),
        ({"acs_url": "https://sp.example/acs/"}, MessageReason.ACS_UNKNOWN),
        ({"acs_index": 7}, MessageReason.ACS_UNKNOWN),
        ({"acs_url": "https://sp.example/acs", "binding": "urn:x"}, MessageReason.ACS_BINDING),
        ({"acs_url": "https://sp.example/acs", "binding": Binding.REDIRECT.value}, MessageReason.ACS_BINDING),
        ({"acs_url": "https://sp.example/acs", "binding": Binding.ARTIFACT.value}, MessageReason.ACS_BINDING),
    ],
)  # fmt: skip
def test_where_nothing_is_sent(
    stage: Stage, changes: dict[str, Any], expected: MessageReason
) -> None:
    """saml-profiles §4.1.4.1: the answer goes to an address out of metadata, or nowhere."""
    stage.log_in()
    assert error_of(stage.ask(**changes)) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(-2, MessageReason.ISSUED_TOO_EARLY), (12, MessageReason.ISSUED_TOO_LATE)],
)
def test_a_request_of_another_time(stage: Stage, minutes: int, expected: str) -> None:
    request = stage.request()
    stage.clock.advance(timedelta(minutes=minutes))
    assert error_of(stage.ask(request)) == expected


def test_an_unsigned_request_need_not_say_where_it_is_sent(stage: Stage) -> None:
    stage.log_in()
    assert stage.login(signer=None, destination=None).response.status.success


def test_no_browser_to_ask_in(stage: Stage) -> None:
    answer = stage.answer(stage.ask(browser=None))
    assert answer.response.status.lower == StatusCode.NO_PASSIVE


# What is wished.


def test_nothing_is_shown_with_is_passive(stage: Stage) -> None:
    """saml-core §3.4.1."""
    answer = stage.login(is_passive=True)
    assert answer.response.status.codes == (StatusCode.RESPONDER, StatusCode.NO_PASSIVE)
    stage.log_in()
    assert stage.login(is_passive=True).response.status.success
    stage.enter(stage.sp, claims=["given_name"])
    assert stage.login(is_passive=True).response.status.lower == StatusCode.NO_PASSIVE
    assert (
        stage.login(is_passive=True, force_authn=True).response.status.lower
        == StatusCode.NO_PASSIVE
    )


def test_force_authn_wants_a_new_login(stage: Stage) -> None:
    """saml-core §3.4.1: not on the strength of the session that is there."""
    old = stage.log_in(ago=timedelta(minutes=5))
    asked = interaction(stage.ask(force_authn=True), InteractionKind.LOGIN)
    assert asked.request is not None
    assert asked.request.fresh
    again = interaction(resume(stage, asked, LoggedIn(), old), InteractionKind.LOGIN)
    stage.clock.advance(5)
    fresh = stage.log_in()
    answer = stage.answer(resume(stage, again, LoggedIn(), fresh))
    assert answer.only.authn_statements[0].authenticated_at == stage.now


@pytest.mark.parametrize(
    ("comparison", "classes", "session", "expected"),
    [
        (Comparison.EXACT, [Acr.EID.value], Acr.EID, Acr.EID.value),
        (Comparison.EXACT, [Acr.EID.value], Acr.EID_PLUS, Acr.EID.value),
        (Comparison.EXACT, [Acr.EID.value, Acr.EID_PLUS.value], Acr.EID_PLUS, Acr.EID_PLUS.value),
        (Comparison.EXACT, [f"{CLASSES}SmartcardPKI"], Acr.EID_PLUS_ATTESTED, f"{CLASSES}SmartcardPKI"),
        (Comparison.EXACT, [f"{CLASSES}unspecified"], Acr.EID, Acr.EID.value),
        (Comparison.MINIMUM, [Acr.EID_BOUND.value], Acr.EID_PLUS, Acr.EID_PLUS.value),
        (Comparison.MINIMUM, [f"{CLASSES}MobileTwoFactorContract"], Acr.EID_PLUS, f"{CLASSES}MobileTwoFactorContract"),
        (Comparison.MAXIMUM, [Acr.EID_BOUND.value], Acr.EID_PLUS, Acr.EID_BOUND.value),
        (Comparison.MAXIMUM, [Acr.EID_BOUND.value], Acr.EID, Acr.EID.value),
        (Comparison.BETTER, [Acr.EID.value], Acr.EID_BOUND, Acr.EID_BOUND.value),
        (Comparison.EXACT, ["urn:unknown", Acr.EID.value], Acr.EID, Acr.EID.value),
    ],
)  # fmt: skip
def test_contexts_that_are_reached(
    stage: Stage, comparison: Comparison, classes: list[str], session: Acr, expected: str
) -> None:
    """saml-core §3.3.2.2.1; what is stated never exceeds what was reached."""
    stage.log_in(session)
    wanted = RequestedAuthnContext(classes=tuple(classes), comparison=comparison)
    answer = stage.login(requested_context=wanted)
    assert answer.only.authn_statements[0].context.class_ref == expected


@pytest.mark.parametrize(
    ("comparison", "classes"),
    [
        (Comparison.EXACT, [f"{CLASSES}PasswordProtectedTransport"]),
        (Comparison.MINIMUM, ["urn:unknown"]),
        (Comparison.BETTER, [Acr.EID_PLUS_ATTESTED.value]),
        (Comparison.BETTER, [f"{CLASSES}unspecified"]),
    ],
)
def test_contexts_that_nobody_reaches(
    stage: Stage, comparison: Comparison, classes: list[str]
) -> None:
    """saml-core §3.2.2.2: NoAuthnContext, without asking anybody."""
    wanted = RequestedAuthnContext(classes=tuple(classes), comparison=comparison)
    answer = stage.login(requested_context=wanted)
    assert answer.response.status.lower == StatusCode.NO_AUTHN_CONTEXT


def test_a_step_up(stage: Stage) -> None:
    low = stage.log_in(Acr.EID)
    wanted = RequestedAuthnContext(classes=(Acr.EID_PLUS.value,), comparison=Comparison.MINIMUM)
    asked = interaction(stage.ask(requested_context=wanted), InteractionKind.LOGIN)
    assert asked.request is not None
    assert asked.request.acr is Acr.EID_PLUS
    failed = stage.answer(resume(stage, asked, LoggedIn(), low))
    assert failed.response.status.lower == StatusCode.NO_AUTHN_CONTEXT
    again = interaction(stage.ask(requested_context=wanted), InteractionKind.LOGIN)
    high = stage.log_in(Acr.EID_PLUS_ATTESTED)
    answer = stage.answer(resume(stage, again, LoggedIn(), high))
    assert answer.only.authn_statements[0].context.class_ref == Acr.EID_PLUS_ATTESTED.value


def test_scoping(stage: Stage) -> None:
    """saml-core §3.4.1.2, §3.4.1.3."""
    stage.log_in()
    others = Scoping(idps=("https://other-idp.example",))
    assert stage.login(scoping=others).response.status.lower == StatusCode.NO_SUPPORTED_IDP
    ours = Scoping(idps=("https://other-idp.example", f"{HOME}/saml/metadata"), proxy_count=0)
    assert stage.login(scoping=ours).response.status.success
    stage.hub.behind = "https://upstream.example"
    assert stage.login(scoping=ours).response.status.lower == StatusCode.PROXY_COUNT_EXCEEDED
    answer = stage.login(scoping=Scoping(proxy_count=1))
    context = answer.only.authn_statements[0].context
    assert context.authorities == ("https://upstream.example",)


# Names.


def test_a_persistent_name_is_pairwise(stage: Stage) -> None:
    """saml-core §8.3.7; the same as the ``sub`` of OpenID Connect for the sector."""
    stage.log_in()
    other = Party.at("https://other.example")
    stage.enter(other)
    names = []
    for party in (stage.sp, stage.sp, other):
        subject = stage.login(party).only.subject
        assert subject is not None
        assert subject.name_id is not None
        names.append(subject.name_id)
    assert names[0] == names[1]
    assert names[0].value != names[2].value
    assert names[0].value == pairwise_subject(stage.keys, "sp.example", RESIDENT)
    assert names[0].format == NameIdFormat.PERSISTENT
    assert names[0].name_qualifier == f"{HOME}/saml/metadata"
    assert names[0].sp_name_qualifier == stage.sp.entity_id


def test_a_transient_name_is_new_each_time(stage: Stage) -> None:
    """saml-core §8.3.8."""
    stage.log_in()
    policy = NameIdPolicy(format=NameIdFormat.TRANSIENT)
    names = set()
    for _ in range(2):
        subject = stage.login(name_id_policy=policy).only.subject
        assert subject is not None
        assert subject.name_id is not None
        assert subject.name_id.format == NameIdFormat.TRANSIENT
        names.add(subject.name_id.value)
    assert len(names) == 2


def test_metadata_says_which_format_is_preferred(stage: Stage) -> None:
    stage.log_in()
    stage.enter(
        stage.sp, {"name_id_formats": (NameIdFormat.EMAIL.value, NameIdFormat.TRANSIENT.value)}
    )
    for policy in (None, NameIdPolicy(format=NameIdFormat.UNSPECIFIED)):
        subject = stage.login(name_id_policy=policy).only.subject
        assert subject is not None
        assert subject.name_id is not None
        assert subject.name_id.format == NameIdFormat.TRANSIENT


@pytest.mark.parametrize(
    "policy",
    [
        NameIdPolicy(format=NameIdFormat.EMAIL),
        NameIdPolicy(format=NameIdFormat.ENCRYPTED),
        NameIdPolicy(format=NameIdFormat.PERSISTENT, sp_name_qualifier="https://affiliation.example"),
        NameIdPolicy(format="urn:unknown"),
    ],
)  # fmt: skip
def test_names_that_are_not_given(stage: Stage, policy: NameIdPolicy) -> None:
    """saml-core §3.4.1.1: InvalidNameIDPolicy."""
    stage.log_in()
    status = stage.login(name_id_policy=policy).response.status
    assert status.codes == (StatusCode.REQUESTER, StatusCode.INVALID_NAME_ID_POLICY)


def test_a_subject_in_the_request_is_who_has_to_come(stage: Stage) -> None:
    """saml-core §3.4.1.4."""
    stage.log_in()
    right = NameId(
        value=pairwise_subject(stage.keys, "sp.example", RESIDENT), format=NameIdFormat.PERSISTENT
    )
    assert stage.login(subject=Subject(name_id=right)).response.status.success
    for subject in (
        Subject(name_id=NameId(value="other", format=NameIdFormat.PERSISTENT)),
        Subject(name_id=NameId(value="a@b.example", format=NameIdFormat.EMAIL)),
        Subject(name_id=right, confirmations=(SubjectConfirmation(),)),
    ):
        refused = stage.login(subject=subject)
        assert refused.response.status.lower == StatusCode.UNKNOWN_PRINCIPAL


def requires(value: str) -> tuple[EntityAttribute, ...]:
    return (EntityAttribute(name=SUBJECT_ID_REQUIREMENT, values=(value,)),)


@pytest.mark.parametrize("value", ["pairwise-id", "any"])
def test_pairwise_id(stage: Stage, value: str) -> None:
    """saml-subject-id-attr §3.4, §5."""
    stage.log_in()
    found = {}
    for home in ("https://sp.example", "https://other.example"):
        party = Party.at(home)
        stage.enter(party, {"attributes": requires(value)})
        (identifier,) = stage.login(party).values("urn:oasis:names:tc:SAML:attribute:pairwise-id")
        unique, scope = identifier.split("@")
        assert scope == "eid.example.hk"
        assert unique.isalnum()
        assert unique == unique.lower()
        assert len(unique) <= 127
        found[home] = identifier
    assert len(set(found.values())) == 2


def test_subject_id_is_for_those_that_may_have_it(stage: Stage) -> None:
    """saml-subject-id-attr §3.3: it is the same everywhere."""
    stage.log_in()
    stage.enter(stage.sp, {"attributes": requires("subject-id")})
    assert stage.login().response.status.lower == StatusCode.REQUEST_DENIED
    values = set()
    for home in ("https://sp.example", "https://other.example"):
        party = Party.at(home)
        stage.enter(party, {"attributes": requires("subject-id")}, correlatable=True)
        values |= set(stage.login(party).values("urn:oasis:names:tc:SAML:attribute:subject-id"))
    assert len(values) == 1


# Attributes.


def give(stage: Stage, **values: Any) -> None:
    stage.claims.values[RESIDENT] = {
        name.replace("__", "#").replace("_zh", "#zh-Hant-HK"): value
        for name, value in values.items()
    }


def test_attributes_are_given_with_consent(stage: Stage) -> None:
    stage.log_in()
    give(stage, given_name="Tai Man", given_name_zh="大文", birthdate="1985-03-09", gender="male")
    claims = ["birthdate", "gender", "given_name"]
    stage.enter(stage.sp, claims=claims)
    asked = interaction(stage.ask(), InteractionKind.CONSENT)
    assert asked.claims == tuple(claims)
    stage.claims.agree(RESIDENT, "https://sp.example", ["given_name", "birthdate", "gender"])
    view = stage.sessions.current(SESSION, stage.now)
    answer = stage.answer(resume(stage, asked, ConsentGiven(), view))
    assert answer.values(GIVEN_NAME) == ("Tai Man", "大文")
    assert answer.values("urn:oid:1.3.6.1.4.1.25178.1.2.3") == ("19850309",)
    assert answer.values("urn:oid:1.3.6.1.4.1.25178.1.2.2") == ("1",)
    assert stage.claims.released == [(RESIDENT, "https://sp.example", tuple(claims))]
    assert stage.login().values(GIVEN_NAME) == ("Tai Man", "大文")


def test_consent_is_that_of_the_session_that_was_asked(stage: Stage) -> None:
    stage.log_in()
    stage.enter(stage.sp, claims=["given_name"])
    asked = interaction(stage.ask(), InteractionKind.CONSENT)
    other = stage.log_in(session_id="session-2")
    with pytest.raises(Refused, match="interaction_other_session"):
        resume(stage, asked, ConsentGiven(), other)
    with pytest.raises(Refused, match="interaction_other_session"):
        stage.idp.look(asked.id, BROWSER, other)


def test_a_refusal_of_claims_is_told(stage: Stage) -> None:
    view = stage.log_in()
    stage.enter(stage.sp, claims=["given_name"])
    asked = interaction(stage.ask(), InteractionKind.CONSENT)
    answer = stage.answer(resume(stage, asked, Declined(), view))
    assert answer.response.status.lower == StatusCode.REQUEST_DENIED


def service(index: int, *names: str, default: bool | None = None) -> AttributeConsumingService:
    return AttributeConsumingService(
        index=index,
        default=default,
        requested=tuple(RequestedAttribute(name=name) for name in names),
    )


def test_what_is_asked_for_is_what_metadata_says(stage: Stage) -> None:
    """saml-metadata §2.4.4.2; saml-core §3.4.1 (AttributeConsumingServiceIndex)."""
    stage.log_in()
    give(stage, given_name="Tai Man", family_name="Chan", birthdate="1985-03-09")
    services = (
        service(1, GIVEN_NAME),
        service(2, "urn:oid:2.5.4.4", "urn:hkeid:claim:birthdate", "urn:x", "urn:oid:2.5.4.20"),
    )
    stage.enter(
        stage.sp,
        {"attribute_consuming_services": services},
        claims=["given_name", "family_name", "birthdate"],
    )
    stage.claims.agree(RESIDENT, "https://sp.example", ["given_name", "family_name", "birthdate"])
    assert [a.friendly_name for a in stage.login().only.attributes] == ["givenName"]
    second = stage.login(attribute_service=2).only.attributes
    assert {a.friendly_name for a in second} == {"sn", "schacDateOfBirth"}
    assert stage.login(attribute_service=3).response.status.codes[0] == StatusCode.REQUESTER


def test_an_entity_category_asks_for_its_bundle(stage: Stage) -> None:
    """REFEDS Research and Scholarship; and never for what is not registered."""
    stage.log_in()
    give(stage, given_name="Tai Man", birthdate="1985-03-09", family_name="Chan")
    category = EntityAttribute(
        name="http://macedir.org/entity-category",
        values=("http://refeds.org/category/research-and-scholarship",),
    )
    stage.enter(stage.sp, {"attributes": [category]}, claims=["given_name", "birthdate"])
    stage.claims.agree(RESIDENT, "https://sp.example", ["given_name", "birthdate", "family_name"])
    assert [a.friendly_name for a in stage.login().only.attributes] == ["givenName"]


# Signatures and encryption.


@pytest.mark.parametrize("signs", list(Signs))
def test_what_is_signed_is_what_registration_says(stage: Stage, signs: Signs) -> None:
    stage.log_in()
    stage.enter(stage.sp, signs=signs)
    verified = stage.login().verified
    assert isinstance(verified.message, SignedElement) is (signs is not Signs.ASSERTION)
    assert verified.assertions[0].own is (signs is not Signs.RESPONSE)


def test_assertions_are_signed_where_metadata_wants_it(stage: Stage) -> None:
    """saml-metadata §2.4.4: WantAssertionsSigned."""
    stage.log_in()
    stage.enter(stage.sp, {"wants_assertions_signed": True}, signs=Signs.RESPONSE)
    assert stage.login().verified.assertions[0].own


def test_ecdsa_is_for_those_who_say_that_they_verify_it(stage: Stage) -> None:
    stage.log_in()
    assert stage.login().verified.assertions[0].algorithm == RSA_SHA256
    support = AlgorithmSupport(signatures=(SigningMethod(algorithm=ECDSA_SHA256),))
    stage.enter(stage.sp, {"algorithms": support})
    assert stage.login().verified.assertions[0].algorithm == ECDSA_SHA256


@pytest.mark.parametrize("signs", list(Signs))
def test_assertions_are_encrypted_for_who_publishes_a_key(stage: Stage, signs: Signs) -> None:
    stage.log_in()
    stage.enter(stage.sp, {"encrypts": True}, signs=signs)
    answer = stage.login()
    assert answer.verified.encrypted
    assert not answer.verified.assertions
    assert answer.only.subject is not None


def test_who_opens_nothing_but_cbc_is_sent_none(stage: Stage) -> None:
    """SAML2int: no cipher without authentication."""
    stage.log_in()
    cbc = EncryptionMethod(algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    keys = (
        RoleKey(public=stage.sp.signing.public_key(), use=KeyUse.SIGNING),
        RoleKey(
            public=stage.sp.encryption.public_key(),
            use=KeyUse.ENCRYPTION,
            encryption_methods=(cbc,),
        ),
    )
    stage.enter(stage.sp, {"keys": keys})
    assert not stage.login().verified.encrypted
    stage.enter(stage.sp, {"keys": keys}, encrypts=Encrypts.ALWAYS)
    assert stage.login().response.status.codes[0] == StatusCode.RESPONDER


def test_encryption_that_is_always_or_never(stage: Stage) -> None:
    stage.log_in()
    stage.enter(stage.sp, {"encrypts": True}, encrypts=Encrypts.NEVER)
    assert not stage.login().verified.encrypted
    stage.enter(stage.sp, encrypts=Encrypts.ALWAYS)
    assert not stage.login().assertions


# Logins that begin here.


def begin(stage: Stage, **query: str) -> Response | Interaction:
    return stage.idp.handle(
        Request(
            method="GET",
            path="/saml/login",
            query=Parameters.of(query),
            browser=BROWSER,
            session=SESSION,
        )
    )


def test_a_login_that_begins_here(stage: Stage) -> None:
    """saml-profiles §4.1.5: no InResponseTo anywhere; only where registration allows it."""
    stage.log_in()
    entity = stage.sp.entity_id
    assert error_of(begin(stage, sp=entity)) == MessageReason.IDP_INITIATED
    stage.enter(stage.sp, idp_initiated=True)
    answer = stage.answer(begin(stage, sp=entity, target="/page"))
    assert answer.relay_state == "/page"
    assert answer.response.in_response_to is None
    assert answer.only.subject is not None
    assert answer.only.subject.confirmations[0].in_response_to is None
    assert error_of(begin(stage, sp="https://nobody.example")) == MessageReason.ENTITY_UNKNOWN
    assert error_of(begin(stage)) == MessageReason.ISSUER_MISSING
    assert error_of(begin(stage, sp=entity, target="é")) == MessageReason.BINDING_PARAMETERS


# The service changes while somebody is asked.


def test_a_service_that_moved_meanwhile(stage: Stage) -> None:
    asked = interaction(stage.ask(), InteractionKind.LOGIN)
    stage.metadata.put(
        Entity(entity_id=stage.sp.entity_id, sp=SpRole(assertion_consumer_services=()))
    )
    with pytest.raises(Refused, match="saml_acs_unknown"):
        resume(stage, asked, LoggedIn(), stage.log_in())


def test_a_session_that_ended_meanwhile(stage: Stage) -> None:
    asked = interaction(stage.ask(), InteractionKind.LOGIN)
    view = stage.log_in()
    stage.sessions.end(SESSION)
    with pytest.raises(Refused, match="session_ended"):
        resume(stage, asked, LoggedIn(), view)


# The house itself.


def test_metadata_is_signed_and_says_where_we_are(stage: Stage) -> None:
    from hkeid.saml.dsig import METADATA_LIMITS

    answer = stage.idp.handle(Request(method="GET", path="/saml/metadata"))
    assert isinstance(answer, Response)
    signed = verify_message(answer.body, stage.our_keys, limits=METADATA_LIMITS)
    assert signed.element.get("entityID") == f"{HOME}/saml/metadata"
    role = stage.idp.entity.idp
    assert role is not None
    assert len(role.verification_keys) == 2
    assert len(role.encryption_keys) >= 1
    assert {one.location for one in role.single_sign_on_services} == {f"{HOME}/saml/sso"}


def test_paths_and_methods(stage: Stage) -> None:
    def status(method: str, path: str) -> int:
        answer = stage.idp.handle(Request(method=method, path=path))
        assert isinstance(answer, Response)
        return answer.status

    assert status("GET", "/saml/other") == 404
    assert status("DELETE", "/saml/sso") == 405
    assert status("GET", "/saml/post.js") == 200
    assert status("GET", "/saml/sso") == 400
    assert status("POST", "/saml/artifact") == 500


@pytest.mark.parametrize(
    "address", ["http://eid.example.hk", "https://", "https://a.example/", "https://a.example?x", "https://u@a.example"]
)  # fmt: skip
def test_addresses_that_cannot_be_meant(stage: Stage, address: str) -> None:
    with pytest.raises(ConfigurationError):
        IdentityProvider(
            address, stage.store, stage.keys, stage.sessions, stage.claims, stage.metadata, stage,
            stage.hub, stage.clock, SystemRandom(), stage.settings,
        )  # fmt: skip


def test_the_browser_is_sent_to_an_artifact_endpoint(stage: Stage) -> None:
    stage.log_in()
    there, parameters = location_of(stage.ask(acs_index=1))
    assert there == "https://sp.example/artifact"
    assert parameters["RelayState"] == "their state"
    assert parameters["SAMLart"]


def test_a_session_that_ends_meanwhile_logs_nobody_in(stage: Stage) -> None:
    """A freeze, or a logout elsewhere, while the answer is being made: the service would not be told of it."""
    stage.enter(stage.sp, claims=("name",))
    stage.log_in()

    def release(*_: Any) -> dict[str, Any]:
        stage.sessions.end(SESSION)
        return {}

    stage.claims.unconsented = lambda *_: frozenset()  # type: ignore[method-assign]
    stage.claims.release = release  # type: ignore[method-assign]
    stage.claims.supported = lambda: frozenset({"name"})  # type: ignore[method-assign]
    assert error_of(stage.ask()) == "session_ended"

"""Messages as values: what is written is read again, and what the schema does not know is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import (
    Element,
    SignedElement,
    UnsignedElement,
    read_unsigned,
    sign_element,
    verify_artifact_response,
    verify_message,
    verify_response,
    write,
)
from hkeid.saml.dsig.parsing import parse
from hkeid.saml.messages import (
    SUCCESS,
    ArtifactResolve,
    ArtifactResponse,
    Assertion,
    Attribute,
    AttributeNameFormat,
    AuthnContext,
    AuthnRequest,
    AuthnStatement,
    Comparison,
    Conditions,
    LogoutCause,
    LogoutRequest,
    LogoutResponse,
    MessageReason,
    NameId,
    NameIdFormat,
    NameIdPolicy,
    ProxyRestriction,
    RequestedAuthnContext,
    Response,
    SamlStatus,
    Scoping,
    StatusCode,
    Subject,
    SubjectConfirmation,
    failure,
)
from hkeid.testing.saml_specimens import Kind, SignedWhere, SpecimenPeer
from hkeid.testing.saml_specimens import assertion as specimen_assertion

NOW = datetime(2026, 11, 28, 8, 0, 0, 123000, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
SP = "https://sp.example/metadata"
IDP = "https://idp.example/metadata"
CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:X509"
PERSISTENT = NameId(
    value="4711 & <co>",
    format=NameIdFormat.PERSISTENT,
    name_qualifier=IDP,
    sp_name_qualifier=SP,
    sp_provided_id="x",
)
COMMON = {"id": "_1", "issued_at": NOW, "issuer": SP, "destination": "https://idp.example/sso"}

REQUEST = AuthnRequest(
    **COMMON,  # type: ignore[arg-type]
    force_authn=True,
    is_passive=True,
    acs_url="https://sp.example/acs?a=1&b=2",
    binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
    attribute_service=3,
    provider_name="服務",
    subject=Subject(name_id=PERSISTENT),
    name_id_policy=NameIdPolicy(
        format=NameIdFormat.TRANSIENT, sp_name_qualifier=SP, allow_create=True
    ),
    requested_context=RequestedAuthnContext(
        classes=(CLASS, "urn:hkeid:acr:eid"), comparison=Comparison.MINIMUM
    ),
    scoping=Scoping(proxy_count=1, idps=(IDP, "https://b.example"), requesters=("urn:r",)),
)
ASSERTION = Assertion(
    id="_a",
    issued_at=NOW,
    issuer=IDP,
    subject=Subject(
        name_id=PERSISTENT,
        confirmations=(
            SubjectConfirmation(
                recipient="https://sp.example/acs",
                not_on_or_after=LATER,
                not_before=NOW,
                in_response_to="_1",
                address="192.0.2.1",
            ),
            SubjectConfirmation(),
        ),
    ),
    conditions=Conditions(
        not_before=NOW,
        not_on_or_after=LATER,
        audiences=((SP, "urn:group"), (SP,)),
        one_time_use=True,
        proxy_restriction=ProxyRestriction(count=0, audiences=(SP,)),
    ),
    authn_statements=(
        AuthnStatement(
            authenticated_at=NOW,
            context=AuthnContext(class_ref=CLASS, declaration="urn:d", authorities=("urn:x",)),
            session_index="s1",
            session_not_on_or_after=LATER,
        ),
    ),
    attributes=(
        Attribute(
            name="urn:oid:2.5.4.42",
            name_format=AttributeNameFormat.URI,
            friendly_name="givenName",
            values=("大文", "Tai Man", ""),
        ),
        Attribute(name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10", values=(PERSISTENT,)),
    ),
)


def unsigned(element: Element) -> UnsignedElement:
    return read_unsigned(write(element))


def as_signed(octets: bytes) -> SignedElement:
    """What the kernel would give; the signature itself is no matter here."""
    return SignedElement(element=parse(octets), octets=octets, key=None, algorithm="")  # type: ignore[arg-type]


def refusal(read: object, octets: bytes) -> str:
    with pytest.raises(HkeidError) as caught:
        read(as_signed(octets))  # type: ignore[operator]
    return caught.value.reason


def test_an_authn_request_is_read_as_it_was_written() -> None:
    assert AuthnRequest.read(unsigned(REQUEST.write())) == REQUEST
    by_index = AuthnRequest(**COMMON, acs_index=65_535)  # type: ignore[arg-type]
    assert AuthnRequest.read(unsigned(by_index.write())) == by_index


def test_declarations_may_be_asked_for_instead_of_classes() -> None:
    """saml-core §3.3.2.2.1."""
    wanted = RequestedAuthnContext(classes=(), declarations=("urn:d",))
    request = AuthnRequest(**COMMON, requested_context=wanted)  # type: ignore[arg-type]
    assert AuthnRequest.read(unsigned(request.write())).requested_context == wanted


def test_an_assertion_is_read_as_it_was_written() -> None:
    assert Assertion.read(as_signed(write(ASSERTION.write()))) == ASSERTION


def test_a_response_and_its_assertions_are_read_from_what_the_kernel_gives() -> None:
    peer = SpecimenPeer()
    response = Response(
        id="_r", issued_at=NOW, issuer=IDP, in_response_to="_1", status=SUCCESS,
        destination="https://sp.example/acs",
    )  # fmt: skip
    made = sign_element(response.write(sign_element(ASSERTION.write(), peer.signer)), peer.signer)
    verified = verify_response(write(made), peer.keys)
    assert Response.read(verified.message) == response
    assert [Assertion.read(one) for one in verified.assertions] == [ASSERTION]


def test_logout_messages_are_read_as_they_were_written() -> None:
    request = LogoutRequest(
        **COMMON,  # type: ignore[arg-type]
        name_id=PERSISTENT,
        session_indexes=("s1", "s2"),
        reason=LogoutCause.USER,
        not_on_or_after=LATER,
    )
    assert LogoutRequest.read(unsigned(request.write())) == request
    answer = LogoutResponse(
        **COMMON,  # type: ignore[arg-type]
        in_response_to="_0",
        status=failure(StatusCode.RESPONDER, StatusCode.PARTIAL_LOGOUT, "some stayed"),
    )
    assert LogoutResponse.read(unsigned(answer.write())) == answer
    assert not answer.status.success
    assert answer.status.lower == StatusCode.PARTIAL_LOGOUT


def test_artifact_messages_are_read_as_they_were_written() -> None:
    peer = SpecimenPeer()
    resolve = ArtifactResolve(**COMMON, artifact="AAQAAA==")  # type: ignore[arg-type]
    assert ArtifactResolve.read(unsigned(resolve.write())) == resolve
    response = Response(id="_r", issued_at=NOW, issuer=IDP, in_response_to="_1", status=SUCCESS)
    answer = ArtifactResponse(
        id="_ar", issued_at=NOW, issuer=IDP, in_response_to="_1", status=SUCCESS
    )
    octets = write(sign_element(answer.write(response.write(ASSERTION.write())), peer.signer))
    verified = verify_artifact_response(octets, peer.keys)
    assert ArtifactResponse.read(verified.envelope) == answer
    assert Response.read(verified.response.message) == response
    nothing = write(sign_element(answer.write(), peer.signer))
    assert ArtifactResponse.read(verify_message(nothing, peer.keys)) == answer


def test_the_specimens_of_the_attacks_are_read() -> None:
    peer = SpecimenPeer()
    octets = peer.specimen(Kind.RESPONSE, SignedWhere.BOTH).octets
    verified = verify_response(octets, peer.keys)
    assert Response.read(verified.message).status == SUCCESS
    read = Assertion.read(verified.assertions[0])
    assert [one.texts for one in read.attributes] == [(f"value 值 {n}",) for n in range(5)]


def test_extensions_are_passed_over() -> None:
    """saml-core §3.2.1: anything may stand there."""
    octets = write(REQUEST.write()).replace(
        b"</saml:Issuer>", b'</saml:Issuer><samlp:Extensions><x:y xmlns:x="urn:x"/></samlp:Extensions>', 1
    )  # fmt: skip
    assert AuthnRequest.read(read_unsigned(octets)).extensions == ("{urn:x}y",)


ALTERED_REQUESTS = [
    (b'Version="2.0"', b'Version="2.1"', MessageReason.VERSION),
    (b'Version="2.0"', b"", MessageReason.VERSION),
    (b'ID="_1"', b'ID="1"', MessageReason.IDENTIFIER),
    (b'ID="_1"', b"", MessageReason.IDENTIFIER),
    (b"08:00:00.123Z", b"08:00:00+08:00", MessageReason.INSTANT),
    (b"08:00:00.123Z", b"08:00:00", MessageReason.INSTANT),
    (b"08:00:00.123Z", b"08:00:60Z", MessageReason.INSTANT),
    (b"2026-11-28T", b"2026-02-30T", MessageReason.INSTANT),
    (b'IssueInstant="2026-11-28T08:00:00.123Z"', b"", MessageReason.ATTRIBUTE_MISSING),
    (b'ForceAuthn="true"', b'ForceAuthn="yes"', MessageReason.BOOLEAN),
    (b'ForceAuthn="true"', b'Forced="true"', MessageReason.ATTRIBUTE_UNKNOWN),
    (b'ForceAuthn="true"', b'samlp:ForceAuthn="true"', MessageReason.ATTRIBUTE_UNKNOWN),
    (b'ForceAuthn="true"', b'AssertionConsumerServiceIndex="1"', MessageReason.ACS_AMBIGUOUS),
    (b'ServiceIndex="3"', b'ServiceIndex="-3"', MessageReason.NUMBER),
    (b'ServiceIndex="3"', b'ServiceIndex="65536"', MessageReason.NUMBER),
    (b'ServiceIndex="3"', 'ServiceIndex="٣"'.encode(), MessageReason.NUMBER),
    (b'Comparison="minimum"', b'Comparison="least"', MessageReason.COMPARISON),
    (b'ProxyCount="1"', b'ProxyCount="1.5"', MessageReason.NUMBER),
    (b"<samlp:Scoping", b"text<samlp:Scoping", MessageReason.TEXT_UNEXPECTED),
    (b"</samlp:Scoping>", b"</samlp:Scoping><samlp:Scoping></samlp:Scoping>", MessageReason.ELEMENT_UNEXPECTED),
    (b"<samlp:IDPEntry", b"<samlp:Other></samlp:Other><samlp:IDPEntry", MessageReason.ELEMENT_UNEXPECTED),
    (b'ProviderID="https://b.example"', b"", MessageReason.ATTRIBUTE_MISSING),
    (b"<samlp:RequestedAuthnContext", b'<saml:Conditions xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/><samlp:RequestedAuthnContext', MessageReason.CONDITIONS_IN_REQUEST),
    (b">https://sp.example/metadata</saml:Issuer>", b"> </saml:Issuer>", MessageReason.TEXT_MISSING),
    (b">https://sp.example/metadata</saml:Issuer>", b' Format="urn:x">a</saml:Issuer>', MessageReason.ISSUER_FORMAT),
    (b">https://sp.example/metadata</saml:Issuer>", b' NameQualifier="x">a</saml:Issuer>', MessageReason.ISSUER_FORMAT),
    (b">https://sp.example/metadata</saml:Issuer>", b">" + b"a" * 1025 + b"</saml:Issuer>", MessageReason.ISSUER_FORMAT),
    (b"<samlp:RequesterID>urn:r", b"<samlp:RequesterID><a/>", MessageReason.ELEMENT_UNEXPECTED),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), ALTERED_REQUESTS)
def test_a_request_that_is_not_as_the_schema_says(
    old: bytes, new: bytes, expected: MessageReason
) -> None:
    octets = write(REQUEST.write())
    assert octets.count(old) >= 1
    assert refusal(AuthnRequest.read, octets.replace(old, new, 1)) == expected


ALTERED_ASSERTIONS = [
    (b'Version="2.0"', b'Version="1.1"', MessageReason.VERSION),
    (b'ID="_a"', b"", MessageReason.IDENTIFIER),
    (b"<saml:OneTimeUse></saml:OneTimeUse>", b"<saml:OneTimeUse/><saml:OneTimeUse/>", MessageReason.ELEMENT_UNEXPECTED),
    (b"<saml:OneTimeUse></saml:OneTimeUse>", b"<saml:Condition/>", MessageReason.CONDITION_UNKNOWN),
    (b"<saml:OneTimeUse></saml:OneTimeUse>", b"<saml:OneTimeUse>x</saml:OneTimeUse>", MessageReason.TEXT_UNEXPECTED),
    (b"<saml:OneTimeUse></saml:OneTimeUse>", b'<x:Geo xmlns:x="urn:x"/>', MessageReason.CONDITION_UNKNOWN),
    (b"</saml:Conditions>", b"</saml:Conditions><saml:Advice/>", MessageReason.ADVICE),
    (b"</saml:AuthnStatement>", b"</saml:AuthnStatement><saml:AuthzDecisionStatement/>", MessageReason.STATEMENT_UNKNOWN),
    (b"</saml:AuthnStatement>", b"</saml:AuthnStatement><saml:Subject/>", MessageReason.STATEMENT_UNKNOWN),
    (b"<saml:AttributeStatement>", b"<saml:AttributeStatement><saml:EncryptedAttribute/>", MessageReason.STATEMENT_UNKNOWN),
    (b"</saml:Issuer>", b"</saml:Issuer><saml:Issuer>urn:x</saml:Issuer>", MessageReason.STATEMENT_UNKNOWN),
    (b"<saml:Audience>urn:group</saml:Audience>", b"<saml:Audience></saml:Audience>", MessageReason.TEXT_MISSING),
    (b"<saml:Audience>urn:group</saml:Audience>", b"<saml:Other>a</saml:Other>", MessageReason.ELEMENT_UNEXPECTED),
    (b'Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"', b"", MessageReason.ATTRIBUTE_MISSING),
    (b'Recipient="https', b'Receiver="https', MessageReason.ATTRIBUTE_UNKNOWN),
    (b"<saml:AuthnContextDeclRef>urn:d</saml:AuthnContextDeclRef>", b"<saml:AuthnContextClassRef>urn:d</saml:AuthnContextClassRef>" , None),
    (b'Name="urn:oid:2.5.4.42"', b"", MessageReason.ATTRIBUTE_MISSING),
    (b"<saml:AttributeValue>Tai Man</saml:AttributeValue>", b"<saml:Value/>", MessageReason.ELEMENT_UNEXPECTED),
    (b'AuthnInstant="2026-11-28T08:00:00.123Z"', b"", MessageReason.ATTRIBUTE_MISSING),
    (b'Count="0"', b'Count="-1"', MessageReason.NUMBER),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), ALTERED_ASSERTIONS)
def test_an_assertion_that_is_not_as_the_schema_says(
    old: bytes, new: bytes, expected: MessageReason | None
) -> None:
    """saml-core §2.5.1: what is not understood makes an assertion's validity unknown."""
    octets = write(ASSERTION.write())
    assert octets.count(old) >= 1
    if expected is None:
        expected = MessageReason.ELEMENT_UNEXPECTED
    assert refusal(Assertion.read, octets.replace(old, new, 1)) == expected


def test_attributes_of_others_may_stand_where_the_schema_says() -> None:
    """saml-core §2.4.1.2 and §2.7.3.1 have ``xs:anyAttribute``."""
    octets = write(ASSERTION.write())
    for old in (b"<saml:SubjectConfirmationData", b"<saml:Attribute "):
        octets = octets.replace(old, old + b' xmlns:o="urn:o" o:x="1" ', 1)
    assert Assertion.read(as_signed(octets)) == ASSERTION


def test_values_of_other_structure_are_left_out() -> None:
    octets = write(ASSERTION.write()).replace(
        b"<saml:AttributeValue>Tai Man</saml:AttributeValue>",
        b'<saml:AttributeValue><x:a xmlns:x="urn:x"/></saml:AttributeValue>'
        b'<saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="1"/>',
    )
    assert Assertion.read(as_signed(octets)).attributes[0].texts == ("大文", "")


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("", MessageReason.ELEMENT_MISSING),
        ("<samlp:StatusMessage/>", MessageReason.ELEMENT_MISSING),
        ("<samlp:StatusCode/>", MessageReason.ATTRIBUTE_MISSING),
        ('<samlp:StatusCode Value="a"/><samlp:StatusCode Value="b"/>', MessageReason.ELEMENT_UNEXPECTED),
        ('<samlp:StatusCode Value="a"/><samlp:StatusDetail/><samlp:StatusMessage/>', MessageReason.ELEMENT_UNEXPECTED),
        ('<samlp:StatusCode Value="a"><samlp:StatusCode Value="b"/><samlp:StatusCode Value="b"/></samlp:StatusCode>', MessageReason.ELEMENT_UNEXPECTED),
        ('<samlp:StatusCode Value="a">' * 5 + "</samlp:StatusCode>" * 5, MessageReason.ELEMENT_UNEXPECTED),
    ],
)  # fmt: skip
def test_a_status_that_is_not_as_the_schema_says(inside: str, expected: MessageReason) -> None:
    """saml-core §3.2.2.1."""
    octets = (
        '<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" Version="2.0" '
        f'IssueInstant="2026-11-28T08:00:00Z"><samlp:Status>{inside}</samlp:Status></samlp:LogoutResponse>'
    ).encode()
    assert refusal(LogoutResponse.read, octets) == expected


def test_only_success_at_the_top_is_success() -> None:
    """saml-core §3.2.2.2."""
    assert SUCCESS.success
    assert not SamlStatus(codes=(StatusCode.RESPONDER, StatusCode.SUCCESS)).success
    assert not SamlStatus(codes=("Success",)).success


def test_a_message_of_another_kind_is_not_read() -> None:
    octets = write(REQUEST.write())
    for read in (LogoutRequest.read, LogoutResponse.read, Response.read, ArtifactResolve.read,
                 ArtifactResponse.read, Assertion.read):  # fmt: skip
        assert refusal(read, octets) == MessageReason.MESSAGE_UNEXPECTED


def test_a_logout_names_somebody() -> None:
    """saml-core §3.7.1."""
    request = LogoutRequest(**COMMON, name_id=None)  # type: ignore[arg-type]
    assert refusal(LogoutRequest.read, write(request.write())) == MessageReason.ELEMENT_MISSING


def test_personal_values_do_not_print() -> None:
    shown = repr(replace(ASSERTION)) + repr(REQUEST)
    assert "4711" not in shown
    assert "大文" not in shown


def test_what_the_specimen_asserts_is_as_the_profile_says() -> None:
    read = Assertion.read(as_signed(write(specimen_assertion())))
    assert read.conditions is not None
    assert read.conditions.audiences == (("https://sp.example/metadata",),)

"""Whatever a message says, what is read is what was written; whatever comes, only typed errors go."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import SignedElement, read_unsigned, write
from hkeid.saml.dsig.parsing import parse
from hkeid.saml.messages import (
    Assertion,
    Attribute,
    AuthnContext,
    AuthnRequest,
    AuthnStatement,
    Conditions,
    LogoutRequest,
    NameId,
    ProxyRestriction,
    Response,
    Scoping,
    Subject,
    SubjectConfirmation,
    read_instant,
    soap,
    write_instant,
)

_CHARACTERS = st.characters(
    exclude_categories=["Cs", "Cc", "Cn"],
    include_characters="\t\n\r",
    exclude_characters="\ufffe\uffff",
)
TEXT = st.text(_CHARACTERS, min_size=1, max_size=40).filter(lambda one: one.strip(" \t\r\n"))
VALUE = st.text(_CHARACTERS, max_size=40)
URI = TEXT.map(lambda one: one.strip(" \t\r\n")).filter(bool)
MOMENT = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1)).map(
    lambda one: one.replace(tzinfo=UTC, microsecond=one.microsecond // 1000 * 1000)
)
NAMES = st.builds(
    NameId,
    value=TEXT,
    format=st.none() | VALUE,
    name_qualifier=st.none() | VALUE,
    sp_name_qualifier=st.none() | VALUE,
    sp_provided_id=st.none() | VALUE,
)
ISSUER = TEXT.filter(lambda one: len(one) <= 1024)


@given(MOMENT)
def test_moments(moment: datetime) -> None:
    assert read_instant(write_instant(moment)) == moment


@given(
    st.builds(
        AuthnRequest,
        id=st.just("_1"),
        issued_at=MOMENT,
        issuer=ISSUER,
        destination=st.none() | VALUE,
        force_authn=st.booleans(),
        is_passive=st.booleans(),
        acs_url=st.none() | VALUE,
        binding=st.none() | VALUE,
        provider_name=st.none() | VALUE,
        scoping=st.none()
        | st.builds(
            Scoping,
            proxy_count=st.none() | st.integers(0, 99),
            idps=st.none() | st.lists(TEXT, min_size=1, max_size=3).map(tuple),
            requesters=st.lists(URI, max_size=3).map(tuple),
        ),
    )
)
def test_authn_requests(request: AuthnRequest) -> None:
    octets = soap.take_off(soap.put_on(request.write()))
    assert AuthnRequest.read(read_unsigned(octets)) == request


@given(
    st.builds(
        Assertion,
        id=st.just("_a"),
        issued_at=MOMENT,
        issuer=ISSUER,
        subject=st.none()
        | st.builds(
            Subject,
            name_id=NAMES,
            confirmations=st.lists(
                st.builds(SubjectConfirmation, recipient=st.none() | VALUE, not_on_or_after=MOMENT),
                max_size=2,
            ).map(tuple),
        ),
        conditions=st.none()
        | st.builds(
            Conditions,
            not_before=st.none() | MOMENT,
            audiences=st.lists(st.tuples(URI, URI), max_size=2).map(tuple),
            one_time_use=st.booleans(),
            proxy_restriction=st.none()
            | st.builds(ProxyRestriction, count=st.none() | st.integers(0, 9)),
        ),
        authn_statements=st.lists(
            st.builds(
                AuthnStatement,
                authenticated_at=MOMENT,
                context=st.builds(AuthnContext, class_ref=URI),
                session_index=st.none() | VALUE,
            ),
            max_size=2,
        ).map(tuple),
        attributes=st.lists(
            st.builds(
                Attribute,
                name=TEXT,
                friendly_name=st.none() | VALUE,
                values=st.lists(VALUE | NAMES, max_size=3).map(tuple),
            ),
            max_size=3,
        ).map(tuple),
    )
)
def test_assertions(assertion: Assertion) -> None:
    octets = write(assertion.write())
    source = SignedElement(element=parse(octets), octets=octets, key=None, algorithm="")  # type: ignore[arg-type]
    assert Assertion.read(source) == assertion


_PARTS = st.sampled_from(
    [
        "<samlp:AuthnRequest", "<samlp:Response", "<samlp:LogoutRequest", "<saml:Assertion", "<saml:Subject>",
        "<saml:NameID>", "<samlp:Status>", "<saml:Issuer>", "<samlp:Scoping", "<saml:Conditions", "/>", ">", "x",
        "</saml:Issuer>", "</saml:NameID>", ' ID="_1"', ' Version="2.0"', ' IssueInstant="2026-11-28T08:00:00Z"',
        ' ProxyCount="x"', "</samlp:Scoping>", "</samlp:Status>", "</saml:Subject>",
    ]
)  # fmt: skip
_NAMESPACES = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'


@settings(max_examples=300)
@given(
    st.sampled_from(["AuthnRequest", "Response", "LogoutRequest"]), st.lists(_PARTS, max_size=12)
)
def test_nothing_but_typed_errors(kind: str, parts: list[str]) -> None:
    body = "".join(parts)
    octets = (
        f'<samlp:{kind} {_NAMESPACES} ID="_1" Version="2.0" IssueInstant="2026-11-28T08:00:00Z">'
        f"{body}</samlp:{kind}>"
    ).encode()
    for read in (AuthnRequest.read, Response.read, LogoutRequest.read):
        try:
            read(read_unsigned(octets))
        except HkeidError as error:
            assert error.reason.startswith("saml_")

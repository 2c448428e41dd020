"""A Response that came canonical takes the short way, and the long way would have come to the same."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import (
    DEFAULT_POLICY,
    MESSAGE_LIMITS,
    RSA_SHA256,
    Limits,
    SignaturePolicy,
    VerifiedResponse,
    XmlSigner,
    verification,
    verify_response,
)
from hkeid.saml.dsig.as_sent import verify_as_sent
from hkeid.saml.dsig.octets import check_octets
from hkeid.saml.dsig.parsing import canonicalise, parse
from hkeid.testing.saml_fuzz import SamlFuzz
from hkeid.testing.saml_specimens import Kind, SignedWhere, SpecimenPeer

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
PEER = SpecimenPeer()
SIGNER = XmlSigner.from_key(PEER.key)


def seen(verified: VerifiedResponse) -> tuple[object, ...]:
    """All that readers get."""
    return (
        type(verified.message),
        canonicalise(verified.message.element),
        [
            (one.octets, canonicalise(one.element), one.key, one.algorithm, one.own)
            for one in verified.assertions
        ],
        verified.encrypted,
    )


def both_ways(
    octets: bytes, monkeypatch: pytest.MonkeyPatch, limits: Limits = MESSAGE_LIMITS
) -> bool:
    """Whether the short way is taken; then the long way comes to the same."""
    try:
        short = verify_as_sent(check_octets(octets, limits), PEER.keys, DEFAULT_POLICY, limits)
    except HkeidError:
        short = None
    if short is None:
        return False
    found = seen(verify_response(octets, PEER.keys, limits=limits))
    with monkeypatch.context() as patched:
        patched.setattr(verification, "verify_as_sent", lambda *_: None)
        assert seen(verify_response(octets, PEER.keys, limits=limits)) == found
    return True


def made(
    inside: str = "",
    *,
    attributes: str = "",
    identifier: str = "_a",
    uri: str = "_a",
    response: str = 'ID="_r"',
    before: str = "",
    behind: str = "",
    after: str = "",
    declared: str = "",
) -> bytes:
    """A Response around an assertion that is signed in canonical form whatever it holds."""
    alone = canonicalise(
        parse(
            f'<saml:Assertion xmlns:saml="{SAML}" ID="{identifier}" {attributes}><saml:Issuer>i</saml:Issuer>'
            f"{inside}</saml:Assertion>".encode()
        )
    ).decode()
    body = (
        f'<ds:CanonicalizationMethod Algorithm="{EXC}"></ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{RSA_SHA256}"></ds:SignatureMethod><ds:Reference URI="#{uri}">'
        f'<ds:Transforms><ds:Transform Algorithm="{DS}enveloped-signature"></ds:Transform>'
        f'<ds:Transform Algorithm="{EXC}"></ds:Transform></ds:Transforms>'
        '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
        f"<ds:DigestValue>{b64encode(sha256(alone.encode()).digest()).decode()}</ds:DigestValue>"
        "</ds:Reference></ds:SignedInfo>"
    )
    value = b64encode(SIGNER.sign(f'<ds:SignedInfo xmlns:ds="{DS}">{body}'.encode())).decode()
    signature = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{body}<ds:SignatureValue>{value}'
        "</ds:SignatureValue></ds:Signature>"
    )
    signed = alone.replace("</saml:Issuer>", f"</saml:Issuer>{signature}", 1)
    return (
        f'<samlp:Response xmlns:samlp="{SAMLP}" {declared} {response}>{before}<samlp:Status>'
        f'<samlp:StatusCode Value="x"></samlp:StatusCode></samlp:Status>{behind}{signed}{after}</samlp:Response>'
    ).encode()


def nested(depth: int) -> str:
    return "<saml:Advice>" * depth + "</saml:Advice>" * depth


def test_what_we_write_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    specimen = PEER.specimen(Kind.RESPONSE, SignedWhere.ASSERTION).octets
    assert both_ways(specimen, monkeypatch)
    assert both_ways(made(), monkeypatch)
    octets = made('<saml:Subject c="&gt;">x &amp; y</saml:Subject>', attributes='b="&lt;&#10;"')
    assert both_ways(octets, monkeypatch)
    assert both_ways(made(response="ID = '_r'"), monkeypatch)


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(made(f'<s:Assertion xmlns:s="{SAML}"></s:Assertion>'), id="assertion_inside"),
        pytest.param(made(nested(2) + f'<saml:Advice xmlns:d="{DS}"><d:Object></d:Object></saml:Advice>'), id="object_inside"),
        pytest.param(made(f'<d:Signature xmlns:d="{DS}"></d:Signature>'), id="signature_inside"),
        pytest.param(made(f'<p:Response xmlns:p="{SAMLP}"></p:Response>'), id="message_inside"),
        pytest.param(made("<saml:Assertion></saml:Assertion>"), id="assertion_inside_as_ours"),
        pytest.param(made('<saml:Advice ID="_b"></saml:Advice>'), id="identifier_inside"),
        pytest.param(made('<saml:Advice Id="_a"></saml:Advice>'), id="identifier_of_another_case"),
        pytest.param(made('<saml:Advice xmlns:x="urn:x" x:ID="_b"></saml:Advice>'), id="identifier_with_a_prefix"),
        pytest.param(made(attributes='AssertionID="_b"'), id="two_identifiers"),
        pytest.param(made(uri="_b"), id="reference_elsewhere"),
        pytest.param(made(response='ID="_a"'), id="identifier_twice"),
        pytest.param(made(response=""), id="response_without_identifier"),
        pytest.param(made(response='ID="_r" a = ""'), id="space_before_an_equals_sign"),
        pytest.param(made(nested(31)), id="too_deep"),
        pytest.param(made(attributes=" ".join(f'a{n}=""' for n in range(65))), id="many_attributes"),
        pytest.param(made(response='ID="_r" ' + " ".join(f'a{n}=""' for n in range(65))), id="many_attributes_around"),
        pytest.param(made(declared='xmlns="urn:x"'), id="default_namespace"),
        pytest.param(made("<a></a>", declared='xmlns="urn:x"'), id="default_namespace_used"),
        pytest.param(made(declared="xmlns:x='urn:x' xmlns\n=\"urn:x\""), id="default_namespace_in_disguise"),
        pytest.param(made(before="<samlp:Extensions></samlp:Extensions>"), id="extensions"),
        pytest.param(made(behind=f'<s:Assertion xmlns:s="{SAML}"></s:Assertion>'), id="assertion_before"),
        pytest.param(made(behind=f'<s:EncryptedAssertion xmlns:s="{SAML}"></s:EncryptedAssertion>'), id="encrypted"),
        pytest.param(made(behind=f'<saml:Assertion xmlns:saml="{SAML}" ID="_b"></saml:Assertion>'), id="assertion_as_ours_before"),
        pytest.param(made(after=f'<s:Assertion xmlns:s="{SAML}"></s:Assertion>'), id="assertion_behind"),
        pytest.param(made(after="x"), id="text_behind"),
        pytest.param(made().replace(b"<samlp:Response", b'<samlp:Response a=">"', 1), id="angle_bracket_in_a_value"),
        pytest.param(made().replace(b'Value="x"', b'Value="<"'), id="not_well_formed_around"),
        pytest.param(made().replace(b"</saml:Issuer><ds:", b"</saml:Issuer> <ds:"), id="white_space_before_the_signature"),
        pytest.param(made().replace(b"<saml:Issuer>i", b"<saml:Issuer>j"), id="altered"),
        pytest.param(made() + b"</samlp:Response>", id="two_ends"),
        pytest.param(PEER.specimen(Kind.RESPONSE, SignedWhere.MESSAGE).octets, id="message_signed"),
        pytest.param(PEER.specimen(Kind.RESPONSE, SignedWhere.BOTH).octets, id="both_signed"),
        pytest.param(PEER.specimen(Kind.ASSERTION, SignedWhere.MESSAGE).octets, id="another_kind"),
    ],
)  # fmt: skip
def test_all_else_takes_the_long_way(octets: bytes) -> None:
    assert verify_as_sent(octets, PEER.keys, DEFAULT_POLICY, MESSAGE_LIMITS) is None


def test_another_prefix_of_the_same_name_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A prefix that means something else around the assertion does not reach into it."""
    octets = made(
        before='<saml:Issuer xmlns:saml="urn:x">i</saml:Issuer>', declared='xmlns:ds="urn:y"'
    )
    assert both_ways(octets, monkeypatch)


def test_policy_and_keys_and_limits_count_as_on_the_long_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    octets = made()

    def taken(policy: SignaturePolicy = DEFAULT_POLICY, limits: Limits = MESSAGE_LIMITS) -> bool:
        return verify_as_sent(octets, PEER.keys, policy, limits) is not None

    assert taken()
    assert not taken(replace(DEFAULT_POLICY, signatures=frozenset()))
    assert not taken(replace(DEFAULT_POLICY, digests=frozenset()))
    assert not taken(replace(DEFAULT_POLICY, rsa_bits=(3072, 8192)))
    assert not taken(limits=replace(MESSAGE_LIMITS, comments=True))
    assert not taken(limits=replace(MESSAGE_LIMITS, nodes=5))
    assert both_ways(octets, monkeypatch, replace(MESSAGE_LIMITS, depth=7))
    assert not taken(limits=replace(MESSAGE_LIMITS, depth=6))
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    assert verify_as_sent(octets, [stranger], DEFAULT_POLICY, MESSAGE_LIMITS) is None


def test_depth_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = replace(MESSAGE_LIMITS, depth=10)
    assert both_ways(made(nested(8)), monkeypatch, limits)
    octets = made(nested(9))
    assert verify_as_sent(octets, PEER.keys, DEFAULT_POLICY, limits) is None
    with pytest.raises(HkeidError) as caught:
        verify_response(octets, PEER.keys, limits=limits)
    assert caught.value.reason == "saml_too_deep"


def mutants() -> Iterator[bytes]:
    fuzz = SamlFuzz(11)
    honest = [
        PEER.specimen(Kind.RESPONSE, SignedWhere.ASSERTION).octets,
        made(
            '<saml:Advice b="c">d</saml:Advice>',
            before="<saml:Issuer xmlns:saml='urn:x'>i</saml:Issuer>",
        ),
    ]
    for number in range(4_000):
        yield fuzz.mutate(honest[number % 2])


def test_what_the_short_way_takes_the_long_way_takes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(both_ways(one, monkeypatch) for one in mutants()) > 20

"""Which element is answered for, by which key, under which policy."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import (
    DEFAULT_POLICY,
    SIGNATURE_ALGORITHMS,
    Element,
    NotWritable,
    Reason,
    SignedElement,
    UnsignedElement,
    XmlSigner,
    sign_element,
    verify_artifact_response,
    verify_message,
    verify_response,
    write,
)
from hkeid.testing.saml_attacks.surgery import Bench, Recipe, sign_anew, sign_octets
from hkeid.testing.saml_attacks.targets import Target
from hkeid.testing.saml_specimens import (
    Kind,
    SignedWhere,
    SpecimenPeer,
    assertion,
    authn_request,
    message,
    metadata,
    response,
)

PEER = SpecimenPeer()
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"


def specimen(kind: Kind, signed: SignedWhere = SignedWhere.MESSAGE) -> bytes:
    return PEER.specimen(kind, signed).octets


def reason(act: object, *arguments: object, **named: object) -> str:
    with pytest.raises(HkeidError) as caught:
        act(*arguments, **named)  # type: ignore[operator]
    return caught.value.reason


def test_the_reader_gets_the_signed_octets_in_a_tree_of_their_own() -> None:
    signed = verify_message(specimen(Kind.AUTHN_REQUEST), PEER.keys)
    assert signed.octets == write(authn_request())
    assert (signed.id, signed.own) == ("_request", True)
    assert signed.element.getroottree().getroot() is signed.element
    assert not signed.element.findall("{*}Signature")
    assert signed.key is not None
    assert signed.key.public_numbers() == PEER.keys[0].public_numbers()


@pytest.mark.parametrize("signed", SignedWhere)
def test_a_response_and_its_assertion(signed: SignedWhere) -> None:
    found = verify_response(specimen(Kind.RESPONSE, signed), PEER.keys)
    whole = signed is not SignedWhere.ASSERTION
    assert isinstance(found.message, SignedElement if whole else UnsignedElement)
    assert (found.signed_message is not None) is whole
    (inner,) = found.assertions
    assert inner.octets == write(assertion())
    assert inner.own is (signed is not SignedWhere.MESSAGE)
    assert inner.element.getparent() is None


def test_what_is_left_of_an_unsigned_response_has_no_assertion() -> None:
    left = verify_response(
        specimen(Kind.RESPONSE, SignedWhere.ASSERTION), PEER.keys
    ).message.element
    assert [one.tag.rpartition("}")[2] for one in left] == ["Issuer", "Status"]
    assert left.get("InResponseTo") == "_request"


@pytest.mark.parametrize("signed", SignedWhere)
def test_an_artifact_response(signed: SignedWhere) -> None:
    found = verify_artifact_response(specimen(Kind.ARTIFACT_RESPONSE, signed), PEER.keys)
    assert isinstance(found.envelope, SignedElement) is (signed is not SignedWhere.ASSERTION)
    assert found.response.message.tag.endswith("}Response")
    assert found.response.assertions[0].octets == write(assertion())
    if signed is SignedWhere.ASSERTION:
        assert not found.envelope.element.findall("{*}Response")


def test_an_artifact_response_around_something_else() -> None:
    made = sign_element(message("samlp:ArtifactResponse", "_a", authn_request()), PEER.signer)
    assert reason(verify_artifact_response, write(made), PEER.keys) == Reason.MESSAGE_KIND


@pytest.mark.parametrize("kind", [Kind.RESPONSE, Kind.ARTIFACT_RESPONSE])
def test_a_peer_that_signs_the_message_has_to(kind: Kind) -> None:
    verify = verify_response if kind is Kind.RESPONSE else verify_artifact_response
    octets = specimen(kind, SignedWhere.ASSERTION)
    assert reason(verify, octets, PEER.keys, want_message_signed=True) == Reason.UNSIGNED


@pytest.mark.parametrize("kind", [Kind.ASSERTION, Kind.AUTHN_REQUEST, Kind.METADATA])
def test_only_a_response_is_a_response(kind: Kind) -> None:
    assert reason(verify_response, specimen(kind), PEER.keys) == Reason.MESSAGE_KIND
    assert reason(verify_artifact_response, specimen(kind), PEER.keys) == Reason.MESSAGE_KIND


def test_two_assertions_each_by_its_own_signature() -> None:
    both = [sign_element(assertion(name), PEER.signer) for name in ("_one", "_two")]
    octets = write(message("samlp:Response", "_r", *both))
    found = verify_response(octets, PEER.keys)
    assert [one.id for one in found.assertions] == ["_one", "_two"]
    mixed = write(message("samlp:Response", "_r", both[0], assertion("_two")))
    assert reason(verify_response, mixed, PEER.keys) == Reason.ASSERTION_UNSIGNED


def test_two_assertions_under_the_signature_of_the_message() -> None:
    inside = [assertion("_one"), sign_element(assertion("_two"), PEER.signer), assertion("_three")]
    octets = write(sign_element(message("samlp:Response", "_r", *inside), PEER.signer))
    found = verify_response(octets, PEER.keys).assertions
    assert [(one.id, one.own) for one in found] == [
        ("_one", False), ("_two", True), ("_three", False),
    ]  # fmt: skip


def test_an_inner_signature_that_does_not_verify_is_not_passed_over() -> None:
    stranger = XmlSigner.from_key(PEER.stranger)
    inside = sign_element(assertion(), stranger)
    octets = write(sign_element(message("samlp:Response", "_r", inside), PEER.signer))
    assert reason(verify_response, octets, PEER.keys) == Reason.NO_KEY


def test_keys_roll_over() -> None:
    new = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    keys = [PEER.stranger.public_key(), new.public_key(), *PEER.keys]
    assert verify_message(specimen(Kind.AUTHN_REQUEST), keys).key == PEER.keys[0]
    assert reason(verify_message, specimen(Kind.AUTHN_REQUEST), keys[:2]) == (
        Reason.SIGNATURE_INVALID
    )
    assert reason(verify_message, specimen(Kind.AUTHN_REQUEST), []) == Reason.NO_KEY


@pytest.mark.parametrize(
    ("curve", "name"),
    [(ec.SECP256R1(), "sha256"), (ec.SECP384R1(), "sha384"), (ec.SECP521R1(), "sha512")],
    ids=lambda one: getattr(one, "name", one),
)
def test_elliptic_curves(curve: ec.EllipticCurve, name: str) -> None:
    key = ec.generate_private_key(curve)
    signer = XmlSigner.from_key(key, algorithm=f"{MORE}ecdsa-{name}")
    octets = write(sign_element(metadata(), signer))
    assert verify_message(octets, [key.public_key()]).algorithm == f"{MORE}ecdsa-{name}"


@pytest.mark.parametrize("curve", [ec.SECP256K1(), ec.SECP192R1()], ids=lambda one: one.name)
def test_curves_that_are_not_allowed(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    assert reason(XmlSigner.from_key, key) == Reason.NOT_WRITABLE
    assert reason(verify_message, specimen(Kind.METADATA), [key.public_key()]) == Reason.NO_KEY


def _bench(kind: Kind = Kind.AUTHN_REQUEST) -> Bench:
    return Bench(PEER, Target(kind, SignedWhere.MESSAGE, inner=False))


@pytest.mark.parametrize(
    "value", [bytes(64), bytes(63), b"\1" * 64, b"\xff" * 64, b""], ids=["zero", "short", "1", "f", "0"]
)  # fmt: skip
def test_values_that_are_no_ecdsa_signature(value: bytes) -> None:
    octets = sign_anew(_bench(), Recipe(method=f"{MORE}ecdsa-sha256"), value=value)
    refused = reason(verify_message, octets, [PEER.stranger.public_key()])
    assert refused == (Reason.SIGNATURE_INVALID if value else Reason.SIGNATURE_SYNTAX)


def test_an_ecdsa_signature_in_der_is_none() -> None:
    octets = sign_anew(_bench(), Recipe(method=f"{MORE}ecdsa-sha256"), key=PEER.stranger)
    assert verify_message(octets, [PEER.stranger.public_key()])
    raw = sign_octets(PEER.stranger, b"x")
    der = encode_dss_signature(*(int.from_bytes(half, "big") for half in (raw[:32], raw[32:])))
    octets = sign_anew(_bench(), Recipe(method=f"{MORE}ecdsa-sha256"), value=der)
    assert reason(verify_message, octets, [PEER.stranger.public_key()]) == (
        Reason.SIGNATURE_INVALID
    )


def test_short_and_overlong_rsa_keys() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    octets = sign_anew(_bench(), Recipe(), key=short)
    assert reason(verify_message, octets, [short.public_key()]) == Reason.NO_KEY
    policy = replace(DEFAULT_POLICY, rsa_bits=(1024, 1536))
    assert verify_message(octets, [short.public_key()], policy=policy)
    assert (
        reason(verify_message, specimen(Kind.METADATA), PEER.keys, policy=policy) == Reason.NO_KEY
    )


def test_sha1_only_by_a_policy_that_says_insecure() -> None:
    recipe = Recipe(
        method="http://www.w3.org/2000/09/xmldsig#rsa-sha1", hash_name="sha1",
        digest_method=SHA1, digest_name="sha1",
    )  # fmt: skip
    octets = sign_anew(_bench(), recipe)
    assert reason(verify_message, octets, PEER.keys) == Reason.ALGORITHM_REFUSED
    digest = sign_anew(_bench(), Recipe(digest_method=SHA1, digest_name="sha1"))
    assert reason(verify_message, digest, PEER.keys) == Reason.DIGEST_REFUSED
    policy = DEFAULT_POLICY.insecure_with_sha1()
    assert verify_message(octets, PEER.keys, policy=policy)
    assert verify_message(digest, PEER.keys, policy=policy)


def test_pss_by_policy() -> None:
    uri = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
    signer = XmlSigner.from_key(PEER.key, algorithm=uri)
    octets = write(sign_element(metadata(), signer))
    assert reason(verify_message, octets, PEER.keys) == Reason.ALGORITHM_REFUSED
    assert verify_message(octets, PEER.keys, policy=DEFAULT_POLICY.with_pss()).algorithm == uri


def test_no_policy_allows_what_the_table_does_not_have() -> None:
    assert not any("hmac" in uri or "md5" in uri for uri in SIGNATURE_ALGORITHMS)
    hmac = f"{MORE}hmac-sha256"
    policy = replace(DEFAULT_POLICY, signatures=DEFAULT_POLICY.signatures | {hmac})
    octets = sign_anew(_bench(), Recipe(method=hmac), value=bytes(32))
    assert reason(verify_message, octets, PEER.keys, policy=policy) == Reason.ALGORITHM_REFUSED


def test_prefixes_of_values_are_signed_when_declared() -> None:
    """``xs`` in a value of xsi:type belongs to what is signed, by InclusiveNamespaces."""
    value = Element("saml:AttributeValue", {"xsi:type": "xs:string"}, ["x"], declares=("xs",))
    inside = Element("saml:Attribute", {"Name": "n"}, [value])
    made = Element("saml:Assertion", {"ID": "_a"}, [Element("saml:Issuer"), inside])
    for outer in (made, Element("samlp:Response", {"ID": "_r"}, [sign_element(made, PEER.signer)])):
        octets = write(sign_element(outer, PEER.signer))
        assert b'PrefixList="xs"' in octets
        found = verify_message(octets, PEER.keys)
        assert found.element.find(".//{*}AttributeValue").nsmap["xs"].endswith("XMLSchema")
        altered = octets.replace(b'http://www.w3.org/2001/XMLSchema"', b'urn:other"')
        assert reason(verify_message, altered, PEER.keys) == Reason.DIGEST_MISMATCH


@pytest.mark.parametrize(
    "element",
    [
        Element("samlp:Response", {}, [Element("saml:Issuer")]),
        Element("samlp:Response", {"ID": "1"}, [Element("saml:Issuer")]),
        Element("samlp:Response", {"ID": '_" x="'}, [Element("saml:Issuer")]),
        Element("saml:Assertion", {"ID": "_1"}, [Element("saml:Subject")]),
        Element("samlp:Response", {"ID": "_1"}, ["text"]),
        Element("samlp:Response", {"ID": "_1"}, [Element("saml:Issuer"), Element("ds:Signature")]),
    ],
)  # fmt: skip
def test_what_cannot_be_signed(element: Element) -> None:
    with pytest.raises(NotWritable):
        sign_element(element, PEER.signer)


def test_a_signature_before_all_children_where_there_is_no_issuer() -> None:
    made = Element(
        "samlp:LogoutRequest", {"ID": "_1", "Reason": 'a > "b"'}, [Element("saml:NameID")]
    )
    octets = write(sign_element(made, PEER.signer))
    assert verify_message(octets, PEER.keys).octets == write(made)


def test_two_tenants_on_sixteen_threads() -> None:
    """Each message verifies under its own tenant's key only."""
    tenants = [PEER, SpecimenPeer()]
    failures: list[str] = []

    def work(number: int) -> None:
        own, other = tenants[number % 2], tenants[1 - number % 2]
        for _ in range(20):
            octets = write(sign_element(response(), own.signer))
            if not verify_message(octets, own.keys).own:
                failures.append("own")
            try:
                verify_message(octets, other.keys)
                failures.append("other")
            except HkeidError as error:
                if error.reason != Reason.SIGNATURE_INVALID:
                    failures.append(error.reason)

    threads = [Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures

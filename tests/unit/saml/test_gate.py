"""What is checked without any key: limits, parser, identifiers, places."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hkeid.kernel.errors import HkeidError
from hkeid.saml.dsig import MESSAGE_LIMITS, METADATA_LIMITS, Reason, read_unsigned
from hkeid.saml.dsig.gate import read_document
from hkeid.saml.dsig.octets import check_octets
from hkeid.saml.dsig.parsing import canonicalise, etree, parse, parse_without_blanks
from hkeid.testing.saml_specimens import Kind, SignedWhere, SpecimenPeer

SAMLP = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'


def reason(octets: bytes, limits: object = MESSAGE_LIMITS) -> str:
    with pytest.raises(HkeidError) as caught:
        read_document(octets, limits)  # type: ignore[arg-type]
    return caught.value.reason


def message(inside: str = "", attributes: str = "") -> bytes:
    return f'<samlp:AuthnRequest {SAMLP} ID="_1"{attributes}>{inside}</samlp:AuthnRequest>'.encode()


def test_a_message_passes() -> None:
    assert read_document(message(), MESSAGE_LIMITS).root.get("ID") == "_1"


@pytest.mark.parametrize(
    ("limits", "octets", "expected"),
    [
        (replace(MESSAGE_LIMITS, octets=90), message("x" * 90), Reason.TOO_LARGE),
        (replace(MESSAGE_LIMITS, nodes=2), message("<a/><a/>"), Reason.TOO_MANY_NODES),
        (replace(MESSAGE_LIMITS, attributes=2), message('<a a=""/>'), Reason.TOO_MANY_NODES),
        (replace(MESSAGE_LIMITS, depth=2), message("<a><a/></a>"), Reason.TOO_DEEP),
        (replace(MESSAGE_LIMITS, namespaces=1), message('<x:a xmlns:x="urn:x"/>'), Reason.TOO_MANY_NODES),
        (replace(MESSAGE_LIMITS, foreign_names=9), message("<abcdefghij/>"), Reason.TOO_MANY_NAMES),
    ],
)  # fmt: skip
def test_limits(limits: object, octets: bytes, expected: Reason) -> None:
    assert reason(octets, limits) == expected


def test_what_is_at_a_limit_passes() -> None:
    octets = message('<x:a xmlns:x="urn:x"><x:b/></x:a>')
    exact = replace(MESSAGE_LIMITS, octets=len(octets), nodes=3, depth=3, namespaces=2)
    assert len(read_document(octets, exact).root) == 1


def test_names_of_the_vocabulary_do_not_count() -> None:
    limits = replace(MESSAGE_LIMITS, foreign_names=30)
    octets = message('<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>' * 3)
    assert check_octets(octets, limits) == octets


@pytest.mark.parametrize("text", ["<a>x<!-- -->y</a>", "<a><!-- --></a>", "x<a/><!-- -->"])
def test_comments_beside_text_are_refused_in_metadata_as_well(text: str) -> None:
    assert reason(message(text), METADATA_LIMITS) == Reason.COMMENT


def test_comments_between_elements_are_allowed_in_metadata_alone() -> None:
    octets = message("<a/> <!-- terms --> <a/>")
    assert len(read_document(octets, METADATA_LIMITS).root) == 3
    assert reason(octets) == Reason.COMMENT


def test_a_document_in_which_text_speaks_of_namespaces() -> None:
    assert read_document(message("xmlns is an attribute, xmlns=2 is not"), MESSAGE_LIMITS)


def test_declarations_cannot_hide_behind_quotes() -> None:
    """A declaration that the scan takes for a part of another value is refused all the same."""
    assert reason(message("", """ Consent="xmlns='" xmlns:x="relative" Destination="'" """)) == (
        Reason.NAMESPACE
    )


def test_a_warning_hides_no_error() -> None:
    """To lxml the last message of libxml2 decides; the warning about a language comes after the error."""
    hidden = b'<a><q:unbound/><b xml:space="x"/></a>'
    assert etree.fromstring(hidden)[0].tag == "q:unbound"
    assert reason(hidden) == Reason.NOT_WELL_FORMED
    assert read_document(message('<a xml:lang="en_US"/>'), MESSAGE_LIMITS)


def test_a_relative_namespace_is_never_an_empty_canonical_form() -> None:
    """lxml calls this well-formed; canonicalising it fails."""
    octets = b'<a xmlns:b="relative"><b:c/></a>'
    with pytest.raises(HkeidError) as caught:
        canonicalise(etree.fromstring(octets))
    assert caught.value.reason == Reason.CANONICALISATION_FAILED
    assert reason(octets) == Reason.NAMESPACE


def test_an_assertion_stands_in_a_response_alone() -> None:
    assertion = '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>'
    assert reason(message(assertion)) == Reason.MESSAGE_NESTED


@pytest.mark.parametrize("mark", ["?", "!"])
def test_many_marks_hide_none(mark: str) -> None:
    """After some thousand looks at one octet the scan goes on with two."""
    expected = {"?": Reason.PROCESSING_INSTRUCTION, "!": Reason.DOCUMENT_TYPE}[mark]
    for number in (4_095, 4_096, 4_097, 9_000):
        many = message("", f' Consent="{mark * number}"')
        assert check_octets(many, MESSAGE_LIMITS) == many
        assert reason(many + f"<{mark}x".encode()) == expected
        assert reason(message(f"<{mark}x", f' Consent="{mark * number}"')) == expected


def test_identifiers_of_signatures_count_as_well() -> None:
    ds = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
    assert read_document(message(f'<ds:Signature {ds} Id="_2"/>'), MESSAGE_LIMITS).signatures
    assert reason(message(f'<ds:Signature {ds} Id="_1"/>')) == Reason.ID_NOT_UNIQUE
    assert reason(message(f'<ds:Signature {ds} Id="_2" ID="_3"/>')) == Reason.ID_ATTRIBUTE
    assert reason(message(f'id= <ds:Signature {ds} Id="_2" ID="_3"/>')) == Reason.ID_ATTRIBUTE


def test_text_that_looks_like_an_identifier_hides_none() -> None:
    assert read_document(message("<a b='?id=5'/> id="), MESSAGE_LIMITS)
    assert reason(message('id=<a Id="_1"/>')) == Reason.ID_NOT_UNIQUE
    assert reason(message('id = <a xmlns:x="urn:x" x:iD="_2"/>')) == Reason.ID_ATTRIBUTE


def test_many_attributes_of_one_element() -> None:
    for number in (64, 65):
        octets = message("<a " + " ".join(f'b{one}=""' for one in range(number)) + "/>")
        if number == 64:
            assert read_document(octets, MESSAGE_LIMITS)
        else:
            assert reason(octets) == Reason.TOO_MANY_NODES


def test_without_blanks_all_else_is_there() -> None:
    octets = b"<a>\n <b> x </b>\n <c>\n</c> </a>"
    root = parse_without_blanks(octets)
    assert [(one.tag, one.text, one.tail) for one in root] == [
        ("b", " x ", None),
        ("c", "\n", None),
    ]
    assert [one.tail for one in parse(octets)] == ["\n ", " "]
    with pytest.raises(HkeidError):
        parse_without_blanks(b"<a><q:unbound/></a>")


def test_a_parser_is_as_good_after_a_refusal_and_on_another_thread() -> None:
    def after_refusal() -> tuple[str, str]:
        return reason(b"<a><b></a>"), str(parse(b"<a><b/></a>")[0].tag)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: after_refusal(), range(40)))
    assert found == [(Reason.NOT_WELL_FORMED, "b")] * 40


def test_a_prefix_does_not_make_another_identifier() -> None:
    assert reason(message('<a xmlns:x="urn:x" x:Id="_2"/>')) == Reason.ID_ATTRIBUTE
    assert reason(message('<a Id="_1"/>')) == Reason.ID_NOT_UNIQUE
    assert read_document(message('<a Id="_2"/>'), MESSAGE_LIMITS)


def test_the_parser_fetches_nothing(tmp_path: Path) -> None:
    """The octets would be refused before; here the parser itself is asked."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    with listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        for where in (url, fifo.as_uri()):
            for document in (
                f'<!DOCTYPE r SYSTEM "{where}"><r/>',
                f'<!DOCTYPE r [<!ENTITY e SYSTEM "{where}">]><r>&e;</r>',
                f'<!DOCTYPE r [<!ENTITY % e SYSTEM "{where}"> %e;]><r/>',
                f'<r xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="{where}"/></r>',
            ):
                try:
                    root = parse(document.encode())
                except HkeidError:
                    continue
                # Opening the pipe would have waited for a writer for ever.
                assert "".join(root.itertext()) in ("", "&e;")
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize(
    ("kind", "signed", "expected"),
    [
        (Kind.AUTHN_REQUEST, SignedWhere.MESSAGE, Reason.SIGNATURE_UNCHECKED),
        (Kind.RESPONSE, SignedWhere.ASSERTION, Reason.SIGNATURE_UNCHECKED),
    ],
)
def test_what_is_signed_is_not_read_as_unsigned(
    kind: Kind, signed: SignedWhere, expected: Reason
) -> None:
    with pytest.raises(HkeidError) as caught:
        read_unsigned(SpecimenPeer().specimen(kind, signed).octets)
    assert caught.value.reason == expected


def test_an_unsigned_request_is_read_and_an_unsigned_assertion_never() -> None:
    assert read_unsigned(message()).tag.endswith("}AuthnRequest")
    saml = "urn:oasis:names:tc:SAML:2.0:assertion"
    for inside in ("Assertion", "EncryptedAssertion"):
        octets = f'<samlp:Response {SAMLP}><s:{inside} xmlns:s="{saml}"/></samlp:Response>'
        with pytest.raises(HkeidError) as caught:
            read_unsigned(octets.encode())
        assert caught.value.reason == Reason.MESSAGE_KIND

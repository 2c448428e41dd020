"""What the writer writes is what libxml2 calls canonical, whatever stands in it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hkeid.saml.dsig import (
    Element,
    NotWritable,
    Reason,
    XmlSigner,
    constant,
    sign_element,
    verify_message,
    write,
)
from hkeid.saml.dsig.namespaces import PREFIXES

KEY = ec.generate_private_key(ec.SECP256R1())
SIGNER = XmlSigner.from_key(KEY)

xml_text = st.text(
    st.characters(
        exclude_categories=("Cs",),
        exclude_characters="".join(map(chr, [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])),
    ),
    max_size=20,
)
awkward = st.sampled_from(
    ["<", ">", "&", '"', "'", "\r", "\n", "\t", "]]>", "\u2028", "\x85", "\U0001f600", ""]
)
values = st.one_of(xml_text, awkward, st.lists(awkward, max_size=5).map("".join))
prefixes = st.sampled_from(sorted(set(PREFIXES) - {"xml", "ds", "ec"}))
locals_ = st.sampled_from(["A", "b", "C-d", "_e", "f.1"])
names = st.tuples(prefixes, locals_).map(":".join)
attribute_names = st.one_of(
    st.sampled_from(["a", "B", "_c", "xml:lang", "xml:space"]), names
).filter(lambda name: name.lower() != "id")


def elements(depth: int) -> st.SearchStrategy[Element]:
    children = st.lists(st.one_of(values, elements(depth - 1)) if depth else values, max_size=4)
    return st.builds(
        Element, names, st.dictionaries(attribute_names, values, max_size=4), children,
        declares=st.lists(st.sampled_from(["xs", "xsi", "saml"]), max_size=2, unique=True),
    )  # fmt: skip


def canonical(octets: bytes, inclusive: list[str] | None = None) -> bytes:
    return etree.tostring(
        etree.fromstring(octets), method="c14n", exclusive=True, inclusive_ns_prefixes=inclusive
    )


def declared(element: Element) -> set[str]:
    inside = [declared(one) for one in element.children if isinstance(one, Element)]
    return set(element.declares).union(*inside)


@given(elements(3))
def test_what_is_written_is_canonical(element: Element) -> None:
    octets = write(element)
    assert canonical(octets, sorted(declared(element)) or None) == octets


@given(elements(2))
def test_writing_within_another_is_canonical_as_well(element: Element) -> None:
    """Each element is written alone first, as signing does, and then as a part."""
    write(element)
    outer = Element("samlp:Outer", {}, [Element("saml:Inner", {}, [element, "text", element])])
    octets = write(outer)
    assert canonical(octets, sorted(declared(element)) or None) == octets


@given(elements(2))
def test_what_is_kept_is_canonical_wherever_it_is_put(element: Element) -> None:
    kept = constant(element)
    for around in ("saml:Inner", "samlp:Inner", "md:Inner", "saml:Inner"):
        outer = Element("samlp:Outer", {}, [kept, Element(around, {}, [kept, "text", kept])])
        octets = write(outer)
        assert canonical(octets, sorted(declared(element)) or None) == octets


@given(values, values)
def test_values_come_back_as_they_went(text: str, attribute: str) -> None:
    element = Element("saml:NameID", {"Format": attribute}, [text])
    back = etree.fromstring(write(element))
    assert (back.text or "", back.get("Format")) == (text, attribute)


@given(elements(2), values)
def test_what_is_signed_verifies_and_stays_canonical(inside: Element, issuer: str) -> None:
    element = Element(
        "samlp:AuthnRequest", {"ID": "_x", "Destination": issuer},
        [Element("saml:Issuer", {}, [issuer]), Element("samlp:Extensions", {}, [inside])],
    )  # fmt: skip
    octets = write(sign_element(element, SIGNER))
    assert canonical(octets, sorted(declared(element)) or None) == octets
    signed = verify_message(octets, [KEY.public_key()])
    assert signed.octets == write(element)


@given(st.sampled_from("\0\x01\x0b\x1f\ud800\udfff\ufffe\uffff"), values)
def test_what_xml_does_not_know_is_refused(character: str, around: str) -> None:
    for element in (
        Element("saml:NameID", {}, [around + character]),
        Element("saml:NameID", {"Format": character + around}),
    ):
        with pytest.raises(NotWritable) as caught:
            write(element)
        assert caught.value.reason == Reason.NOT_WRITABLE


@pytest.mark.parametrize(
    "name", ["NameID", "nobody:NameID", "saml:Name ID", "saml:", "xml:a", "saml:a:b"]
)
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(NotWritable):
        write(Element(name))


@pytest.mark.parametrize("name", ["a b", "", "xmlns", "xmlns:x", "nobody:a", "a=", 'a"'])
def test_attribute_names_that_are_none(name: str) -> None:
    with pytest.raises(NotWritable):
        write(Element("saml:NameID", {name: ""}))

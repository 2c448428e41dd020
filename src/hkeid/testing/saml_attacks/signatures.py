"""Signatures that are right in themselves, made by the peer's own key, but not of the one shape that is allowed."""

from __future__ import annotations

import copy
from collections.abc import Callable

from lxml import etree

from hkeid.saml.dsig import Reason
from hkeid.testing.saml_attacks.catalogue import attack, covered_else, everywhere, inner
from hkeid.testing.saml_attacks.surgery import (
    DS,
    ENVELOPED,
    EXC,
    Bench,
    Recipe,
    c14n,
    sign_anew,
    sign_octets,
)

_C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
_FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
_STYLESHEET = (
    '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">'
    '<xsl:template match="/"><xsl:copy-of select="."/></xsl:template></xsl:stylesheet>'
)
_TRANSFORMS = {
    "transform_xslt": ((ENVELOPED, ""), (_XSLT, _STYLESHEET), (EXC, "")),
    "transform_xslt_instead": ((ENVELOPED, ""), (_XSLT, _STYLESHEET)),
    "transform_xpath": ((ENVELOPED, ""), (_XPATH, "<ds:XPath>self::text()</ds:XPath>"), (EXC, "")),
    "transform_xpath_instead": ((_XPATH, "<ds:XPath>true()</ds:XPath>"), (EXC, "")),
    "transform_filter2": (
        (ENVELOPED, ""),
        (_FILTER, f'<f:XPath xmlns:f="{_FILTER}" Filter="intersect">/</f:XPath>'),
    ),
    "transform_base64": ((ENVELOPED, ""), (f"{DS}base64", "")),
    "transform_repeated": ((ENVELOPED, ""), (ENVELOPED, ""), (EXC, "")),
    "transform_three": ((ENVELOPED, ""), (EXC, ""), (EXC, "")),
    "transform_reversed": ((EXC, ""), (ENVELOPED, "")),
    "transform_enveloped_alone": ((ENVELOPED, ""),),
    "transform_exclusive_alone": ((EXC, ""),),
    "transform_none": (),
    "transform_inclusive": ((ENVELOPED, ""), (_C14N, "")),
    "transform_with_comments": ((ENVELOPED, ""), (f"{EXC}WithComments", "")),
    "transform_unknown": ((ENVELOPED, ""), ("urn:example:transform", "")),
    "transform_in_enveloped": ((ENVELOPED, "<ds:XPath>true()</ds:XPath>"), (EXC, "")),
    "transform_default_prefix": (
        (ENVELOPED, ""),
        (EXC, f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="#default"/>'),
    ),
    "transform_many_prefixes": (
        (ENVELOPED, ""),
        (EXC, f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="{"a " * 60}"/>'),
    ),
}
_REFERENCES = {
    "reference_empty": "",
    "reference_bare_hash": "#",
    "reference_xpointer_root": "#xpointer(/)",
    "reference_xpointer_id": "#xpointer(id('{id}'))",
    "reference_http": "http://attacker.example/{id}",
    "reference_file": "file:///etc/passwd",
    "reference_other": "#_other",
    "reference_space": "#{id} ",
    "reference_encoded": "#%5F{id}",
    "reference_document": "response.xml#{id}",
}
_METHODS = {
    "signed_info_inclusive": (_C14N, False),
    "signed_info_with_comments": (f"{EXC}WithComments", True),
    "signed_info_c14n11": ("http://www.w3.org/2006/12/xml-c14n11", False),
    "signed_info_xslt": (_XSLT, True),
    "signed_info_unknown": ("", True),
}


def _transform(steps: tuple[tuple[str, str], ...]) -> Callable[[Bench], bytes]:
    return lambda bench: sign_anew(bench, Recipe(transforms=steps))


def _reference(uri: str) -> Callable[[Bench], bytes]:
    def make(bench: Bench) -> bytes:
        named = uri.format(id=bench.target.get("ID"))
        return sign_anew(bench, Recipe(references=[(named, c14n(bench.unsigned_copy()))]))

    return make


def _method(uri: str, *, exclusive: bool) -> Callable[[Bench], bytes]:
    return lambda bench: sign_anew(bench, Recipe(c14n_method=uri, c14n_exclusive=exclusive))


def _enter(family: str, name: str, expected: Reason, make: Callable[[Bench], bytes]) -> None:
    make.__name__ = name
    attack(family, covered_else(expected), everywhere)(make)


for _name, _steps in _TRANSFORMS.items():
    _enter("transforms", _name, Reason.TRANSFORM_REFUSED, _transform(_steps))
for _name, _uri in _REFERENCES.items():
    _enter("references", _name, Reason.REFERENCE_ELSEWHERE, _reference(_uri))
for _name, (_uri, _exclusive) in _METHODS.items():
    _enter(
        "canonicalisation",
        _name,
        Reason.CANONICALISATION_REFUSED,
        _method(_uri, exclusive=_exclusive),
    )


@attack("references", covered_else(Reason.REFERENCE_COUNT))
def _references_two(bench: Bench) -> bytes:
    covered = (f"#{bench.target.get('ID')}", c14n(bench.unsigned_copy()))
    return sign_anew(bench, Recipe(references=[covered, covered]))


@attack("references", covered_else(Reason.REFERENCE_COUNT))
def _references_none(bench: Bench) -> bytes:
    return sign_anew(bench, Recipe(references=[]))


@attack("references", covered_else(Reason.SIGNATURE_SYNTAX))
def _reference_without_uri(bench: Bench) -> bytes:
    del bench.find("SignedInfo/Reference").attrib["URI"]
    bench.find("SignedInfo/Reference").set("Type", "")
    return bench.octets


@attack("references", covered_else(Reason.SIGNATURE_SYNTAX))
def _reference_of_a_type(bench: Bench) -> bytes:
    bench.find("SignedInfo/Reference").set("Type", f"{DS}Manifest")
    return bench.octets


@attack("references", covered_else(Reason.REFERENCE_ELSEWHERE), inner)
def _reference_to_the_message(bench: Bench) -> bytes:
    """The assertion's signature covers the message around it, for a reader that asks only whether it verifies."""
    identifier = bench.root.get("ID")
    return sign_anew(bench, Recipe(references=[(f"#{identifier}", c14n(bench.root))]))


@attack("references", covered_else(Reason.REFERENCE_ELSEWHERE))
def _reference_to_an_element_without_id(bench: Bench) -> bytes:
    del bench.target.attrib["ID"]
    return bench.octets


@attack("structure", covered_else(Reason.SIGNATURE_SYNTAX))
def _text_in_signature(bench: Bench) -> bytes:
    bench.find("SignedInfo").tail = "text"
    return bench.octets


@attack("structure", covered_else(Reason.SIGNATURE_SYNTAX))
def _foreign_element_in_signature(bench: Bench) -> bytes:
    etree.SubElement(bench.signature, "{urn:example:more}More")
    return bench.octets


@attack("structure", covered_else(Reason.REFERENCE_COUNT))
def _foreign_element_in_signed_info(bench: Bench) -> bytes:
    etree.SubElement(bench.find("SignedInfo"), "{urn:example:more}More")
    return bench.octets


@attack("structure", covered_else(Reason.SIGNATURE_SYNTAX))
def _second_signature_value(bench: Bench) -> bytes:
    value = bench.find("SignatureValue")
    value.addnext(copy.deepcopy(value))
    return bench.octets


@attack("structure", covered_else(Reason.SIGNATURE_SYNTAX))
def _second_digest_value(bench: Bench) -> bytes:
    value = bench.find("SignedInfo/Reference/DigestValue")
    value.addnext(copy.deepcopy(value))
    return bench.octets


@attack("structure", covered_else(Reason.SIGNATURE_SYNTAX))
def _element_in_digest_value(bench: Bench) -> bytes:
    etree.SubElement(bench.find("SignedInfo/Reference/DigestValue"), f"{{{DS}}}X")
    return bench.octets


@attack("structure", covered_else(Reason.SIGNATURE_SYNTAX))
def _digest_value_no_base64(bench: Bench) -> bytes:
    value = bench.find("SignedInfo/Reference/DigestValue")
    value.text = f"{value.text[:-1]}\N{FULLWIDTH EQUALS SIGN}"
    return bench.octets


@attack("void canonical form", covered_else(Reason.SIGNATURE_INVALID))
def _digest_of_nothing(bench: Bench) -> bytes:
    """The digest of the empty string, as a canonicalisation that failed silently gives it."""
    bench.find(
        "SignedInfo/Reference/DigestValue"
    ).text = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    return bench.octets


@attack("void canonical form", covered_else(Reason.DIGEST_MISMATCH))
def _digest_of_nothing_signed(bench: Bench) -> bytes:
    return sign_anew(bench, Recipe(references=[(f"#{bench.target.get('ID')}", b"")]))


@attack("void canonical form", covered_else(Reason.SIGNATURE_INVALID))
def _signature_over_nothing(bench: Bench) -> bytes:
    """A signature of the peer's over the empty string, taken from wherever it made one."""
    return sign_anew(bench, Recipe(), value=sign_octets(bench.peer.key, b""))

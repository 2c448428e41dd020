"""Signature wrapping: the genuine element is moved to where the verifier finds it, an altered one put in its place."""

from __future__ import annotations

import copy

from lxml import etree

from hkeid.saml.dsig import Reason
from hkeid.testing.saml_attacks.catalogue import attack, covered_else, inner, outer
from hkeid.testing.saml_attacks.surgery import DS, SAML, Bench, forge
from hkeid.testing.saml_attacks.targets import Target
from hkeid.testing.saml_specimens import Kind

_NESTED = Reason.MESSAGE_NESTED
_EVIL = "_evil"


def _first_duplicate(target: Target) -> Reason:
    """A copy with the same ID: refused as a message out of place, if it comes before the original."""
    return _NESTED if target.inner else Reason.ID_NOT_UNIQUE


@attack("XSW", _NESTED)
def _xsw1_original_in_signature(bench: Bench) -> bytes:
    original = bench.unsigned_copy()
    forge(bench.target, _EVIL)
    bench.signature.append(original)
    return bench.octets


@attack("XSW", _NESTED)
def _xsw2_original_before_signature(bench: Bench) -> bytes:
    original = bench.unsigned_copy()
    forge(bench.target, _EVIL)
    bench.signature.addprevious(original)
    return bench.octets


@attack("XSW", _NESTED)
def _xsw2_original_after_signature(bench: Bench) -> bytes:
    original = bench.unsigned_copy()
    forge(bench.target, _EVIL)
    bench.signature.addnext(original)
    return bench.octets


@attack("XSW", covered_else(Reason.ASSERTION_UNSIGNED), inner)
def _xsw3_forged_before_original(bench: Bench) -> bytes:
    bench.target.addprevious(forge(bench.unsigned_copy(), _EVIL))
    return bench.octets


@attack("XSW", covered_else(Reason.ASSERTION_UNSIGNED), inner)
def _xsw3_forged_after_original(bench: Bench) -> bytes:
    bench.target.addnext(forge(bench.unsigned_copy(), _EVIL))
    return bench.octets


@attack("XSW", covered_else(Reason.REFERENCE_ELSEWHERE), inner)
def _xsw3_forged_with_a_copied_signature(bench: Bench) -> bytes:
    bench.target.addprevious(forge(copy.deepcopy(bench.target), _EVIL))
    return bench.octets


@attack("XSW", _NESTED)
def _xsw4_original_in_forged(bench: Bench) -> bytes:
    evil = forge(bench.unsigned_copy(), _EVIL)
    original = copy.deepcopy(bench.target)
    bench.replace_target(evil)
    evil.append(original)
    return bench.octets


@attack("XSW", covered_else(Reason.REFERENCE_ELSEWHERE), inner)
def _xsw5_original_at_the_end(bench: Bench) -> bytes:
    original = bench.unsigned_copy()
    forge(bench.target, _EVIL)
    bench.target.getparent().append(original)
    return bench.octets


@attack("XSW", _NESTED, outer)
def _xsw5_original_in_extensions(bench: Bench) -> bytes:
    original = bench.unsigned_copy()
    forge(bench.target, _EVIL)
    bench.extensions().append(original)
    return bench.octets


@attack("XSW", _NESTED)
def _xsw6_original_in_key_info(bench: Bench) -> bytes:
    original = bench.unsigned_copy()
    forge(bench.target, _EVIL)
    etree.SubElement(bench.signature, f"{{{DS}}}KeyInfo").append(original)
    return bench.octets


@attack("XSW", _first_duplicate)
def _xsw7_forged_in_extensions_same_id(bench: Bench) -> bytes:
    evil = forge(bench.unsigned_copy())
    bench.extensions().append(evil)
    return bench.octets


@attack("XSW", _NESTED)
def _xsw7_forged_in_extensions(bench: Bench) -> bytes:
    evil = forge(bench.unsigned_copy(), _EVIL)
    bench.extensions().append(evil)
    return bench.octets


@attack("XSW", Reason.SIGNATURE_OBJECT)
def _xsw8_original_in_object(bench: Bench) -> bytes:
    original = bench.unsigned_copy()
    forge(bench.target, _EVIL)
    etree.SubElement(bench.signature, f"{{{DS}}}Object").append(original)
    return bench.octets


@attack("XSW", Reason.SIGNATURE_OBJECT)
def _xsw8_forged_in_object(bench: Bench) -> bytes:
    etree.SubElement(bench.signature, f"{{{DS}}}Object").append(forge(bench.unsigned_copy(), _EVIL))
    return bench.octets


@attack("XSW", _NESTED)
def _xsw_foreign_wrapper(bench: Bench) -> bytes:
    """The original kept in an element of a namespace that nobody knows."""
    original = bench.unsigned_copy()
    forge(bench.target, _EVIL)
    etree.SubElement(bench.extensions(), "{urn:example:wrapper}wrap").append(original)
    return bench.octets


@attack("XSW", Reason.SIGNATURE_MISPLACED)
def _xsw_signature_in_foreign_wrapper(bench: Bench) -> bytes:
    wrapper = etree.Element("{urn:example:wrapper}wrap")
    bench.signature.addprevious(wrapper)
    wrapper.append(bench.signature)
    return bench.octets


@attack("XSW", _NESTED, outer)
def _xsw_document_in_advice(bench: Bench) -> bytes:
    """The whole signed document inside an assertion's advice."""
    original = copy.deepcopy(bench.root)
    evil = etree.fromstring(bench.peer.specimen(Kind.ASSERTION, bench.about.signed).octets)
    advice = etree.Element(f"{{{SAML}}}Advice")
    advice.append(original)
    evil.set("ID", _EVIL)
    evil[1].addnext(advice)
    bench.root = evil
    return bench.octets


@attack("CVE-2019-3465", covered_else(Reason.SIGNATURE_SYNTAX))
def _second_signed_info(bench: Bench) -> bytes:
    """Another SignedInfo, over the altered element, beside the genuine one."""
    second = copy.deepcopy(bench.find("SignedInfo"))
    forge(bench.target)
    bench.find("SignedInfo").addnext(second)
    return bench.octets


@attack("SAMLStorm", covered_else(Reason.SIGNATURE_SYNTAX))
def _second_signed_info_first(bench: Bench) -> bytes:
    second = copy.deepcopy(bench.find("SignedInfo"))
    second.find(f".//{{{DS}}}DigestValue").text = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    bench.find("SignedInfo").addprevious(second)
    return bench.octets


@attack("SAMLStorm", covered_else(Reason.SIGNATURE_SYNTAX))
def _second_signed_info_last(bench: Bench) -> bytes:
    bench.signature.append(copy.deepcopy(bench.find("SignedInfo")))
    return bench.octets


@attack("signature exclusion", covered_else(Reason.UNSIGNED))
def _signature_removed(bench: Bench) -> bytes:
    bench.target.remove(bench.signature)
    return bench.octets


@attack("signature exclusion", covered_else(Reason.UNSIGNED))
def _signature_removed_and_forged(bench: Bench) -> bytes:
    bench.target.remove(bench.signature)
    forge(bench.target)
    return bench.octets


@attack("signature exclusion", covered_else(Reason.SIGNATURE_SYNTAX))
def _signature_emptied(bench: Bench) -> bytes:
    for part in list(bench.signature):
        bench.signature.remove(part)
    return bench.octets


@attack("signature exclusion", covered_else(Reason.SIGNATURE_SYNTAX))
def _signature_value_emptied(bench: Bench) -> bytes:
    bench.find("SignatureValue").text = ""
    return bench.octets


@attack("signature exclusion", covered_else(Reason.SIGNATURE_SYNTAX))
def _signature_value_removed(bench: Bench) -> bytes:
    bench.signature.remove(bench.find("SignatureValue"))
    return bench.octets


@attack("signature exclusion", Reason.SIGNATURE_MISPLACED)
def _signature_under_a_sibling(bench: Bench) -> bytes:
    sibling = bench.signature.getprevious()
    (bench.signature.getnext() if sibling is None else sibling).append(bench.signature)
    return bench.octets


@attack("signature exclusion", Reason.SIGNATURE_MISPLACED)
def _signature_at_the_end(bench: Bench) -> bytes:
    bench.target.append(bench.signature)
    return bench.octets


@attack("signature exclusion", Reason.SIGNATURE_REPEATED)
def _signature_twice(bench: Bench) -> bytes:
    bench.signature.addnext(copy.deepcopy(bench.signature))
    return bench.octets


@attack("signature exclusion", covered_else(Reason.DIGEST_MISMATCH))
def _content_forged(bench: Bench) -> bytes:
    forge(bench.target)
    return bench.octets


@attack("signature exclusion", covered_else(Reason.SIGNATURE_INVALID))
def _digest_recomputed(bench: Bench) -> bytes:
    """Content and digest altered, the signature left as it was."""
    bench.find(
        "SignedInfo/Reference/DigestValue"
    ).text = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    return bench.octets

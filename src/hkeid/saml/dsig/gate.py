"""From octets to a tree in which each identifier, message and signature stands where it may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hkeid.saml.dsig.errors import SamlMalformed, SignatureRefused
from hkeid.saml.dsig.limits import Limits
from hkeid.saml.dsig.namespaces import (
    ARTIFACT_RESPONSE,
    ASSERTION,
    DS,
    ISSUER,
    MD,
    METADATA_ELEMENTS,
    PROTOCOL_MESSAGES,
    RESPONSE,
    SAMLP,
    SIGNATURE,
)
from hkeid.saml.dsig.octets import check_octets
from hkeid.saml.dsig.parsing import (
    XmlElement,
    comments,
    deeper_than,
    identifiers,
    identifiers_of_signatures,
    more_attributes_than,
    parse,
)
from hkeid.saml.dsig.reasons import Reason
from hkeid.saml.dsig.vocabulary import VOCABULARY

SIGNABLE = PROTOCOL_MESSAGES | METADATA_ELEMENTS | {ASSERTION}
_OBJECT = f"{{{DS}}}Object"
_GROUP = f"{{{MD}}}EntitiesDescriptor"
_ENTITY = f"{{{MD}}}EntityDescriptor"
_PARENTS: dict[str, frozenset[str]] = {
    **dict.fromkeys(PROTOCOL_MESSAGES, frozenset({ARTIFACT_RESPONSE})),
    **dict.fromkeys(METADATA_ELEMENTS, frozenset({_ENTITY})),
    ASSERTION: frozenset({RESPONSE}),
    ARTIFACT_RESPONSE: frozenset(),
    _GROUP: frozenset({_GROUP}),
    _ENTITY: frozenset({_GROUP}),
}
"""Where each may stand when it is not the root. Assertions as advice or evidence are refused, and a SOAP
envelope has to be taken off beforehand."""

MOST_ATTRIBUTES = 64
"""Of one element: libxml2 sorts them by insertion when it canonicalises."""
_ID_NAMES = frozenset({"id", "assertionid", "requestid", "responseid"})
_NOT_ID = frozenset(
    [
        "Version",
        "IssueInstant",
        "Destination",
        "InResponseTo",
        "Format",
        "NameQualifier",
        "SPNameQualifier",
        "Value",
        "Method",
        "NotBefore",
        "NotOnOrAfter",
        "Recipient",
        "AuthnInstant",
        "SessionIndex",
        "SessionNotOnOrAfter",
        "Name",
        "NameFormat",
        "FriendlyName",
        "Algorithm",
        "URI",
        "Binding",
        "Location",
        "entityID",
        "use",
        "index",
        "isDefault",
        "{http://www.w3.org/2001/XMLSchema-instance}type",
        "{http://www.w3.org/XML/1998/namespace}lang",
    ]
)
"""Attributes that are met most, told from identifiers in one step."""
_NOT_ID_BUT_ONE = _NOT_ID | {"ID"}
_MAYBE_IDENTIFIER = re.compile(rb"=(?:(?<=[iI][dD]=)|(?<=[ \t\r\n]=))")
_NOTABLE = SIGNABLE | {SIGNATURE, _OBJECT}
_START_TAG_NAME = re.compile(rb"<([^\s/>]+)")
_NOTABLE_LOCAL = frozenset(tag.rpartition("}")[2].encode("ascii") for tag in _NOTABLE)
_USUAL_NAMES = frozenset(
    prefix + name.encode("ascii") for name in VOCABULARY for prefix in (b"saml:", b"saml2:")
) - {prefix + name for name in _NOTABLE_LOCAL for prefix in (b"saml:", b"saml2:")}
_NOTABLE_TAGS = (f"{{{SAMLP}}}*", f"{{{MD}}}*", ASSERTION, SIGNATURE, _OBJECT)
"""These and more, in few questions."""


@dataclass(slots=True)
class GatedDocument:
    """A tree that passed the gate. Nobody but the verifier reads it.

    :ivar root: its root element.
    :ivar signatures: each signed element and its one Signature, outer ones first.
    :ivar assertions: every Assertion.
    """

    root: XmlElement
    signatures: list[tuple[XmlElement, XmlElement]] = field(default_factory=list)
    assertions: list[XmlElement] = field(default_factory=list)

    def signature_of(self, element: XmlElement) -> XmlElement | None:
        """The Signature of one of its elements."""
        for signed, signature in self.signatures:
            if signed is element:
                return signature
        return None


def read_document(octets: bytes, limits: Limits) -> GatedDocument:
    """Parse a document and check what needs no key.

    :raises SamlMalformed: as :func:`check_octets`; ``saml_not_well_formed``, ``saml_too_deep``,
        ``saml_too_many_nodes``, ``saml_comment``.
    :raises SignatureRefused: ``saml_id_attribute``, ``saml_id_not_unique``, ``saml_message_nested``,
        ``saml_signature_misplaced``, ``saml_signature_repeated``, ``saml_signature_object``.
    """
    return read_checked(check_octets(octets, limits), limits)


def read_checked(octets: bytes, limits: Limits) -> GatedDocument:
    """The same for octets that have passed :func:`check_octets`.

    :raises SamlMalformed: as :func:`read_document`.
    :raises SignatureRefused: likewise.
    """
    root = parse(octets)
    # No element or comment takes less than four bytes.
    if len(octets) // 4 > limits.nodes and sum(1 for _ in root.iter()) > limits.nodes:
        raise SamlMalformed(Reason.TOO_MANY_NODES)
    if deeper_than(root, limits.depth):
        raise SamlMalformed(Reason.TOO_DEEP)
    if limits.comments:
        _check_comments(root)
    document = GatedDocument(root)
    # Metadata, where comments may stand, has `entityID`: never plain.
    if not limits.comments and _attributes_are_plain(root, octets):
        for element in _notable(root):
            _enter(document, element)
    else:
        _check_elements(document)
    return document


def is_plain_piece(root: XmlElement, octets: bytes, most: int) -> bool:
    """Whether it is plain that a piece cut out of a document keeps the rules about depth and attributes, and that
    no message, assertion or signature is in it but its root.

    :param octets: the piece, in whose document there is no comment, CDATA section or processing instruction.
    :param most: elements on a path from its root.
    """
    names = _START_TAG_NAME.findall(octets)
    for name in set(names) - _USUAL_NAMES:
        if name.rpartition(b":")[2] in _NOTABLE_LOCAL and name != names[0]:
            return False
    # A path goes through elements with an end tag, but for the last one.
    return (
        names.count(names[0]) == 1
        and (octets.count(b"</") < most or not deeper_than(root, most))
        and (octets.count(b"=") <= MOST_ATTRIBUTES or not more_attributes_than(root, MOST_ATTRIBUTES))
    )  # fmt: skip


def maybe_identifiers(octets: bytes) -> int:
    """How many attributes of a document are identifiers, or more.

    Each name that counts as one ends in ``id`` in some case, and stands before an equals sign with nothing but white
    space between.
    """
    return len(_MAYBE_IDENTIFIER.findall(octets))


def _attributes_are_plain(root: XmlElement, octets: bytes) -> bool:
    """Whether it is plain that no rule about attributes is broken in a document, so that elements without a rule
    about their place need not be looked at one by one.

    Where there may be as many identifiers in ``octets`` as there are attributes ``ID`` without a prefix, and ``Id`` of
    signatures without one, there is no other, and no element has two.
    """
    found, number = identifiers(root), maybe_identifiers(octets)
    if number > len(found):
        found += identifiers_of_signatures(root)
    if not number == len(found) == len(set(found)):
        return False
    return not more_attributes_than(root, MOST_ATTRIBUTES)


def _notable(root: XmlElement) -> Iterator[XmlElement]:
    """Messages, assertions and signatures, in document order."""
    return (one for one in root.iter(*_NOTABLE_TAGS) if one.tag in _NOTABLE)


def _check_elements(document: GatedDocument) -> None:
    """One pass over the elements in document order: identifiers, messages, signatures."""
    ids: set[str] = set()
    for element in document.root.iter():
        names = element.keys()
        if names:
            if len(names) > MOST_ATTRIBUTES:
                raise SamlMalformed(Reason.TOO_MANY_NODES, detail="attributes of one element")
            if not _NOT_ID.issuperset(names):
                _check_identifier(element, names, ids)
        if element.tag in _NOTABLE:
            _enter(document, element)


def _check_identifier(element: XmlElement, names: list[str], ids: set[str]) -> None:
    """An identifier has no prefix, one element has one, and nothing has the same."""
    name = "ID"
    if not _NOT_ID_BUT_ONE.issuperset(names):
        found = [name for name in names if name.rpartition("}")[2].lower() in _ID_NAMES]
        if not found:
            return
        if len(found) > 1 or found[0].startswith("{"):
            raise SignatureRefused(Reason.ID_ATTRIBUTE)
        name = found[0]
    value = element.get(name)
    if value in ids:
        raise SignatureRefused(Reason.ID_NOT_UNIQUE)
    ids.add(value)


def _enter(document: GatedDocument, element: XmlElement) -> None:
    """A message, an assertion or a signature stands where one may, or it is there to be mistaken for another."""
    tag, parent = element.tag, element.getparent()
    if tag == SIGNATURE:
        _enter_signature(document, parent, element)
    elif tag == _OBJECT:
        raise SignatureRefused(Reason.SIGNATURE_OBJECT)
    elif parent is not None and parent.tag not in _PARENTS[tag]:
        raise SignatureRefused(Reason.MESSAGE_NESTED)
    elif tag == ASSERTION:
        document.assertions.append(element)


def _enter_signature(
    document: GatedDocument, parent: XmlElement | None, signature: XmlElement
) -> None:
    """saml-core §2.3.3, §3.2: after Issuer; saml-metadata §2.2: the first child."""
    if parent is None:
        return
    tag = parent.tag
    if tag not in SIGNABLE:
        raise SignatureRefused(Reason.SIGNATURE_MISPLACED)
    if document.signature_of(parent) is not None:
        raise SignatureRefused(Reason.SIGNATURE_REPEATED)
    before = [one.tag for one in signature.itersiblings("{*}*", preceding=True)]
    after_issuer = before == [ISSUER] and tag not in METADATA_ELEMENTS
    first = not before and tag != ASSERTION
    if not (after_issuer or first):
        raise SignatureRefused(Reason.SIGNATURE_MISPLACED)
    document.signatures.append((parent, signature))


def _check_comments(root: XmlElement) -> None:
    """Comments stand between elements: where there is text, readers might see a part of it only."""
    for parent in dict.fromkeys(comment.getparent() for comment in comments(root)):
        texts = [parent.text, *(child.tail for child in parent)]
        if (
            parent.tag.startswith(f"{{{DS}}}")
            or next(parent.iterchildren("{*}*"), None) is None
            or any(text and text.strip() for text in texts)
        ):
            raise SamlMalformed(Reason.COMMENT)

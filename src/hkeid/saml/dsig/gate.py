"""From octets to a tree in which each identifier, message and signature stands where it may."""

from __future__ import annotations

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
    SIGNATURE,
)
from hkeid.saml.dsig.octets import check_octets
from hkeid.saml.dsig.parsing import XmlElement, parse
from hkeid.saml.dsig.reasons import Reason

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

_MOST_ATTRIBUTES = 64
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
    root = parse(check_octets(octets, limits))
    document = GatedDocument(root)
    _Walk(document, limits).visit(root, None, 1)
    return document


class _Walk:
    """One pass over the tree, in document order."""

    def __init__(self, document: GatedDocument, limits: Limits) -> None:
        self._document = document
        self._limits = limits
        self._ids: set[str] = set()
        self._nodes = 0

    def visit(self, element: XmlElement, parent: str | None, depth: int) -> None:
        """An element, its attributes, its children."""
        tag = element.tag
        self._nodes += 1
        if self._nodes > self._limits.nodes:
            raise SamlMalformed(Reason.TOO_MANY_NODES)
        names = element.keys()
        if len(names) > _MOST_ATTRIBUTES:
            raise SamlMalformed(Reason.TOO_MANY_NODES, detail="attributes of one element")
        if not _NOT_ID.issuperset(names):
            self._attributes(element, names)
        if tag in SIGNABLE:
            self._signable(element, tag, parent)
        elif tag == _OBJECT:
            raise SignatureRefused(Reason.SIGNATURE_OBJECT)
        children = element.getchildren()
        if children:
            if depth >= self._limits.depth:
                raise SamlMalformed(Reason.TOO_DEEP)
            self._children(element, children, depth + 1)

    def _children(self, element: XmlElement, children: list[XmlElement], depth: int) -> None:
        tag = element.tag
        position = comments = 0
        for child in children:
            child_tag = child.tag
            if not isinstance(child_tag, str):
                comments += 1
                continue
            if child_tag == SIGNATURE:
                self._signature(element, child, position)
            position += 1
            self.visit(child, tag, depth)
        if comments:
            self._comments(element, children, comments)

    def _signable(self, element: XmlElement, tag: str, parent: str | None) -> None:
        """A message or an assertion stands where one may, or it is there to be mistaken for another."""
        if parent is not None and parent not in _PARENTS[tag]:
            raise SignatureRefused(Reason.MESSAGE_NESTED)
        if tag == ASSERTION:
            self._document.assertions.append(element)

    def _attributes(self, element: XmlElement, names: list[str]) -> None:
        """An identifier has no prefix, one element has one, and nothing has the same."""
        found = [name for name in names if name.rpartition("}")[2].lower() in _ID_NAMES]
        if not found:
            return
        if len(found) > 1 or found[0].startswith("{"):
            raise SignatureRefused(Reason.ID_ATTRIBUTE)
        value = element.get(found[0])
        if value in self._ids:
            raise SignatureRefused(Reason.ID_NOT_UNIQUE)
        self._ids.add(value)

    def _comments(self, parent: XmlElement, children: list[XmlElement], number: int) -> None:
        """Comments stand between elements: where there is text, readers might see a part of it only."""
        self._nodes += number
        if self._nodes > self._limits.nodes:
            raise SamlMalformed(Reason.TOO_MANY_NODES)
        texts = [parent.text, *(child.tail for child in children)]
        if number == len(children) or any(text and text.strip() for text in texts):
            raise SamlMalformed(Reason.COMMENT)
        if parent.tag.startswith(f"{{{DS}}}"):
            raise SamlMalformed(Reason.COMMENT)

    def _signature(self, parent: XmlElement, signature: XmlElement, position: int) -> None:
        """saml-core §2.3.3, §3.2: after Issuer; saml-metadata §2.2: the first child."""
        tag = parent.tag
        if tag not in SIGNABLE:
            raise SignatureRefused(Reason.SIGNATURE_MISPLACED)
        if self._document.signature_of(parent) is not None:
            raise SignatureRefused(Reason.SIGNATURE_REPEATED)
        if position == 0:
            in_place = tag != ASSERTION
        else:
            first = next(parent.iterchildren("{*}*"))
            in_place = position == 1 and first.tag == ISSUER and tag not in METADATA_ELEMENTS
        if not in_place:
            raise SignatureRefused(Reason.SIGNATURE_MISPLACED)
        self._document.signatures.append((parent, signature))

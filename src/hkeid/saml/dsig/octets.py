"""What is checked on the octets of a document before any XML parser sees them.

Two parsers can only disagree about a document that leaves them room. Without document type, processing instruction,
CDATA section and entity, in one encoding, there is little of it; each of these begins with ``<!`` or ``<?``,
which cannot occur in a well-formed document as anything else (outside comments, where they are refused as well).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hkeid.saml.dsig.errors import SamlMalformed
from hkeid.saml.dsig.limits import Limits
from hkeid.saml.dsig.namespaces import PREFIXES
from hkeid.saml.dsig.reasons import Reason
from hkeid.saml.dsig.vocabulary import VOCABULARY

_BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(
    rb"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')"""
    rb"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"[uU][tT][fF]-8"|'[uU][tT][fF]-8'))?"""
    rb"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>"""
)
_NAMESPACE = re.compile(rb"""xmlns((?::[^\s=:]*)?)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
# No quote, no space, no reference: what a match swallows by mistake cannot look like this.
_ABSOLUTE_URI = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$()*+,;=%\[\]-]+")
_ELEMENT_NAME = re.compile(rb"<([^\s/>]+)")
_ATTRIBUTE_NAME = re.compile(rb"""\s([^\s=<>"'/]+)\s*=\s*["']""")
_LESS_THAN = ord("<")
_MOST_LOOKS = 4_096
# Canonicalising looks through all that are in scope for each element.
_MOST_DISTINCT = 64
_ALLOWED_PREFIX = re.compile(rb"(?![xX][mM][lL])[A-Za-z_][A-Za-z0-9._-]*")


def check_octets(octets: bytes, limits: Limits) -> bytes:
    """``octets`` without a byte order mark, if a parser may see them.

    :raises SamlMalformed: ``saml_too_large``, ``saml_not_utf8``, ``saml_xml_declaration``,
        ``saml_document_type``, ``saml_processing_instruction``, ``saml_comment``, ``saml_cdata``,
        ``saml_too_many_nodes``, ``saml_too_many_names``, ``saml_namespace``.
    """
    if len(octets) > limits.octets:
        raise SamlMalformed(Reason.TOO_LARGE)
    octets = octets.removeprefix(_BOM)
    if not octets.isascii():
        try:
            octets.decode("utf-8")
        except UnicodeDecodeError as error:
            raise SamlMalformed(Reason.NOT_UTF8) from error
    _check_markup(octets, comments=limits.comments)
    size = len(octets)
    # Each node but text has one "<" or, as an element with children, two. Small documents need no counting.
    if (size > 2 * limits.nodes and octets.count(b"<") > 2 * limits.nodes) or (
        size > limits.attributes and octets.count(b"=") > limits.attributes
    ):
        raise SamlMalformed(Reason.TOO_MANY_NODES)
    _check_namespaces(octets, limits.namespaces)
    _check_names(octets, limits.foreign_names)
    return octets


def check_stretch(octets: bytes, limits: Limits, *, checked: int = 0) -> bytes:
    """The same for a stretch of a large document in which nothing is read yet, without what costs most.

    UTF-8 is left to the parser, nodes and names to when a part of it is read, which passes :func:`check_octets`.

    :param checked: so many octets at the beginning have passed :func:`check_octets`.
    :raises SamlMalformed: ``saml_too_large``, ``saml_xml_declaration``, ``saml_document_type``,
        ``saml_processing_instruction``, ``saml_comment``, ``saml_cdata``, ``saml_namespace``.
    """
    if len(octets) > limits.octets:
        raise SamlMalformed(Reason.TOO_LARGE)
    _check_markup(octets, comments=limits.comments)
    if octets.find(b"xmlns", checked) >= 0:
        _check_namespaces(octets, limits.namespaces)
    return octets


def _check_markup(octets: bytes, *, comments: bool) -> None:
    """Neither document type, nor processing instruction, nor CDATA; comments where limits allow them."""
    body = 0
    if octets.startswith(b"<?"):
        declaration = _DECLARATION.match(octets)
        if declaration is None:
            raise SamlMalformed(Reason.XML_DECLARATION)
        body = declaration.end()
    for _ in _marked(octets, b"?", body):
        raise SamlMalformed(Reason.PROCESSING_INSTRUCTION)
    for at in _marked(octets, b"!", body):
        if octets.startswith(b"<![CDATA[", at):
            raise SamlMalformed(Reason.CDATA)
        if not octets.startswith(b"<!--", at):
            raise SamlMalformed(Reason.DOCUMENT_TYPE)
        if not comments:
            raise SamlMalformed(Reason.COMMENT)


def _marked(octets: bytes, mark: bytes, begin: int) -> Iterator[int]:
    """Each place from ``begin`` on where ``mark`` follows upon ``<``."""
    # One byte is found faster than two, as long as it is not met too often.
    at = octets.find(mark, begin + 1)
    for _ in range(_MOST_LOOKS):
        if at < 0:
            return
        if octets[at - 1] == _LESS_THAN:
            yield at - 1
        at = octets.find(mark, at + 1)
    both = b"<" + mark
    at = octets.find(both, at - 1) if at >= 0 else -1
    while at >= 0:
        yield at
        at = octets.find(both, at + 2)


def _check_namespaces(octets: bytes, most: int) -> None:
    """Absolute, literal namespace URIs; no prefix that is reserved (Namespaces in XML 1.0 §3).

    A relative one makes canonicalisation fail, which verifiers have taken for an empty document
    (CVE-2025-66568); a character reference in one is read differently by different parsers
    (CVE-2025-25292).
    """
    if len(octets) > len(b"xmlns") * most and octets.count(b"xmlns") > most:
        raise SamlMalformed(Reason.TOO_MANY_NODES, detail="namespaces")
    distinct = set(_NAMESPACE.findall(octets))
    if len(distinct) > _MOST_DISTINCT:
        raise SamlMalformed(Reason.TOO_MANY_NODES, detail="distinct namespaces")
    for prefix, double, single in distinct - _COMMON_DECLARATIONS:
        if not _ABSOLUTE_URI.fullmatch(double or single):
            raise SamlMalformed(Reason.NAMESPACE, detail="not an absolute URI")
        if prefix and not _ALLOWED_PREFIX.fullmatch(prefix, 1):
            raise SamlMalformed(Reason.NAMESPACE, detail="reserved prefix")


def _check_names(octets: bytes, most: int) -> None:
    """Names outside the vocabulary are few; see :attr:`Limits.foreign_names`."""
    if len(octets) <= 2 * most:
        return
    names = set(_ELEMENT_NAME.findall(octets))
    names.update(_ATTRIBUTE_NAME.findall(octets))
    foreign = 0
    for name in names - _COMMON:
        prefix, _, local = name.rpartition(b":")
        if prefix != b"xmlns" and len(prefix) <= 16 and local in _VOCABULARY:
            continue
        foreign += len(name)
    if foreign > most:
        raise SamlMalformed(Reason.TOO_MANY_NAMES)


_COMMON_DECLARATIONS = frozenset(
    (b":" + prefix.encode(), uri.encode(), b"")
    for prefix, uri in PREFIXES.items()
    if prefix != "xml"
)
"""Declarations that are met most, each of which the two rules let pass."""

_VOCABULARY = frozenset(name.encode("ascii") for name in VOCABULARY)
_COMMON = _VOCABULARY | {
    prefix + name for prefix in (b"saml:", b"saml2:", b"samlp:", b"saml2p:", b"ds:", b"md:", b"xenc:")
    for name in _VOCABULARY
}  # fmt: skip

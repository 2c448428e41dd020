"""libxml2 behind two verbs: parse, with nothing that reaches outside; canonicalise, or fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from hkeid.kernel.errors import MissingExtra
from hkeid.saml.dsig.errors import SamlMalformed, SignatureRefused
from hkeid.saml.dsig.namespaces import DS
from hkeid.saml.dsig.reasons import Reason

try:
    from lxml import etree
except ImportError as error:
    raise MissingExtra("lxml", "saml") from error

XmlElement: TypeAlias = Any
"""An ``lxml.etree._Element``; lxml ships no types."""


class _Parsers(threading.local):
    """Parsers for each thread: making one takes as long as parsing a kilobyte. It keeps nothing of a document
    but names, which libxml2 keeps by thread anyway, and clears its log of errors before each.
    """

    def __init__(self) -> None:
        self.whole = _parser()
        self.without_blanks = _parser(remove_blank_text=True)


def _parser(**further: bool) -> Any:
    # Not collect_ids=False: in lxml 6.1 that makes libxml2 load external document types.
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        **further,
    )


_PARSERS = _Parsers()


def parse(octets: bytes) -> XmlElement:
    """The root element of a document in UTF-8.

    :raises SamlMalformed: ``saml_not_well_formed``, for whatever libxml2 calls an error.
    """
    return _parsed(octets, _PARSERS.whole)


def parse_without_blanks(octets: bytes) -> XmlElement:
    """The same without white space between elements: not what a digest is over.

    :raises SamlMalformed: ``saml_not_well_formed``.
    """
    return _parsed(octets, _PARSERS.without_blanks)


def _parsed(octets: bytes, parser: Any) -> XmlElement:
    try:
        root = etree.fromstring(octets, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        # The message may quote the document, which is no matter for a log.
        code = getattr(error, "code", None)
        raise SamlMalformed(Reason.NOT_WELL_FORMED, detail=f"libxml2 error {code}") from None
    # For lxml the last message decides, so that a warning may hide an error in namespaces before it.
    if len(parser.error_log) and len(parser.error_log.filter_from_errors()):
        raise SamlMalformed(Reason.NOT_WELL_FORMED, detail="libxml2 error in namespaces")
    return root


def deeper_than(root: XmlElement, most: int) -> bool:
    """Whether an element has more than ``most - 1`` ancestors."""
    return bool(_below(most)(root))


@lru_cache(maxsize=4)
def _with_attribute(number: int) -> Any:
    return etree.XPath(f"boolean(//@*[{number}])")


def more_attributes_than(root: XmlElement, most: int) -> bool:
    """Whether an element has more than ``most`` attributes."""
    return bool(_with_attribute(most + 1)(root))


_IDENTIFIERS = etree.XPath("//@ID", smart_strings=False)
_OF_SIGNATURES = etree.XPath(
    "//ds:Signature[not(@ID)]/@Id", namespaces={"ds": DS}, smart_strings=False
)


def identifiers(root: XmlElement) -> list[str]:
    """The values of all attributes ``ID``, without a prefix, of a document."""
    return _IDENTIFIERS(root)  # type: ignore[no-any-return]


def identifiers_of_signatures(root: XmlElement) -> list[str]:
    """The values of ``Id`` of signatures that have no ``ID``."""
    return _OF_SIGNATURES(root)  # type: ignore[no-any-return]


@lru_cache(maxsize=16)
def _below(depth: int) -> Any:
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


def comments(root: XmlElement) -> Iterator[XmlElement]:
    """The comments within an element."""
    return root.iter(etree.Comment)  # type: ignore[no-any-return]


def canonicalise(element: XmlElement, prefixes: Sequence[str] = ()) -> bytes:
    """Exclusive canonical form, without comments, of an element (xml-exc-c14n §3).

    :param prefixes: of InclusiveNamespaces; ``#default`` is not among them.
    :raises SignatureRefused: ``saml_canonicalisation_failed``. Never an empty result.
    """
    try:
        octets: bytes = etree.tostring(
            element,
            method="c14n",
            exclusive=True,
            with_comments=False,
            inclusive_ns_prefixes=list(prefixes) or None,
        )
    except (etree.LxmlError, ValueError) as error:
        raise SignatureRefused(Reason.CANONICALISATION_FAILED) from error
    if not octets.startswith(b"<"):
        raise SignatureRefused(Reason.CANONICALISATION_FAILED, detail="no element")
    return octets


def serialise(element: XmlElement) -> bytes:
    """An element as a document of its own, with every namespace that is in scope for it; not canonical.

    :raises SamlMalformed: ``saml_not_well_formed``.
    """
    try:
        octets: bytes = etree.tostring(element, encoding="utf-8", with_tail=False)
    except (etree.LxmlError, ValueError) as error:
        raise SamlMalformed(Reason.NOT_WELL_FORMED) from error
    # lxml writes a declaration with single quotes, which the kernel reads as well.
    return octets

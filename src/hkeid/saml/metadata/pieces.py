"""Pieces of an aggregate in canonical form: each is parsed within the groups around it, and cut out again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hkeid.saml.dsig import Reason, SignatureRefused
from hkeid.saml.dsig.parsing import XmlElement, canonicalise, parse
from hkeid.saml.metadata.cutting import Group
from hkeid.saml.metadata.errors import MetadataMalformed, MetadataReason
from hkeid.saml.metadata.reader import Validity


@dataclass(frozen=True, slots=True)
class GroupContext:
    """A group, and what its pieces need to know of it.

    :ivar group: as it stands in the document.
    :ivar validity: of it and all around it.
    :ivar start: canonical start tags of the groups around it, and its own.
    :ivar end: the end tags.
    """

    group: Group
    validity: Validity
    start: bytes = field(repr=False)
    end: bytes = field(repr=False)

    @classmethod
    def of(cls, group: Group, validity: Validity, prefixes: tuple[str, ...]) -> GroupContext:
        """For a group whose start tag has passed the gate.

        :param prefixes: of InclusiveNamespaces.
        :raises hkeid.saml.dsig.SignatureRefused: ``saml_canonicalisation_failed``.
        """
        canonical = canonicalise(parse(group.start + group.end), prefixes)
        if not canonical.endswith(group.end):
            raise SignatureRefused(Reason.CANONICALISATION_FAILED)
        return cls(group, validity, canonical.removesuffix(group.end), group.end)

    def around(self, octets: bytes | memoryview) -> bytes:
        """A document of a piece within its groups, all as they stand."""
        return b"".join((self.group.start, octets, self.group.end))

    def inside(self, canonical: bytes) -> bytes:
        """What of such a document's canonical form belongs to the piece.

        :raises hkeid.saml.dsig.SignatureRefused: ``saml_canonicalisation_failed``.
        """
        if not (canonical.startswith(self.start) and canonical.endswith(self.end)):
            raise SignatureRefused(Reason.CANONICALISATION_FAILED)
        return canonical[len(self.start) : len(canonical) - len(self.end)]


def innermost(root: XmlElement, depth: int) -> XmlElement:
    """The element of a group in a piece that was parsed within its groups: ``depth`` of them.

    :raises MetadataMalformed: ``saml_metadata_structure``: there is something beside it.
    """
    for _ in range(depth - 1):
        if len(root) != 1 or root.text or root[0].tail:
            raise MetadataMalformed(MetadataReason.STRUCTURE)
        root = root[0]
    return root


def check_no_text(element: XmlElement, children: Iterable[XmlElement]) -> None:
    """Between an element's ``children`` is white space only.

    :raises MetadataMalformed: ``saml_metadata_structure``.
    """
    gaps = {element.text, *[child.tail for child in children]}
    if any(gap and gap.strip(" \t\r\n") for gap in gaps):
        raise MetadataMalformed(MetadataReason.STRUCTURE, detail="text between elements")

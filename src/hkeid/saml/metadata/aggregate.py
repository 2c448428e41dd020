"""An EntitiesDescriptor of any size: verified as it streams by, indexed by entityID, read entity by entity.

What the index keeps is the document's octets and where each entity is in them; no tree. The digest is over what
libxml2 calls the canonical form of each piece within the groups around it, so that the sum is the canonical form
of the whole. An entity that is asked for is made canonical in the same way, and read from a tree parsed anew from
those octets: the reader sees what was signed (ADR 28).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from typing import NamedTuple

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import Limits
from hkeid.saml.dsig.gate import read_document
from hkeid.saml.dsig.parsing import canonicalise, parse
from hkeid.saml.metadata.errors import MetadataMalformed, MetadataReason
from hkeid.saml.metadata.pieces import GroupContext, innermost
from hkeid.saml.metadata.reader import Validity, at, is_over, read_entity
from hkeid.saml.metadata.records import Entity
from hkeid.saml.metadata.source import RoleKind

_MOST_KEPT = 512
"""Entities that are kept as they were read."""


class Indexed(NamedTuple):
    """Where an entity is.

    :ivar place: its first octet, and the one behind its last.
    :ivar group: number of its group.
    :ivar roles: those of SAML 2.0.
    :ivar until: when its validity ends.
    """

    place: tuple[int, int]
    group: int
    roles: frozenset[RoleKind]
    until: Instant | None


@dataclass(slots=True, kw_only=True)
class Aggregate:
    """Entities of one document.

    :ivar validity: of the whole.
    :ivar signed: whether a signature over all of it was verified.
    """

    validity: Validity
    signed: bool
    octets: bytes = field(repr=False)
    prefixes: tuple[str, ...] = field(repr=False)
    limits: Limits = field(repr=False)
    groups: Sequence[GroupContext] = field(repr=False)
    index: Mapping[str, Indexed] = field(repr=False)
    _by_source: dict[bytes, str] | None = field(default=None, repr=False)
    _kept: dict[str, Entity] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.index)

    def entity(self, entity_id: str, now: Instant) -> Entity | None:
        """One entity, if it is there and may be used ``now``.

        :raises MetadataMalformed: as :func:`hkeid.saml.metadata.reader.read_entity`.
        :raises hkeid.saml.dsig.SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`.
        :raises hkeid.saml.dsig.SignatureRefused: likewise.
        """
        found = self.index.get(entity_id)
        if found is None or is_over(found.until, now):
            return None
        entity = self._kept.get(entity_id)
        if entity is None:
            entity = self._read(entity_id, found)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[entity_id] = entity
        return at(entity, now)

    def _read(self, entity_id: str, found: Indexed) -> Entity:
        context = self.groups[found.group]
        came = context.around(self.octets[slice(*found.place)])
        canonical = canonicalise(read_document(came, self.limits).root, self.prefixes)
        # Within its groups, whose prefixes it may use; all of it canonical octets, as they were signed.
        context.inside(canonical)
        group = innermost(parse(canonical), context.group.depth)
        entity = read_entity(group[0], context.validity)
        if entity.entity_id != entity_id or len(group) != 1:
            raise MetadataMalformed(MetadataReason.STRUCTURE)
        return entity

    def entity_of_source(self, source_id: bytes, now: Instant) -> Entity | None:
        """The entity whose SHA-1 is ``source_id``; errors as :meth:`entity`."""
        if self._by_source is None:
            self._by_source = {source_id_of(one): one for one in self.index}
        found = self._by_source.get(source_id)
        return None if found is None else self.entity(found, now)

    def entity_ids(self, now: Instant, role: RoleKind | None = None) -> Iterator[str]:
        """Names of those that may be used ``now`` and have the role, in the order of the document."""
        for name, one in self.index.items():
            if (role is None or role in one.roles) and not is_over(one.until, now):
                yield name


def source_id_of(entity_id: str) -> bytes:
    """``SourceID`` of an entity's artifacts (saml-bindings §3.6.4). A name, not a proof, so SHA-1 will do."""
    return sha1(entity_id.encode("utf-8"), usedforsecurity=False).digest()

"""A metadata document as it comes, of one entity or of many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from hkeid.kernel.instants import Instant
from hkeid.saml.dsig import METADATA_LIMITS, Limits, verify_message
from hkeid.saml.dsig.gate import read_document
from hkeid.saml.dsig.parsing import canonicalise, parse
from hkeid.saml.metadata.aggregate import source_id_of
from hkeid.saml.metadata.cutting import is_aggregate
from hkeid.saml.metadata.indexing import (
    DEFAULT_AGGREGATE_LIMITS,
    AggregateLimits,
    read_aggregate,
)
from hkeid.saml.metadata.reader import Validity, at, read_entity
from hkeid.saml.metadata.records import Entity
from hkeid.saml.metadata.source import RoleKind
from hkeid.saml.metadata.trust import (
    DEFAULT_METADATA_POLICY,
    MetadataPolicy,
    MetadataTrust,
    SignedBy,
)


class MetadataDocument(Protocol):
    """Entities of one document, each as it may be used at a moment."""

    @property
    def validity(self) -> Validity: ...

    def entity(self, entity_id: str, now: Instant) -> Entity | None:
        """One entity.

        :raises MetadataMalformed: it cannot be read.
        """
        ...

    def entity_of_source(self, source_id: bytes, now: Instant) -> Entity | None:
        """The entity whose SHA-1 is ``source_id``."""
        ...

    def entity_ids(self, now: Instant, role: RoleKind | None = None) -> Iterator[str]:
        """Names of all, or of those with a role."""
        ...


@dataclass(frozen=True, slots=True)
class SingleEntity:
    """The document of one entity.

    :ivar read: the entity.
    """

    read: Entity = field(repr=False)

    @property
    def validity(self) -> Validity:
        """That of the entity."""
        return Validity(self.read.valid_until, self.read.cache_duration)

    def entity(self, entity_id: str, now: Instant) -> Entity | None:
        """The one, if that is its name."""
        return at(self.read, now) if self.read.entity_id == entity_id else None

    def entity_of_source(self, source_id: bytes, now: Instant) -> Entity | None:
        """The one, if that is its SHA-1."""
        return at(self.read, now) if source_id_of(self.read.entity_id) == source_id else None

    def entity_ids(self, now: Instant, role: RoleKind | None = None) -> Iterator[str]:
        """Its name."""
        found = at(self.read, now)
        if found is not None and has_role(found, role):
            yield found.entity_id


def has_role(entity: Entity, role: RoleKind | None) -> bool:
    """Whether it has that role, if one is asked for."""
    return (
        role is None
        or (role is RoleKind.IDP and entity.idp is not None)
        or (role is RoleKind.SP and entity.sp is not None)
    )


def read_metadata(
    octets: bytes,
    trust: MetadataTrust,
    *,
    now: Instant,
    policy: MetadataPolicy = DEFAULT_METADATA_POLICY,
    limits: AggregateLimits = DEFAULT_AGGREGATE_LIMITS,
) -> MetadataDocument:
    """An EntityDescriptor or EntitiesDescriptor that is trusted and in force.

    :raises MetadataMalformed: as :func:`hkeid.saml.metadata.indexing.read_aggregate` and
        :func:`hkeid.saml.metadata.reader.read_entity`.
    :raises MetadataRefused: as :meth:`MetadataPolicy.check`.
    :raises hkeid.saml.dsig.SamlMalformed: as :func:`hkeid.saml.dsig.gate.read_document`.
    :raises hkeid.saml.dsig.SignatureRefused: as :func:`hkeid.saml.dsig.verify_message`.
    """
    document: MetadataDocument
    if is_aggregate(octets):
        document = read_aggregate(octets, trust, limits)
    else:
        document = SingleEntity(read_single(octets, trust, limits.entity))
    policy.check(document.validity, now)
    return document


def read_single(octets: bytes, trust: MetadataTrust, limits: Limits = METADATA_LIMITS) -> Entity:
    """An EntityDescriptor; errors as :func:`read_metadata`, its time is for the caller to check."""
    if isinstance(trust, SignedBy):
        element = verify_message(octets, trust.keys, policy=trust.policy, limits=limits).element
    else:
        # Canonical as well, so that what is read has no comments either.
        element = parse(canonicalise(read_document(octets, limits).root))
    return read_entity(element)

"""Where the SAML rooms learn about entities."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Protocol

from hkeid.saml.metadata.records import Entity


class RoleKind(Enum):
    """The roles that are looked for."""

    IDP = "idp"
    SP = "sp"


class MetadataSource(Protocol):
    """Entities by name. What is expired is not there (saml-metadata §2.3.2 validUntil)."""

    def entity(self, entity_id: str) -> Entity | None:
        """The entity, or None where the source knows none of that name.

        :raises hkeid.kernel.errors.Unavailable: the source could not be asked.
        :raises hkeid.saml.metadata.MetadataMalformed: there is one, which cannot be read.
        """
        ...

    def entity_of_source(self, source_id: bytes) -> Entity | None:
        """The entity whose SHA-1 is ``source_id``, as artifacts name their issuer (saml-bindings §3.6.4).

        :raises hkeid.kernel.errors.Unavailable: as :meth:`entity`.
        :raises hkeid.saml.metadata.MetadataMalformed: likewise.
        """
        ...


class MetadataDirectory(MetadataSource, Protocol):
    """A source that can say what it has, for discovery pages."""

    def entity_ids(self, role: RoleKind | None = None) -> Iterable[str]:
        """Names of all entities, or of those with a role, in the order of the document."""
        ...

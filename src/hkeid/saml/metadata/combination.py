"""Several sources as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hkeid.kernel.errors import Unavailable
from hkeid.saml.metadata.aggregate import source_id_of
from hkeid.saml.metadata.records import Entity
from hkeid.saml.metadata.source import MetadataSource


class CombinedMetadata:
    """Sources in order; what an earlier one says of an entity stands.

    A source that cannot be asked is passed over as long as another one knows the entity.

    :param sources: local ones first, as a rule: they are what an operator says himself.
    """

    def __init__(self, sources: Sequence[MetadataSource]) -> None:
        self._sources = tuple(sources)

    def entity(self, entity_id: str) -> Entity | None:
        """The entity, by the first source that knows it.

        :raises hkeid.kernel.errors.Unavailable: none knows it, and one could not be asked.
        :raises hkeid.saml.metadata.MetadataMalformed: the first that knows it cannot read it.
        """
        return self._first(lambda source: source.entity(entity_id))

    def entity_of_source(self, source_id: bytes) -> Entity | None:
        """The entity whose SHA-1 is ``source_id``; errors as :meth:`entity`."""
        return self._first(lambda source: source.entity_of_source(source_id))

    def _first(self, ask: Callable[[MetadataSource], Entity | None]) -> Entity | None:
        silent: Unavailable | None = None
        for source in self._sources:
            try:
                found = ask(source)
            except Unavailable as error:
                silent = silent or error
            else:
                if found is not None:
                    return found
        if silent is not None:
            raise silent
        return None


class SeparateMetadata:
    """Sources that speak for one entity each: whoever writes, or signs, what is in one of them says nothing about
    the entity of another, though it name it.

    :param sources: by entity ID.
    """

    def __init__(self, sources: Mapping[str, MetadataSource]) -> None:
        self._sources = dict(sources)
        self._names = {source_id_of(name): name for name in self._sources}

    def entity(self, entity_id: str) -> Entity | None:
        """The entity, by its own source; errors as of that source."""
        source = self._sources.get(entity_id)
        return None if source is None else source.entity(entity_id)

    def entity_of_source(self, source_id: bytes) -> Entity | None:
        """The entity whose SHA-1 is ``source_id``; errors as :meth:`entity`."""
        name = self._names.get(source_id)
        return None if name is None else self.entity(name)

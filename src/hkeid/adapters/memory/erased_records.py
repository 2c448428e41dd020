"""Proofs about residents who were erased, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.residents import MemoryResidents, MemorySealedFields
from hkeid.identity.state import EidState
from hkeid.kernel.instants import Instant

_Key = tuple[str, str]


class Proofs(Protocol):
    """A repository of proofs about residents."""

    def names_of(self, resident_id: str) -> tuple[str, ...]:
        """Names of a resident's records."""
        ...

    def forget(self, name: str) -> None:
        """Delete one."""
        ...


class MemoryErasedRecords(MemoryExpiring[_Key]):
    """:class:`hkeid.ports.storage.Expiring`: the end of a record is the erasure of its resident.

    :param proofs: the repositories, by table.
    """

    __slots__ = ("_proofs", "_residents", "_sealed")

    def __init__(
        self, residents: MemoryResidents, sealed: MemorySealedFields, proofs: Mapping[str, Proofs]
    ) -> None:
        self._residents = residents
        self._sealed = sealed
        self._proofs = proofs

    def _ends(self) -> Iterator[tuple[Instant, _Key]]:
        for resident in self._residents:
            # Who only ended an eID still has particulars here.
            if resident.state is EidState.REVOKED and not self._sealed.all(resident.id):
                for table, proofs in self._proofs.items():
                    for name in proofs.names_of(resident.id):
                        yield resident.updated_at, (table, name)

    def _forget(self, key: _Key) -> None:
        table, name = key
        self._proofs[table].forget(name)

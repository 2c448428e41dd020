"""The registry of residents in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hkeid.adapters.memory.journal import Journal
from hkeid.kernel.instants import Instant
from hkeid.residents.records import Credential, CredentialStatus, Resident


class MemoryResidents:
    """:class:`hkeid.residents.records.ResidentRepository`."""

    __slots__ = ("_by_handle", "_journal", "_residents")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._residents: dict[str, Resident] = {}
        self._by_handle: dict[bytes, str] = {}

    def add(self, resident: Resident) -> bool:
        """Keep a new resident; False when the id or user handle is taken."""
        if resident.id in self._residents or resident.user_handle in self._by_handle:
            return False
        self._journal.set(self._residents, resident.id, resident)
        self._journal.set(self._by_handle, resident.user_handle, resident.id)
        return True

    def get(self, resident_id: str) -> Resident | None:
        """By internal id."""
        return self._residents.get(resident_id)

    def by_user_handle(self, user_handle: bytes) -> Resident | None:
        """By WebAuthn user handle."""
        resident_id = self._by_handle.get(user_handle)
        return None if resident_id is None else self._residents.get(resident_id)

    def change(self, old: Resident, new: Resident) -> bool:
        """Compare-and-set on the version; id, user handle and birth of the entry never change."""
        stored = self._residents.get(old.id)
        if stored is None or stored.version != old.version:
            return False
        changed = replace(
            stored,
            state=new.state,
            proofed=new.proofed,
            updated_at=new.updated_at,
            cooling_until=new.cooling_until,
            version=old.version + 1,
        )
        self._journal.set(self._residents, old.id, changed)
        return True

    def __iter__(self) -> Iterator[Resident]:
        return iter([self._residents[key] for key in sorted(self._residents)])


class MemoryCredentials:
    """:class:`hkeid.residents.records.CredentialRepository`."""

    __slots__ = ("_credentials", "_journal", "_of_resident")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._credentials: dict[bytes, Credential] = {}
        self._of_resident: dict[str, dict[bytes, None]] = {}

    def add(self, credential: Credential) -> bool:
        """Keep a new credential; False when its id is registered already, to anyone."""
        if credential.id in self._credentials:
            return False
        self._journal.set(self._credentials, credential.id, credential)
        self._journal.link(self._of_resident, credential.resident_id, credential.id)
        return True

    def get(self, credential_id: bytes) -> Credential | None:
        """By credential id, whatever its status."""
        return self._credentials.get(credential_id)

    def of_resident(self, resident_id: str) -> tuple[Credential, ...]:
        """All of a resident's, oldest first."""
        found = [self._credentials[key] for key in self._of_resident.get(resident_id, ())]
        return tuple(sorted(found, key=lambda credential: (credential.created_at, credential.id)))

    def record_use(
        self, credential_id: bytes, *, old_count: int, new_count: int, backed_up: bool, now: Instant
    ) -> bool:
        """Note a successful ceremony, if nobody did in between."""
        stored = self._credentials.get(credential_id)
        if (
            stored is None
            or stored.status is not CredentialStatus.ACTIVE
            or stored.sign_count != old_count
        ):
            return False
        used = replace(stored, sign_count=new_count, backed_up=backed_up, last_used_at=now)
        self._journal.set(self._credentials, credential_id, used)
        return True

    def set_status(self, credential_id: bytes, status: CredentialStatus, now: Instant) -> bool:
        """Suspend, resume or revoke; what is revoked stays so."""
        stored = self._credentials.get(credential_id)
        if stored is None or stored.status is CredentialStatus.REVOKED:
            return False
        revoked_at = now if status is CredentialStatus.REVOKED else None
        changed = replace(stored, status=status, revoked_at=revoked_at)
        self._journal.set(self._credentials, credential_id, changed)
        return True

    def set_label(self, credential_id: bytes, label: bytes) -> bool:
        """Replace the sealed label."""
        stored = self._credentials.get(credential_id)
        if stored is None:
            return False
        self._journal.set(self._credentials, credential_id, replace(stored, label=label))
        return True

    def names_of(self, resident_id: str) -> tuple[str, ...]:
        """Ids of a resident's credentials, in hexadecimal."""
        return tuple(key.hex() for key in self._of_resident.get(resident_id, ()))

    def forget(self, name: str) -> None:
        """Delete a credential."""
        credential = self._credentials[bytes.fromhex(name)]
        self._journal.remove(self._credentials, credential.id)
        self._journal.unlink(self._of_resident, credential.resident_id, credential.id)


class MemorySealedFields:
    """:class:`hkeid.residents.records.SealedFieldRepository`."""

    __slots__ = ("_fields", "_journal")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._fields: dict[str, dict[str, bytes]] = {}

    def put(self, resident_id: str, field: str, sealed: bytes, now: Instant) -> None:  # noqa: ARG002 - memory keeps no history of when
        """Set or replace a field."""
        fields = self._fields.get(resident_id)
        if fields is None:
            fields = {}
            self._journal.set(self._fields, resident_id, fields)
        self._journal.set(fields, field, sealed)

    def get(self, resident_id: str, field: str) -> bytes | None:
        """One field."""
        return self._fields.get(resident_id, {}).get(field)

    def all(self, resident_id: str) -> dict[str, bytes]:
        """All fields of a resident."""
        return dict(self._fields.get(resident_id, {}))

    def delete(self, resident_id: str, field: str | None = None) -> int:
        """Delete one field or all of a resident's."""
        fields = self._fields.get(resident_id, {})
        names = list(fields) if field is None else [field]
        return sum(self._journal.remove(fields, name) for name in names)


class MemoryBlindIndex:
    """:class:`hkeid.residents.records.BlindIndexRepository`."""

    __slots__ = ("_bound", "_journal", "_of_resident")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._bound: dict[tuple[str, bytes], str] = {}
        self._of_resident: dict[str, dict[tuple[str, bytes], None]] = {}

    def put(self, index: str, digest: bytes, resident_id: str) -> bool:
        """Bind a digest to a resident; False when it is bound already."""
        key = (index, digest)
        if key in self._bound:
            return False
        self._journal.set(self._bound, key, resident_id)
        self._journal.link(self._of_resident, resident_id, key)
        return True

    def find(self, index: str, digest: bytes) -> str | None:
        """The resident's id, or None."""
        return self._bound.get((index, digest))

    def delete(self, resident_id: str) -> int:
        """Forget every digest of a resident."""
        keys = list(self._of_resident.get(resident_id, ()))
        for key in keys:
            self._journal.remove(self._bound, key)
            self._journal.unlink(self._of_resident, resident_id, key)
        return len(keys)

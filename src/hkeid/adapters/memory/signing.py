"""Signing keys and made signatures in memory."""

from __future__ import annotations

from dataclasses import replace

from hkeid.adapters.memory.journal import Journal
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationReason
from hkeid.signing.activation.records import MadeSignature, SigningKey, SigningKeyState


class MemorySigningKeys:
    """:class:`hkeid.signing.activation.SigningKeyRepository`."""

    __slots__ = ("_journal", "_keys")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._keys: dict[str, SigningKey] = {}

    def add(self, key: SigningKey) -> bool:
        """Keep a new key; False when its id is taken."""
        if key.id in self._keys:
            return False
        self._journal.set(self._keys, key.id, key)
        return True

    def get(self, key_id: str) -> SigningKey | None:
        """By id, whatever its state."""
        return self._keys.get(key_id)

    def of_resident(self, resident_id: str) -> tuple[SigningKey, ...]:
        """A resident's, oldest first."""
        held = (one for one in self._keys.values() if one.resident_id == resident_id)
        return tuple(sorted(held, key=lambda one: (one.created_at, one.id)))

    def change(self, old: SigningKey, new: SigningKey) -> bool:
        """Compare-and-set on the version; identity and key never change."""
        stored = self._keys.get(old.id)
        if stored is None or stored.version != old.version:
            return False
        kept = replace(
            stored,
            certificates=new.certificates,
            handle=new.handle,
            state=new.state,
            revoked_at=new.revoked_at,
            reason=new.reason,
            version=old.version + 1,
        )
        self._journal.set(self._keys, old.id, kept)
        return True

    def retire(self, resident_id: str, reason: RevocationReason, now: Instant) -> tuple[str, ...]:
        """Take every active key of a resident out of use; returns their ids."""
        gone = []
        for key in self.of_resident(resident_id):
            if key.state is SigningKeyState.ACTIVE:
                kept = replace(
                    key,
                    state=SigningKeyState.RETIRED,
                    reason=reason,
                    revoked_at=now,
                    version=key.version + 1,
                )
                self._journal.set(self._keys, key.id, kept)
                gone.append(key.id)
        return tuple(gone)

    def retired(self, *, after: str = "", limit: int = 100) -> tuple[SigningKey, ...]:
        """Keys out of use that are not revoked yet, in order of id."""
        held = (one for one in self._keys.values() if one.state is SigningKeyState.RETIRED)
        return tuple(
            sorted((one for one in held if one.id > after), key=lambda one: one.id)[:limit]
        )


class MemoryMadeSignatures:
    """:class:`hkeid.signing.activation.records.MadeSignatureRepository`."""

    __slots__ = ("_journal", "_made")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._made: dict[str, MadeSignature] = {}

    def add(self, made: MadeSignature) -> bool:
        """Keep; False when the id is taken."""
        if made.id in self._made:
            return False
        self._journal.set(self._made, made.id, made)
        return True

    def get(self, signature_id: str) -> MadeSignature | None:
        """By id."""
        return self._made.get(signature_id)

    def of_resident(self, resident_id: str, *, limit: int = 100) -> tuple[MadeSignature, ...]:
        """A resident's, newest first."""
        held = [one for one in self._made.values() if one.resident_id == resident_id]
        held.sort(key=lambda one: (one.made_at, one.id), reverse=True)
        return tuple(held[:limit])

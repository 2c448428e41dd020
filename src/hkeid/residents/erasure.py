"""Erasing a resident, and doing it again after a restore (Cap. 486 s.26; law 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from hkeid.audit.events import AuditEvent, AuditTrail
from hkeid.identity.state import EidState
from hkeid.kernel.errors import Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationReason
from hkeid.ports.storage import Store
from hkeid.ports.vault import DataKeyVault
from hkeid.residents.links import LinkRepository
from hkeid.residents.records import (
    BlindIndexRepository,
    CredentialRepository,
    CredentialStatus,
    Forgotten,
    ResidentRepository,
    RetiringKeys,
    SealedFieldRepository,
)

_ATTEMPTS = 5


class ErasureTransaction(Protocol):
    """What erasing needs of a transaction."""

    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def credentials(self) -> CredentialRepository: ...
    @property
    def sealed_fields(self) -> SealedFieldRepository: ...
    @property
    def blind_index(self) -> BlindIndexRepository: ...
    @property
    def links(self) -> LinkRepository: ...
    @property
    def notice_choices(self) -> Forgotten: ...
    @property
    def signing_keys(self) -> RetiringKeys: ...
    @property
    def audit(self) -> AuditTrail: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentErased(AuditEvent):
    """A resident's data key was destroyed and what it sealed deleted.

    :ivar signing_keys: how many went out of use by it.
    :ivar replayed: done again after a restore.
    """

    NAME: ClassVar[str] = "residents:resident:erased"

    resident_id: str
    fields: int
    credentials: int
    signing_keys: int
    replayed: bool


def erase(
    store: Store[ErasureTransaction], vault: DataKeyVault, resident_id: str, now: Instant
) -> None:
    """Erase a resident: the data key first, so that whatever fails later, nothing can be read; then
    the ciphertext, the index, the devices, the right to sign and the eID itself. May be repeated.
    """
    vault.destroy(resident_id, now)
    _erase_rows(store, resident_id, now, replayed=False)


def replay_erasures(
    store: Store[ErasureTransaction],
    vault: DataKeyVault,
    now: Instant,
    *,
    known: Iterable[tuple[str, Instant]] = (),
) -> int:
    """After a restore and before serving: erase again what the erasure list names.

    :param known: further entries of an erasure list kept elsewhere, for the case that the vault
        itself was restored from a copy older than they are.
    :returns: how many residents had come back and were erased again.
    """
    for resident_id, at in known:
        vault.destroy(resident_id, at)
    returned = 0
    for resident_id, _ in tuple(vault.erased()):
        returned += _erase_rows(store, resident_id, now, replayed=True)
    return returned


def _erase_rows(
    store: Store[ErasureTransaction], resident_id: str, now: Instant, *, replayed: bool
) -> bool:
    """Delete what can be deleted and revoke the rest; False, and nothing recorded, if all was done."""
    for _ in range(_ATTEMPTS):
        with store.transaction() as tx:
            resident = tx.residents.get(resident_id)
            revoked = resident is None or resident.state is EidState.REVOKED
            if resident is not None and not revoked:
                gone = replace(resident, state=EidState.REVOKED, updated_at=now)
                if not tx.residents.change(resident, gone):
                    continue  # somebody changed the resident meanwhile: look again
            fields = tx.sealed_fields.delete(resident_id)
            digests = tx.blind_index.delete(resident_id) + tx.links.delete(resident_id)
            tx.notice_choices.delete(resident_id)
            credentials = _strip_credentials(tx, resident_id, now)
            keys = tx.signing_keys.retire(resident_id, RevocationReason.CESSATION_OF_OPERATION, now)
            if revoked and not (fields or digests or credentials or keys):
                return False
            if resident is not None and revoked:
                # Ended before: how long proofs are kept counts from the erasure all the same.
                tx.residents.change(resident, replace(resident, updated_at=now))
            tx.audit.append(
                ResidentErased(
                    resident_id=resident_id,
                    fields=fields,
                    credentials=credentials,
                    signing_keys=len(keys),
                    replayed=replayed,
                )
            )
            return True
    raise Unavailable("erasure_contended")


def _strip_credentials(tx: ErasureTransaction, resident_id: str, now: Instant) -> int:
    """Revoke the resident's credentials and forget their labels; how many there was work on."""
    stripped = 0
    for credential in tx.credentials.of_resident(resident_id):
        if credential.status is CredentialStatus.REVOKED and not credential.label:
            continue
        tx.credentials.set_status(credential.id, CredentialStatus.REVOKED, now)
        tx.credentials.set_label(credential.id, b"")
        stripped += 1
    return stripped

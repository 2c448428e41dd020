"""Credentials in SQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select, update

from hkeid.adapters.sql.columns import instant, moment, word_list, words
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.adapters.sql.tables import credentials
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.residents.records import Credential, CredentialStatus

_c = credentials.c
_this_one = _c.id == param(_c.id, "of_id")

_ADD: Final = Statement(
    lambda insert: insert(credentials).values(values(credentials)).on_conflict_do_nothing()
)
_GET: Final = Statement(select(credentials).where(_this_one))
_OF_RESIDENT: Final = Statement(
    select(credentials)
    .where(_c.resident_id == param(_c.resident_id))
    .order_by(_c.created_at, _c.id)
)
_RECORD_USE: Final = Statement(
    update(credentials)
    .where(
        _this_one,
        _c.status == param(_c.status, "active"),
        _c.sign_count == param(_c.sign_count, "old_count"),
    )
    .values(
        sign_count=param(_c.sign_count),
        backed_up=param(_c.backed_up),
        last_used_at=param(_c.last_used_at),
    )
)
_SET_STATUS: Final = Statement(
    update(credentials)
    .where(_this_one, _c.status != bindparam("revoked", type_=_c.status.type, required=True))
    .values(status=param(_c.status), revoked_at=param(_c.revoked_at))
)
_SET_LABEL: Final = Statement(update(credentials).where(_this_one).values(label=param(_c.label)))


class SqlCredentials:
    """:class:`hkeid.residents.records.CredentialRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, credential: Credential) -> bool:
        """Keep a new credential; False when its id is registered already, to anyone."""
        return self._connection.change(_ADD, _parameters(credential)) == 1

    def get(self, credential_id: bytes) -> Credential | None:
        """By credential id, whatever its status."""
        row = self._connection.one(_GET, {"of_id": credential_id})
        return None if row is None else _credential(row)

    def of_resident(self, resident_id: str) -> tuple[Credential, ...]:
        """All of a resident's, oldest first."""
        rows = self._connection.rows(_OF_RESIDENT, {"resident_id": resident_id})
        return tuple(_credential(row) for row in rows)

    def record_use(
        self, credential_id: bytes, *, old_count: int, new_count: int, backed_up: bool, now: Instant
    ) -> bool:
        """Note a successful ceremony, if nobody did in between."""
        parameters = {
            "of_id": credential_id,
            "active": CredentialStatus.ACTIVE.value,
            "old_count": old_count,
            "sign_count": new_count,
            "backed_up": backed_up,
            "last_used_at": epoch_microseconds(now),
        }
        return self._connection.change(_RECORD_USE, parameters) == 1

    def set_status(self, credential_id: bytes, status: CredentialStatus, now: Instant) -> bool:
        """Suspend, resume or revoke; what is revoked stays so."""
        parameters = {
            "of_id": credential_id,
            "revoked": CredentialStatus.REVOKED.value,
            "status": status.value,
            "revoked_at": moment(now if status is CredentialStatus.REVOKED else None),
        }
        return self._connection.change(_SET_STATUS, parameters) == 1

    def set_label(self, credential_id: bytes, label: bytes) -> bool:
        """Replace the sealed label."""
        return self._connection.change(_SET_LABEL, {"of_id": credential_id, "label": label}) == 1


def _parameters(credential: Credential) -> dict[str, object]:
    return {
        "id": credential.id,
        "resident_id": credential.resident_id,
        "public_key": credential.public_key,
        "algorithm": credential.algorithm,
        "sign_count": credential.sign_count,
        "backup_eligible": credential.backup_eligible,
        "backed_up": credential.backed_up,
        "aaguid": credential.aaguid,
        "transports": word_list(credential.transports),
        "attestation_format": credential.attestation_format,
        "attestation": credential.attestation,
        "rp_id": credential.rp_id,
        "evidence": credential.evidence,
        "label": credential.label,
        "status": credential.status.value,
        "created_at": epoch_microseconds(credential.created_at),
        "last_used_at": moment(credential.last_used_at),
        "revoked_at": moment(credential.revoked_at),
    }


def _credential(row: Row) -> Credential:
    (
        credential_id,
        resident_id,
        public_key,
        algorithm,
        sign_count,
        backup_eligible,
        backed_up,
        aaguid,
        transports,
        attestation_format,
        attestation,
        rp_id,
        evidence,
        label,
        status,
        created_at,
        last_used_at,
        revoked_at,
    ) = row
    return Credential(
        id=credential_id,
        resident_id=resident_id,
        public_key=public_key,
        algorithm=algorithm,
        sign_count=sign_count,
        backup_eligible=bool(backup_eligible),
        backed_up=bool(backed_up),
        aaguid=aaguid,
        transports=words(transports),
        attestation_format=attestation_format,
        attestation=attestation,
        rp_id=rp_id,
        evidence=evidence,
        label=label,
        status=CredentialStatus(status),
        created_at=from_epoch_microseconds(created_at),
        last_used_at=instant(last_used_at),
        revoked_at=instant(revoked_at),
    )

"""Signing keys and made signatures in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, literal_column, select, update

from hkeid.adapters.sql.columns import instant, moment
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.signing_tables import made_signatures, signing_keys
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.ports.certificates import RevocationReason
from hkeid.ports.signing_keys import SigningKeyKind
from hkeid.signing.activation.records import MadeSignature, SigningKey, SigningKeyState

_k, _m = signing_keys.c, made_signatures.c

_ADD_KEY: Final = Statement(
    lambda insert: insert(signing_keys).values(values(signing_keys)).on_conflict_do_nothing()
)
_GET_KEY: Final = Statement(select(signing_keys).where(_k.id == param(_k.id)))
_KEYS_OF: Final = Statement(
    select(signing_keys)
    .where(_k.resident_id == param(_k.resident_id))
    .order_by(_k.created_at, _k.id)
)
_CHANGING: Final = ("handle", "certificates", "state", "revoked_at", "reason")
_FIXED: Final = tuple(one.name for one in signing_keys.columns if one.name not in _CHANGING)
_CHANGE_KEY: Final = Statement(
    update(signing_keys)
    .where(_k.id == param(_k.id, "of_id"), _k.version == param(_k.version, "old_version"))
    .values(**values(signing_keys, without=_FIXED), version=_k.version + literal_column("1"))
)
_RETIRE: Final = Statement(
    update(signing_keys)
    .where(
        _k.resident_id == param(_k.resident_id, "of_resident"),
        _k.state == param(_k.state, "old_state"),
    )
    .values(
        **{one.name: param(one) for one in (_k.state, _k.revoked_at, _k.reason)},
        version=_k.version + literal_column("1"),
    )
    .returning(_k.id)
)
_RETIRED: Final = Statement(
    select(signing_keys)
    .where(_k.state == param(_k.state), _k.id > param(_k.id, "after"))
    .order_by(_k.id)
    .limit(bindparam("limit", required=True))
)
_ADD_MADE: Final = Statement(
    lambda insert: insert(made_signatures).values(values(made_signatures)).on_conflict_do_nothing()
)
_GET_MADE: Final = Statement(select(made_signatures).where(_m.id == param(_m.id)))
_MADE_BY: Final = Statement(
    select(made_signatures)
    .where(_m.resident_id == param(_m.resident_id))
    .order_by(_m.made_at.desc(), _m.id.desc())
    .limit(bindparam("limit", required=True))
)


class SqlSigningKeys:
    """:class:`hkeid.signing.activation.SigningKeyRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, key: SigningKey) -> bool:
        """Keep a new key; False when its id is taken."""
        parameters = {
            **_changing(key),
            "id": key.id,
            "resident_id": key.resident_id,
            "kind": key.kind.value,
            "public_key": key.public_key,
            "created_at": epoch_microseconds(key.created_at),
            "version": key.version,
        }
        return self._connection.change(_ADD_KEY, parameters) == 1

    def get(self, key_id: str) -> SigningKey | None:
        """By id, whatever its state."""
        row = self._connection.find(_GET_KEY, {"id": key_id})
        return None if row is None else _key(row)

    def of_resident(self, resident_id: str) -> tuple[SigningKey, ...]:
        """A resident's, oldest first."""
        rows = self._connection.rows(_KEYS_OF, {"resident_id": resident_id})
        return tuple(_key(row) for row in rows)

    def change(self, old: SigningKey, new: SigningKey) -> bool:
        """Compare-and-set on the version; identity and key never change."""
        parameters = {**_changing(new), "of_id": old.id, "old_version": old.version}
        return self._connection.change(_CHANGE_KEY, parameters) == 1

    def retire(self, resident_id: str, reason: RevocationReason, now: Instant) -> tuple[str, ...]:
        """Take every active key of a resident out of use; returns their ids."""
        parameters = {
            "of_resident": resident_id,
            "old_state": SigningKeyState.ACTIVE.value,
            "state": SigningKeyState.RETIRED.value,
            "revoked_at": epoch_microseconds(now),
            "reason": reason.value,
        }
        return tuple(sorted(str(row[0]) for row in self._connection.rows(_RETIRE, parameters)))

    def retired(self, *, after: str = "", limit: int = 100) -> tuple[SigningKey, ...]:
        """Keys out of use that are not revoked yet, in order of id."""
        parameters = {"state": SigningKeyState.RETIRED.value, "after": after, "limit": limit}
        return tuple(_key(row) for row in self._connection.rows(_RETIRED, parameters))


class SqlMadeSignatures:
    """:class:`hkeid.signing.activation.records.MadeSignatureRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, made: MadeSignature) -> bool:
        """Keep; False when the id is taken."""
        parameters = {
            "id": made.id,
            "resident_id": made.resident_id,
            "client_id": made.client_id,
            "key_id": made.key_id,
            "documents": made.documents,
            "evidence": made.evidence,
            "made_at": epoch_microseconds(made.made_at),
        }
        return self._connection.change(_ADD_MADE, parameters) == 1

    def get(self, signature_id: str) -> MadeSignature | None:
        """By id."""
        row = self._connection.find(_GET_MADE, {"id": signature_id})
        return None if row is None else _made(row)

    def of_resident(self, resident_id: str, *, limit: int = 100) -> tuple[MadeSignature, ...]:
        """A resident's, newest first."""
        rows = self._connection.rows(_MADE_BY, {"resident_id": resident_id, "limit": limit})
        return tuple(_made(row) for row in rows)


def _changing(key: SigningKey) -> Mapping[str, Any]:
    return {
        "handle": key.handle,
        "certificates": canonical_json.dumps([base64url.encode(one) for one in key.certificates]),
        "state": key.state.value,
        "revoked_at": moment(key.revoked_at),
        "reason": None if key.reason is None else key.reason.value,
    }


def _key(row: Row) -> SigningKey:
    (
        key_id, resident, kind, handle, public, certificates, state, created, revoked, reason, version
    ) = row  # fmt: skip
    return SigningKey(
        id=key_id,
        resident_id=resident,
        kind=SigningKeyKind(kind),
        handle=handle,
        public_key=public,
        certificates=tuple(base64url.decode(one) for one in canonical_json.loads(certificates)),
        state=SigningKeyState(state),
        created_at=from_epoch_microseconds(created),
        revoked_at=instant(revoked),
        reason=None if reason is None else RevocationReason(reason),
        version=version,
    )


def _made(row: Row) -> MadeSignature:
    (signature_id, resident, client, key_id, documents, evidence, made) = row
    return MadeSignature(
        id=signature_id,
        resident_id=resident,
        client_id=client,
        key_id=key_id,
        documents=documents,
        evidence=evidence,
        made_at=from_epoch_microseconds(made),
    )

"""Registered clients in SQL: the registration as one canonical JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ClauseElement, delete, select

from hkeid.adapters.sql.connection import SqlConnection
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.adapters.sql.tables import clients
from hkeid.doors.relying_party import DataForm, DirectMarketing, MarketingChannel
from hkeid.identity.assurance import Acr
from hkeid.kernel import canonical_json
from hkeid.op.records import Client, ClientAuthMethod

_c = clients.c


def _upsert(insert: Insert) -> ClauseElement:
    fresh = insert(clients).values(values(clients))
    replaced = {name: fresh.excluded[name] for name in ("enabled", "secret_digest", "registration")}
    statement: ClauseElement = fresh.on_conflict_do_update(index_elements=[_c.id], set_=replaced)
    return statement


_PUT: Final = Statement(_upsert)
_GET: Final = Statement(select(clients).where(_c.id == param(_c.id)))
_DELETE: Final = Statement(delete(clients).where(_c.id == param(_c.id)))
_ALL: Final = Statement(select(clients).order_by(_c.id))

_OWN_COLUMNS: Final = frozenset({"id", "enabled", "secret_digest"})
_REGISTRATION: Final = tuple(
    field.name for field in fields(Client) if field.name not in _OWN_COLUMNS
)


class SqlClients:
    """:class:`hkeid.op.records.ClientRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def get(self, client_id: str) -> Client | None:
        """By client_id, enabled or not."""
        row = self._connection.find(_GET, {"id": client_id})
        return None if row is None else _client(*row)

    def put(self, client: Client) -> None:
        """Register or replace."""
        document = {name: getattr(client, name) for name in _REGISTRATION}
        document["forms"] = [asdict(form) for form in client.forms]
        if client.direct_marketing is not None:
            document["direct_marketing"] = asdict(client.direct_marketing)
        parameters = {
            "id": client.id,
            "enabled": client.enabled,
            "secret_digest": client.secret_digest,
            "registration": canonical_json.dumps(document),
        }
        self._connection.change(_PUT, parameters)

    def delete(self, client_id: str) -> bool:
        """Remove a client."""
        return self._connection.change(_DELETE, {"id": client_id}) == 1

    def __iter__(self) -> Iterator[Client]:
        for row in self._connection.rows(_ALL, {}):
            yield _client(*row)


@lru_cache(maxsize=512)
def _client(
    client_id: str, enabled: object, secret_digest: bytes | None, registration: bytes
) -> Client:
    """The client of a row. Kept by its bytes: every request asks for one, and few ever change."""
    document = canonical_json.loads_object(registration)
    # A newer release may have written members that this one does not know.
    known = _tuples({name: document[name] for name in _REGISTRATION if name in document})
    known["auth_method"] = ClientAuthMethod(known["auth_method"])
    if known.get("default_acr") is not None:
        known["default_acr"] = Acr(known["default_acr"])
    known["forms"] = tuple(DataForm(**_tuples(form)) for form in known.get("forms", ()))
    marketing = known.get("direct_marketing")
    if marketing is not None:
        known["direct_marketing"] = _marketing(_tuples(marketing))
    return Client(id=client_id, enabled=bool(enabled), secret_digest=secret_digest, **known)


def _tuples(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }


def _marketing(members: dict[str, Any]) -> DirectMarketing:
    channels = tuple(MarketingChannel(channel) for channel in members.pop("channels"))
    return DirectMarketing(channels=channels, **members)

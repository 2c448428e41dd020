"""Clients, grants and access tokens in memory."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

from hkeid.adapters.memory.expiring import MemoryExpiring
from hkeid.adapters.memory.journal import Journal
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant
from hkeid.op.records import AccessToken, Client, Grant


class MemoryGrants(MemoryExpiring[str]):
    """:class:`hkeid.op.records.GrantRepository`."""

    __slots__ = ("_grants", "_journal", "_of_resident", "_of_session", "_tokens")

    def __init__(self, journal: Journal, tokens: MemoryAccessTokens) -> None:
        self._journal = journal
        self._tokens = tokens
        self._grants: dict[str, Grant] = {}
        self._of_resident: dict[str, dict[str, None]] = {}
        self._of_session: dict[str, dict[str, None]] = {}

    def add(self, grant: Grant) -> None:
        """Keep a new grant.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        if grant.id in self._grants:
            raise self._journal.doom(Refused("record_exists", detail="grants"))
        self._journal.set(self._grants, grant.id, grant)
        self._journal.link(self._of_resident, grant.resident_id, grant.id)
        self._journal.link(self._of_session, grant.session_id, grant.id)

    def get(self, grant_id: str) -> Grant | None:
        """By id, revoked or not."""
        return self._grants.get(grant_id)

    def revoke(self, grant_id: str, now: Instant) -> bool:
        """Revoke; False when there is none or it is revoked already."""
        stored = self._grants.get(grant_id)
        if stored is None or stored.revoked_at is not None:
            return False
        self._journal.set(self._grants, grant_id, replace(stored, revoked_at=now))
        return True

    def of_resident(self, resident_id: str) -> tuple[Grant, ...]:
        """A resident's grants that are not revoked, newest first."""
        return self._live(self._of_resident.get(resident_id, {}))

    def of_session(self, session_id: str) -> tuple[Grant, ...]:
        """The grants given within a broker session that are not revoked, newest first."""
        return self._live(self._of_session.get(session_id, {}))

    def every_of_session(self, session_id: str) -> tuple[Grant, ...]:
        """The grants given within a broker session, revoked ones too, newest first."""
        found = [self._grants[key] for key in self._of_session.get(session_id, {})]
        return tuple(sorted(found, key=lambda grant: (grant.created_at, grant.id), reverse=True))

    def _ends(self) -> Iterator[tuple[Instant, str]]:
        return ((one.expires_at, key) for key, one in self._grants.items())

    def _forget(self, key: str) -> None:
        grant = self._grants[key]
        self._journal.remove(self._grants, key)
        self._journal.unlink(self._of_resident, grant.resident_id, key)
        self._journal.unlink(self._of_session, grant.session_id, key)
        self._tokens.delete_of_grant(key)

    def _live(self, ids: dict[str, None]) -> tuple[Grant, ...]:
        found = [self._grants[key] for key in ids]
        live = [grant for grant in found if grant.revoked_at is None]
        return tuple(sorted(live, key=lambda grant: (grant.created_at, grant.id), reverse=True))


class MemoryAccessTokens(MemoryExpiring[bytes]):
    """:class:`hkeid.op.records.AccessTokenRepository`."""

    __slots__ = ("_grants", "_journal", "_of_grant", "_tokens")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._tokens: dict[bytes, AccessToken] = {}
        self._of_grant: dict[str, dict[bytes, None]] = {}
        self._grants: MemoryGrants | None = None

    def belong_to(self, grants: MemoryGrants) -> None:
        """Tell where the grants are that the tokens belong to."""
        self._grants = grants

    def add(self, token: AccessToken) -> None:
        """Keep a new token.

        :raises hkeid.kernel.errors.Refused: ``record_exists``; ``record_without_owner`` when there
            is no such grant.
        """
        if token.digest in self._tokens:
            raise self._journal.doom(Refused("record_exists", detail="access_tokens"))
        if self._grants is None or self._grants.get(token.grant_id) is None:
            raise self._journal.doom(Refused("record_without_owner", detail="access_tokens"))
        self._journal.set(self._tokens, token.digest, token)
        self._journal.link(self._of_grant, token.grant_id, token.digest)

    def get(self, digest: bytes) -> AccessToken | None:
        """By digest; None when its grant was revoked."""
        token = self._tokens.get(digest)
        if token is None or self._grants is None:
            return None
        grant = self._grants.get(token.grant_id)
        return None if grant is None or grant.revoked_at is not None else token

    def delete(self, digest: bytes) -> bool:
        """Revoke one token."""
        token = self._tokens.get(digest)
        if token is None:
            return False
        self._journal.remove(self._tokens, digest)
        self._journal.unlink(self._of_grant, token.grant_id, digest)
        return True

    def delete_of_grant(self, grant_id: str) -> None:
        """Delete all tokens of a grant that goes."""
        for digest in list(self._of_grant.get(grant_id, ())):
            self.delete(digest)

    def _ends(self) -> Iterator[tuple[Instant, bytes]]:
        return ((one.expires_at, key) for key, one in self._tokens.items())

    def _forget(self, key: bytes) -> None:
        self.delete(key)


class MemoryClients:
    """:class:`hkeid.op.records.ClientRepository`."""

    __slots__ = ("_clients", "_journal")

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._clients: dict[str, Client] = {}

    def get(self, client_id: str) -> Client | None:
        """By client_id, enabled or not."""
        return self._clients.get(client_id)

    def put(self, client: Client) -> None:
        """Register or replace. The store's copy is its own: mappings of the caller may change."""
        self._journal.set(self._clients, client.id, deepcopy(client))

    def delete(self, client_id: str) -> bool:
        """Remove a client."""
        return self._journal.remove(self._clients, client_id)

    def __iter__(self) -> Iterator[Client]:
        return iter([self._clients[key] for key in sorted(self._clients)])

"""What every endpoint works with."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.audit.events import AuditEvent
from hkeid.op.clients import ClientDirectory
from hkeid.op.records import ProviderTransaction
from hkeid.op.settings import ProviderSettings
from hkeid.ports.keys import KeyStore
from hkeid.ports.sessions import ClaimsSource, SessionReader
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The provider's parts, put together once.

    :ivar issuer: the issuer identifier, without a trailing slash.
    """

    issuer: str
    store: Store[ProviderTransaction]
    keys: KeyStore
    sessions: SessionReader
    claims: ClaimsSource
    clock: Clock
    random: Random
    settings: ProviderSettings
    clients: ClientDirectory

    def url(self, path: str) -> str:
        """The address of one of the provider's paths."""
        return self.issuer + path

    def note(self, event: AuditEvent) -> None:
        """Record an event in a transaction of its own: for what failed and was rolled back."""
        with self.store.transaction() as tx:
            tx.audit.append(event)

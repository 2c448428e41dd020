"""What every endpoint works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hkeid.kernel.secret import secret_digest
from hkeid.oidc.authorization_details import DetailType
from hkeid.op.clients import ClientDirectory
from hkeid.op.events import AuthorizationDeclined, ClientRefused, CodeRefused, RefreshRefused
from hkeid.op.records import ProviderTransaction
from hkeid.op.settings import ProviderSettings
from hkeid.ports.keys import KeyStore
from hkeid.ports.sessions import ClaimsSource, SessionReader
from hkeid.ports.storage import SingleUseRecord, Store
from hkeid.ports.surroundings import Clock, Random

Refusal = ClientRefused | CodeRefused | RefreshRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The provider's parts, put together once.

    :ivar issuer: the issuer identifier, without a trailing slash.
    :ivar details: types of authorization details by name (RFC 9396 §2.1).
    :ivar api_scopes: scopes beside those of OpenID Connect that are given.
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
    details: Mapping[str, DetailType] = field(default_factory=dict)
    api_scopes: frozenset[str] = frozenset()

    def url(self, path: str) -> str:
        """The address of one of the provider's paths."""
        return self.issuer + path

    def note_refusal(self, event: Refusal, *, assertion: SingleUseRecord | None = None) -> None:
        """Record what failed and was rolled back, in a transaction of its own, as far as the
        client's budget goes: whoever knows a client's id can fail, and the trail never shrinks.

        :param assertion: the client assertion that came with it, which counts as used.
        """
        with self.store.transaction() as tx:
            if assertion is not None:
                tx.single_use.put(assertion)
            self.append_within_budget(tx, event)

    def append_within_budget(
        self, tx: ProviderTransaction, event: Refusal | AuthorizationDeclined
    ) -> None:
        """Record an event that anybody can cause, as far as its client's budget goes."""
        budget = tx.budgets.spend(
            event.NAME,
            secret_digest(event.client_id),
            limit=self.settings.refusals,
            window=self.settings.refusal_window,
            now=self.clock.now(),
        )
        if budget.allowed:
            tx.audit.append(event)

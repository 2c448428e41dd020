"""What our service provider has to know of an identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hkeid.saml.dsig import PublicKey
from hkeid.saml.messages import Binding


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProviderPeer:
    """An identity provider, out of its metadata.

    :ivar keys: its signing keys.
    :ivar single_sign_on: addresses by binding.
    :ivar single_logout: addresses for requests by binding.
    :ivar logout_answers: addresses for answers where they differ (``ResponseLocation``).
    """

    entity_id: str
    keys: tuple[PublicKey, ...] = field(repr=False)
    single_sign_on: Mapping[Binding, str]
    single_logout: Mapping[Binding, str] = field(default_factory=dict)
    logout_answers: Mapping[Binding, str] = field(default_factory=dict)


class IdentityProviderPeers(Protocol):
    """Where they are looked up."""

    def find(self, entity_id: str) -> IdentityProviderPeer | None:
        """The peer, or None: not known, not trusted, or no identity provider."""
        ...

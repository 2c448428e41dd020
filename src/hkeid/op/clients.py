"""Registered clients as the endpoints see them: looked up quickly, with what follows from them."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from hkeid.kernel.instants import Instant
from hkeid.oidc.forms import FORM_DETAIL
from hkeid.op.records import Client, ClientAuthMethod, ProviderTransaction
from hkeid.op.settings import Profile
from hkeid.ports.storage import Store

_CLIENT_ID = re.compile(r"[\x21-\x7E]{1,255}\Z")
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?(?=[/?]|\Z)")
SECRET_METHODS = frozenset(
    {ClientAuthMethod.CLIENT_SECRET_BASIC, ClientAuthMethod.CLIENT_SECRET_POST}
)


def is_client_id(text: str) -> bool:
    """Visible ASCII, at most 255 characters (RFC 6749 appendix A.1 allows blanks as well)."""
    return _CLIENT_ID.match(text) is not None


def without_loopback_port(uri: str) -> str | None:
    """A loopback redirect URI with its port left out, or None for any other (RFC 8252 §7.3)."""
    found = _LOOPBACK.match(uri)
    return None if found is None else f"http://{found[1]}{uri[found.end() :]}"


class KnownClient:
    """A client with everything precomputed that its registration determines."""

    __slots__ = (
        "_loopback",
        "claims",
        "client",
        "details_types",
        "id",
        "keys",
        "redirect_uris",
        "scopes",
    )

    def __init__(self, client: Client) -> None:
        self.client = client
        self.id = client.id
        self.redirect_uris = frozenset(client.redirect_uris)
        self.scopes = frozenset(client.scopes)
        self.claims = frozenset(client.claims)
        types = frozenset(client.authorization_details_types)
        # Registering a form is registering the type.
        self.details_types = types | {FORM_DETAIL} if client.forms else types
        self.keys = tuple(client.jwks["keys"]) if client.jwks else ()
        native = client.application_type == "native"
        self._loopback = frozenset(
            filter(None, map(without_loopback_port, client.redirect_uris)) if native else ()
        )

    def may_redirect_to(self, uri: str) -> bool:
        """Whether ``uri`` is registered: as a whole string, or but for a loopback port."""
        if uri in self.redirect_uris:
            return True
        return bool(self._loopback) and without_loopback_port(uri) in self._loopback


def sandbox_only(client: Client) -> str | None:
    """Why a client may be served under the sandbox profile only, or None."""
    if client.auth_method in SECRET_METHODS:
        return "client secrets"
    if not client.require_pkce:
        return "no PKCE"
    for uri in (*client.redirect_uris, *client.post_logout_redirect_uris):
        if urlsplit(uri).scheme == "http" and not (
            client.application_type == "native" and without_loopback_port(uri)
        ):
            return "an http redirect URI"
    for uri in filter(None, (client.backchannel_logout_uri, client.frontchannel_logout_uri)):
        if urlsplit(uri).scheme != "https":
            return "an http logout URI"
    return None


class ClientDirectory:
    """Clients by id, each kept in memory for a short while.

    Only clients that exist are kept, so that nobody can fill the memory with guesses.
    """

    def __init__(
        self, store: Store[ProviderTransaction], *, profile: Profile, keep: timedelta
    ) -> None:
        self._store = store
        self._production = profile is Profile.PRODUCTION
        self._keep = keep
        self._known: dict[str, tuple[KnownClient, Instant]] = {}

    def find(self, client_id: str, now: Instant) -> KnownClient | None:
        """The client, or None: unknown, disabled, or not for this profile."""
        kept = self._known.get(client_id)
        if kept is not None and now < kept[1]:
            return kept[0]
        if not is_client_id(client_id):
            return None
        with self._store.transaction() as tx:
            client = tx.clients.get(client_id)
        if client is None or not self._serves(client):
            self._known.pop(client_id, None)
            return None
        known = KnownClient(client)
        self._known[client_id] = (known, now + self._keep)
        return known

    def _serves(self, client: Client) -> bool:
        # Tokens bound to a key (DPoP, mutual TLS) are not made yet: rather no token than one that
        # is not bound (law 7).
        if not client.enabled or client.sender_constrained:
            return False
        return not (self._production and sandbox_only(client))

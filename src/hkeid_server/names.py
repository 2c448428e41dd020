"""Relying parties as residents see them."""

from __future__ import annotations

from urllib.parse import urlsplit

from hkeid.doors.relying_party import RelyingParty
from hkeid_server.models import WhoAsks


def client_name(client: RelyingParty, tag: str) -> str:
    """The client's name in a language, or in the next best one."""
    return client.name.get(tag) or client.name.get("en") or client.id


def client_domain(client: RelyingParty) -> str:
    """The domain to which its logins go: what a false name cannot change."""
    parts = urlsplit(client.redirect_uris[0]) if client.redirect_uris else urlsplit("")
    if parts.scheme in {"https", "http"}:
        return parts.netloc
    return client.sector_identifier


def who_asks(client: RelyingParty, tag: str) -> WhoAsks:
    """The banner of a client."""
    return WhoAsks(
        name=client_name(client, tag), domain=client_domain(client), policy=client.policy_uri
    )


def form_targets(client: RelyingParty | None) -> tuple[str, ...]:
    """CSP sources for a page whose form ends, by redirects, at a relying party.

    Chromium applies ``form-action`` to every redirect after a form was sent, also to those that the
    relying party makes after its callback, so hosts cannot be listed. What can: https in general,
    and the loopback addresses and app schemes that this client registered (RFC 8252 §7).
    """
    targets = {"https:": None}
    uris = () if client is None else (*client.redirect_uris, *client.post_logout_redirect_uris)
    for uri in uris:
        parts = urlsplit(uri)
        if parts.scheme == "http":
            # CSP has no form for IPv6 addresses.
            host = parts.hostname or ""
            targets["http:" if ":" in host else f"http://{host}:*"] = None
        elif parts.scheme != "https":
            targets[f"{parts.scheme}:"] = None
    return tuple(targets)

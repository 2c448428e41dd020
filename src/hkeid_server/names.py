"""Relying parties as residents see them."""

from __future__ import annotations

from urllib.parse import urlsplit

from hkeid.op.records import Client
from hkeid_server.models import WhoAsks


def client_name(client: Client, tag: str) -> str:
    """The client's name in a language, or in the next best one."""
    return client.name.get(tag) or client.name.get("en") or client.id


def client_domain(client: Client) -> str:
    """The domain to which its logins go: what a false name cannot change."""
    parts = urlsplit(client.redirect_uris[0]) if client.redirect_uris else urlsplit("")
    if parts.scheme in {"https", "http"}:
        return parts.netloc
    return client.sector_identifier


def who_asks(client: Client, tag: str) -> WhoAsks:
    """The banner of a client."""
    return WhoAsks(
        name=client_name(client, tag), domain=client_domain(client), policy=client.policy_uri
    )

"""The section about the SAML door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HOST = re.compile(r"[a-z0-9.-]{1,127}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlSection:
    """``[saml]``: the identity provider for services that speak SAML 2.0.

    :ivar enabled: serve it.
    :ivar services: folder of descriptions of services (``*.toml``).
    :ivar scope: domain behind the ``@`` of pairwise-id; the issuer's host if empty. Never change it: services would
        take everybody for somebody new.
    :ivar require_signed_requests: of every service.
    :ivar kept_metadata: folder in which the last good metadata of each address waits for the next start, of services
        and of identity providers behind the hub. What is there has to verify as if it had just come.
    """

    enabled: bool = False
    services: str = "saml"
    scope: str = ""
    require_signed_requests: bool = False
    kept_metadata: str = "saml-metadata"


def saml_complaints(section: SamlSection) -> Iterator[tuple[str, str]]:
    """Keys whose values cannot be meant, and what they must be."""
    if section.scope and _HOST.match(section.scope) is None:
        yield "saml.scope", "a domain"
    if not section.services:
        yield "saml.services", "a folder"
    if not section.kept_metadata:
        yield "saml.kept_metadata", "a folder"

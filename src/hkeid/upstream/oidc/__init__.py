"""Upstream OpenID Providers."""

from hkeid.upstream.oidc.provider import OidcUpstream
from hkeid.upstream.oidc.settings import OidcUpstreamSettings

__all__ = ["OidcUpstream", "OidcUpstreamSettings"]

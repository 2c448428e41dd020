"""Upstream SAML identity providers."""

from hkeid.upstream.saml.keys import SamlUpstreamKeys
from hkeid.upstream.saml.provider import SamlUpstream
from hkeid.upstream.saml.settings import SamlUpstreamSettings

__all__ = ["SamlUpstream", "SamlUpstreamKeys", "SamlUpstreamSettings"]

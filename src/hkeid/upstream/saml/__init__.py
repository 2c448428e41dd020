"""Upstream SAML identity providers."""

from hkeid.upstream.saml.provider import SamlUpstream, UpstreamKeys
from hkeid.upstream.saml.settings import SamlUpstreamSettings

__all__ = ["SamlUpstream", "SamlUpstreamSettings", "UpstreamKeys"]

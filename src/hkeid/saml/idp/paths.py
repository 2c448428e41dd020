"""Where the identity provider is reached, below its address."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SSO = "/saml/sso"
"""SingleSignOnService (Redirect and POST)."""
LOGIN = "/saml/login"
"""A login that begins here: ``?sp=ENTITY&target=RELAY_STATE`` (saml-profiles §4.1.5)."""
LOGOUT = "/saml/slo"
"""SingleLogoutService (Redirect and POST)."""
LOGOUT_SOAP = "/saml/slo/soap"
"""SingleLogoutService (SOAP)."""
LOGOUT_BACK = "/saml/slo/back"
"""Where the browser comes from a logout at the identity provider behind the hub: ``?logout=TOKEN``."""
ARTIFACT = "/saml/artifact"
"""ArtifactResolutionService (SOAP)."""
METADATA = "/saml/metadata"
POST_SCRIPT = "/saml/post.js"

PATHS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        SSO: ("GET", "POST"),
        LOGIN: ("GET",),
        LOGOUT: ("GET", "POST"),
        LOGOUT_SOAP: ("POST",),
        LOGOUT_BACK: ("GET",),
        ARTIFACT: ("POST",),
        METADATA: ("GET",),
        POST_SCRIPT: ("GET",),
    }
)

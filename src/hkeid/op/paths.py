"""Where the endpoints are, below the issuer."""

from __future__ import annotations

DISCOVERY = "/.well-known/openid-configuration"
OAUTH_METADATA = "/.well-known/oauth-authorization-server"
JWKS = "/jwks"
AUTHORIZE = "/authorize"
FORM_POST_SCRIPT = "/form-post.js"
TOKEN = "/token"
USERINFO = "/userinfo"
REVOKE = "/revoke"
PAR = "/par"
INTROSPECT = "/introspect"
LOGOUT = "/logout"

PATHS: dict[str, tuple[str, ...]] = {
    DISCOVERY: ("GET", "HEAD", "OPTIONS"),
    OAUTH_METADATA: ("GET", "HEAD", "OPTIONS"),
    JWKS: ("GET", "HEAD", "OPTIONS"),
    AUTHORIZE: ("GET", "POST"),
    FORM_POST_SCRIPT: ("GET", "HEAD"),
    TOKEN: ("POST", "OPTIONS"),
    USERINFO: ("GET", "POST", "OPTIONS"),
    REVOKE: ("POST", "OPTIONS"),
    PAR: ("POST", "OPTIONS"),
    INTROSPECT: ("POST", "OPTIONS"),
    LOGOUT: ("GET", "POST"),
}
"""Every path with its methods; ``OPTIONS`` where browsers of other origins may call."""

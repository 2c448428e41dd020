"""The parameters of an authorization request, each with the most characters it may have."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hkeid.kernel.http import Request
from hkeid.oidc.parameters import Received, receive

LIMITS: Mapping[str, int] = MappingProxyType(
    {
        "client_id": 255,
        "redirect_uri": 2048,
        "response_type": 128,
        "response_mode": 64,
        "scope": 1024,
        "state": 4096,
        "nonce": 1024,
        "code_challenge": 128,
        "code_challenge_method": 32,
        "prompt": 128,
        "max_age": 16,
        "ui_locales": 512,
        "id_token_hint": 8192,
        "login_hint": 512,
        "idp_hint": 64,
        "acr_values": 1024,
        "claims": 8192,
        "authorization_details": 65_536,
        "display": 64,
        "request": 65_536,
        "request_uri": 2048,
        "registration": 65_536,
    }
)


JSON_PARAMETERS = ("claims", "registration", "authorization_details")
"""Where white space may stand."""


def parse(request: Request) -> Received:
    """Parameters of the query (GET) or the form (POST), OpenID Connect Core §3.1.2.1; pure."""
    source = request.form if request.method == "POST" else request.query
    return receive(source, LIMITS, white_space_allowed=JSON_PARAMETERS)

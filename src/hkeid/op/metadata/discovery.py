"""The discovery document (OpenID Connect Discovery §3, RFC 8414 §2): what is true, no more."""

from __future__ import annotations

from typing import Any

from hkeid.identity.assurance import Acr
from hkeid.jose import ALGORITHMS
from hkeid.oidc import client_assertion, locales, pkce
from hkeid.oidc.forms import FORM_DETAIL, FORM_ENDPOINT, FORM_PATH
from hkeid.oidc.prompts import Prompt
from hkeid.oidc.scopes import SCOPES
from hkeid.op import paths
from hkeid.op.authorization.request import ResponseMode
from hkeid.op.clients import SECRET_METHODS
from hkeid.op.parts import Parts
from hkeid.op.records import ClientAuthMethod
from hkeid.op.settings import Profile
from hkeid.ports.keys import KeyPurpose, KeyState

PROTOCOL_CLAIMS = (
    "acr",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "exp",
    "iat",
    "iss",
    "nonce",
    "sid",
    "sub",
)

_LOGOUT = {
    f"{channel}_logout_{what}": True
    for channel in ("backchannel", "frontchannel")
    for what in ("supported", "session_supported")
}
"""Back-Channel Logout §2.1, Front-Channel Logout §3."""


def signing_algorithms(parts: Parts) -> tuple[str, ...]:
    """Algorithms for which there is an active key at present."""
    held = {
        key.algorithm
        for key in parts.keys.signing_keys(KeyPurpose.TOKEN_SIGNING)
        if key.state is KeyState.ACTIVE
    }
    return tuple(
        name
        for name, algorithm in ALGORITHMS.items()
        if algorithm.key_algorithm in held and name != "PS256"
    )


def discovery_document(parts: Parts) -> dict[str, Any]:
    """The provider's metadata at present."""
    auth_methods = [
        method.value
        for method in ClientAuthMethod
        if parts.settings.profile is Profile.SANDBOX or method not in SECRET_METHODS
    ]
    algorithms = list(signing_algorithms(parts))
    assertion_algorithms = sorted(client_assertion.ALGORITHMS)
    document: dict[str, Any] = {
        "issuer": parts.issuer,
        "authorization_endpoint": parts.url(paths.AUTHORIZE),
        "token_endpoint": parts.url(paths.TOKEN),
        "userinfo_endpoint": parts.url(paths.USERINFO),
        "jwks_uri": parts.url(paths.JWKS),
        "pushed_authorization_request_endpoint": parts.url(paths.PAR),
        "require_pushed_authorization_requests": (
            parts.settings.require_pushed_authorization_requests
        ),
        "introspection_endpoint": parts.url(paths.INTROSPECT),
        "introspection_endpoint_auth_methods_supported": [
            method for method in auth_methods if method != ClientAuthMethod.NONE
        ],
        "introspection_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
        "revocation_endpoint": parts.url(paths.REVOKE),
        "end_session_endpoint": parts.url(paths.LOGOUT),
        **_LOGOUT,
        "scopes_supported": [*SCOPES, *sorted(parts.api_scopes)],
        "response_types_supported": ["code"],
        "response_modes_supported": [mode.value for mode in ResponseMode],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "acr_values_supported": [acr.value for acr in Acr],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": algorithms,
        "userinfo_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": auth_methods,
        "token_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
        "revocation_endpoint_auth_methods_supported": auth_methods,
        "revocation_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
        "claim_types_supported": ["normal"],
        "claims_supported": sorted({*PROTOCOL_CLAIMS, *parts.claims.supported()}),
        "claims_locales_supported": list(locales.SUPPORTED),
        "ui_locales_supported": list(locales.SUPPORTED),
        "prompt_values_supported": [prompt.value for prompt in Prompt],
        "code_challenge_methods_supported": [pkce.METHOD],
        "claims_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_request_uri_registration": False,
        "authorization_response_iss_parameter_supported": True,
    }
    document |= _verified_claims(parts)
    document |= _details(parts)
    if parts.settings.service_documentation is not None:
        document["service_documentation"] = parts.settings.service_documentation
    if parts.settings.policy_uri is not None:
        document["op_policy_uri"] = parts.settings.policy_uri
    return document


def _details(parts: Parts) -> dict[str, Any]:
    """RFC 9396 §10, and where forms are fetched that are asked for in this way."""
    if not parts.details:
        return {}
    found: dict[str, Any] = {"authorization_details_types_supported": sorted(parts.details)}
    if FORM_DETAIL in parts.details:
        found[FORM_ENDPOINT] = parts.url(FORM_PATH)
    return found


def _verified_claims(parts: Parts) -> dict[str, Any]:
    """Identity Assurance §8; lists without a member are left out. ``verified_claims_supported`` was in its
    drafts, and there are clients that look for it.
    """
    there = parts.claims.verifiable()
    if not there.claims:
        return {}
    lists = {
        "trust_frameworks_supported": there.trust_frameworks,
        "claims_in_verified_claims_supported": there.claims,
        "evidence_supported": there.evidence,
        "documents_supported": there.documents,
        "documents_methods_supported": there.methods,
        "documents_check_methods_supported": there.checks,
        "electronic_records_supported": there.records,
    }
    found = {name: list(members) for name, members in lists.items() if members}
    return {"verified_claims_supported": True, **found}

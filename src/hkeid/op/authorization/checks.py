"""The checks of an authorization request whose redirect URI is trusted, in the order of the spec.

Each raises :class:`~hkeid.oidc.errors.OAuthError`, which is sent to the redirect URI.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from hkeid.oidc import pkce
from hkeid.oidc.claims_request import parse_claims
from hkeid.oidc.errors import ErrorCode, OAuthError, invalid_request
from hkeid.oidc.parameters import Received
from hkeid.oidc.prompts import parse_prompt
from hkeid.oidc.scopes import API_SCOPES, OPENID, parse_scope
from hkeid.op.authorization.request import ResponseMode
from hkeid.op.authorization.trust import takes_forms
from hkeid.op.clients import KnownClient

Check = Callable[[Received, KnownClient], None]

_MAX_AGE = re.compile(r"[0-9]{1,9}\Z")


def parameters_are_well_formed(received: Received, known: KnownClient) -> None:
    """RFC 6749 §3.1: parameters MUST NOT be included more than once; our limits and characters."""
    del known
    if received.faults:
        received.refuse_faults()


def no_request_object(received: Received, known: KnownClient) -> None:
    """OpenID Connect Core §6.1, §6.2: ``request`` and ``request_uri`` are answered, not ignored."""
    del known
    if received.get("request") is not None:
        raise OAuthError(
            ErrorCode.REQUEST_NOT_SUPPORTED,
            "request_object_not_supported",
            "Request objects are not supported.",
        )
    if received.get("request_uri") is not None:
        raise OAuthError(
            ErrorCode.REQUEST_URI_NOT_SUPPORTED,
            "request_uri_not_supported",
            "The parameter 'request_uri' is not supported.",
        )


def no_registration(received: Received, known: KnownClient) -> None:
    """OpenID Connect Core §7.2.1: ``registration`` belongs to self-issued providers."""
    del known
    if received.get("registration") is not None:
        raise OAuthError(
            ErrorCode.REGISTRATION_NOT_SUPPORTED,
            "registration_not_supported",
            "The parameter 'registration' is not supported.",
        )


def response_type_is_code(received: Received, known: KnownClient) -> None:
    """RFC 6749 §3.1.1: ``response_type`` REQUIRED; the implicit and hybrid flows do not exist here
    (RFC 9700 §2.1.2).
    """
    del known
    response_type = received.get("response_type")
    if response_type is None:
        raise invalid_request("response_type_missing", "The parameter 'response_type' is missing.")
    if response_type != "code":
        raise OAuthError(
            ErrorCode.UNSUPPORTED_RESPONSE_TYPE,
            "response_type_unsupported",
            "Only the response_type 'code' is supported.",
        )


def response_mode_is_known(received: Received, known: KnownClient) -> None:
    """OAuth 2.0 Multiple Response Types §2.1; Form Post Response Mode §2. ``fragment`` is for flows
    that do not exist here.
    """
    del known
    mode = received.get("response_mode")
    if mode is None or mode == ResponseMode.QUERY:
        return
    if mode != ResponseMode.FORM_POST or not takes_forms(received.values["redirect_uri"]):
        raise invalid_request(
            "response_mode_unsupported", "This response_mode is not supported here."
        )


def client_may_use_code(received: Received, known: KnownClient) -> None:
    """RFC 7591 §2: the client registered the grant type that the response type belongs to."""
    del received
    if "authorization_code" not in known.client.grant_types:
        raise OAuthError(
            ErrorCode.UNAUTHORIZED_CLIENT,
            "client_without_code_grant",
            "This client may not use the authorization code flow.",
        )


def scope_contains_openid(received: Received, known: KnownClient) -> None:
    """OpenID Connect Core §3.1.2.1: requests MUST contain the ``openid`` scope value. Beside OpenID
    Connect there are only the signing service's scopes and authorization details (RFC 9396 §3.1: with
    or without ``scope``); the absence of all is ``invalid_scope`` (RFC 6749 §3.3).
    """
    del known
    text = received.get("scope")
    if text is None and received.get("authorization_details") is not None:
        return
    scopes = None if text is None else parse_scope(text)
    if scopes is None:
        raise OAuthError(
            ErrorCode.INVALID_SCOPE,
            "scope_missing" if text is None else "scope_malformed",
            "The parameter 'scope' is missing or malformed.",
        )
    if OPENID not in scopes and not set(API_SCOPES) & set(scopes):
        raise OAuthError(
            ErrorCode.INVALID_SCOPE, "scope_without_openid", "The scope must contain 'openid'."
        )


def code_challenge_is_s256(received: Received, known: KnownClient) -> None:
    """RFC 7636 §4.4.1, RFC 9700 §2.1.1: PKCE for every client, and only S256.

    A method without a challenge is refused as well, and so is a challenge without a method (its
    default would be ``plain``).
    """
    challenge = received.get("code_challenge")
    method = received.get("code_challenge_method")
    if challenge is None:
        if known.client.require_pkce or method is not None:
            raise invalid_request("code_challenge_missing", "A PKCE code_challenge is required.")
        return
    if method != pkce.METHOD:
        raise invalid_request(
            "code_challenge_method_unsupported", "The code_challenge_method must be 'S256'."
        )
    if not pkce.is_challenge(challenge):
        raise invalid_request("code_challenge_malformed", "The code_challenge is malformed.")


def prompt_is_known(received: Received, known: KnownClient) -> None:
    """OpenID Connect Core §3.1.2.1: ``none`` with any other value is an error."""
    del known
    prompt = received.get("prompt")
    if prompt is not None:
        parse_prompt(prompt)


def max_age_is_a_number(received: Received, known: KnownClient) -> None:
    """OpenID Connect Core §3.1.2.1: seconds; 0 is a number too."""
    del known
    max_age = received.get("max_age")
    if max_age is not None and not _MAX_AGE.match(max_age):
        raise invalid_request("max_age_malformed", "The parameter 'max_age' is not a number.")


def claims_parse(received: Received, known: KnownClient) -> None:
    """OpenID Connect Core §5.5: the ``claims`` parameter is a JSON object of a certain form."""
    del known
    claims = received.get("claims")
    if claims is not None:
        parse_claims(claims)


CHECKS: tuple[Check, ...] = (
    parameters_are_well_formed,
    no_request_object,
    no_registration,
    response_type_is_code,
    response_mode_is_known,
    client_may_use_code,
    scope_contains_openid,
    code_challenge_is_s256,
    prompt_is_known,
    max_age_is_a_number,
    claims_parse,
)

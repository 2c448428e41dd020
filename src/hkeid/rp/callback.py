"""The authorization response, as the browser brings it back to the redirect URI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.http import Parameters
from hkeid.rp.errors import LoginDeclined, ProviderMisbehaved, StartAgain
from hkeid.rp.login_state import LoginState
from hkeid.rp.metadata import ProviderMetadata
from hkeid.rp.records import same_text

Callback = str | Parameters | Mapping[str, str] | Iterable[tuple[str, str]]
"""The callback's whole URL (or its query), or its parameters."""

_NAMES = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})
_ERRORS: Mapping[str, str | None] = {
    "access_denied": "You did not agree, so you are not logged in. You can try again.",
    "login_required": "You are not logged in at eID at the moment.",
    "interaction_required": "eID needs to ask you something first. Please log in again.",
    "consent_required": "eID needs your agreement first. Please log in again.",
    "account_selection_required": "Please log in again and choose who you are.",
    "unmet_authentication_requirements": (
        "This service needs a stronger eID login than you can use at the moment."
    ),
    "temporarily_unavailable": "eID is busy at the moment. Please try again in a few minutes.",
    "server_error": "eID had a problem. Please try again in a few minutes.",
    "invalid_request": None,
    "unauthorized_client": None,
    "unsupported_response_type": None,
    "invalid_scope": None,
    "invalid_request_uri": None,
    "invalid_request_object": None,
    "request_not_supported": None,
    "request_uri_not_supported": None,
    "registration_not_supported": None,
}


def read_callback(callback: Callback) -> Parameters:
    """The parameters of the authorization response.

    :raises ProviderMisbehaved: ``callback_malformed``, ``callback_parameter_repeated`` (RFC 6749
        §3.1: parameters are not repeated).
    """
    try:
        if isinstance(callback, str):
            query = urlsplit(callback).query if "?" in callback else callback
            parameters = Parameters.parse(query)
        elif isinstance(callback, Parameters):
            parameters = callback
        else:
            parameters = Parameters.of(callback)
    except (MalformedInput, ValueError) as error:
        raise ProviderMisbehaved("callback_malformed") from error
    if _NAMES.intersection(parameters.repeated()):
        raise ProviderMisbehaved("callback_parameter_repeated")
    return parameters


def check_state(parameters: Parameters, login: LoginState) -> None:
    """The answer belongs to the login that this browser began (RFC 6749 §10.12, RFC 9700 §4.7).

    :raises StartAgain: ``state_missing``, ``state_mismatch``.
    """
    state = parameters.get("state")
    if state is None:
        raise StartAgain("state_missing")
    if not same_text(state, login.state):
        raise StartAgain("state_mismatch")


def check_issuer(parameters: Parameters, metadata: ProviderMetadata) -> None:
    """The answer comes from the provider that was asked: against mix-up attacks (RFC 9207 §2.4).

    :raises ProviderMisbehaved: ``callback_issuer_missing``, ``callback_issuer_mismatch``.
    """
    issuer = parameters.get("iss")
    if issuer is None:
        if metadata.iss_in_response:
            raise ProviderMisbehaved("callback_issuer_missing")
        return
    if issuer != metadata.issuer:
        raise ProviderMisbehaved("callback_issuer_mismatch")


def read_code(parameters: Parameters) -> str:
    """The authorization code.

    :raises LoginDeclined: the response is an error; its reason is ``provider_`` and the wire code.
    :raises ProviderMisbehaved: ``callback_code_missing``, ``callback_code_malformed``.
    """
    error = parameters.get("error")
    if error is not None:
        known = error if error in _ERRORS else "unknown"
        raise LoginDeclined(f"provider_{known}", _ERRORS.get(known), error=known)
    code = parameters.get("code")
    if not code:
        raise ProviderMisbehaved("callback_code_missing")
    if len(code) > 4_096 or not code.isascii() or not code.isprintable():
        raise ProviderMisbehaved("callback_code_malformed")
    return code

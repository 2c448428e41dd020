"""The browser's answer as JSON (WebAuthn L3 §5.1.8, ``PublicKeyCredential.toJSON()``), parsed.

Strict: text is size-bounded before it is parsed, duplicate members are refused, binary members are
base64url without padding and bounded. Unknown members are ignored, as browsers add them
(``publicKey``, ``publicKeyAlgorithm``, ``authenticatorData`` at registration: all of them copies of
what ``attestationObject`` says, so never read).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hkeid.kernel import base64url
from hkeid.kernel.errors import MalformedInput
from hkeid.webauthn.errors import CeremonyRefused, MalformedResponse, parse_json_object

ResponseInput = str | bytes | Mapping[str, Any]
"""JSON text, or what a JSON parser made of it."""

_TEXT_LIMIT = 131_072
_ID_LIMIT = 1_023
_CLIENT_DATA_LIMIT = 8_192
_ATTESTATION_LIMIT = 65_536
_AUTH_DATA_LIMIT = 8_192
_SIGNATURE_LIMIT = 8_192
_USER_HANDLE_LIMIT = 64
_TRANSPORTS_LIMIT = 16
_TRANSPORT_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationResponse:
    """``RegistrationResponseJSON``, decoded."""

    id: bytes
    client_data_json: bytes
    attestation_object: bytes
    transports: tuple[str, ...]
    extensions: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionResponse:
    """``AuthenticationResponseJSON``, decoded."""

    id: bytes
    client_data_json: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None
    extensions: Mapping[str, Any]


def parse_registration(source: ResponseInput) -> RegistrationResponse:
    """Parse the answer to ``navigator.credentials.create()``.

    :raises MalformedResponse: one reason per fault, ``field`` naming the member.
    :raises CeremonyRefused: ``credential_type_mismatch``, ``raw_id_mismatch``.
    """
    members = _members(source)
    credential_id = _credential_id(members)
    response = _object(members, "response")
    return RegistrationResponse(
        id=credential_id,
        client_data_json=_binary(response, "response.", "clientDataJSON", _CLIENT_DATA_LIMIT),
        attestation_object=_binary(response, "response.", "attestationObject", _ATTESTATION_LIMIT),
        transports=_transports(response),
        extensions=_extension_results(members),
    )


def parse_assertion(source: ResponseInput) -> AssertionResponse:
    """Parse the answer to ``navigator.credentials.get()``.

    :raises MalformedResponse: one reason per fault, ``field`` naming the member.
    :raises CeremonyRefused: ``credential_type_mismatch``, ``raw_id_mismatch``.
    """
    members = _members(source)
    credential_id = _credential_id(members)
    response = _object(members, "response")
    handle = None
    if response.get("userHandle") is not None:
        handle = _binary(response, "response.", "userHandle", _USER_HANDLE_LIMIT)
    return AssertionResponse(
        id=credential_id,
        client_data_json=_binary(response, "response.", "clientDataJSON", _CLIENT_DATA_LIMIT),
        authenticator_data=_binary(response, "response.", "authenticatorData", _AUTH_DATA_LIMIT),
        signature=_binary(response, "response.", "signature", _SIGNATURE_LIMIT),
        user_handle=handle,
        extensions=_extension_results(members),
    )


def presented_credential_id(source: ResponseInput) -> bytes:
    """The id of the credential that a response claims to come from: by it the credential record is
    found before anything is verified (§7.2 step 6). Proves nothing.

    :raises MalformedResponse: one reason per fault, ``field`` naming the member.
    :raises CeremonyRefused: ``credential_type_mismatch``, ``raw_id_mismatch``.
    """
    return _credential_id(_members(source))


def _members(source: ResponseInput) -> Mapping[str, Any]:
    if isinstance(source, str | bytes):
        if len(source) > _TEXT_LIMIT:
            raise MalformedResponse("response_too_large", field="credential")
        return parse_json_object(source, field="credential")
    if not isinstance(source, Mapping):
        raise MalformedResponse("json_not_object", field="credential")
    return source


def _credential_id(members: Mapping[str, Any]) -> bytes:
    """§5.1: ``type`` is ``public-key``; ``id`` is the base64url form of ``rawId``."""
    text = _text(members, "", "id")
    credential_id = _binary(members, "", "id", _ID_LIMIT)
    if text != _text(members, "", "rawId"):
        _binary(members, "", "rawId", _ID_LIMIT)
        raise CeremonyRefused("raw_id_mismatch")
    if _text(members, "", "type") != "public-key":
        raise CeremonyRefused("credential_type_mismatch")
    return credential_id


def _text(members: Mapping[str, Any], path: str, name: str) -> str:
    value = members.get(name)
    if type(value) is str and value:
        return value
    if name not in members:
        reason = "member_missing"
    elif value == "":
        reason = "member_empty"
    else:
        reason = "member_type"
    raise MalformedResponse(reason, field=path + name)


def _decode(text: str, field: str) -> bytes:
    try:
        return base64url.decode(text)
    except MalformedInput:
        raise MalformedResponse("base64url_malformed", field=field) from None


def _binary(members: Mapping[str, Any], path: str, name: str, limit: int) -> bytes:
    text = _text(members, path, name)
    if len(text) > (limit * 4 + 2) // 3:
        raise MalformedResponse("member_too_large", field=path + name)
    return _decode(text, path + name)


def _object(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = members.get(name)
    if isinstance(value, Mapping):
        return value
    raise MalformedResponse("member_type" if name in members else "member_missing", field=name)


def _extension_results(members: Mapping[str, Any]) -> Mapping[str, Any]:
    """§5.1 ``getClientExtensionResults()``; absent counts as empty."""
    if members.get("clientExtensionResults") is None:
        return {}
    return _object(members, "clientExtensionResults")


def _transports(response: Mapping[str, Any]) -> tuple[str, ...]:
    """§5.2.1 ``getTransports()``: short words, unknown ones kept, each once and sorted."""
    value = response.get("transports")
    if value is None:
        return ()
    field = "response.transports"
    if not isinstance(value, list | tuple):
        raise MalformedResponse("member_type", field=field)
    if len(value) > _TRANSPORTS_LIMIT:
        raise MalformedResponse("member_too_large", field=field)
    for word in value:
        if type(word) is not str:
            raise MalformedResponse("member_type", field=field)
        if not 0 < len(word) <= _TRANSPORT_LENGTH or not word.isascii() or not word.isprintable():
            raise MalformedResponse("transport_malformed", field=field)
    return tuple(sorted(set(value)))

"""The attestation object (WebAuthn L3 §6.5.4): format, authenticator data, statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hkeid.webauthn import cbor
from hkeid.webauthn.authenticator_data import AuthenticatorData, parse_authenticator_data
from hkeid.webauthn.errors import MalformedResponse

_FIELD = "response.attestationObject"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationObject:
    """A parsed attestation object."""

    format: str
    auth_data: AuthenticatorData
    statement: dict[Any, Any]


def parse_attestation_object(raw: bytes) -> AttestationObject:
    """§7.1 step 13: CBOR-decode into ``fmt``, ``authData`` and ``attStmt``.

    :raises MalformedResponse: ``cbor_malformed``, ``cbor_leftover``, ``cbor_not_map``,
        ``member_missing``, ``member_type``, and those of authenticator data.
    """
    members = cbor.decode(raw, field=_FIELD)
    if not isinstance(members, dict):
        raise MalformedResponse("cbor_not_map", field=_FIELD)
    format_ = _member(members, "fmt", str)
    data = _member(members, "authData", bytes)
    statement = _member(members, "attStmt", dict)
    return AttestationObject(
        format=format_,
        auth_data=parse_authenticator_data(data, field=f"{_FIELD}.authData"),
        statement=statement,
    )


def _member(members: dict[Any, Any], name: str, kind: type) -> Any:
    value = members.get(name)
    if type(value) is kind:
        return value
    reason = "member_type" if name in members else "member_missing"
    raise MalformedResponse(reason, field=f"{_FIELD}.{name}")

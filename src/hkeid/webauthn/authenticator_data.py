"""Authenticator data (WebAuthn L3 §6.1) and attested credential data (§6.5.1), read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hkeid.webauthn import cbor
from hkeid.webauthn.errors import MalformedResponse

UP = 0x01
UV = 0x04
BE = 0x08
BS = 0x10
AT = 0x40
ED = 0x80

_HEADER = 37


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedCredential:
    """Attested credential data.

    :ivar aaguid: 16 bytes naming the authenticator model; zeros where it has none.
    :ivar public_key: COSE_Key bytes exactly as attested.
    :ivar cose: the same, decoded.
    """

    aaguid: bytes
    credential_id: bytes
    public_key: bytes
    cose: dict[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticatorData:
    """Authenticator data.

    :ivar raw: the bytes that were signed.
    :ivar extensions: authenticator extension outputs by name.
    """

    raw: bytes
    rp_id_hash: bytes
    flags: int
    sign_count: int
    attested: AttestedCredential | None
    extensions: dict[str, Any]


def parse_authenticator_data(raw: bytes, *, field: str) -> AuthenticatorData:
    """Read authenticator data.

    :raises MalformedResponse: ``auth_data_too_short``, ``auth_data_leftover``,
        ``attested_data_malformed``, ``extensions_malformed``, ``cbor_malformed``.
    """
    if len(raw) < _HEADER:
        raise MalformedResponse("auth_data_too_short", field=field)
    flags = raw[32]
    attested = None
    extensions: dict[str, Any] = {}
    end = _HEADER
    if flags & AT:
        attested, end = _attested(raw, field)
    if flags & ED:
        value, end = cbor.decode_at(raw, end, field=f"{field}.extensions")
        if not isinstance(value, dict) or not all(type(name) is str for name in value):
            raise MalformedResponse("extensions_malformed", field=f"{field}.extensions")
        extensions = value
    if end != len(raw):
        raise MalformedResponse("auth_data_leftover", field=field)
    return AuthenticatorData(
        raw=raw,
        rp_id_hash=raw[:32],
        flags=flags,
        sign_count=int.from_bytes(raw[33:37], "big"),
        attested=attested,
        extensions=extensions,
    )


def _attested(raw: bytes, field: str) -> tuple[AttestedCredential, int]:
    """§6.5.1: AAGUID (16), length of the id (2, big-endian), the id, the COSE_Key."""
    id_at = _HEADER + 18
    if len(raw) < id_at:
        raise MalformedResponse("attested_data_malformed", field=field)
    key_at = id_at + int.from_bytes(raw[id_at - 2 : id_at], "big")
    if len(raw) < key_at:
        raise MalformedResponse("attested_data_malformed", field=field)
    cose, end = cbor.decode_at(raw, key_at, field=f"{field}.credentialPublicKey")
    if not isinstance(cose, dict):
        raise MalformedResponse("public_key_malformed", field="credentialPublicKey")
    attested = AttestedCredential(
        aaguid=raw[_HEADER : _HEADER + 16],
        credential_id=raw[id_at:key_at],
        public_key=raw[key_at:end],
        cose=cose,
    )
    return attested, end

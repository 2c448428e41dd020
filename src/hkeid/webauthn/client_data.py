"""Client data (WebAuthn L3 §5.8.1): what the browser says it did, and the rules about it.

Never compared by template: browsers may add members (§5.8.1.2), so it is parsed, strictly.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from hkeid.kernel import base64url
from hkeid.kernel.errors import MalformedInput
from hkeid.webauthn.errors import CeremonyRefused, MalformedResponse, parse_json_object
from hkeid.webauthn.policy import WebAuthnPolicy

_BOM = b"\xef\xbb\xbf"
_TOKEN_BINDING = frozenset({"present", "supported", "not-supported"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientData:
    """Parsed client data.

    :ivar digest: SHA-256 of the bytes as they came; what the authenticator signed.
    :ivar token_binding: its status, or None where the member is absent.
    """

    type: str
    challenge: bytes
    origin: str
    cross_origin: bool
    top_origin: str | None
    token_binding: str | None
    digest: bytes


def parse_client_data(raw: bytes) -> ClientData:
    """Parse ``clientDataJSON`` (§7.1 and §7.2: UTF-8 decode, a leading byte order mark stripped).

    :raises MalformedResponse: ``json_malformed``, ``json_not_object``, ``member_missing``,
        ``member_type``, ``member_empty``, ``base64url_malformed``, ``token_binding_malformed``.
    """
    text = raw[3:] if raw.startswith(_BOM) else raw
    members = parse_json_object(text, field="clientDataJSON")
    challenge = _text(members, "challenge")
    try:
        challenge_bytes = base64url.decode(challenge)
    except MalformedInput:
        raise MalformedResponse("base64url_malformed", field="clientDataJSON.challenge") from None
    cross_origin = members.get("crossOrigin", False)
    if type(cross_origin) is not bool:
        raise MalformedResponse("member_type", field="clientDataJSON.crossOrigin")
    return ClientData(
        type=_text(members, "type"),
        challenge=challenge_bytes,
        origin=_text(members, "origin"),
        cross_origin=cross_origin,
        top_origin=_text(members, "topOrigin") if "topOrigin" in members else None,
        token_binding=_token_binding(members) if "tokenBinding" in members else None,
        digest=hashlib.sha256(raw).digest(),
    )


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if type(value) is str and value:
        return value
    if name not in members:
        reason = "member_missing"
    elif value == "":
        reason = "member_empty"
    else:
        reason = "member_type"
    raise MalformedResponse(reason, field=f"clientDataJSON.{name}")


def _token_binding(members: dict[str, Any]) -> str:
    """WebAuthn L2 §5.8.1 (L3 dropped it; the FIDO server tests still send it): an object with a
    known ``status``, and an ``id`` where that is ``present``.
    """
    value = members["tokenBinding"]
    status = value.get("status") if isinstance(value, dict) else None
    known = type(status) is str and status in _TOKEN_BINDING
    if not known or (status == "present" and not _is_filled_text(value.get("id"))):
        raise MalformedResponse("token_binding_malformed", field="clientDataJSON.tokenBinding")
    assert isinstance(status, str)
    return status


def _is_filled_text(value: object) -> bool:
    return type(value) is str and bool(value)


def check_client_data(
    data: ClientData, policy: WebAuthnPolicy, *, type_: str, challenge: bytes
) -> None:
    """Every rule about client data, in the order of §7.1 (steps 7-11) and §7.2 (steps 10-14).

    :raises CeremonyRefused: one reason per rule.
    """
    check_type(data, type_)
    check_challenge(data, challenge)
    check_origin(data, policy)
    check_cross_origin(data, policy)
    check_top_origin(data, policy)
    check_token_binding(data)


def check_type(data: ClientData, type_: str) -> None:
    """§7.1 step 7, §7.2 step 10: ``C.type`` is ``webauthn.create`` or ``webauthn.get``."""
    if data.type != type_:
        raise CeremonyRefused("type_mismatch")


def check_challenge(data: ClientData, challenge: bytes) -> None:
    """§7.1 step 8, §7.2 step 11: ``C.challenge`` equals the challenge of this ceremony."""
    if not hmac.compare_digest(data.challenge, challenge):
        raise CeremonyRefused("challenge_mismatch")


def check_origin(data: ClientData, policy: WebAuthnPolicy) -> None:
    """§7.1 step 9, §7.2 step 12 and §13.4.9: ``C.origin`` is one of the origins listed, exactly."""
    if data.origin not in policy.origins:
        raise CeremonyRefused("origin_mismatch")


def check_cross_origin(data: ClientData, policy: WebAuthnPolicy) -> None:
    """§7.1 step 10, §7.2 step 13: ``C.crossOrigin`` is true only where frames are expected."""
    if data.cross_origin and not policy.allow_cross_origin:
        raise CeremonyRefused("cross_origin")


def check_top_origin(data: ClientData, policy: WebAuthnPolicy) -> None:
    """§7.1 step 11, §7.2 step 14: ``C.topOrigin`` is present only where frames are expected, and
    then is a page expected to frame us. §5.8.1 sets it only together with ``crossOrigin``.
    """
    if data.top_origin is None:
        return
    if not policy.allow_cross_origin or not data.cross_origin:
        raise CeremonyRefused("cross_origin")
    if data.top_origin not in policy.top_origins:
        raise CeremonyRefused("top_origin_mismatch")


def check_token_binding(data: ClientData) -> None:
    """WebAuthn L2 §7.1 step 10: the state of Token Binding matches the TLS connection, which here
    never has it negotiated.
    """
    if data.token_binding == "present":
        raise CeremonyRefused("token_binding_mismatch")

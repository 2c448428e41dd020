"""Checking a consent receipt: offline, with the issuer's published keys and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hkeid.jose import numeric_date, verify_jwt
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.kernel.instants import Instant, from_epoch_seconds
from hkeid.profile.receipts import SCHEMA, TYPE

_ALGORITHMS: Final = ("ES256", "RS256", "Ed25519", "EdDSA")
_LONGEST: Final = 16 * 1024 * 1024
_SECTIONS: Final = {
    "header": dict,
    "pii_processing": dict,
    "party_identification": list,
    "event": list,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedReceipt:
    """A receipt whose signature held.

    :ivar kid: the key that signed it.
    :ivar records: consent records, one for each client and purpose.
    """

    issuer: str
    issued_at: Instant
    kid: str
    receipt_id: str
    records: tuple[Mapping[str, Any], ...]


def verify_receipt(
    text: str, jwks: Mapping[str, Any], *, issuer: str | None = None
) -> VerifiedReceipt:
    """Check a receipt, as a compact JWS or as the JSON file of My eID.

    A receipt does not expire: it says how things stood when it was made.

    :param jwks: JWK Set (RFC 7517 §5) of the issuer, kept or fetched by the caller.
    :param issuer: who must have issued it, or None: whoever the keys belong to.
    :raises hkeid.jose.JoseRefused: the signature does not hold, or none of the keys made it.
    :raises Refused: ``receipt_copy_differs`` (what is there to read is not what was signed),
        ``receipt_of_other_issuer``, ``receipt_schema_unknown``.
    :raises MalformedInput: ``receipt_malformed``, ``jwks_malformed``.
    """
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise MalformedInput("jwks_malformed")
    jws, copy = _parts(text)
    verified = verify_jwt(jws, keys, algorithms=_ALGORITHMS, typ=(TYPE,), limit=_LONGEST)
    claims = verified.claims
    if copy is not None and copy != claims:
        raise Refused("receipt_copy_differs")
    metadata, records = claims.get("receipt_metadata"), claims.get("consent_records")
    if not isinstance(metadata, dict) or not isinstance(records, list) or not records:
        raise MalformedInput("receipt_malformed")
    if metadata.get("schema_version") != SCHEMA:
        raise Refused("receipt_schema_unknown")
    if not all(map(_is_record, records)) or not isinstance(claims.get("iss"), str):
        raise MalformedInput("receipt_malformed")
    if issuer is not None and claims["iss"] != issuer:
        raise Refused("receipt_of_other_issuer")
    try:
        issued_at = from_epoch_seconds(numeric_date(claims, "iat"))
    except (ValueError, OverflowError):
        raise MalformedInput("receipt_malformed") from None
    return VerifiedReceipt(
        issuer=claims["iss"],
        issued_at=issued_at,
        kid=str(verified.header.get("kid", "")),
        receipt_id=str(claims.get("jti", "")),
        records=tuple(records),
    )


def _parts(text: str) -> tuple[str, dict[str, Any] | None]:
    """The signed text, and what stands beside it to read."""
    text = text.strip()
    if not text.startswith("{"):
        return text, None
    if len(text) > 2 * _LONGEST:
        raise MalformedInput("receipt_malformed")
    try:
        document = canonical_json.loads_object(text)
    except MalformedInput:
        raise MalformedInput("receipt_malformed") from None
    jws, copy = document.get("jws"), document.get("consent_receipt")
    if not isinstance(jws, str) or not isinstance(copy, dict):
        raise MalformedInput("receipt_malformed")
    return jws, copy


def _is_record(record: Any) -> bool:
    return isinstance(record, dict) and all(
        isinstance(record.get(name), kind) for name, kind in _SECTIONS.items()
    )

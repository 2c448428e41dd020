"""A record for a customer's file: what the provider said, as it signed it, to be verified years later (S10).

The record holds the signed UserInfo answer and the provider's keys of that day. It proves that whoever held
those keys said this to this client. That the keys were the provider's is for the file to prove, as with any
document: keep it where nobody can replace it, or compare the key's thumbprint with those that the provider
published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput, Refused
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.rp.errors import ProviderMisbehaved
from hkeid.rp.jwt_claims import is_numeric_date
from hkeid.rp.userinfo import personal
from hkeid.rp.verified_claims import (
    VERIFIED_CLAIMS,
    VerificationPolicy,
    VerifiedClaims,
    read_verified_claims,
)

FORMAT: Final = "hkeid-customer-record-1"
ALGORITHMS: Final = frozenset({"ES256", "RS256", "Ed25519", "EdDSA"})
_LEEWAY = timedelta(seconds=60)
_TYPES: frozenset[str | None] = frozenset({None, "JWT"})
_OF_ID_TOKENS = frozenset({"nonce", "at_hash", "auth_time"})
_TEXTS = ("issuer", "client_id", "sub", "userinfo")


class RecordRefused(Refused):
    """A record that proves nothing; the reasons begin with ``record_``."""

    default_safe_text = "This record cannot be verified."


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowYourCustomerRecord:
    """What is kept in the file. :meth:`as_json` and :meth:`from_json` turn it into text and back.

    :ivar client_id: to whom it was said.
    :ivar sub: about whom: the resident at this relying party.
    :ivar userinfo: the signed UserInfo answer (a compact JWS).
    :ivar keys: the provider's public keys by which it was verified then.
    :ivar obtained_at: when, by our own clock.
    """

    issuer: str
    client_id: str
    sub: str = field(repr=False)
    userinfo: str = field(repr=False)
    keys: tuple[Mapping[str, Any], ...]
    obtained_at: Instant

    def as_json(self) -> str:
        """One line of JSON."""
        return canonical_json.dumps(
            {
                "format": FORMAT,
                **{name: getattr(self, name) for name in _TEXTS},
                "keys": [dict(key) for key in self.keys],
                "obtained_at": epoch_seconds(self.obtained_at),
            }
        ).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> KnowYourCustomerRecord:
        """The inverse of :meth:`as_json`.

        :raises MalformedInput: ``record_malformed``.
        """
        try:
            kept = canonical_json.loads_object(text)
            texts = {name: kept.pop(name) for name in _TEXTS}
            keys, at = kept.pop("keys"), kept.pop("obtained_at")
        except (MalformedInput, KeyError):
            raise MalformedInput("record_malformed") from None
        shapes = (
            kept == {"format": FORMAT},
            all(isinstance(one, str) and one for one in texts.values()),
            isinstance(keys, list) and keys and all(isinstance(key, dict) for key in keys),
            is_numeric_date(at) and isinstance(at, int),
        )
        if not all(shapes):
            raise MalformedInput("record_malformed")
        return cls(**texts, keys=tuple(keys), obtained_at=from_epoch_seconds(at))


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRecord:
    """What a record proves.

    :ivar signed_at: when the provider signed it.
    :ivar key_thumbprint: of the key (RFC 7638, SHA-256), to be compared with what the provider published.
    :ivar claims: plain claims in it, verified by nobody in particular.
    :ivar verified_claims: the others; where a policy was given, those that it accepts.
    """

    issuer: str
    client_id: str
    sub: str = field(repr=False)
    signed_at: Instant
    key_thumbprint: str
    claims: Mapping[str, Any] = field(repr=False)
    verified_claims: tuple[VerifiedClaims, ...]


def verify_record(
    record: KnowYourCustomerRecord,
    now: Instant,
    *,
    keys: Iterable[Mapping[str, Any]] | None = None,
    policy: VerificationPolicy | None = None,
) -> VerifiedRecord:
    """Verify a record without asking anybody.

    :param now: the present moment; a record from the future is none.
    :param keys: the provider's keys from elsewhere, an archive say; None: those in the record.
    :param policy: what the verification has to be like, at the moment of signing.
    :raises RecordRefused: ``record_algorithm_not_allowed``, ``record_key_unknown``,
        ``record_signature_invalid`` and other reasons of the signature; ``record_issuer_mismatch``,
        ``record_audience_mismatch``, ``record_subject_mismatch``, ``record_not_userinfo``,
        ``record_without_time``, ``record_from_the_future``, ``record_without_verified_claims``,
        ``record_claims_malformed``, ``record_policy_trust_framework`` and others that the policy names.
    """
    claims, jwk = _signed(record, tuple(record.keys if keys is None else keys))
    _check_parties(record, claims)
    signed_at = _signed_at(claims, now)
    try:
        told = personal(claims)
        found = read_verified_claims(told.pop(VERIFIED_CLAIMS, []))
    except ProviderMisbehaved as error:
        missing = VERIFIED_CLAIMS not in claims
        reason = "without_verified_claims" if missing else "claims_malformed"
        raise RecordRefused(f"record_{reason}", detail=error.detail) from None
    found = found if policy is None else _acceptable(found, policy, signed_at)
    return VerifiedRecord(
        issuer=record.issuer,
        client_id=record.client_id,
        sub=record.sub,
        signed_at=signed_at,
        key_thumbprint=_thumbprint(jwk),
        claims=told,
        verified_claims=found,
    )


def _signed(
    record: KnowYourCustomerRecord, keys: tuple[Mapping[str, Any], ...]
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The claims, and the key that signed them."""
    from hkeid.jose.errors import JoseRefused
    from hkeid.jose.jwt import verify_jwt

    refused = JoseRefused("jws_key_unknown")
    for key in keys:
        try:
            read = verify_jwt(record.userinfo, [key], algorithms=ALGORITHMS, typ=_TYPES)
        except JoseRefused as error:
            if error.reason != "jws_key_unknown":
                refused = error
            continue
        return read.claims, key
    reason = refused.reason.removeprefix("jws_").removeprefix("jwt_")
    raise RecordRefused(f"record_{reason}", detail=refused.detail)


def _check_parties(record: KnowYourCustomerRecord, claims: Mapping[str, Any]) -> None:
    """OpenID Connect Core §5.3.2; and an ID token, which the same keys sign, is no UserInfo answer."""
    if claims.get("iss") != record.issuer:
        raise RecordRefused("record_issuer_mismatch")
    audience = claims.get("aud")
    if audience not in (record.client_id, [record.client_id]):
        raise RecordRefused("record_audience_mismatch")
    if claims.get("sub") != record.sub:
        raise RecordRefused("record_subject_mismatch")
    if _OF_ID_TOKENS & set(claims):
        raise RecordRefused("record_not_userinfo")


def _signed_at(claims: Mapping[str, Any], now: Instant) -> Instant:
    at = claims.get("iat")
    if not is_numeric_date(at):
        raise RecordRefused("record_without_time")
    moment = from_epoch_seconds(int(at))
    if moment > now + _LEEWAY:
        raise RecordRefused("record_from_the_future")
    return moment


def _acceptable(
    found: tuple[VerifiedClaims, ...], policy: VerificationPolicy, at: Instant
) -> tuple[VerifiedClaims, ...]:
    """Those that the policy accepts, at least one."""
    objections = [policy.objection(one, at) for one in found]
    good = tuple(one for one, objection in zip(found, objections, strict=True) if not objection)
    if not good:
        raise RecordRefused(f"record_policy_{objections[0]}")
    return good


def _thumbprint(jwk: Mapping[str, Any]) -> str:
    from joserfc.jwk import import_key

    return str(import_key(dict(jwk)).thumbprint())

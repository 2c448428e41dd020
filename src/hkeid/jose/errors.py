"""Why a signed token was turned down."""

from __future__ import annotations

from hkeid.kernel.errors import Refused


class JoseRefused(Refused):
    """A JWS or JWT that is not accepted; one ``reason`` per rule.

    ``jws_too_long``, ``jws_malformed``, ``jws_algorithm_not_allowed``, ``jws_crit_not_supported``,
    ``jws_typ_unexpected``, ``jws_key_unknown``, ``jws_signature_invalid``, ``jwt_not_object``,
    ``jwt_claim_missing``, ``jwt_claim_malformed``, ``jwt_expired``, ``jwt_not_yet_valid``,
    ``jwt_issued_in_future``.
    """

    default_safe_text = "The signed token is not acceptable."

"""Return codes of iAM Smart: what each means, what a front door answers, whether asking again may help.

CorpID uses the same numbers with the prefix ``M``. A code that is not in the table is an unknown failure,
never a success.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from hkeid.oidc.errors import ErrorCode
from hkeid.upstream.errors import UpstreamFailed, UpstreamRefused, UpstreamUnavailable

SUCCESS: Final = "D00000"
_CODE: Final = re.compile(r"[DM]([0-9]{5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCode:
    """One code.

    :ivar name: as iAM Smart writes it, with the prefix ``D``.
    :ivar reason: ours, after ``iam_smart_``.
    :ivar error: the OAuth code that it stands for; :class:`UpstreamRefused` passes it on where a front
        door may say it, and ``server_error`` else.
    :ivar new_key: a fresh content key may mend it: ask once more with one.
    """

    name: str
    reason: str
    error: ErrorCode
    new_key: bool = False


_E = ErrorCode
_ROWS: Final[tuple[tuple[str, str, ErrorCode], ...]] = (
    ("D20000", "unknown_failure", _E.SERVER_ERROR),
    ("D20001", "parameter_missing", _E.INVALID_REQUEST),
    ("D20002", "parameter_empty", _E.INVALID_REQUEST),
    ("D20003", "parameter_invalid", _E.INVALID_REQUEST),
    ("D20004", "request_repeated", _E.INVALID_REQUEST),
    ("D20005", "signature_method_unknown", _E.INVALID_CLIENT),
    ("D20006", "signature_wrong", _E.INVALID_CLIENT),
    ("D20007", "source_not_accepted", _E.INVALID_REQUEST),
    ("D20008", "callback_not_accepted", _E.INVALID_REQUEST),
    ("D20009", "access_token_missing", _E.INVALID_TOKEN),
    ("D20010", "access_token_expired", _E.INVALID_TOKEN),
    ("D20011", "business_id_repeated", _E.INVALID_REQUEST),
    ("D20012", "permission_missing", _E.UNAUTHORIZED_CLIENT),
    ("D20015", "scope_not_granted", _E.INVALID_SCOPE),
    ("D30001", "kek_unusable", _E.SERVER_ERROR),
    ("D30002", "content_key_expired", _E.SERVER_ERROR),
    ("D30003", "encryption_failed", _E.SERVER_ERROR),
    ("D30004", "decryption_failed", _E.SERVER_ERROR),
    ("D40000", "login_cancelled", _E.ACCESS_DENIED),
    ("D40001", "login_rejected", _E.ACCESS_DENIED),
    ("D40002", "login_failed", _E.LOGIN_REQUIRED),
    ("D40003", "login_timed_out", _E.TEMPORARILY_UNAVAILABLE),
    ("D40004", "code_expired", _E.INVALID_GRANT),
    ("D50001", "profile_rejected", _E.ACCESS_DENIED),
    ("D50002", "profile_failed", _E.CONSENT_REQUIRED),
    ("D50003", "profile_timed_out", _E.CONSENT_REQUIRED),
    ("D60000", "form_filling_cancelled", _E.ACCESS_DENIED),
    ("D60001", "form_filling_rejected", _E.ACCESS_DENIED),
    ("D60002", "form_filling_failed", _E.CONSENT_REQUIRED),
    ("D60003", "form_filling_timed_out", _E.CONSENT_REQUIRED),
    ("D70000", "signing_cancelled", _E.ACCESS_DENIED),
    ("D70001", "signing_rejected", _E.ACCESS_DENIED),
    ("D70002", "signing_failed", _E.SERVER_ERROR),
    ("D70003", "signing_timed_out", _E.TEMPORARILY_UNAVAILABLE),
    ("D70004", "signer_not_entitled", _E.UNMET_AUTHENTICATION_REQUIREMENTS),
    ("D70005", "signer_is_another_person", _E.ACCESS_DENIED),
    ("D70006", "acknowledgement_failed", _E.SERVER_ERROR),
    ("D71000", "bulk_signing_cancelled", _E.ACCESS_DENIED),
    ("D71001", "bulk_signing_rejected", _E.ACCESS_DENIED),
    ("D71002", "bulk_signing_failed", _E.SERVER_ERROR),
    ("D71003", "bulk_signing_timed_out", _E.TEMPORARILY_UNAVAILABLE),
    ("D71004", "bulk_signer_not_entitled", _E.UNMET_AUTHENTICATION_REQUIREMENTS),
    ("D71005", "bulk_signer_is_another_person", _E.ACCESS_DENIED),
    ("D71006", "bulk_acknowledgement_failed", _E.SERVER_ERROR),
    ("D71007", "bulk_signing_not_pending", _E.INVALID_REQUEST),
    ("D71008", "bulk_signing_token_missing", _E.INVALID_REQUEST),
    ("D71009", "bulk_signing_inconsistent", _E.INVALID_REQUEST),
    ("D80001", "reauthentication_rejected", _E.ACCESS_DENIED),
    ("D80002", "reauthentication_failed", _E.LOGIN_REQUIRED),
    ("D80003", "reauthentication_timed_out", _E.TEMPORARILY_UNAVAILABLE),
)
CODES: Final[Mapping[str, ReturnCode]] = MappingProxyType(
    {
        code: ReturnCode(name=code, reason=reason, error=error, new_key=code.startswith("D3000"))
        for code, reason, error in _ROWS
    }
)
"""All failures that are known, by code."""

_UNKNOWN: Final = ReturnCode(name="unknown", reason="unknown_failure", error=_E.SERVER_ERROR)


def canonical(code: object) -> str:
    """The code with the prefix ``D``; ``unknown`` for what looks like none."""
    found = _CODE.fullmatch(code) if isinstance(code, str) else None
    return "unknown" if found is None else f"D{found[1]}"


def failure(code: object) -> UpstreamFailed:
    """The error that a code stands for."""
    known = canonical(code)
    row = CODES.get(known, _UNKNOWN)
    reason = f"iam_smart_{row.reason}"
    if row.error is ErrorCode.TEMPORARILY_UNAVAILABLE:
        return UpstreamUnavailable(reason, detail=known)
    return UpstreamRefused(reason, code=row.error, upstream_code=known, detail=known)


def wants_new_key(code: object) -> bool:
    """Whether a fresh content key may mend the failure (D30001 to D30004)."""
    row = CODES.get(canonical(code))
    return row is not None and row.new_key

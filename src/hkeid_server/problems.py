"""From an error to what is answered: to a person a kind of problem page, to a program a code; and an HTTP status."""

from __future__ import annotations

from hkeid.kernel.errors import (
    AlreadyUsed,
    Expired,
    HkeidError,
    MalformedInput,
    NotFound,
    Refused,
    TooManyAttempts,
    Unavailable,
)
from hkeid_server.intake import BodySlow

KINDS = (
    "not-found",
    "service",
    "interaction",
    "form",
    "attempts",
    "no-eid",
    "not-allowed",
    "too-large",
    "too-slow",
    "unavailable",
    "internal",
)


_STATE_OF_THINGS = {
    "interaction_unknown": "interaction",
    "interaction_other_browser": "interaction",
    "interaction_other_session": "interaction",
    "session_ended": "interaction",
    "account_without_eid": "no-eid",
}
"""Reasons that have a kind of their own: the request is good, and comes too late or to the wrong person."""


def problem_of(error: HkeidError) -> tuple[str, int]:
    """The kind of page and the status for an error that reached a view."""
    if error.reason in _STATE_OF_THINGS:
        return _STATE_OF_THINGS[error.reason], 409
    match error:
        case TooManyAttempts():
            return "attempts", 429
        case BodySlow():
            return "too-slow", 408
        case MalformedInput(reason="body_too_large"):
            return "too-large", 413
        case Unavailable():
            return "unavailable", 503
        case AlreadyUsed() | Expired():
            return "interaction", 409
        case NotFound():
            return "not-found", 404
        case Refused():
            return "not-allowed", 409
        case MalformedInput():
            return "form", 400
        case _:
            return "internal", 500


def field_status(error: HkeidError) -> int:
    """The status of a form's page that comes again with what is wrong with a field."""
    if isinstance(error, Unavailable):
        return 503
    return 429 if isinstance(error, TooManyAttempts) else 422


def program_problem(error: HkeidError) -> tuple[int, str]:
    """The status and the code (RFC 6749 §5.2, §4.1.2.1) for an error that no door has answered itself."""
    match error:
        case BodySlow():
            return 408, "invalid_request"
        case MalformedInput(reason="body_too_large"):
            return 413, "invalid_request"
        case MalformedInput():
            return 400, "invalid_request"
        case Unavailable():
            return 503, "temporarily_unavailable"
        case _:
            return 500, "server_error"


def ceremony_problem(reason: str) -> str:
    """The word for a refused ceremony by which ``components/passkey.html`` explains it."""
    return _CEREMONY_PROBLEMS.get(reason, "refused")


_CEREMONY_PROBLEMS = {
    "ceremony_expired": "expired",
    "ceremony_used": "expired",
    "ceremony_unknown": "expired",
    "ceremony_other_browser": "expired",
    "ceremony_other_kind": "expired",
    "uv_missing": "unverified",
    "assurance_too_low": "unverified",
    "credential_unknown": "unknown",
    "credential_revoked": "unknown",
    "credential_suspended": "device-suspended",
    "counter_regressed": "device-suspended",
    "resident_mismatch": "another-person",
    "credential_not_allowed": "another-person",
    "user_handle_mismatch": "another-person",
    "synced_not_allowed": "stronger",
    "attestation_required": "stronger",
    "credential_registered": "taken",
    "eid_not_active": "suspended",
    "eid_suspended": "suspended",
    "eid_revoked": "suspended",
    "login_attempts_exhausted": "attempts",
    "too_many_devices": "too-many",
    "page_outdated": "expired",
    "activation_other_request": "expired",
    "passkey_synced": "stronger",
    "eid_not_upgraded": "suspended",
    "key_not_usable": "refused",
}

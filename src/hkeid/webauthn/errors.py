"""What this room raises: two kinds, each with one stable reason per rule.

The safe text is the same for every reason, so that a prober learns nothing from it; the reason goes
to tests, metrics and the audit trail.
"""

from __future__ import annotations

from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import AlreadyUsed, Expired, MalformedInput, NotFound, Refused

_SAFE_TEXT = "The passkey could not be accepted. Please try again."


class MalformedResponse(MalformedInput):
    """A response that does not parse. ``field`` names the member at fault by its path."""

    default_safe_text = _SAFE_TEXT


class CeremonyRefused(Refused):
    """A rule of WebAuthn Level 3 §7, or of policy, turned a ceremony down."""

    default_safe_text = _SAFE_TEXT


class CeremonyUnknown(CeremonyRefused, NotFound):
    """There is no such ceremony (reason ``ceremony_unknown``)."""


class CeremonyExpired(CeremonyRefused, Expired):
    """The ceremony took too long (reason ``ceremony_expired``)."""

    default_safe_text = Expired.default_safe_text


class CeremonyAlreadyUsed(CeremonyRefused, AlreadyUsed):
    """The ceremony was answered before (reason ``ceremony_used``)."""

    default_safe_text = AlreadyUsed.default_safe_text


def parse_json_object(text: str | bytes, *, field: str) -> dict[str, Any]:
    """Strict JSON object: duplicate members, NaN and trailing text are refused.

    :raises MalformedResponse: ``json_malformed`` or ``json_not_object``.
    """
    try:
        return canonical_json.loads_object(text, field=field)
    except MalformedInput as error:
        raise MalformedResponse(error.reason, field=field, detail=error.detail) from None

"""Why an officer looks at somebody's data: a closed list, and a short note kept sealed."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

from hkeid.kernel.errors import MalformedInput

MOST_NOTE = 200


class AccessReason(StrEnum):
    """Reasons that there are; the person concerned reads them in words."""

    REVIEW_OF_REGISTRATION = "review_of_registration"
    REVIEW_OF_UPGRADE = "review_of_upgrade"
    QUALITY_CHECK = "quality_check"
    RESIDENT_AT_COUNTER = "resident_at_counter"
    RESIDENT_CALLED = "resident_called"
    LOST_OR_STOLEN = "lost_or_stolen"
    SUSPECTED_MISUSE = "suspected_misuse"
    DATA_SUBJECT_REQUEST = "data_subject_request"
    COMPLAINT = "complaint"
    LEGAL_OBLIGATION = "legal_obligation"


def parse_reason(text: str) -> AccessReason | None:
    """The reason that a form named; None when it named none.

    :raises hkeid.kernel.errors.MalformedInput: ``access_reason_unknown``.
    """
    if not text:
        return None
    try:
        return AccessReason(text)
    except ValueError:
        raise MalformedInput("access_reason_unknown", field="reason") from None


def parse_note(text: str) -> str:
    """A note as it is kept: one line, at most 200 characters.

    :raises hkeid.kernel.errors.MalformedInput: ``access_note_malformed``.
    """
    line = " ".join(text.split())
    if len(line) > MOST_NOTE or any(unicodedata.category(sign)[0] == "C" for sign in line):
        raise MalformedInput("access_note_malformed", field="note")
    return line

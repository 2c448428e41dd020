"""Officers: roles, passkey login with step-up, and accesses to residents' records (S13).

No officer sees anybody's data without a permission, a fresh passkey and a reason; each access is
audited, and the person concerned sees it::

    view = officers.login.current(reference, browser=browser)
    with officers.acting(view, Permission.RECORD_OPEN, reason=reason, resident_id=who) as admission:
        ... admission.tx ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hkeid.kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from hkeid.officers.access import Admission, Request, SeenAccess
    from hkeid.officers.desk import OPENING_LASTS, Officers, TracedAccess
    from hkeid.officers.errors import (
        AccessDenied,
        EnrolmentCodeRefused,
        OfficerLoginRefused,
        OfficerStepUpRequired,
        OfficerUnknown,
    )
    from hkeid.officers.reasons import AccessReason, parse_note, parse_reason
    from hkeid.officers.records import (
        Officer,
        OfficerSession,
        OfficerStatus,
        OfficersTransaction,
        RecordAccess,
    )
    from hkeid.officers.roles import (
        GRANTS,
        RULES,
        Permission,
        Role,
        Rule,
        matrix,
        permissions_of,
    )
    from hkeid.officers.sessions import OfficerLoggedInSession, OfficerView
    from hkeid.officers.settings import OfficerSettings
    from hkeid.officers.staff import OfficerEntry
    from hkeid.officers.trail import TrailAnswer, TrailLine, TrailTransaction, search_trail
    from hkeid.officers.words import PERMISSION_WORDS, REASON_WORDS, ROLE_WORDS, Words

__getattr__ = names_on_demand(
    __name__,
    {
        "access": ("Admission", "Request", "SeenAccess"),
        "desk": ("OPENING_LASTS", "Officers", "TracedAccess"),
        "errors": (
            "AccessDenied",
            "EnrolmentCodeRefused",
            "OfficerLoginRefused",
            "OfficerStepUpRequired",
            "OfficerUnknown",
        ),
        "reasons": ("AccessReason", "parse_note", "parse_reason"),
        "records": (
            "Officer",
            "OfficerSession",
            "OfficerStatus",
            "OfficersTransaction",
            "RecordAccess",
        ),
        "roles": ("GRANTS", "RULES", "Permission", "Role", "Rule", "matrix", "permissions_of"),
        "sessions": ("OfficerLoggedInSession", "OfficerView"),
        "settings": ("OfficerSettings",),
        "staff": ("OfficerEntry",),
        "trail": ("TrailAnswer", "TrailLine", "TrailTransaction", "search_trail"),
        "words": ("PERMISSION_WORDS", "REASON_WORDS", "ROLE_WORDS", "Words"),
    },
)

__all__ = [
    "GRANTS",
    "OPENING_LASTS",
    "PERMISSION_WORDS",
    "REASON_WORDS",
    "ROLE_WORDS",
    "RULES",
    "AccessDenied",
    "AccessReason",
    "Admission",
    "EnrolmentCodeRefused",
    "Officer",
    "OfficerEntry",
    "OfficerLoggedInSession",
    "OfficerLoginRefused",
    "OfficerSession",
    "OfficerSettings",
    "OfficerStatus",
    "OfficerStepUpRequired",
    "OfficerUnknown",
    "OfficerView",
    "Officers",
    "OfficersTransaction",
    "Permission",
    "RecordAccess",
    "Request",
    "Role",
    "Rule",
    "SeenAccess",
    "TracedAccess",
    "TrailAnswer",
    "TrailLine",
    "TrailTransaction",
    "Words",
    "matrix",
    "parse_note",
    "parse_reason",
    "permissions_of",
    "search_trail",
]

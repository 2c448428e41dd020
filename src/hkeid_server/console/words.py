"""Words of the console that the core keeps in three languages, and spans of time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from hkeid.officers import (
    PERMISSION_WORDS,
    REASON_WORDS,
    ROLE_WORDS,
    RULES,
    AccessReason,
    Permission,
    SeenAccess,
)
from hkeid_server.console.models import REASONS_IN_ORDER, AccessRow, Choice
from hkeid_server.shell import language, translate

_DAY, _HOUR, _MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def reasons_for(
    permission: Permission, among: Collection[AccessReason] = REASONS_IN_ORDER
) -> tuple[Choice, ...]:
    """The reasons that may be given for a permission, in words."""
    tag = language().content
    allowed = RULES[permission].reasons
    return tuple(
        Choice(value=reason.value, words=REASON_WORDS[reason][tag])
        for reason in REASONS_IN_ORDER
        if reason in allowed and reason in among
    )


def reason_words(reason: str) -> str:
    """A reason in words."""
    tag = language().content
    return next((REASON_WORDS[one][tag] for one in REASON_WORDS if one.value == reason), reason)


def access_rows(accesses: Iterable[SeenAccess]) -> tuple[AccessRow, ...]:
    """Accesses in words, as the resident reads them."""
    tag = language().content
    return tuple(
        AccessRow(
            at=one.at,
            role=ROLE_WORDS[one.role][tag],
            what=PERMISSION_WORDS[one.what][tag] if one.what in PERMISSION_WORDS else one.what,
            why=REASON_WORDS[one.why][tag],
        )
        for one in accesses
    )


def span(length: timedelta | None) -> str:
    """A span of time in one coarse unit; a dash where there is none."""
    if length is None:
        return "–"
    if length >= 2 * _DAY:
        return translate("%(number)s days", number=length // _DAY)
    if length >= 2 * _HOUR:
        return translate("%(number)s hours", number=length // _HOUR)
    minutes = max(length, timedelta()) // _MINUTE
    if minutes == 1:
        return translate("1 minute")
    return translate("%(number)s minutes", number=minutes)

"""Interactions of this door: :mod:`hkeid.doors.interactions`, under a kind of record of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from hkeid.doors import interactions
from hkeid.doors.interactions import (
    Approved,
    ConsentGiven,
    Declined,
    Interaction,
    InteractionKind,
    LoggedIn,
    LogoutConfirmed,
    LogoutDeclined,
    Outcome,
)
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import SingleUse, SingleUseRecord

__all__ = [
    "RECORD_KIND",
    "Approved",
    "ConsentGiven",
    "Declined",
    "Interaction",
    "InteractionKind",
    "LoggedIn",
    "LogoutConfirmed",
    "LogoutDeclined",
    "Outcome",
    "new_record",
    "read_record",
    "use_up",
]

RECORD_KIND = "op_interaction"


def new_record(
    interaction_id: str,
    browser: str,
    payload: Mapping[str, Any],
    now: Instant,
    lifetime: timedelta,
    *,
    private: Mapping[str, Any] | None = None,
    nonce: bytes = b"",
) -> SingleUseRecord:
    """See :func:`hkeid.doors.interactions.new_record`."""
    return interactions.new_record(
        RECORD_KIND, interaction_id, browser, payload, now, lifetime, private=private, nonce=nonce
    )


def read_record(
    single_use: SingleUse, interaction_id: str, browser: str | None, now: Instant
) -> tuple[SingleUseRecord, dict[str, Any]]:
    """See :func:`hkeid.doors.interactions.read_record`."""
    return interactions.read_record(RECORD_KIND, single_use, interaction_id, browser, now)


def use_up(single_use: SingleUse, digest: bytes, now: Instant) -> None:
    """See :func:`hkeid.doors.interactions.use_up`."""
    interactions.use_up(RECORD_KIND, single_use, digest, now)

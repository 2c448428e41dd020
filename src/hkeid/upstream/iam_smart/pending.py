"""Calls that wait for the person's answer in the app: one record each, used up by the first good callback."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import secret_digest
from hkeid.ports.storage import Lost, SingleUse, SingleUseRecord, Vanished, Won
from hkeid.upstream.errors import AnswerUnexpected
from hkeid.upstream.iam_smart.callbacks import Callback

RECORD_KIND: Final = "iam_smart_call"
LIFETIME: Final = timedelta(minutes=18)
"""No callback by then: the call has failed."""


class CallKind(StrEnum):
    """What was asked."""

    REAUTHENTICATION = "reauthentication"
    FORM_FILLING = "form-filling"
    SIGNING = "signing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A call that has begun.

    :ivar business_id: names the call, at iAM Smart and here; unpredictable, but not for a browser.
    :ivar by_push: the person finds it in the app on another device; else :attr:`ticket` opens the app here.
    :ivar record: put it into the store (``tx.single_use.put``) before the person can answer, that is
        before anything else is done.
    """

    business_id: str = field(repr=False)
    by_push: bool
    ticket: str | None = field(default=None, repr=False)
    record: SingleUseRecord = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A callback that ended its call.

    :ivar asked: what was kept when the call began.
    """

    kind: CallKind
    callback: Callback
    asked: Mapping[str, Any]


def record_of(
    kind: CallKind, business_id: str, state: str, asked: Mapping[str, Any], now: Instant
) -> SingleUseRecord:
    """The record of a call. It holds no personal data; of the state only the digest."""
    payload = {"kind": kind.value, "state": secret_digest(state).hex(), "asked": dict(asked)}
    return SingleUseRecord(
        kind=RECORD_KIND,
        digest=secret_digest(business_id),
        payload=canonical_json.dumps(payload),
        created_at=now,
        expires_at=now + LIFETIME,
    )


def settle(
    single_use: SingleUse, callback: Callback, now: Instant, *, result: bytes | None = None
) -> Settled | None:
    """Use the call up that a callback names. Run it in the transaction that keeps what came.

    :param result: left in the record for the page that waits; never personal data in the clear.
    :returns: None: the callback came before (answer it as the first time, do nothing).
    :raises AnswerUnexpected: ``callback_unknown``: no such call, or its time is over;
        ``callback_state_mismatch``: the record stays usable.
    """
    digest = secret_digest(callback.business_id)
    record = single_use.look(RECORD_KIND, digest)
    if record is None:
        raise AnswerUnexpected("callback_unknown")
    payload = canonical_json.loads_object(record.payload)
    # The state first: whoever knows an id alone must not end a call.
    given = secret_digest(callback.state or "").hex()
    if not hmac.compare_digest(given, payload["state"]):
        raise AnswerUnexpected("callback_state_mismatch")
    match single_use.use_up(RECORD_KIND, digest, now, result=result):
        case Won():
            kind = CallKind(payload["kind"])
            return Settled(kind=kind, callback=callback, asked=payload["asked"])
        case Lost():
            return None
        case Vanished():
            raise AnswerUnexpected("callback_unknown")

"""Browsers on their way to an upstream: one record each, used up by the first answer (law 1).

The record is found by the digest of its state, belongs to one browser, and what stands in it is sealed
under the state: who reads the store learns nothing, and any node can finish what another began.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from hkeid.broker.records import BrokerTransaction
from hkeid.doors import interactions
from hkeid.kernel import base64url
from hkeid.kernel.errors import Refused
from hkeid.kernel.http import Request
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import SingleUseRecord
from hkeid.upstream.errors import AnswerUnexpected

RECORD_KIND: Final = "broker_departure"
LIFETIME: Final = timedelta(minutes=20)
"""How long a person may take at an upstream. iAM Smart gives people 18 minutes: whoever comes back within an
upstream's own time is not turned away by ours. An upstream that gives less says so itself when it finishes.
"""

_STATES = ("state", "RelayState")
_LONGEST_STATE = 64


class DepartureKind(StrEnum):
    """What the browser went for."""

    LOGIN = "login"
    LINK = "link"
    LOGOUT = "logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """What was kept of a departure.

    :ivar kept: what the provider needs to finish.
    :ivar back_to: where in our own pages the person was, for the server; opaque here.
    :ivar audience: LOGIN: the name of who asked, as in :class:`hkeid.identity.authentication.AuthenticationRequest`.
    :ivar resident_id: LINK: who links.
    :ivar session_id: LINK: in which session it was begun.
    """

    kind: DepartureKind
    provider: str
    kept: bytes = field(repr=False)
    back_to: str
    client_id: str | None = None
    audience: str | None = None
    resident_id: str | None = None
    session_id: str | None = None


def record_of(
    departed: Departed, state: str, *, browser: str, nonce: bytes, now: Instant
) -> SingleUseRecord:
    """The record to put away.

    :param nonce: 12 random bytes.
    """
    private: dict[str, Any] = {
        "kind": departed.kind.value,
        "provider": departed.provider,
        "kept": base64url.encode(departed.kept),
        "back_to": departed.back_to,
        "client_id": departed.client_id,
        "audience": departed.audience,
        "resident_id": departed.resident_id,
        "session_id": departed.session_id,
    }
    return interactions.new_record(
        RECORD_KIND, state, browser, {}, now, LIFETIME, private=private, nonce=nonce
    )


def state_of(request: Request) -> str:
    """The state that came back: OAuth's ``state`` or SAML's ``RelayState``, once.

    :raises hkeid.upstream.errors.AnswerUnexpected: ``state_missing``, ``state_repeated``.
    """
    found = [
        value
        for name in _STATES
        for value in (*request.query.all(name), *request.form.all(name))
        if value
    ]
    if not found or len(found[0]) > _LONGEST_STATE:
        raise AnswerUnexpected("state_missing")
    if len(found) > 1:
        raise AnswerUnexpected("state_repeated")
    return found[0]


VISITS: Final = frozenset({DepartureKind.LOGIN, DepartureKind.LINK})
"""Departures that bring somebody back who was proved."""


def use_up(
    tx: BrokerTransaction,
    state: str,
    *,
    kinds: Collection[DepartureKind],
    provider: str,
    browser: str | None,
    now: Instant,
) -> Departed:
    """Take the record of a departure, for once.

    A record of another browser, of another upstream, or of another kind than is answered here, is left
    alone: whoever has a state that is not theirs can neither use it nor use it up.

    :raises hkeid.upstream.errors.AnswerUnexpected: ``state_unknown``, ``state_of_another_browser``,
        ``state_of_another_upstream`` (mix-up, RFC 9700 §4.4), ``state_of_another_kind``, ``state_used``,
        ``state_expired``.
    """
    with _as_unexpected():
        record, payload = interactions.read_record(RECORD_KIND, tx.single_use, state, browser, now)
        members = payload["private"]
        if members.get("provider") != provider:
            raise AnswerUnexpected("state_of_another_upstream")
        kind = DepartureKind(members["kind"])
        if kind not in kinds:
            raise AnswerUnexpected("state_of_another_kind")
        interactions.use_up(RECORD_KIND, tx.single_use, record.digest, now)
    return Departed(
        kind=kind,
        provider=members["provider"],
        kept=base64url.decode(members["kept"]),
        back_to=members["back_to"],
        client_id=members["client_id"],
        audience=members["audience"],
        resident_id=members["resident_id"],
        session_id=members["session_id"],
    )


_REASONS: Final = {
    "interaction_unknown": "state_unknown",
    "interaction_other_browser": "state_of_another_browser",
    "interaction_used": "state_used",
    "interaction_expired": "state_expired",
}


@contextmanager
def _as_unexpected() -> Iterator[None]:
    """What is wrong with a record, in the words of the upstream contract."""
    try:
        yield
    except AnswerUnexpected:
        raise
    except Refused as error:
        raise AnswerUnexpected(_REASONS[error.reason]) from error

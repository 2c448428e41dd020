"""Services that are to be told of the end of a session, and who tells each of them: once, by one way.

Where a session ends, a notice is written for every service that took part in it
(:func:`write_participation_notices`), and the participation stays until it was told. A request that goes on to
tell services itself takes its share out (:func:`take_over`); what nobody takes out is delivered by SOAP beside all
requests, as logouts of OpenID Connect are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from typing import Final, Protocol

from hkeid.doors.logout.records import LogoutNotice, LogoutNoticeRepository
from hkeid.kernel.instants import Instant
from hkeid.saml.idp.records import Participation, ParticipationRepository

KEPT_FOR_THE_REQUEST: Final = timedelta(minutes=1)
"""How long notices wait for the request that ends a session, where it tells services itself. If it dies before
that, they are delivered all the same."""
_DOOR = "saml "
_MOST_NAMES = 8


class OutboxTransaction(Protocol):
    """What the outbox needs of a transaction."""

    @property
    def participations(self) -> ParticipationRepository: ...
    @property
    def logout_notices(self) -> LogoutNoticeRepository: ...


def recipient(entity_id: str) -> str:
    """A service as :attr:`hkeid.doors.logout.records.LogoutNotice.client_id` names it."""
    return _DOOR + entity_id


def entity_of(client_id: str) -> str | None:
    """The entity ID in :attr:`hkeid.doors.logout.records.LogoutNotice.client_id`; None: no service of ours."""
    return client_id.removeprefix(_DOOR) if client_id.startswith(_DOOR) else None


def write_participation_notices(
    tx: OutboxTransaction, session_id: str, now: Instant, *, due: Instant
) -> None:
    """Write a notice for every service that took part in a session (saml-core §3.7.3.2), in the transaction that
    ends it.

    :param due: from when on it may be delivered by SOAP: later than now where a request tells services itself.
    """
    for entity_id in _by_service(tx.participations.of_session(session_id)):
        tx.logout_notices.add(_notice(session_id, entity_id, now, due=due))


class Way(Enum):
    """How a service is told."""

    SOAP = "soap"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A service that is to be told by SOAP, with the names by which it knows the session, the newest first."""

    notice: LogoutNotice
    entity_id: str
    names: tuple[Participation, ...]


@dataclass(slots=True, kw_only=True)
class Shares:
    """Who tells whom.

    :ivar by_soap: services that this request may tell; their notices are there until they were.
    :ivar by_browser: services that nobody else tells any more.
    :ivar elsewhere: entity IDs of services that are somebody else's: told, tried again, or given up.
    """

    by_soap: list[Errand] = field(default_factory=list)
    by_browser: list[Participation] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def take_over(
    tx: OutboxTransaction,
    sessions: Iterable[str],
    now: Instant,
    *,
    ways: Mapping[str, Way],
    initiator: str | None = None,
) -> Shares:
    """Take out what a request tells itself, so that the delivery beside it does not.

    :param ways: by entity ID; a service that is not there stays the delivery's.
    :param initiator: the service that wanted the logout, which need not be told.
    """
    shares = Shares()
    for session_id in sessions:
        waiting = {one.client_id: one for one in tx.logout_notices.of_session(session_id)}
        for entity_id, names in _by_service(tx.participations.of_session(session_id)).items():
            notice = waiting.get(recipient(entity_id))
            if notice is not None and notice.attempts:
                if entity_id != initiator:
                    shares.elsewhere.append(entity_id)
            elif entity_id == initiator:
                _drop(tx, notice, session_id, entity_id)
            elif ways.get(entity_id) is Way.SOAP:
                lent = _lend(tx, notice, session_id, entity_id, now)
                if lent is None:
                    shares.elsewhere.append(entity_id)
                else:
                    errand = Errand(notice=lent, entity_id=entity_id, names=tuple(names))
                    shares.by_soap.append(errand)
            elif ways.get(entity_id) is Way.BROWSER and _drop(tx, notice, session_id, entity_id):
                shares.by_browser += names
            else:
                shares.elsewhere.append(entity_id)
    return shares


def conclude(tx: OutboxTransaction, errand: Errand) -> bool:
    """A service was told: forget it. False: somebody else has taken it up meanwhile."""
    if not tx.logout_notices.remove(errand.notice):
        return False
    tx.participations.remove(errand.notice.session_id, errand.entity_id)
    return True


def leave_to_delivery(tx: OutboxTransaction, errand: Errand, now: Instant, *, tried: bool) -> None:
    """A service was not told: it is delivered from now on.

    :param tried: the attempt counts.
    """
    back = replace(errand.notice, attempts=int(tried), next_at=now)
    tx.logout_notices.take(errand.notice, back)


def _lend(
    tx: OutboxTransaction,
    notice: LogoutNotice | None,
    session_id: str,
    entity_id: str,
    now: Instant,
) -> LogoutNotice | None:
    """Into the request's hands for a while, and by itself out of them if the request dies; None: too late."""
    until = now + KEPT_FOR_THE_REQUEST
    if notice is None:
        # The session ended before notices were written for SAML, or its hub writes none.
        lent = replace(_notice(session_id, entity_id, now, due=until), attempts=1)
        tx.logout_notices.add(lent)
        return lent
    lent = replace(notice, attempts=1, next_at=until)
    return lent if tx.logout_notices.take(notice, lent) else None


def _drop(
    tx: OutboxTransaction, notice: LogoutNotice | None, session_id: str, entity_id: str
) -> bool:
    """Out of the delivery's hands for good; False: too late."""
    if notice is not None and not tx.logout_notices.remove(notice):
        return False
    return tx.participations.remove(session_id, entity_id) > 0


def newest_names(there: Iterable[Participation]) -> list[Participation]:
    """By which a service is told of one session: a transient name for each login there can be hundreds, of which the
    service has forgotten all but the last ones, and which would not be told in any time.
    """
    return sorted(there, key=lambda one: one.created_at, reverse=True)[:_MOST_NAMES]


def _by_service(there: Iterable[Participation]) -> dict[str, list[Participation]]:
    found: dict[str, list[Participation]] = {}
    for one in there:
        found.setdefault(one.entity_id, []).append(one)
    return {entity_id: newest_names(names) for entity_id, names in found.items()}


def _notice(session_id: str, entity_id: str, now: Instant, *, due: Instant) -> LogoutNotice:
    return LogoutNotice(
        session_id=session_id,
        client_id=recipient(entity_id),
        subject="",
        ended_at=now,
        next_at=due,
    )

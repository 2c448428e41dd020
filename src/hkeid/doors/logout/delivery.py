"""Telling relying parties that a session ended (OpenID Connect Back-Channel Logout §2.5, SAML single logout by
SOAP): any process, any time, several at once.

A notice is taken up by moving its ``next_at`` on in one conditional statement; who dies over it leaves it
to the next after that time. So it is delivered at least once, and told twice does no harm: a client that
has no such session any more answers as if it had ended it (§2.7), or says so.

Each client has a lane of its own. One that gives no answer is left alone for a while with all that it is to be
told, so that it costs one time-out now and then, however many notices it has, and nobody else waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from hkeid.audit.events import AuditTrail
from hkeid.doors.logout.events import LogoutDelivered, LogoutUndelivered
from hkeid.doors.logout.records import LogoutNotice, LogoutNoticeRepository
from hkeid.doors.logout.telling import NotTold, Teller
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.instants import Instant
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock


class DeliveryTransaction(Protocol):
    """What delivering needs of a transaction."""

    @property
    def logout_notices(self) -> LogoutNoticeRepository: ...
    @property
    def audit(self) -> AuditTrail: ...


class DeliveryStore(Store[DeliveryTransaction], Protocol):
    """A store that can be looked at without keeping anybody from writing."""

    def reading(self) -> AbstractContextManager[DeliveryTransaction]:
        """A transaction that writes nothing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """How logouts are told.

    :ivar pauses: between the attempts; after the last one we give up.
    :ivar lifetime: after so long we give up, however few attempts there were: by then the client's own
        session should be over.
    :ivar silence: how long a client that gave no answer is left alone.
    :ivar taken_for: how long a notice belongs to whoever took it up.
    """

    pauses: tuple[timedelta, ...] = (
        timedelta(seconds=15),
        timedelta(minutes=1),
        timedelta(minutes=10),
        timedelta(hours=1),
        timedelta(hours=6),
    )
    lifetime: timedelta = timedelta(hours=24)
    silence: timedelta = timedelta(seconds=15)
    taken_for: timedelta = timedelta(minutes=1)


FailureReport = Callable[[str, str], None]
"""Takes note of an attempt that failed: the client's id, and the reason."""


class LogoutDelivery:
    """Delivers logout notices, one client's after the other's.

    Safe to share between threads, each with another client: :meth:`waiting` names those who have something
    coming, :meth:`deliver` serves one of them.

    :param tellers: of all front doors; the first that serves a relying party tells it.
    :param failed: is told of every attempt that failed.
    """

    def __init__(
        self,
        store: DeliveryStore,
        tellers: Iterable[Teller],
        clock: Clock,
        settings: DeliverySettings | None = None,
        failed: FailureReport = lambda _client_id, _reason: None,
    ) -> None:
        self._store = store
        self._tellers = tuple(tellers)
        self._clock = clock
        self._settings = settings or DeliverySettings()
        self._failed = failed
        self._silent: dict[str, Instant] = {}

    def waiting(self) -> tuple[str, ...]:
        """Clients that are to be told something now, who has waited longest first."""
        with self._store.reading() as tx:
            return tx.logout_notices.clients_due(self._clock.now())

    def deliver(self, client_id: str, *, limit: int = 200) -> int:
        """Tell a client what it is to be told now, at most ``limit`` notices; returns how many it took."""
        now = self._clock.now()
        silent = self._silent.get(client_id)
        if silent is not None and now < silent:
            self._leave_alone(client_id, now, silent)
            return 0
        with self._store.reading() as tx:
            notices = tx.logout_notices.due(client_id, now, limit=limit)
        teller = next((one for one in self._tellers if one.serves(client_id)), None)
        told = 0
        for notice in notices:
            taken = self._take(notice)
            if taken is None:
                continue
            if now - notice.ended_at >= self._settings.lifetime:
                self._give_up(teller, taken, "too_late")
                continue
            try:
                self._attempt(teller, taken)
            except NotTold as failure:
                if self._postponed(teller, taken, failure):
                    break
            else:
                told += 1
                self._silent.pop(client_id, None)
        return told

    # --- details ---------------------------------------------------------------------------------

    def _take(self, notice: LogoutNotice) -> LogoutNotice | None:
        """The notice as ours for a while, or None: somebody else was first."""
        until = self._clock.now() + self._settings.taken_for
        ours = replace(notice, attempts=notice.attempts + 1, next_at=until)
        with self._store.transaction() as tx:
            return ours if tx.logout_notices.take(notice, ours) else None

    def _attempt(self, teller: Teller | None, notice: LogoutNotice) -> None:
        """One attempt (§2.5), and that it was taken into the trail.

        :raises NotTold: the client did not take it; the notice is still there.
        """
        if teller is None:
            # Its door is closed: nobody here knows how to tell it.
            raise NotTold("client_not_registered", final=True)
        try:
            self._told(teller, notice)
        except NotTold as failure:
            if not failure.final:
                self._failed(notice.client_id, failure.reason)
            raise
        how = LogoutDelivered(
            client_id=notice.client_id, session_id=notice.session_id, attempts=notice.attempts
        )
        self._conclude(teller, notice, how)

    def _told(self, teller: Teller, notice: LogoutNotice) -> None:
        try:
            teller.tell(notice)
        except NotTold:
            raise
        except HkeidError as error:
            raise NotTold(error.reason) from None
        except Exception as error:  # noqa: BLE001 - one client never keeps others from being told
            raise NotTold(type(error).__name__) from None

    def _postponed(self, teller: Teller | None, notice: LogoutNotice, failure: NotTold) -> bool:
        """Put the notice off, or give it up; whether the client is to be left alone for now."""
        settings, now = self._settings, self._clock.now()
        if failure.final or notice.attempts > len(settings.pauses):
            self._give_up(teller, notice, failure.reason)
        else:
            later = replace(notice, next_at=now + settings.pauses[notice.attempts - 1])
            with self._store.transaction() as tx:
                tx.logout_notices.take(notice, later)
        if failure.silent:
            until = now + settings.silence
            self._silent[notice.client_id] = until
            self._leave_alone(notice.client_id, now, until)
        return failure.silent

    def _leave_alone(self, client_id: str, now: Instant, until: Instant) -> None:
        with self._store.transaction() as tx:
            tx.logout_notices.postpone(client_id, now, until)

    def _give_up(self, teller: Teller | None, notice: LogoutNotice, reason: str) -> None:
        how = LogoutUndelivered(
            client_id=notice.client_id,
            session_id=notice.session_id,
            attempts=notice.attempts,
            reason=reason,
        )
        self._conclude(teller, notice, how)

    def _conclude(
        self, teller: Teller | None, notice: LogoutNotice, how: LogoutDelivered | LogoutUndelivered
    ) -> None:
        """Remove the notice, once, with what hangs on it, and record how it ended."""
        with self._store.transaction() as tx:
            if not tx.logout_notices.remove(notice):
                return
            if teller is not None:
                teller.forget(tx, notice)
            tx.audit.append(how)

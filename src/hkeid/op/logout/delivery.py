"""Telling relying parties that a session ended (OpenID Connect Back-Channel Logout §2.5): any process, any
time, several at once.

A notice is taken up by moving its ``next_at`` on in one conditional statement; who dies over it leaves it
to the next after that time. So it is delivered at least once, and told twice does no harm: a client that
has no such session any more answers as if it had ended it (§2.7).

Each client has a lane of its own. One that gives no answer is left alone for a while with all that it is to be
told, so that it costs one time-out now and then, however many notices it has, and nobody else waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlencode

from hkeid.audit.events import AuditTrail
from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.op.events import LogoutDelivered, LogoutUndelivered
from hkeid.op.logout.records import LogoutNotice, LogoutNoticeRepository
from hkeid.op.logout.tokens import logout_token
from hkeid.op.records import Client, ClientRepository
from hkeid.ports.keys import KeyStore
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, HttpClient, Random

_TAKEN = frozenset({200, 204})
"""§2.8: 200; "some Web frameworks will substitute an HTTP 204 No Content response"."""
_ANSWER_LIMIT = 65_536
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class DeliveryTransaction(Protocol):
    """What delivering needs of a transaction."""

    @property
    def clients(self) -> ClientRepository: ...
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
    :ivar token_lifetime: of a logout token; §2.4 recommends two minutes at most.
    :ivar timeout: seconds for one request.
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
    token_lifetime: timedelta = timedelta(minutes=2)
    timeout: float = 5.0


FailureReport = Callable[[str, str], None]
"""Takes note of an attempt that failed: the client's id, and the reason."""


class _Failed(Exception):
    """An attempt that failed.

    :ivar silent: the client gave no answer at all.
    """

    def __init__(self, reason: str, *, silent: bool = False) -> None:
        self.reason = reason
        self.silent = silent
        super().__init__(reason)


class LogoutDelivery:
    """Delivers logout notices, one client's after the other's.

    Safe to share between threads, each with another client: :meth:`waiting` names those who have something
    coming, :meth:`deliver` serves one of them.

    :param issuer: the provider's issuer identifier.
    :param http: goes to addresses that clients registered.
    :param failed: is told of every attempt that failed.
    """

    def __init__(
        self,
        issuer: str,
        store: DeliveryStore,
        keys: KeyStore,
        http: HttpClient,
        clock: Clock,
        random: Random,
        settings: DeliverySettings | None = None,
        failed: FailureReport = lambda _client_id, _reason: None,
    ) -> None:
        self._issuer = issuer
        self._store = store
        self._keys = keys
        self._http = http
        self._clock = clock
        self._random = random
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
            client = tx.clients.get(client_id)
            notices = tx.logout_notices.due(client_id, now, limit=limit)
        told = 0
        for notice in notices:
            taken = self._take(notice)
            if taken is None:
                continue
            if now - notice.ended_at >= self._settings.lifetime:
                self._give_up(taken, "too_late")
                continue
            try:
                self._attempt(client, taken)
            except _Failed as failure:
                if self._postponed(taken, failure):
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

    def _attempt(self, client: Client | None, notice: LogoutNotice) -> None:
        """One request (§2.5), and what came of it into the trail.

        :raises _Failed: the client did not take it; the notice is still there.
        """
        url = None if client is None else client.backchannel_logout_uri
        if client is None or url is None:
            self._give_up(notice, "client_not_registered")
            return
        status = self._send(url, notice, self._token(client, notice))
        if status not in _TAKEN:
            raise self._reported(notice, f"status_{status}")
        self._conclude(
            notice,
            LogoutDelivered(
                client_id=notice.client_id,
                session_id=notice.session_id,
                attempts=notice.attempts,
            ),
        )

    def _token(self, client: Client, notice: LogoutNotice) -> str:
        """A token of its own for every attempt: a client that took the one before may refuse its ``jti``."""
        try:
            return logout_token(
                self._keys,
                self._issuer,
                client,
                notice,
                jti=self._random.token(16),
                now=self._clock.now(),
                lifetime=self._settings.token_lifetime,
            )
        except HkeidError as error:
            raise self._reported(notice, error.reason) from None

    def _send(self, url: str, notice: LogoutNotice, token: str) -> int:
        try:
            answer = self._http.send(
                "POST",
                url,
                headers=_HEADERS,
                body=urlencode({"logout_token": token}).encode(),
                timeout=self._settings.timeout,
                limit=_ANSWER_LIMIT,
            )
        except Unavailable as error:
            raise self._reported(notice, error.reason, silent=True) from None
        except HkeidError as error:
            raise self._reported(notice, error.reason) from None
        except Exception as error:  # noqa: BLE001 - one client never keeps others from being told
            raise self._reported(notice, type(error).__name__) from None
        return answer.status

    def _reported(self, notice: LogoutNotice, reason: str, *, silent: bool = False) -> _Failed:
        self._failed(notice.client_id, reason)
        return _Failed(reason, silent=silent)

    def _postponed(self, notice: LogoutNotice, failure: _Failed) -> bool:
        """Put the notice off, or give it up; whether the client is to be left alone for now."""
        settings, now = self._settings, self._clock.now()
        if notice.attempts > len(settings.pauses):
            self._give_up(notice, failure.reason)
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

    def _give_up(self, notice: LogoutNotice, reason: str) -> None:
        self._conclude(
            notice,
            LogoutUndelivered(
                client_id=notice.client_id,
                session_id=notice.session_id,
                attempts=notice.attempts,
                reason=reason,
            ),
        )

    def _conclude(self, notice: LogoutNotice, how: LogoutDelivered | LogoutUndelivered) -> None:
        """Remove the notice, once, and record how it ended."""
        with self._store.transaction() as tx:
            if tx.logout_notices.remove(notice):
                tx.audit.append(how)

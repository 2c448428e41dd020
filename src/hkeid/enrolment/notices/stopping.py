"""The link in a notice by which its reader stops what they did not do, without logging in.

Who lost an eID to somebody else cannot log in any more. The link holds a token that can do one thing:
suspend this eID. It is good once and for a week; a page asks before it acts, so that programs that open
links in mail for a look do nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Protocol

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import AlreadyUsed, Expired, NotFound
from hkeid.kernel.secret import secret_digest
from hkeid.ports.storage import Lost, SingleUse, SingleUseRecord, Store, Won
from hkeid.ports.surroundings import Clock, Random

_KIND: Final = "stop_link"
LIFETIME: Final = timedelta(days=7)
WORTH_STOPPING: Final = frozenset(
    {
        "eid_activated",
        "eid_upgraded",
        "device_added",
        "device_revoked",
        "device_reinstated",
        "login_linked",
        "recovery_started",
        "eid_recovered",
        "eid_resumed",
        "contact_changed",
    }
)
"""Notices that come with such a link."""


class StoppingTransaction(Protocol):
    """What links need of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...


class StopLinks:
    """Links that suspend an eID.

    :param page: address of the page that a link leads to; the token is its ``token`` parameter.
    """

    def __init__(
        self, store: Store[StoppingTransaction], clock: Clock, random: Random, *, page: str
    ) -> None:
        self._store = store
        self._clock = clock
        self._random = random
        self._page = page

    def issue(self, resident_id: str) -> str:
        """A new link."""
        token, now = self._random.token(), self._clock.now()
        with self._store.transaction() as tx:
            tx.single_use.put(
                SingleUseRecord(
                    kind=_KIND,
                    digest=secret_digest(token),
                    family=f"{_KIND}:{resident_id}",
                    payload=canonical_json.dumps({"resident": resident_id}),
                    created_at=now,
                    expires_at=now + LIFETIME,
                )
            )
        return f"{self._page}?token={token}"

    def look(self, token: str) -> str:
        """Let a token pass that would work now; nothing happens.

        :returns: the resident whose eID it stops.

        :raises hkeid.kernel.errors.NotFound: ``stop_link_unknown``.
        :raises hkeid.kernel.errors.Expired: ``stop_link_expired``.
        :raises hkeid.kernel.errors.AlreadyUsed: ``stop_link_used``.
        """
        with self._store.transaction() as tx:
            record = tx.single_use.look(_KIND, _digest(token))
        if record is None or record.revoked_at is not None:
            raise NotFound("stop_link_unknown")
        if record.used_at is not None:
            raise AlreadyUsed("stop_link_used")
        if self._clock.now() >= record.expires_at:
            raise Expired("stop_link_expired")
        return _resident_of(record)

    def use(self, token: str) -> str:
        """Use a token up, when the eID was suspended; returns its resident.

        :raises hkeid.kernel.errors.HkeidError: as :meth:`look`.
        """
        now = self._clock.now()
        with self._store.transaction() as tx:
            outcome = tx.single_use.use_up(_KIND, _digest(token), now)
        if isinstance(outcome, Lost):
            raise AlreadyUsed("stop_link_used")
        if not isinstance(outcome, Won):
            self.look(token)
            raise NotFound("stop_link_unknown")
        return _resident_of(outcome.record)


def _resident_of(record: SingleUseRecord) -> str:
    return str(canonical_json.loads_object(record.payload)["resident"])


def _digest(token: str) -> bytes:
    return secret_digest(token)

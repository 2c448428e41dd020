"""The Store port: transactions, single-use things and attempt budgets.

A room declares the transaction it needs as a Protocol with its repositories as attributes; a store
satisfies all of them. What every room shares is here: the one verb that uses up a single-use thing
and says who won (law 1), and the budget of attempts that a short code has.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

from hkeid.kernel.instants import Instant

T_co = TypeVar("T_co", covariant=True)


def record_name(*keys: str | bytes) -> str:
    r"""What a record is called where its deletion is proved: its keys, bytes in hexadecimal.

    >>> record_name("refresh_token", b"\x01\x02")
    'refresh_token/0102'
    """
    return "/".join(key if isinstance(key, str) else bytes(key).hex() for key in keys)


class Expiring(Protocol):
    """A repository whose records have an end, and go some time after it."""

    def purge(self, before: Instant, *, limit: int = 1000) -> tuple[str, ...]:
        """Delete at most ``limit`` whose time was over before ``before``, the oldest first.

        :returns: the :func:`record_name` of each that was deleted.
        """
        ...

    def oldest(self) -> Instant | None:
        """The earliest end of what is kept, or None where nothing has one."""
        ...


class Store(Protocol[T_co]):
    """Where state lives. One transaction sees one consistent state and commits as a whole."""

    def transaction(self) -> AbstractContextManager[T_co]:
        """Begin; commit on leaving normally, roll everything back on any exception.

        When the ``with`` block has ended without an exception, what was written survives the death
        of the process. Transactions do not nest.

        :raises hkeid.kernel.errors.Unavailable: the store cannot be reached or timed out.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleUseRecord:
    """A thing that may be used once.

    :ivar kind: what it is (``authorization_code``, ``webauthn_ceremony`` …); part of the key.
    :ivar digest: SHA-256 of its secret (or MAC of a short code).
    :ivar family: what is revoked together when one of its kind is replayed, or None.
    :ivar payload: canonical JSON that its room understands; never personal data in the clear.
    :ivar used_at: when it was used up, or None.
    :ivar result: what the winner left for those who come after, or None.
    :ivar revoked_at: when its family was revoked, or None.
    """

    kind: str
    digest: bytes
    family: str | None = None
    payload: bytes = b"{}"
    created_at: Instant
    expires_at: Instant
    used_at: Instant | None = None
    result: bytes | None = None
    revoked_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Won:
    """This call used it up; nobody else did or will."""

    record: SingleUseRecord


@dataclass(frozen=True, slots=True)
class Lost:
    """It was used up before. ``record.used_at`` says when, ``record.result`` what came of it."""

    record: SingleUseRecord


@dataclass(frozen=True, slots=True)
class Vanished:
    """Nothing usable: ``record`` is None (never was), or expired, or revoked."""

    record: SingleUseRecord | None = None


UseOutcome = Won | Lost | Vanished


class SingleUse(Expiring, Protocol):
    """Single-use things inside a transaction."""

    def put(self, record: SingleUseRecord) -> bool:
        """Keep a new record. False, and nothing changes, when kind and digest exist already.

        This is also how a ``jti`` is used up: the first to put it has won.
        """
        ...

    def look(self, kind: str, digest: bytes) -> SingleUseRecord | None:
        """Read without using (a page that is shown again). Expired ones are returned too."""
        ...

    def use_up(
        self, kind: str, digest: bytes, now: Instant, *, result: bytes | None = None
    ) -> UseOutcome:
        """Use it up in one conditional statement: of any number of callers exactly one gets
        :class:`Won`. Undone if the transaction rolls back.

        Only unused, unrevoked records with ``now < expires_at`` can be won; used ones give
        :class:`Lost` (expired or not, unless revoked); the rest :class:`Vanished`.
        """
        ...

    def revoke_family(self, family: str, now: Instant) -> int:
        """Revoke every record of the family, used or not; returns how many were newly revoked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAnswer:
    """Whether an attempt may be made. ``retry_after`` is in seconds, 0 when allowed."""

    allowed: bool
    remaining: int
    retry_after: int = 0


class AttemptBudgets(Expiring, Protocol):
    """Budgets of attempts, per kind and subject, in fixed windows."""

    def spend(
        self, kind: str, subject: bytes, *, limit: int, window: timedelta, now: Instant
    ) -> BudgetAnswer:
        """Take one attempt from the budget in one conditional statement.

        The window begins with its first attempt and lasts ``window``; at most ``limit`` attempts in
        it are allowed, however many callers come at once. Spend in a transaction of its own, so that
        a rollback of the attempt does not give it back.
        """
        ...

    def refund(self, kind: str, subject: bytes) -> None:
        """Forget what was spent (after a success), so that an owner never runs dry."""
        ...

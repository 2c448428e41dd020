"""Activation tickets: issued, tried, used up.

A ticket's code is short enough to type, so guessing is held down - without ever locking out whoever
holds the right one:

* Each **network** has a budget of attempts. A right code gives the budget back (a kiosk where twenty
  people activate in a row never waits), but each code only so often, so that the holder of one
  ticket cannot buy guesses at others.
* Networks whose budget is spent share one more budget, the **brake**. An owner behind the same
  address as an attacker therefore still gets in, until the brake is spent as well.
* An owner on any **other network** is never touched by either: what attackers spend elsewhere does
  not count there.

All guesses of all networks are bounded that way; against 60 bits they come to nothing. What is kept
of a code is a MAC, so that the store alone gives no way to try codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from hkeid.enrolment.codes import new_code, parse_code
from hkeid.enrolment.errors import (
    EnrolmentRefused,
    ResidentUnknown,
    TicketExpired,
    TicketUnknown,
    TicketUsed,
)
from hkeid.enrolment.events import BrakeReached, TicketIssued, TicketRefused, TicketUsedUp
from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.enrolment.settings import EnrolmentSettings
from hkeid.identity.state import EidState
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError, TooManyAttempts
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.storage import Lost, SingleUseRecord, Store, Won
from hkeid.ports.surroundings import Clock, Random

TICKET_KIND = "activation_ticket"
"""``SingleUseRecord.kind`` of tickets."""

_NETWORK = "ticket_network"
_CODE = "ticket_code"
_BRAKE = "ticket_brake"
_DAY = timedelta(days=1)


def ticket_family(resident_id: str, kind: str = TICKET_KIND) -> str:
    """The family of a resident's tickets of a kind."""
    return f"{kind}:{resident_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket that is good at this moment."""

    digest: bytes
    resident_id: str
    expires_at: Instant
    context: Mapping[str, str] = field(default_factory=dict)


class Tickets:
    """Tickets of one kind, of all residents.

    :param kind: what they are for; a code of one kind opens nothing of another.
    :param states: in which states a resident may have one.
    :param lifetime: how long one is good; that of activation tickets if None.
    """

    def __init__(
        self,
        store: Store[EnrolmentTransaction],
        keys: KeyStore,
        clock: Clock,
        random: Random,
        settings: EnrolmentSettings,
        *,
        kind: str = TICKET_KIND,
        states: frozenset[EidState] = frozenset({EidState.APPLICANT}),
        lifetime: timedelta | None = None,
    ) -> None:
        self._kind = kind
        self._states = states
        self._lifetime = lifetime or settings.ticket_lifetime
        self._store = store
        self._keys = keys
        self._clock = clock
        self._random = random
        self._settings = settings

    def issue(self, resident_id: str, context: Mapping[str, str] | None = None) -> Secret:
        """A new code, in groups as it is printed; earlier ones lose their force.

        :param context: given back with the ticket; no personal data.
        :raises EnrolmentRefused: ``eid_not_applicant``, the resident's state allows no ticket.
        :raises ResidentUnknown: ``resident_unknown``.
        """
        now = self._clock.now()
        family = ticket_family(resident_id, self._kind)
        with self._store.transaction() as tx:
            resident = tx.residents.get(resident_id)
            if resident is None:
                raise ResidentUnknown("resident_unknown")
            if resident.state not in self._states:
                raise EnrolmentRefused("eid_not_applicant")
            revoked = tx.single_use.revoke_family(family, now)
            code = new_code(self._random)
            kept = tx.single_use.put(
                SingleUseRecord(
                    kind=self._kind,
                    digest=self.digest(code.reveal()),
                    family=family,
                    payload=canonical_json.dumps({**(context or {}), "resident": resident_id}),
                    created_at=now,
                    expires_at=now + self._lifetime,
                )
            )
            if not kept:
                raise HkeidError("ticket_code_repeated")
            tx.audit.append(TicketIssued(resident_id=resident_id, revoked=revoked, kind=self._kind))
        return code

    def digest(self, typed: str) -> bytes:
        """What the store keeps of a code.

        :raises hkeid.kernel.errors.MalformedInput: ``code_malformed``.
        """
        code = parse_code(typed)
        return self._keys.mac(KeyPurpose.SHORT_CODE, f"{self._kind}:{code}".encode("ascii"))

    def attempt(self, typed: str, *, network: str) -> Ticket:
        """The ticket behind a typed code, not used up; counted against the budgets, in a transaction
        of its own.

        :raises hkeid.kernel.errors.MalformedInput: ``code_malformed``.
        :raises TicketUnknown: ``ticket_unknown``, ``ticket_revoked``.
        :raises TicketExpired: ``ticket_expired``.
        :raises TicketUsed: ``ticket_used``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``ticket_attempts_exhausted``.
        """
        now = self._clock.now()
        digest = self.digest(typed)
        subject = self._network(network)
        with self._store.transaction() as tx:
            wait = self._spend(tx, subject, now)
            record = tx.single_use.look(self._kind, digest)
            refusal = _why_not(record, now)
            if wait is None and refusal is None:
                again = tx.budgets.spend(
                    _CODE, digest, limit=self._settings.code_returns, window=_DAY, now=now
                )
                if again.allowed:
                    tx.budgets.refund(_NETWORK, subject)
            elif wait is None and refusal is not None:
                owner = None if record is None else _resident_of(record)
                tx.audit.append(TicketRefused(reason=refusal.reason, resident_id=owner))
        if wait is not None:
            raise TooManyAttempts("ticket_attempts_exhausted", retry_after=wait)
        if refusal is not None:
            raise refusal
        assert record is not None
        return Ticket(
            digest=digest,
            resident_id=_resident_of(record),
            expires_at=record.expires_at,
            context=canonical_json.loads_object(record.payload),
        )

    def use_up(
        self,
        tx: EnrolmentTransaction,
        digest: bytes,
        *,
        resident_id: str,
        network: str,
        now: Instant,
    ) -> None:
        """Use a ticket up inside the activation's transaction; its network gets its budget back.

        :raises TicketUsed: ``ticket_used``.
        :raises TicketExpired: ``ticket_expired``.
        :raises TicketUnknown: ``ticket_unknown``, ``ticket_revoked``.
        """
        outcome = tx.single_use.use_up(self._kind, digest, now)
        if isinstance(outcome, Lost):
            raise TicketUsed("ticket_used")
        if not isinstance(outcome, Won):
            raise _why_not(outcome.record, now) or TicketUnknown("ticket_unknown")
        if _resident_of(outcome.record) != resident_id:
            raise TicketUnknown("ticket_unknown", detail="another resident's")
        tx.budgets.refund(_NETWORK, self._network(network))
        tx.audit.append(TicketUsedUp(resident_id=resident_id, kind=self._kind))

    def _spend(self, tx: EnrolmentTransaction, subject: bytes, now: Instant) -> int | None:
        """Spend an attempt; the seconds to wait where there is none left."""
        settings = self._settings
        network = tx.budgets.spend(
            _NETWORK,
            subject,
            limit=settings.network_attempts,
            window=settings.network_window,
            now=now,
        )
        if network.allowed:
            return None
        brake = tx.budgets.spend(
            _BRAKE, b"", limit=settings.brake_attempts, window=settings.brake_window, now=now
        )
        if not brake.allowed:
            return network.retry_after
        if brake.remaining == 0:
            tx.audit.append(BrakeReached(attempts=settings.brake_attempts))
        return None

    def _network(self, network: str) -> bytes:
        # Keyed, because addresses are few enough to try them all.
        text = f"{_NETWORK}:{network}".encode("utf-8", "surrogatepass")
        return self._keys.mac(KeyPurpose.SHORT_CODE, text)


def _why_not(record: SingleUseRecord | None, now: Instant) -> EnrolmentRefused | None:
    if record is None:
        return TicketUnknown("ticket_unknown")
    if record.revoked_at is not None:
        return TicketUnknown("ticket_revoked")
    if record.used_at is not None:
        return TicketUsed("ticket_used")
    if now >= record.expires_at:
        return TicketExpired("ticket_expired")
    return None


def _resident_of(record: SingleUseRecord) -> str:
    return str(canonical_json.loads_object(record.payload)["resident"])

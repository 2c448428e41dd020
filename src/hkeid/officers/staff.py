"""The officers themselves: entered by an operator, invited by a code, suspended, given roles."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from hkeid.identity.hkic_number import HkicNumber
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError, MalformedInput, TooManyAttempts
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.officers.errors import (
    EnrolmentCodeRefused,
    OfficerLoginRefused,
    OfficerTaken,
    OfficerUnknown,
)
from hkeid.officers.events import (
    OfficerAdded,
    OfficerChanged,
    OfficerCodeIssued,
    OfficerCodeRefused,
    OfficerNumberSet,
)
from hkeid.officers.records import Officer, OfficerStatus, OfficersTransaction
from hkeid.officers.roles import Role, check_roles
from hkeid.officers.settings import OfficerSettings
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.storage import Lost, SingleUseRecord, Store, Won
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields, blind_digest
from hkeid.residents.codes import new_code, parse_code

CODE_KIND = "officer_code"
"""``SingleUseRecord.kind`` of enrolment codes."""

_BUDGET = "officer_code_network"
_NUMBERS = "officer_numbers"
_MOST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerEntry:
    """An officer with the name in the clear.

    :ivar numbered: whether the officer's own identity-card number is known.
    """

    id: str
    name: str
    roles: tuple[Role, ...]
    status: OfficerStatus
    created_at: Instant
    passkeys: int
    numbered: bool


class Staff:
    """What operators do about officers."""

    def __init__(
        self,
        store: Store[OfficersTransaction],
        fields: PersonalFields,
        keys: KeyStore,
        clock: Clock,
        random: Random,
        settings: OfficerSettings,
    ) -> None:
        self._store = store
        self._fields = fields
        self._keys = keys
        self._clock = clock
        self._random = random
        self._settings = settings

    def add(
        self, name: str, roles: Collection[Role], *, own_number: HkicNumber | None = None
    ) -> Officer:
        """Enter an officer, who has no passkey yet.

        :param own_number: the officer's own identity-card number, of which a blind digest is kept.
        :raises hkeid.kernel.errors.MalformedInput: ``officer_name_malformed``.
        :raises hkeid.kernel.errors.Refused: ``roles_missing``, ``roles_incompatible``,
            ``own_number_taken``: one person has one entry, or four eyes were two.
        """
        words = parse_name(name)
        check_roles(roles)
        now = self._clock.now()
        digest = None if own_number is None else blind_digest(self._keys, own_number)
        with self._store.transaction() as tx:
            _check_new_person(tx, digest, now)  # before a data key is made for nobody
        officer_id = f"officer:{self._random.token(16)}"
        self._fields.create_key(officer_id)
        officer = Officer(
            id=officer_id,
            user_handle=self._random.token_bytes(64),
            name=self._fields.seal(officer_id, "officers", "name", officer_id, words.encode()),
            own_number=digest,
            roles=_ordered(roles),
            created_at=now,
            updated_at=now,
        )
        with self._store.transaction() as tx:
            _check_new_person(tx, digest, now)
            if not tx.officers.add(officer):
                raise HkeidError("officer_id_repeated")
            tx.audit.append(OfficerAdded(officer_id=officer.id, roles=officer.roles))
        return officer

    def entries(self) -> tuple[OfficerEntry, ...]:
        """All officers, the oldest first."""
        with self._store.transaction() as tx:
            found = [(one, len(tx.officer_credentials.of_officer(one.id))) for one in tx.officers]
        ordered = sorted(found, key=lambda pair: (pair[0].created_at, pair[0].id))
        return tuple(
            OfficerEntry(
                id=officer.id,
                name=self.name(officer),
                roles=officer.roles,
                status=officer.status,
                created_at=officer.created_at,
                passkeys=passkeys,
                numbered=officer.own_number is not None,
            )
            for officer, passkeys in ordered
        )

    def name(self, officer: Officer) -> str:
        """An officer's name in the clear."""
        sealed = self._fields.unseal(officer.id, "officers", "name", officer.id, officer.name)
        return sealed.decode("utf-8")

    def set_roles(self, officer_id: str, roles: Collection[Role]) -> Officer:
        """Give an officer other roles; they hold from the next request on.

        :raises OfficerUnknown: ``officer_unknown``.
        :raises hkeid.kernel.errors.Refused: ``roles_missing``, ``roles_incompatible``.
        """
        check_roles(roles)
        return self._change(officer_id, roles=_ordered(roles))

    def set_number(self, officer_id: str, own_number: HkicNumber) -> Officer:
        """Say which identity-card number an officer has, who was entered without or with a wrong one.

        :raises OfficerUnknown: ``officer_unknown``.
        :raises hkeid.kernel.errors.Refused: ``own_number_taken``: another entry has it.
        """
        now = self._clock.now()
        digest = blind_digest(self._keys, own_number)
        for _ in range(5):
            with self._store.transaction() as tx:
                _check_new_person(tx, digest, now, but=officer_id)
                old = known_officer(tx, officer_id)
                if old.own_number == digest:
                    return old
                new = replace(old, own_number=digest, updated_at=now)
                if not tx.officers.change(old, new):
                    continue
                before = old.own_number is not None
                tx.audit.append(OfficerNumberSet(officer_id=old.id, before=before))
                return replace(new, version=old.version + 1)
        raise OfficerLoginRefused("officer_contended")

    def suspend(self, officer_id: str) -> Officer:
        """Nothing works for this officer any more; sessions end at once.

        :raises OfficerUnknown: ``officer_unknown``.
        """
        return self._change(officer_id, status=OfficerStatus.SUSPENDED)

    def resume(self, officer_id: str) -> Officer:
        """Let a suspended officer work again.

        :raises OfficerUnknown: ``officer_unknown``.
        """
        return self._change(officer_id, status=OfficerStatus.ACTIVE)

    def issue_code(self, officer_id: str) -> Secret:
        """A code for one enrolment of a passkey; earlier ones lose their force.

        :raises OfficerUnknown: ``officer_unknown``.
        :raises OfficerLoginRefused: ``officer_suspended``.
        """
        now = self._clock.now()
        code = new_code(self._random)
        family = f"{CODE_KIND}:{officer_id}"
        with self._store.transaction() as tx:
            officer = known_officer(tx, officer_id)
            if officer.status is OfficerStatus.SUSPENDED:
                raise OfficerLoginRefused("officer_suspended")
            revoked = tx.single_use.revoke_family(family, now)
            kept = tx.single_use.put(
                SingleUseRecord(
                    kind=CODE_KIND,
                    digest=self._digest(code.reveal()),
                    family=family,
                    payload=canonical_json.dumps({"officer": officer_id}),
                    created_at=now,
                    expires_at=now + self._settings.code_lifetime,
                )
            )
            if not kept:
                raise HkeidError("officer_code_repeated")
            tx.audit.append(OfficerCodeIssued(officer_id=officer_id, revoked=revoked))
        return code

    def try_code(self, typed: str, *, network: str) -> tuple[bytes, str]:
        """Digest and officer of a code that is good; not used up. Counted, in a transaction of its own.

        :raises hkeid.kernel.errors.MalformedInput: ``code_malformed``.
        :raises EnrolmentCodeRefused: see there.
        :raises hkeid.kernel.errors.TooManyAttempts: ``officer_code_attempts_exhausted``.
        """
        now = self._clock.now()
        digest = self._digest(typed)
        subject = self._keys.mac(
            KeyPurpose.SHORT_CODE, f"{_BUDGET}:{network}".encode("utf-8", "surrogatepass")
        )
        settings = self._settings
        with self._store.transaction() as tx:
            spent = tx.budgets.spend(
                _BUDGET,
                subject,
                limit=settings.code_attempts,
                window=settings.code_window,
                now=now,
            )
            record = tx.single_use.look(CODE_KIND, digest)
            reason = _why_not(record, now)
            if spent.allowed and reason is not None:
                tx.audit.append(OfficerCodeRefused(reason=reason))
            elif spent.allowed:
                tx.budgets.refund(_BUDGET, subject)
        if not spent.allowed:
            raise TooManyAttempts("officer_code_attempts_exhausted", retry_after=spent.retry_after)
        if reason is not None or record is None:
            raise EnrolmentCodeRefused(reason or "officer_code_unknown")
        return digest, str(canonical_json.loads_object(record.payload)["officer"])

    def use_code(self, tx: OfficersTransaction, digest: bytes, now: Instant) -> None:
        """Use a code up inside the enrolment's transaction.

        :raises EnrolmentCodeRefused: see there.
        """
        outcome = tx.single_use.use_up(CODE_KIND, digest, now)
        if isinstance(outcome, Won):
            return
        record = outcome.record
        reason = "officer_code_used" if isinstance(outcome, Lost) else _why_not(record, now)
        raise EnrolmentCodeRefused(reason or "officer_code_unknown")

    def _digest(self, typed: str) -> bytes:
        code = parse_code(typed)
        return self._keys.mac(KeyPurpose.SHORT_CODE, f"{CODE_KIND}:{code}".encode("ascii"))

    def _change(
        self,
        officer_id: str,
        *,
        roles: tuple[Role, ...] | None = None,
        status: OfficerStatus | None = None,
    ) -> Officer:
        now = self._clock.now()
        for _ in range(5):
            with self._store.transaction() as tx:
                old = known_officer(tx, officer_id)
                if status is OfficerStatus.ACTIVE and not tx.officer_credentials.of_officer(old.id):
                    status = OfficerStatus.INVITED
                new = replace(
                    old, roles=roles or old.roles, status=status or old.status, updated_at=now
                )
                if not tx.officers.change(old, new):
                    continue
                suspended = new.status is OfficerStatus.SUSPENDED
                ended = tx.officer_sessions.end_of_officer(old.id, now) if suspended else 0
                if suspended:
                    tx.single_use.revoke_family(f"{CODE_KIND}:{officer_id}", now)
                tx.audit.append(
                    OfficerChanged(
                        officer_id=old.id,
                        roles=new.roles,
                        status=new.status.value,
                        sessions_ended=ended,
                    )
                )
                return replace(new, version=old.version + 1)
        raise OfficerLoginRefused("officer_contended")


def known_officer(tx: OfficersTransaction, officer_id: str) -> Officer:
    """An officer by id.

    :raises OfficerUnknown: ``officer_unknown``.
    """
    officer = tx.officers.get(officer_id)
    if officer is None:
        raise OfficerUnknown("officer_unknown")
    return officer


def _check_new_person(
    tx: OfficersTransaction, own_number: bytes | None, now: Instant, *, but: str = ""
) -> None:
    """One person has one entry.

    :param but: the officer whose number it will be.
    :raises OfficerTaken: ``own_number_taken``.
    """
    if own_number is None:
        return
    # Two operators at once wait for each other here: who spends holds the budget's row (law 1).
    tx.budgets.spend(_NUMBERS, b"all", limit=2**40, window=timedelta(days=1), now=now)
    if any(one.own_number == own_number and one.id != but for one in tx.officers):
        raise OfficerTaken("own_number_taken")


def parse_name(text: str) -> str:
    """An officer's name in one line.

    :raises hkeid.kernel.errors.MalformedInput: ``officer_name_malformed``.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > _MOST_NAME:
        raise MalformedInput("officer_name_malformed", field="name")
    if any(unicodedata.category(sign)[0] == "C" for sign in name):
        raise MalformedInput("officer_name_malformed", field="name")
    return name


def _ordered(roles: Collection[Role]) -> tuple[Role, ...]:
    return tuple(role for role in Role if role in roles)


def _why_not(record: SingleUseRecord | None, now: Instant) -> str | None:
    if record is None or record.revoked_at is not None:
        return "officer_code_unknown"
    if record.used_at is not None:
        return "officer_code_used"
    if now >= record.expires_at:
        return "officer_code_expired"
    return None

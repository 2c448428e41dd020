"""An e-mail address is its owner's who can read a code that was sent there.

One way for whatever keeps e-mail addresses of residents. A code is six digits, good for a quarter of an
hour and five attempts; a new one ends those before. It is kept as a keyed digest, and the address that
it was sent to sealed, so that what is proved is what was sent to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol

from hkeid.audit.events import AuditEvent, AuditTrail
from hkeid.identity.email_address import parse_email
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import Expired, MalformedInput, Refused, TooManyAttempts
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.storage import AttemptBudgets, SingleUse, SingleUseRecord, Store, Won
from hkeid.ports.surroundings import Random
from hkeid.residents.records import SealedFieldRepository
from hkeid.residents.sealing import PersonalFields


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailProof:
    """A code that has to go to an address now; it is good for a quarter of an hour.

    :ivar code: six digits; the caller sends it and forgets it.
    """

    address: str = field(repr=False)
    code: Secret
    expires_at: Instant


class EmailProofTransaction(Protocol):
    """What proofs need of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def sealed_fields(self) -> SealedFieldRepository: ...
    @property
    def audit(self) -> AuditTrail: ...


class EmailProofs:
    """Proofs of addresses that are wanted for one thing.

    :param kind: what for; codes of one kind are good for no other.
    :param pending_field: the personal field that says which code is awaited.
    :param codes_budget: the budget of codes for a resident and day.
    :param refused: makes the audit event of a wrong code, from the resident's id.
    """

    lifetime: Final = timedelta(minutes=15)
    attempts: Final = 5
    codes_per_day: Final = 10

    def __init__(
        self,
        store: Store[EmailProofTransaction],
        fields: PersonalFields,
        keys: KeyStore,
        random: Random,
        *,
        kind: str,
        pending_field: str,
        codes_budget: str,
        refused: Callable[[str], AuditEvent],
    ) -> None:
        self._store = store
        self._fields = fields
        self._keys = keys
        self._random = random
        self._kind = kind
        self._pending = pending_field
        self._codes = codes_budget
        self._refused = refused

    def start(self, resident_id: str, address: str, now: Instant) -> EmailProof:
        """Begin to prove an address; earlier codes lose their force.

        :raises hkeid.kernel.errors.MalformedInput: ``email_malformed``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``email_codes_exhausted``.
        """
        address = parse_email(address)
        with self._store.transaction() as tx:
            spent = tx.budgets.spend(
                self._codes,
                self._mac("codes", resident_id),
                limit=self.codes_per_day,
                window=timedelta(days=1),
                now=now,
            )
        if not spent.allowed:
            raise TooManyAttempts("email_codes_exhausted", retry_after=spent.retry_after)
        code = f"{int.from_bytes(self._random.token_bytes(8), 'big') % 1_000_000:06}"
        # The code may come again by chance: a record that was used up stays where it is.
        salt = self._random.token(9)
        sealed = self._fields.seal(
            resident_id, "single_use", "payload", f"{self._kind}:{salt}", address.encode("utf-8")
        )
        payload = {
            "address": base64url.encode(sealed),
            "code": self._digest(resident_id, salt, code).hex(),
            "salt": salt,
        }
        with self._store.transaction() as tx:
            self.withdraw(tx, resident_id, now)
            tx.single_use.put(
                SingleUseRecord(
                    kind=self._kind,
                    digest=self._awaited(resident_id, salt),
                    family=self._family(resident_id),
                    payload=canonical_json.dumps(payload),
                    created_at=now,
                    expires_at=now + self.lifetime,
                )
            )
            self._fields.put(tx, resident_id, {self._pending: salt}, now)
        return EmailProof(address=address, code=Secret(code), expires_at=now + self.lifetime)

    def finish(self, resident_id: str, code: str, now: Instant) -> str:
        """The code that came to the address: it is used up. Returns the address that is proved.

        :raises hkeid.kernel.errors.MalformedInput: ``code_malformed``.
        :raises hkeid.kernel.errors.Refused: ``email_code_wrong``.
        :raises hkeid.kernel.errors.Expired: ``email_code_expired``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``email_code_attempts``; ask for another one.
        """
        typed = "".join(code.split())
        if not (len(typed) == 6 and typed.isascii() and typed.isdigit()):
            raise MalformedInput("code_malformed", field="code")
        with self._store.transaction() as tx:
            salt = self._fields.read(tx, resident_id, (self._pending,)).get(self._pending, "")
            spent = tx.budgets.spend(
                self._kind,
                self._awaited(resident_id, salt),
                limit=self.attempts,
                window=self.lifetime,
                now=now,
            )
        if not spent.allowed:
            raise TooManyAttempts("email_code_attempts", retry_after=spent.retry_after)
        payload = self._use_up(resident_id, salt, typed, now)
        return self._fields.unseal(
            resident_id,
            "single_use",
            "payload",
            f"{self._kind}:{salt}",
            base64url.decode(str(payload["address"])),
        ).decode("utf-8")

    def withdraw(self, tx: EmailProofTransaction, resident_id: str, now: Instant) -> None:
        """No code that was sent is good for anything any more."""
        tx.single_use.revoke_family(self._family(resident_id), now)

    def _use_up(self, resident_id: str, salt: str, typed: str, now: Instant) -> dict[str, Any]:
        digest = self._awaited(resident_id, salt)
        refusal: Refused | None = None
        with self._store.transaction() as tx:
            record = tx.single_use.look(self._kind, digest)
            payload = {} if record is None else canonical_json.loads_object(record.payload)
            right = payload.get("code") == self._digest(resident_id, salt, typed).hex()
            if not right:
                refusal = Refused("email_code_wrong", "This is not the code that we sent.")
                tx.audit.append(self._refused(resident_id))
            elif not isinstance(tx.single_use.use_up(self._kind, digest, now), Won):
                refusal = Expired("email_code_expired")
        if refusal is not None:
            raise refusal
        return payload

    def _awaited(self, resident_id: str, salt: str) -> bytes:
        return self._mac("pending", f"{resident_id}:{salt}")

    def _digest(self, resident_id: str, salt: str, code: str) -> bytes:
        return self._mac("code", f"{resident_id}:{salt}:{code}")

    def _mac(self, what: str, text: str) -> bytes:
        return self._keys.mac(KeyPurpose.SHORT_CODE, f"{self._kind}:{what}:{text}".encode())

    def _family(self, resident_id: str) -> str:
        return f"{self._kind}:{resident_id}"

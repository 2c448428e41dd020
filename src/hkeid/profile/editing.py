"""The resident's own profile (S8): opt-in, edited by the resident, given up whole at any time.

Nothing is kept before the resident opts in. Every change takes its turn, so that nothing is kept by one
request while another gives the profile up; it needs a login of a short while ago, and is audited by
the field's name alone. Removing and giving up are never refused for a cooling period.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

from hkeid.audit.events import AuditTrail
from hkeid.broker.errors import StepUpRequired
from hkeid.identity.authentication import SessionView
from hkeid.identity.language import Language
from hkeid.kernel.errors import MalformedInput, NotFound, Refused, TooManyAttempts
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.kernel.secret import secret_digest
from hkeid.ports.keys import KeyStore
from hkeid.ports.notices import Tell, tell_nobody
from hkeid.ports.storage import AttemptBudgets, SingleUse, Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.profile.claims import CLAIMS
from hkeid.profile.eme.events import (
    EmeChanged,
    EmeEmailProofRefused,
    EmeOptedIn,
    EmeOptedOut,
    EmeRemoved,
)
from hkeid.profile.eme.fields import EME_FIELDS, EmeField
from hkeid.profile.eme.values import EmeValue, Source
from hkeid.residents import EmailProof, EmailProofs, PersonalFields, take_turn
from hkeid.residents.records import ResidentRepository, SealedFieldRepository

CHANGES_A_DAY: Final = 100
"""So many changes of one resident's profile are made within a day."""

_TURN: Final = "eme_turn"
_SINCE: Final = "eme_since"
_PENDING: Final = "eme_email_pending"
_EMAIL: Final = "email"
_ONE_DAY: Final = timedelta(days=1)


class EmeTransaction(Protocol):
    """What the profile needs of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def sealed_fields(self) -> SealedFieldRepository: ...
    @property
    def audit(self) -> AuditTrail: ...


class Agreed(Protocol):
    """A claim that a client may receive at present."""

    @property
    def client_id(self) -> str: ...
    @property
    def claim(self) -> str: ...


class Withdrawals(Protocol):
    """What giving the profile up needs of the consent ledger."""

    def standing(self, resident_id: str) -> Collection[Agreed]:
        """What the resident agrees to at present."""
        ...

    def withdraw(
        self, resident_id: str, client_id: str, claims: Collection[str], *, language: str
    ) -> object:
        """Withdraw agreement to ``claims`` from one client."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EmeOverview:
    """The whole profile.

    :ivar since: since when there is one; None: the resident has not opted in.
    :ivar values: what is kept, by field, in the order of :data:`~hkeid.profile.eme.EME_FIELDS`.
    """

    since: Instant | None
    values: Mapping[str, EmeValue]


class EmeProfile:
    """The profiles of all residents.

    :param recent: how old an authentication may be for a change: long enough to fill in a page.
    :param tell: tells residents what changed, by the field's name alone.
    """

    def __init__(
        self,
        store: Store[EmeTransaction],
        fields: PersonalFields,
        keys: KeyStore,
        clock: Clock,
        random: Random,
        ledger: Withdrawals,
        *,
        recent: timedelta = timedelta(minutes=30),
        tell: Tell = tell_nobody,
    ) -> None:
        self._tell = tell
        self._store = store
        self._fields = fields
        self._clock = clock
        self._ledger = ledger
        self._recent = recent
        self._proofs = EmailProofs(
            store,
            fields,
            keys,
            random,
            kind="eme_email_proof",
            pending_field=_PENDING,
            codes_budget="eme_email_codes",
            refused=lambda resident_id: EmeEmailProofRefused(resident_id=resident_id),
        )

    @property
    def recent(self) -> timedelta:
        """How old an authentication may be for a change."""
        return self._recent

    def overview(self, resident_id: str) -> EmeOverview:
        """What is kept about a resident.

        :raises hkeid.kernel.errors.NotFound: ``data_key_missing``: the resident was erased.
        """
        names = (_SINCE, *(field.sealed for field in EME_FIELDS.values()))
        with self._store.transaction() as tx:
            kept = self._fields.read(tx, resident_id, names)
        since = kept.get(_SINCE)
        return EmeOverview(
            since=None if since is None else from_epoch_seconds(int(since)),
            values={
                field.name: EmeValue.of_text(kept[field.sealed])
                for field in EME_FIELDS.values()
                if field.sealed in kept
            },
        )

    def opt_in(self, view: SessionView) -> None:
        """From now on a profile is kept; it is empty. Nothing changes where there is one.

        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises hkeid.kernel.errors.Refused: ``resident_not_active``, ``eid_cooling``.
        """
        now = self._clock.now()
        resident_id = self._fresh(view, now)
        with self._store.transaction() as tx:
            take_turn(tx, _TURN, resident_id, now)
            self._check_may_keep(tx, resident_id, now)
            if self._opted_in(tx, resident_id):
                return
            self._fields.put(tx, resident_id, {_SINCE: str(epoch_seconds(now))}, now)
            tx.audit.append(EmeOptedIn(resident_id=resident_id))

    def keep(self, view: SessionView, name: str, value: object) -> None:
        """Set or replace a value, as its owner says it.

        :param name: a field but ``email``, which wants a proof (:meth:`start_email`).
        :param value: JSON, as the field reads it.
        :raises hkeid.kernel.errors.MalformedInput: what is wrong with the value.
        :raises hkeid.kernel.errors.NotFound: ``eme_field_unknown``.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``eme_changes_exhausted``.
        :raises hkeid.kernel.errors.Refused: ``eme_not_opted_in``, ``eme_email_unproved``,
            ``resident_not_active``, ``eid_cooling``.
        """
        field = _known(name)
        if field.name == _EMAIL:
            raise Refused("eme_email_unproved")
        now = self._clock.now()
        resident_id = self._fresh(view, now)
        read = field.read(value)
        if field.name == "address_document" and read["issued_on"] > _tomorrow(now):
            raise MalformedInput("address_document_date_ahead", field="issued_on")
        self._keep(resident_id, field, read, now)

    def start_email(self, view: SessionView, address: str) -> EmailProof:
        """Begin to prove an e-mail address; earlier codes lose their force.

        :raises hkeid.kernel.errors.MalformedInput: ``email_malformed``.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``email_codes_exhausted``.
        :raises hkeid.kernel.errors.Refused: ``eme_not_opted_in``, ``resident_not_active``,
            ``eid_cooling``.
        """
        now = self._clock.now()
        resident_id = self._fresh(view, now)
        with self._store.transaction() as tx:
            self._check_may_keep(tx, resident_id, now)
            self._check_opted_in(tx, resident_id)
        return self._proofs.start(resident_id, address, now)

    def finish_email(self, view: SessionView, code: str) -> str:
        """The code that came to the address, which is kept from now on. Returns the address.

        :raises hkeid.kernel.errors.MalformedInput: ``code_malformed``.
        :raises hkeid.kernel.errors.Expired: ``email_code_expired``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``email_code_attempts``,
            ``eme_changes_exhausted``.
        :raises hkeid.kernel.errors.Refused: ``email_code_wrong``, ``eme_not_opted_in``,
            ``resident_not_active``, ``eid_cooling``.
        """
        now = self._clock.now()
        resident_id = view.authentication.resident_id
        address = self._proofs.finish(resident_id, code, now)
        field = EME_FIELDS[_EMAIL]
        read = field.read({"address": address, "proved": True})
        self._keep(resident_id, field, read, now)
        return address

    def remove(self, view: SessionView, name: str) -> None:
        """Keep one value no longer. Nothing changes where there is none.

        :raises hkeid.kernel.errors.NotFound: ``eme_field_unknown``.
        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        """
        field = _known(name)
        now = self._clock.now()
        resident_id = self._fresh(view, now)
        with self._store.transaction() as tx:
            take_turn(tx, _TURN, resident_id, now)
            if self._fields.remove(tx, resident_id, (field.sealed,), now):
                tx.audit.append(EmeRemoved(resident_id=resident_id, field=field.name))
                self._tell(tx, resident_id, f"profile_removed.{field.name}", now)

    def opt_out(self, view: SessionView, *, language: str = Language.ENGLISH) -> tuple[str, ...]:
        """Give the profile up: every value is erased, codes on their way are void, and what was agreed
        about claims that are made of it is withdrawn, so that a later profile begins with nothing
        agreed. Returns the fields that were kept.

        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises hkeid.kernel.errors.MalformedInput: ``language_unknown``.
        """
        spoken = Language.parse(language)
        now = self._clock.now()
        resident_id = self._fresh(view, now)
        self._withdraw_consents(resident_id, spoken)
        with self._store.transaction() as tx:
            take_turn(tx, _TURN, resident_id, now)
            names = (*(field.sealed for field in EME_FIELDS.values()), _PENDING, _SINCE)
            removed = self._fields.remove(tx, resident_id, names, now)
            self._proofs.withdraw(tx, resident_id, now)
            fields = tuple(name for name, field in EME_FIELDS.items() if field.sealed in removed)
            if removed:
                tx.audit.append(EmeOptedOut(resident_id=resident_id, fields=fields))
                self._tell(tx, resident_id, "profile_given_up", now)
        return fields

    # --- inside ----------------------------------------------------------------------------------

    def _keep(self, resident_id: str, field: EmeField, value: Any, now: Instant) -> None:
        with self._store.transaction() as tx:
            take_turn(tx, _TURN, resident_id, now)
            self._check_may_keep(tx, resident_id, now)
            self._check_opted_in(tx, resident_id)
            spent = tx.budgets.spend(
                "eme_changes",
                secret_digest(resident_id),
                limit=CHANGES_A_DAY,
                window=timedelta(days=1),
                now=now,
            )
            if not spent.allowed:
                raise TooManyAttempts("eme_changes_exhausted", retry_after=spent.retry_after)
            kept = EmeValue(value=value, source=Source.SELF, kept_at=now)
            before = self._fields.read(tx, resident_id, (field.sealed,))
            self._fields.put(tx, resident_id, {field.sealed: kept.text()}, now)
            tx.audit.append(
                EmeChanged(resident_id=resident_id, field=field.name, source=Source.SELF.value)
            )
            happened = "changed" if before else "added"
            self._tell(tx, resident_id, f"profile_{happened}.{field.name}", now)

    def _withdraw_consents(self, resident_id: str, language: Language) -> None:
        sealed = {field.sealed for field in EME_FIELDS.values()}
        of_profile = {name for name, claim in CLAIMS.items() if sealed & set(claim.fields)}
        agreed: dict[str, set[str]] = {}
        for one in self._ledger.standing(resident_id):
            if one.claim in of_profile:
                agreed.setdefault(one.client_id, set()).add(one.claim)
        for client_id, claims in agreed.items():
            self._ledger.withdraw(resident_id, client_id, claims, language=language.value)

    def _check_may_keep(self, tx: EmeTransaction, resident_id: str, now: Instant) -> None:
        resident = tx.residents.get(resident_id)
        if resident is None or not resident.state.may_log_in:
            raise Refused("resident_not_active")
        if resident.cools(now):
            raise Refused(
                "eid_cooling", "This is possible again some days after your eID was recovered."
            )

    def _opted_in(self, tx: EmeTransaction, resident_id: str) -> bool:
        return bool(self._fields.read(tx, resident_id, (_SINCE,)))

    def _check_opted_in(self, tx: EmeTransaction, resident_id: str) -> None:
        if not self._opted_in(tx, resident_id):
            raise Refused("eme_not_opted_in")

    def _fresh(self, view: SessionView, now: Instant) -> str:
        """The resident, if they logged in a short while ago.

        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        """
        authentication = view.authentication
        if now - authentication.authenticated_at > self._recent:
            raise StepUpRequired("authentication_too_old")
        return authentication.resident_id


def _known(name: str) -> EmeField:
    field = EME_FIELDS.get(name)
    if field is None:
        raise NotFound("eme_field_unknown")
    return field


def _tomorrow(now: Instant) -> str:
    # Somewhere it is tomorrow already; a date beyond that is a slip of the pen.
    return (now + _ONE_DAY).date().isoformat()

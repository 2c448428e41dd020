"""A guardian's approval of a minor's registration (11 to 17 years).

The minor's page shows a code; the guardian, an adult with an eID of their own, types it on My eID, sees
who asks, and decides with a fresh login. What this proves: an adult whose identity was proved says, on
the record, that they are parent or guardian. It does not prove parenthood: no public register answers
that question. Where a deployment must know, its policy sends minors to an officer as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Protocol

from hkeid.broker.errors import StepUpRequired
from hkeid.enrolment.codes import new_code, parse_code
from hkeid.enrolment.errors import EnrolmentRefused
from hkeid.enrolment.registration.records import RegistrationStep
from hkeid.enrolment.registration.views import RegistrationView
from hkeid.identity.authentication import SessionView
from hkeid.identity.birth_date import AgeAnswer, BirthDate
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import AlreadyUsed, Expired, HkeidError, NotFound, TooManyAttempts
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.ports.documents import CardField
from hkeid.ports.keys import KeyPurpose, KeyStore
from hkeid.ports.storage import AttemptBudgets, Lost, SingleUse, SingleUseRecord, Store, Won
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents import PersonalFields
from hkeid.residents.records import ResidentRepository, SealedFieldRepository

_KIND: Final = "guardian_request"
_ATTEMPTS: Final = 20
_ADULT: Final = 18


class GuardianRefused(EnrolmentRefused):
    """``guardian_not_adult``, ``guardian_is_applicant``, ``guardian_not_eligible``,
    ``registration_other_step``.
    """

    default_safe_text = "You cannot decide about this registration."


class GuardiansTransaction(Protocol):
    """What guardians need of a transaction."""

    @property
    def single_use(self) -> SingleUse: ...
    @property
    def budgets(self) -> AttemptBudgets: ...
    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def sealed_fields(self) -> SealedFieldRepository: ...


class GuardedRegistration(Protocol):
    """What is asked of :class:`hkeid.enrolment.Registration`."""

    def current(self, *, browser: str) -> RegistrationView | None:
        """The browser's registration."""
        ...

    def view(self, registration_id: str) -> RegistrationView:
        """One registration."""
        ...

    def guardian_decided(
        self, registration_id: str, *, approved: bool, guardian_resident_id: str
    ) -> None:
        """Go on, or end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianCode:
    """What the minor's page shows."""

    code: Secret
    expires_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GuardianQuestion:
    """What the guardian is asked: whose registration it is.

    :ivar case: case number of the registration.
    """

    case: str
    name_english: str
    name_chinese: str | None
    born: str


class Guardians:
    """Asks guardians.

    :param recent: how old a guardian's authentication may be.
    """

    def __init__(
        self,
        store: Store[GuardiansTransaction],
        registration: GuardedRegistration,
        fields: PersonalFields,
        keys: KeyStore,
        clock: Clock,
        random: Random,
        *,
        recent: timedelta = timedelta(minutes=5),
    ) -> None:
        self._store = store
        self._registration = registration
        self._fields = fields
        self._keys = keys
        self._clock = clock
        self._random = random
        self._recent = recent

    def ask(self, *, browser: str) -> GuardianCode:
        """A code for the minor's page, while the registration waits for a guardian; an earlier one
        loses its force.

        :raises GuardianRefused: ``registration_other_step``.
        """
        waiting = self._registration.current(browser=browser)
        if waiting is None or waiting.step is not RegistrationStep.GUARDIAN:
            raise GuardianRefused("registration_other_step")
        now = self._clock.now()
        code = new_code(self._random)
        family = f"{_KIND}:{waiting.id}"
        with self._store.transaction() as tx:
            tx.single_use.revoke_family(family, now)
            kept = tx.single_use.put(
                SingleUseRecord(
                    kind=_KIND,
                    digest=self._digest(code.reveal()),
                    family=family,
                    payload=canonical_json.dumps({"registration": waiting.id}),
                    created_at=now,
                    expires_at=waiting.expires_at,
                )
            )
        if not kept:
            raise HkeidError("guardian_code_repeated")
        return GuardianCode(code=code, expires_at=waiting.expires_at)

    def look(self, view: SessionView, code: str) -> GuardianQuestion:
        """What the guardian decides about; nothing happens yet, but an attempt is counted.

        :raises hkeid.kernel.errors.MalformedInput: ``code_malformed``.
        :raises hkeid.kernel.errors.NotFound: ``guardian_code_unknown``.
        :raises hkeid.kernel.errors.Expired: ``guardian_code_expired``.
        :raises hkeid.kernel.errors.AlreadyUsed: ``guardian_code_used``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``guardian_attempts_exhausted``.
        :raises GuardianRefused: ``guardian_not_adult``, ``guardian_not_eligible``,
            ``guardian_is_applicant``, ``registration_other_step``.
        """
        now = self._clock.now()
        minor = self._attempt(view, code, now)
        self._check(view.authentication.resident_id, minor, now)
        return _question(minor)

    def decide(self, view: SessionView, code: str, *, approved: bool) -> None:
        """The guardian's word; the minor goes on, or is refused.

        :raises hkeid.broker.StepUpRequired: ``authentication_too_old``.
        :raises hkeid.kernel.errors.HkeidError: as :meth:`look`.
        """
        now = self._clock.now()
        if now - view.authentication.authenticated_at > self._recent:
            raise StepUpRequired("authentication_too_old")
        resident_id = view.authentication.resident_id
        minor = self._attempt(view, code, now)
        self._check(resident_id, minor, now)
        with self._store.transaction() as tx:
            outcome = tx.single_use.use_up(_KIND, self._digest(code), now)
        if isinstance(outcome, Lost):
            raise AlreadyUsed("guardian_code_used")
        if not isinstance(outcome, Won):
            raise Expired("guardian_code_expired")
        # Killed in between, the code is spent and nothing decided: the minor's page shows another.
        self._registration.guardian_decided(
            minor.id, approved=approved, guardian_resident_id=resident_id
        )

    def _attempt(self, view: SessionView, code: str, now: Instant) -> RegistrationView:
        """The registration behind a typed code; attempts are counted for each guardian."""
        digest = self._digest(code)
        subject = view.authentication.resident_id.encode()
        with self._store.transaction() as tx:
            spent = tx.budgets.spend(
                _KIND, subject, limit=_ATTEMPTS, window=timedelta(days=1), now=now
            )
            record = tx.single_use.look(_KIND, digest)
        if not spent.allowed:
            raise TooManyAttempts("guardian_attempts_exhausted", retry_after=spent.retry_after)
        return self._registration.view(_of(record, now))

    def _check(self, resident_id: str, minor: RegistrationView, now: Instant) -> None:
        if minor.step is not RegistrationStep.GUARDIAN:
            raise GuardianRefused("registration_other_step")
        with self._store.transaction() as tx:
            guardian = tx.residents.get(resident_id)
            kept = self._fields.read(tx, resident_id, ("birth_date", "hkic_number"))
        if guardian is None or not guardian.state.may_log_in or guardian.cools(now):
            raise GuardianRefused("guardian_not_eligible")
        born = kept.get("birth_date")
        today: date = now.date()
        adult = AgeAnswer.UNKNOWN
        if born is not None:
            adult = BirthDate.parse(born).age_at_least(_ADULT, today)
        if adult is not AgeAnswer.YES:
            raise GuardianRefused("guardian_not_adult")
        number = minor.fields.get(CardField.HKIC_NUMBER)
        if number is not None and number.value == kept.get("hkic_number"):
            raise GuardianRefused("guardian_is_applicant")

    def _digest(self, typed: str) -> bytes:
        return self._keys.mac(KeyPurpose.SHORT_CODE, f"{_KIND}:{parse_code(typed)}".encode("ascii"))


def _of(record: SingleUseRecord | None, now: Instant) -> str:
    """The registration that a code is for."""
    if record is None or record.revoked_at is not None:
        raise NotFound("guardian_code_unknown")
    if record.used_at is not None:
        raise AlreadyUsed("guardian_code_used")
    if now >= record.expires_at:
        raise Expired("guardian_code_expired")
    return str(canonical_json.loads_object(record.payload)["registration"])


def _question(minor: RegistrationView) -> GuardianQuestion:
    texts = {name: shown.value for name, shown in minor.fields.items()}
    return GuardianQuestion(
        case=minor.reference,
        name_english=texts.get(CardField.NAME_ENGLISH) or "",
        name_chinese=texts.get(CardField.NAME_CHINESE),
        born=texts.get(CardField.BIRTH_DATE) or "",
    )

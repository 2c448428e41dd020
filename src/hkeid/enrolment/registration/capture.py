"""From the beginning to particulars that the applicant confirmed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from hkeid.enrolment.proofing_policy import Findings
from hkeid.enrolment.registration.admission import admit, admit_picture
from hkeid.enrolment.registration.cases import (
    CARD_ITEMS,
    CONTACT,
    Cases,
    content_digest,
    particulars_of,
)
from hkeid.enrolment.registration.errors import RegistrationRefused
from hkeid.enrolment.registration.events import RegistrationBegun
from hkeid.enrolment.registration.networks import networks_of
from hkeid.enrolment.registration.particulars import (
    age_group,
    as_words,
    confirm,
    keep_texts,
    kept_texts,
    machine_texts,
    number_digest,
)
from hkeid.enrolment.registration.parts import RegistrationParts
from hkeid.enrolment.registration.records import (
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationStep,
    RegistrationTransaction,
)
from hkeid.enrolment.registration.showing import DETAILS, READING, Showing, findings_bytes
from hkeid.enrolment.registration.views import RegistrationView
from hkeid.kernel.errors import MalformedInput, TooManyAttempts, Unavailable
from hkeid.kernel.secret import secret_digest
from hkeid.ports.documents import Authenticity, CardField, DocumentReading, ImageRefused

_UPLOADS = "registration_uploads"
_UPLOADS_EACH = 30
_EMAIL = re.compile(
    r"[!#-+\--:=?A-~]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", re.ASCII
)
_LONGEST_EMAIL = 254
_LONGEST_LANGUAGE = 20


class Capture:
    """The card."""

    def __init__(self, parts: RegistrationParts, cases: Cases, showing: Showing) -> None:
        self._parts = parts
        self._cases = cases
        self._showing = showing

    def begin(
        self,
        *,
        browser: str,
        network: str,
        language: str,
        statement: str,
        purpose: RegistrationPurpose,
    ) -> RegistrationView:
        """See :meth:`hkeid.enrolment.Registration.begin`."""
        if not self._parts.offers(purpose):
            raise Unavailable("registration_not_offered")
        self._check_statement(statement, language)
        around = networks_of(self._parts.keys, network)
        record = replace(
            self.new(browser=browser, language=language, statement=statement, purpose=purpose),
            network=around.network,
            site=around.site,
            provider=around.provider,
        )
        gone: list[RegistrationRecord] = []
        kept = self._cases.add(record, begun(record), lambda tx: self._admit(tx, record, gone))
        for one in gone:
            self._cases.settle(one)
        self._give_up_earlier(browser, but=record.id)
        return self._showing.applicant(kept)

    def _admit(
        self,
        tx: RegistrationTransaction,
        record: RegistrationRecord,
        gone: list[RegistrationRecord],
    ) -> None:
        """Let it in; ``gone`` takes those that made way for it."""

        def make_way(old: RegistrationRecord) -> None:
            ended = replace(old, step=RegistrationStep.EXPIRED, reason="made_way")
            try:
                gone.append(self._cases.move_in(tx, old, ended))
            except RegistrationRefused as error:  # they sent a picture at this moment
                raise TooManyAttempts("registration_network_full", retry_after=1) from error

        admit(tx, record, self._parts.settings, self._cases.now, make_way)

    def new(
        self, *, browser: str, language: str, statement: str, purpose: RegistrationPurpose
    ) -> RegistrationRecord:
        """A record that is not kept yet."""
        now = self._cases.now
        return RegistrationRecord(
            id=self._parts.random.token(16),
            reference="",
            purpose=purpose,
            step=RegistrationStep.CARD,
            browser=secret_digest(browser),
            language=language,
            statement=statement,
            created_at=now,
            updated_at=now,
            expires_at=now + self._parts.settings.window,
        )

    def _check_statement(self, statement: str, language: str) -> None:
        """The applicant agreed to what is in force.

        :raises RegistrationRefused: ``statement_not_current``.
        """
        if statement != self._parts.settings.statement:
            raise RegistrationRefused("statement_not_current")
        if not 0 < len(language) <= _LONGEST_LANGUAGE:
            raise MalformedInput("language_malformed", field="language")

    def give_card(self, registration_id: str, image: bytes, *, browser: str) -> RegistrationView:
        """See :meth:`hkeid.enrolment.Registration.give_card`."""
        record = self._cases.load(
            registration_id,
            browser=browser,
            steps=(RegistrationStep.CARD, RegistrationStep.DETAILS),
        )
        reader = self._parts.reader
        if reader is None:
            raise Unavailable("registration_not_offered")
        tries = record.tries.get("card", 0) + 1
        if tries > self._parts.settings.tries:
            raise TooManyAttempts("card_tries_exhausted")
        self.spend_upload(record)
        if record.step is RegistrationStep.CARD:
            with self._parts.store.transaction() as tx:
                admit_picture(tx, record, self._parts.settings, self._cases.now)
        # Counted before it is read, so that many at once are no more than the tries.
        record = self._cases.move(record, replace(record, tries={**record.tries, "card": tries}))
        try:
            reading = reader.read(image)
        except (ImageRefused, Unavailable):
            self._cases.move(record, replace(record, tries={**record.tries, "card": tries - 1}))
            raise
        usable = reading.advice is None and CardField.HKIC_NUMBER in reading.fields
        last = tries == self._parts.settings.tries
        if not usable and (not last or record.step is RegistrationStep.DETAILS):
            return self._showing.applicant(
                record, advice=reading.advice, warnings=as_words(reading.warnings)
            )
        kept = self._keep_card(record, image, reading)
        document = Authenticity.NOT_ASSESSED
        if self._parts.authenticator is not None:
            document = self._parts.authenticator.assess(image, reading)
        findings = Findings(
            document=document.value,
            reader=reading.reader,
            document_type=reading.generation,
            card_digest=kept,
            warnings=as_words(
                (*reading.warnings, *((reading.advice.value,) if reading.advice else ()))
            ),
        )
        moved = self._cases.move(
            record,
            replace(record, step=RegistrationStep.DETAILS, findings=findings_bytes(findings)),
        )
        return self._showing.applicant(moved, warnings=as_words(reading.warnings))

    def confirm_details(
        self, registration_id: str, edits: Mapping[CardField, str], *, browser: str
    ) -> RegistrationView:
        """See :meth:`hkeid.enrolment.Registration.confirm_details`."""
        record = self._cases.load(
            registration_id, browser=browser, steps=(RegistrationStep.DETAILS,)
        )
        kept = self._parts.evidence.get(record.id, READING)
        if kept is None:
            raise RegistrationRefused("registration_expired")
        if not self._cases.evidence_is_whose(record, self._cases.findings(record)):
            raise RegistrationRefused("registration_changed", detail="another photograph")
        now = self._cases.now
        details = confirm(kept_texts(kept), edits, now)
        number, born = details.person.hkic_number, details.person.birth_date
        if number is None or born is None:
            raise RegistrationRefused("details_incomplete")
        age = age_group(born, now)
        findings = replace(self._cases.findings(record), details=details.state, age=age)
        changed = replace(
            record,
            findings=findings_bytes(findings),
            number_digest=number_digest(self._parts.keys, number),
        )
        if age == "child":
            return self._showing.applicant(
                self._cases.settle(
                    self._cases.move(
                        record,
                        replace(changed, step=RegistrationStep.REFUSED, reason="too_young"),
                    )
                )
            )
        self._parts.evidence.put(record.id, DETAILS, keep_texts(details.texts))
        return self._showing.applicant(
            self._cases.move(record, replace(changed, step=RegistrationStep.SELFIE))
        )

    def leave_contact(self, registration_id: str, email: str, *, browser: str) -> None:
        """See :meth:`hkeid.enrolment.Registration.leave_contact`."""
        record = self._cases.load(
            registration_id,
            browser=browser,
            steps=(RegistrationStep.REFERRED, RegistrationStep.GUARDIAN),
        )
        address = email.strip()
        if len(address) > _LONGEST_EMAIL or _EMAIL.fullmatch(address) is None:
            raise MalformedInput("email_malformed", field="email")
        referred = record.step is RegistrationStep.REFERRED
        session = record.id if referred else particulars_of(record.id)
        self._parts.evidence.put(session, CONTACT, address.encode("ascii"))

    def spend_upload(self, record: RegistrationRecord) -> None:
        """Every picture costs a worker's time.

        :raises hkeid.kernel.errors.TooManyAttempts: ``registration_uploads_exhausted``.
        """
        with self._parts.store.transaction() as tx:
            spent = tx.budgets.spend(
                _UPLOADS,
                secret_digest(record.id),
                limit=_UPLOADS_EACH,
                window=timedelta(hours=1),
                now=self._cases.now,
            )
        if not spent.allowed:
            raise TooManyAttempts("registration_uploads_exhausted", retry_after=spent.retry_after)

    def _give_up_earlier(self, browser: str, *, but: str) -> None:
        with self._parts.store.transaction() as tx:
            earlier = tx.registrations.by_browser(secret_digest(browser))
        for record in earlier:
            if record.id != but and not record.step.concluded and not record.step.waits_for_others:
                try:
                    self._cases.end(record, RegistrationStep.EXPIRED, "begun_again")
                except RegistrationRefused:
                    continue  # it moved at this moment; it ends in time

    def _keep_card(self, record: RegistrationRecord, image: bytes, reading: DocumentReading) -> str:
        """Put it into the vault; returns the digest by which findings say that this is it.

        The vault's session begins here: who only agrees, or is turned away, leaves nothing in it.

        :raises hkeid.kernel.errors.Expired: ``evidence_destroyed``: the case ended at this moment.
        """
        self._parts.evidence.open(record.id, expires_at=record.expires_at)
        texts = keep_texts(machine_texts(reading))
        contents = (texts, reading.card or image, reading.portrait or b"")
        for name, content in zip(CARD_ITEMS, contents, strict=True):
            self._parts.evidence.put(record.id, name, content)
        return content_digest(*contents)


def begun(record: RegistrationRecord) -> RegistrationBegun:
    """The event of a beginning."""
    return RegistrationBegun(
        registration=record.id, purpose=record.purpose.value, statement=record.statement
    )

"""Registration at an enrolled station: chip or officer in place of photograph and selfie."""

from __future__ import annotations

from dataclasses import replace

from hkeid.enrolment.proofing_policy import Findings
from hkeid.enrolment.registration.capture import Capture, begun
from hkeid.enrolment.registration.cases import Cases
from hkeid.enrolment.registration.conclusion import Conclusion
from hkeid.enrolment.registration.errors import RegistrationRefused
from hkeid.enrolment.registration.particulars import (
    age_group,
    keep_texts,
    number_digest,
    texts_of,
)
from hkeid.enrolment.registration.parts import RegistrationParts
from hkeid.enrolment.registration.records import RegistrationPurpose, RegistrationStep
from hkeid.enrolment.registration.showing import DETAILS, Showing
from hkeid.enrolment.registration.views import RegistrationView
from hkeid.identity.person import Person
from hkeid.kernel.errors import ConfigurationError, Unavailable


class Counter:
    """Begins where the station has done the proving."""

    def __init__(
        self,
        parts: RegistrationParts,
        cases: Cases,
        showing: Showing,
        conclusion: Conclusion,
        capture: Capture,
    ) -> None:
        self._parts = parts
        self._cases = cases
        self._showing = showing
        self._conclusion = conclusion
        self._capture = capture

    def begin(
        self,
        person: Person,
        findings: Findings,
        *,
        browser: str,
        language: str,
        statement: str,
        portrait: bytes | None,
        purpose: RegistrationPurpose,
    ) -> RegistrationView:
        """See :meth:`hkeid.enrolment.Registration.begin_at_counter`."""
        if not self._parts.offers(RegistrationPurpose.COUNTER):
            raise Unavailable("registration_not_offered")
        if not findings.station or purpose is RegistrationPurpose.NEW:
            raise ConfigurationError("station_missing", detail="which station is it?")
        self._capture.check_statement(statement, language)
        number, born = person.hkic_number, person.birth_date
        if number is None or born is None:
            raise RegistrationRefused("details_incomplete")
        texts = texts_of(person)
        findings = replace(findings, age=age_group(born, self._cases.now))
        findings = self._conclusion.ask_registry(findings, texts, portrait, purpose)
        record = replace(
            self._capture.new(
                browser=browser, language=language, statement=statement, purpose=purpose
            ),
            # The station's work is the card and the selfie; only the decision is still to come.
            step=RegistrationStep.SELFIE,
            number_digest=number_digest(self._parts.keys, number),
        )
        findings = self._conclusion.look_up(record, findings, number)
        evidence = self._parts.evidence
        evidence.open(record.id, record.created_at, expires_at=record.expires_at)
        evidence.put(record.id, DETAILS, keep_texts(texts))
        if portrait is not None:
            evidence.put(record.id, "selfie", portrait)
        kept = self._cases.add(record, begun(record), lambda tx: None)
        return self._showing.applicant(self._conclusion.conclude(kept, findings, texts))

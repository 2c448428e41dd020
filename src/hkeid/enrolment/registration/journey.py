"""Registration: from a person without an eID to a device that logs in with one (S2, S3)."""

from __future__ import annotations

from collections.abc import Mapping

from hkeid.broker.sessions import LoggedInSession
from hkeid.enrolment.registration.binding import Binding
from hkeid.enrolment.registration.capture import Capture
from hkeid.enrolment.registration.cases import Cases
from hkeid.enrolment.registration.conclusion import Conclusion
from hkeid.enrolment.registration.confirming import Confirming
from hkeid.enrolment.registration.parts import RegistrationParts
from hkeid.enrolment.registration.records import RegistrationPurpose, RegistrationStep
from hkeid.enrolment.registration.selfie import Selfie
from hkeid.enrolment.registration.showing import Showing
from hkeid.enrolment.registration.views import RegistrationView
from hkeid.kernel.secret import secret_digest
from hkeid.ports.documents import CardField
from hkeid.ports.faces import LivenessChallenge, LivenessEvidence
from hkeid.webauthn import CeremonyStart, ResponseInput

_UNDER_WAY = tuple(step for step in RegistrationStep if not step.concluded)


class Registration:
    """The journey. Every method looks at the stored step first; a registration that is elsewhere
    refuses with ``registration_other_step``, one of another browser with ``registration_unknown``.
    """

    def __init__(self, parts: RegistrationParts) -> None:
        self._parts = parts
        self._cases = cases = Cases(parts)
        self._showing = showing = Showing(parts, cases)
        self._capture = Capture(parts, cases, showing)
        self._conclusion = Conclusion(parts, cases)
        self._selfie = Selfie(parts, cases, showing, self._conclusion, self._capture)
        self._binding = Binding(parts, cases, showing, self._conclusion)
        self._confirming = Confirming(parts, cases, self._binding)

    def offered(self, purpose: RegistrationPurpose = RegistrationPurpose.NEW) -> bool:
        """Whether this server can register anybody in this manner."""
        return self._parts.offers(purpose)

    @property
    def statement(self) -> str:
        """Version of the collection statement and biometric consent that :meth:`begin` wants."""
        return self._parts.settings.statement

    # --- the applicant ---------------------------------------------------------------------------

    def begin(
        self,
        *,
        browser: str,
        network: str,
        language: str,
        statement: str,
        purpose: RegistrationPurpose = RegistrationPurpose.NEW,
    ) -> RegistrationView:
        """Begin in a browser; one that the browser left unfinished ends.

        :param network: coarse network; beginnings are counted by it.
        :param statement: version of the collection statement and biometric consent agreed to.
        :raises hkeid.kernel.errors.Unavailable: ``registration_not_offered``; ``registration_full``:
            too many are open in all.
        :raises hkeid.kernel.errors.TooManyAttempts: ``registration_attempts_exhausted``;
            ``registration_network_full``: too many are open from this network.
        :raises RegistrationRefused: ``statement_not_current``.
        """
        return self._capture.begin(
            browser=browser,
            network=network,
            language=language,
            statement=statement,
            purpose=purpose,
        )

    def current(self, *, browser: str) -> RegistrationView | None:
        """The browser's registration, to go on with or to show how it ended; None if none."""
        with self._parts.store.transaction() as tx:
            found = tx.registrations.by_browser(secret_digest(browser))
        if not found:
            return None
        # The newest that the applicant can go on with, then one that waits, then how the last ended.
        record = min(found, key=lambda one: (one.step.concluded, one.step.waits_for_others))
        return self._showing.applicant(self._cases.in_time(record))

    def give_card(self, registration_id: str, image: bytes, *, browser: str) -> RegistrationView:
        """Read a photograph of the card. The view is at ``details``, or still at ``card`` with an
        advice. After the last try the applicant types what could not be read, and an officer looks.

        :raises hkeid.ports.documents.ImageRefused: the picture breaks a limit; no try is spent.
        :raises hkeid.kernel.errors.Unavailable: the reader has no time; no try is spent.
        """
        return self._capture.give_card(registration_id, image, browser=browser)

    def confirm_details(
        self, registration_id: str, edits: Mapping[CardField, str], *, browser: str
    ) -> RegistrationView:
        """Take the fields as read, but for ``edits``.

        :raises hkeid.kernel.errors.MalformedInput: a field does not parse; ``field`` names it.
        :raises RegistrationRefused: ``edit_too_far`` (number and birth date change by a character or
            two), ``dates_impossible``, ``details_incomplete``; nothing changes.
        """
        return self._capture.confirm_details(registration_id, edits, browser=browser)

    def start_liveness(self, registration_id: str, *, browser: str) -> LivenessChallenge:
        """A new challenge for the camera page; an earlier one is void."""
        return self._selfie.start(registration_id, browser=browser)

    def give_selfie(
        self, registration_id: str, evidence: LivenessEvidence, *, browser: str
    ) -> RegistrationView:
        """Judge the answer to the challenge, compare faces, ask the register, decide. The view is at
        ``bind``, ``guardian``, ``referred`` or ``refused``, or still at ``selfie`` with a warning.

        :raises RegistrationRefused: ``liveness_not_started``.
        :raises hkeid.kernel.errors.Unavailable: a part has no time; try again.
        """
        return self._selfie.give(registration_id, evidence, browser=browser)

    def leave_contact(self, registration_id: str, email: str, *, browser: str) -> None:
        """Keep an e-mail address, sealed, for the word of the officer's or guardian's decision.

        :raises hkeid.kernel.errors.MalformedInput: ``email_malformed``.
        """
        self._capture.leave_contact(registration_id, email, browser=browser)

    def start_binding(self, registration_id: str, *, browser: str) -> CeremonyStart:
        """Begin making the passkey, for a person whose identity was decided on. Where the register's
        answer is old it is asked again.

        :raises RegistrationRefused: ``registration_other_step``: the register has changed its mind, and
            the registration has ended.
        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``; nothing changed.
        """
        return self._binding.start(registration_id, browser=browser)

    def finish_binding(
        self,
        registration_id: str,
        ceremony_id: str,
        response: ResponseInput,
        *,
        browser: str,
        agent: str,
        label: str = "",
    ) -> RegistrationView:
        """Verify the new passkey and keep it pending; the view is at ``confirm``."""
        return self._binding.finish(
            registration_id, ceremony_id, response, browser=browser, agent=agent, label=label
        )

    def start_confirmation(self, registration_id: str, *, browser: str) -> CeremonyStart:
        """Begin the first use of the pending passkey; raises as :meth:`start_binding`."""
        return self._binding.start_confirmation(registration_id, browser=browser)

    def finish_confirmation(
        self,
        registration_id: str,
        ceremony_id: str,
        response: ResponseInput,
        *,
        browser: str,
        agent: str,
        session_reference: str | None = None,
    ) -> LoggedInSession:
        """Activate everything in one transaction and log the resident in."""
        return self._confirming.finish(
            registration_id,
            ceremony_id,
            response,
            browser=browser,
            agent=agent,
            session_reference=session_reference,
        )

    def cancel(self, registration_id: str, *, browser: str) -> None:
        """Give up: the evidence is destroyed at once."""
        record = self._cases.load(registration_id, browser=browser, steps=_UNDER_WAY)
        self._cases.end(record, RegistrationStep.EXPIRED, "given_up")

    # --- others ----------------------------------------------------------------------------------

    def view(self, registration_id: str) -> RegistrationView:
        """For officers, who have no browser of the applicant's: with findings and decision.

        :raises hkeid.kernel.errors.NotFound: ``registration_unknown``.
        """
        return self._showing.officer(self._cases.get(registration_id))

    def decide(
        self, registration_id: str, *, accept: bool, reason: str, officers: tuple[str, ...]
    ) -> None:
        """An officer's decision on a referred case; called by review.

        :param reason: a short word in ``snake_case``.
        :param officers: internal ids of those who decided; one, or two for risky cases.
        :raises RegistrationRefused: ``registration_other_step``; ``case_not_acceptable`` (policy's
            ``never``, or an eID in the way), ``second_officer_needed``, ``officers_missing``,
            ``details_incomplete``.
        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``: the register, asked again,
            has no answer.
        """
        self._conclusion.decide(registration_id, accept=accept, reason=reason, officers=officers)

    def guardian_decided(
        self, registration_id: str, *, approved: bool, guardian_resident_id: str
    ) -> None:
        """A guardian's decision on a minor's registration: on to ``bind``, or refused.

        Whether somebody is this minor's guardian is for the caller to know.

        :raises RegistrationRefused: ``registration_other_step``, ``guardian_not_eligible``.
        """
        self._conclusion.guardian_decided(
            registration_id, approved=approved, guardian_resident_id=guardian_resident_id
        )

    def expire(self, *, limit: int = 100) -> int:
        """End what is overdue and destroy what was decided on; returns how many."""
        return self._cases.sweep(limit=limit)

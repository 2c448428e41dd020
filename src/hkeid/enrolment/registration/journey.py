"""Registration: from a person without an eID to a device that logs in with one (S2, S3)."""

from __future__ import annotations

from collections.abc import Mapping

from hkeid.broker.sessions import LoggedInSession
from hkeid.enrolment.proofing_policy import Findings
from hkeid.enrolment.registration.parts import RegistrationParts
from hkeid.enrolment.registration.records import RegistrationPurpose
from hkeid.enrolment.registration.views import RegistrationView
from hkeid.identity.person import Person
from hkeid.ports.documents import CardField
from hkeid.ports.faces import LivenessChallenge, LivenessEvidence
from hkeid.webauthn import CeremonyStart, ResponseInput


class Registration:
    """The journey. Every method looks at the stored step first; a registration that is elsewhere
    refuses with ``registration_other_step``, one of another browser with ``registration_unknown``.
    """

    def __init__(self, parts: RegistrationParts) -> None:
        self._parts = parts

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
        :raises hkeid.kernel.errors.Unavailable: ``registration_not_offered``.
        :raises hkeid.kernel.errors.TooManyAttempts: ``registration_attempts_exhausted``.
        :raises RegistrationRefused: ``statement_not_current``.
        """
        raise NotImplementedError

    def current(self, *, browser: str) -> RegistrationView | None:
        """The browser's registration, to go on with or to show how it ended; None if none."""
        raise NotImplementedError

    def give_card(self, registration_id: str, image: bytes, *, browser: str) -> RegistrationView:
        """Read a photograph of the card. The view is at ``details``, or still at ``card`` with an
        advice. After the last try the applicant types what could not be read, and an officer looks.

        :raises hkeid.ports.documents.ImageRefused: the picture breaks a limit; no try is spent.
        :raises hkeid.kernel.errors.Unavailable: the reader has no time; no try is spent.
        """
        raise NotImplementedError

    def confirm_details(
        self, registration_id: str, edits: Mapping[CardField, str], *, browser: str
    ) -> RegistrationView:
        """Take the fields as read, but for ``edits``.

        :raises hkeid.kernel.errors.MalformedInput: a field does not parse; ``field`` names it.
        :raises RegistrationRefused: ``edit_too_far`` (number and birth date change by a character or
            two), ``dates_impossible``, ``details_incomplete``; nothing changes.
        """
        raise NotImplementedError

    def start_liveness(self, registration_id: str, *, browser: str) -> LivenessChallenge:
        """A new challenge for the camera page; an earlier one is void."""
        raise NotImplementedError

    def give_selfie(
        self, registration_id: str, evidence: LivenessEvidence, *, browser: str
    ) -> RegistrationView:
        """Judge the answer to the challenge, compare faces, ask the register, decide. The view is at
        ``bind``, ``guardian``, ``referred`` or ``refused``, or still at ``selfie`` with a warning.

        :raises RegistrationRefused: ``liveness_not_started``.
        :raises hkeid.kernel.errors.Unavailable: a part has no time; try again.
        """
        raise NotImplementedError

    def leave_contact(self, registration_id: str, email: str, *, browser: str) -> None:
        """Keep an e-mail address, sealed, for the word of the officer's or guardian's decision.

        :raises hkeid.kernel.errors.MalformedInput: ``email_malformed``.
        """
        raise NotImplementedError

    def start_binding(self, registration_id: str, *, browser: str) -> CeremonyStart:
        """Begin making the passkey, for a person whose identity was decided on."""
        raise NotImplementedError

    def finish_binding(
        self,
        registration_id: str,
        ceremony_id: str,
        response: ResponseInput,
        *,
        browser: str,
        network: str,
        agent: str,
        label: str = "",
    ) -> RegistrationView:
        """Verify the new passkey and keep it pending; the view is at ``confirm``."""
        raise NotImplementedError

    def start_confirmation(self, registration_id: str, *, browser: str) -> CeremonyStart:
        """Begin the first use of the pending passkey."""
        raise NotImplementedError

    def finish_confirmation(
        self,
        registration_id: str,
        ceremony_id: str,
        response: ResponseInput,
        *,
        browser: str,
        network: str,
        agent: str,
        session_reference: str | None = None,
    ) -> LoggedInSession:
        """Activate everything in one transaction and log the resident in."""
        raise NotImplementedError

    def cancel(self, registration_id: str, *, browser: str) -> None:
        """Give up: the evidence is destroyed at once."""
        raise NotImplementedError

    # --- others ----------------------------------------------------------------------------------

    def begin_at_counter(
        self,
        person: Person,
        findings: Findings,
        *,
        browser: str,
        language: str,
        statement: str,
        portrait: bytes | None = None,
    ) -> RegistrationView:
        """Begin at an enrolled station, with the evidence of chip or officer in place of photograph
        and selfie: at ``bind``, for a security key at the station's browser, if policy says so.

        :param findings: ``chip``, ``officer``, ``face``, ``calibrated``, ``liveness`` … as the station
            found them; register, age and existing eIDs are looked up here.
        :param portrait: picture taken at the station, for the register to compare; not kept.
        """
        raise NotImplementedError

    def view(self, registration_id: str) -> RegistrationView:
        """For officers, who have no browser of the applicant's: with findings and decision.

        :raises hkeid.kernel.errors.NotFound: ``registration_unknown``.
        """
        raise NotImplementedError

    def decide(
        self, registration_id: str, *, accept: bool, reason: str, officers: tuple[str, ...]
    ) -> None:
        """An officer's decision on a referred case; called by review.

        :param reason: a short word in ``snake_case``.
        :param officers: internal ids of those who decided; one, or two for risky cases.
        :raises RegistrationRefused: ``registration_other_step``.
        """
        raise NotImplementedError

    def guardian_decided(
        self, registration_id: str, *, approved: bool, guardian_resident_id: str
    ) -> None:
        """A guardian's decision on a minor's registration."""
        raise NotImplementedError

    def expire(self, *, limit: int = 100) -> int:
        """End what is overdue and destroy what was decided on; returns how many."""
        raise NotImplementedError

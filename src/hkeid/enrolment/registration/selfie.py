"""The selfie: somebody is there, and it is the person on the card and in the register."""

from __future__ import annotations

import hmac
from dataclasses import replace

from hkeid.enrolment.proofing_policy import Findings
from hkeid.enrolment.registration.capture import Capture
from hkeid.enrolment.registration.cases import SELFIE, Cases, content_digest
from hkeid.enrolment.registration.conclusion import Conclusion
from hkeid.enrolment.registration.errors import RegistrationRefused
from hkeid.enrolment.registration.events import LivenessFailed
from hkeid.enrolment.registration.particulars import Texts, kept_texts, person_of
from hkeid.enrolment.registration.parts import RegistrationParts
from hkeid.enrolment.registration.presence import SUSPECT, is_attack, judged, with_failure
from hkeid.enrolment.registration.records import (
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationStep,
)
from hkeid.enrolment.registration.showing import DETAILS, Showing, findings_bytes
from hkeid.enrolment.registration.views import RegistrationView
from hkeid.kernel.errors import Expired, Unavailable
from hkeid.kernel.secret import secret_digest
from hkeid.ports.documents import ImageRefused
from hkeid.ports.faces import (
    FaceBand,
    FacePurpose,
    FaceRefused,
    LivenessChallenge,
    LivenessEvidence,
    LivenessResult,
    LivenessVerdict,
)

_CHALLENGE = "liveness"
_AT_SELFIE = (RegistrationStep.SELFIE,)


class Selfie:
    """Challenge, answer, comparison."""

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

    def start(self, registration_id: str, *, browser: str) -> LivenessChallenge:
        """See :meth:`hkeid.enrolment.Registration.start_liveness`."""
        record = self._cases.load(registration_id, browser=browser, steps=_AT_SELFIE)
        liveness = self._parts.liveness
        if liveness is None:
            raise Unavailable("registration_not_offered")
        if record.tries.get("selfie", 0) >= self._parts.settings.tries:
            # The process died over the last answer.
            self._conclude(record, self._cases.findings(record))
            raise RegistrationRefused("registration_other_step", detail="tries exhausted")
        self._capture.spend_upload(record)
        challenge = liveness.start(self._cases.now, self._parts.random)
        self._parts.evidence.put(record.id, _CHALLENGE, challenge.as_bytes())
        self._cases.move(record, replace(record, challenge=secret_digest(challenge.nonce)))
        return replace(challenge, secret=b"")

    def give(
        self, registration_id: str, evidence: LivenessEvidence, *, browser: str
    ) -> RegistrationView:
        """See :meth:`hkeid.enrolment.Registration.give_selfie`."""
        record = self._cases.load(registration_id, browser=browser, steps=_AT_SELFIE)
        challenge = self._claimed(record, evidence)
        # Burnt and counted before the answer is looked at: one answer to one challenge.
        spent = self._cases.move(
            record,
            replace(
                record,
                challenge=None,
                tries={**record.tries, "selfie": record.tries.get("selfie", 0) + 1},
            ),
        )
        try:
            return self._judge(spent, challenge, evidence)
        except Expired as error:
            if error.reason == "liveness_expired":
                self._cases.move(spent, replace(spent, tries=record.tries))
            raise
        except (ImageRefused, FaceRefused) as error:
            # Read again: what was found of this attempt may have been noted since.
            noted = self._cases.at(self._cases.get(spent.id), _AT_SELFIE)
            return self._retry(noted, self._cases.findings(noted), error.reason)

    def _claimed(self, record: RegistrationRecord, evidence: LivenessEvidence) -> LivenessChallenge:
        kept = self._parts.evidence.get(record.id, _CHALLENGE)
        digest = secret_digest(evidence.nonce)
        if (
            kept is None
            or record.challenge is None
            or not hmac.compare_digest(record.challenge, digest)
        ):
            raise RegistrationRefused("liveness_not_started")
        return LivenessChallenge.from_bytes(kept)

    def _judge(
        self, record: RegistrationRecord, challenge: LivenessChallenge, evidence: LivenessEvidence
    ) -> RegistrationView:
        liveness = self._parts.liveness
        if liveness is None:
            raise Unavailable("registration_not_offered")
        try:
            result = liveness.finish(challenge, evidence, self._cases.now)
        except Unavailable:
            self._give_back(record)
            raise
        frame = result.best_frame
        if frame is not None:
            self._parts.evidence.put(record.id, SELFIE, frame)
        record = self._note(record, result)
        findings = judged(self._cases.findings(record), result)
        if result.verdict is not LivenessVerdict.LIVE or frame is None:
            return self._retry(record, findings, result.reason)
        findings = self._compare(record, findings, result)
        if findings.face == FaceBand.NO_MATCH.value and self._tries_left(record):
            return self._showing.applicant(record, warnings=("face_no_match",))
        return self._showing.applicant(self._conclude(record, findings, frame))

    def _note(self, record: RegistrationRecord, result: LivenessResult) -> RegistrationRecord:
        """Keep what speaks against an attempt before anything follows from it: later attempts, another
        selfie or a process that dies do not make it undone.
        """
        attacked = is_attack(result)
        if result.verdict is LivenessVerdict.LIVE and not attacked:
            return record
        if attacked and result.best_frame is not None:
            self._parts.evidence.put(record.id, SUSPECT, result.best_frame)
        noted = findings_bytes(with_failure(self._cases.findings(record), result))
        event = LivenessFailed(
            registration=record.id,
            attempt=record.tries.get("selfie", 0),
            verdict=result.verdict.value,
            capture=result.integrity.value,
            provider=result.provider,
        )
        return self._cases.move(record, replace(record, findings=noted), event)

    def _compare(
        self, record: RegistrationRecord, findings: Findings, result: LivenessResult
    ) -> Findings:
        """Compare the frame that was found live, and no other, with the card's portrait.

        :raises FaceRefused: the frame is no good; a card's portrait that is none ends in a review.
        """
        matcher, frame = self._parts.matcher, result.best_frame
        portrait = self._parts.evidence.get(record.id, "portrait")
        if not self._cases.evidence_is_whose(record, findings):
            raise RegistrationRefused("registration_changed", detail="another photograph")
        if matcher is None or frame is None or not portrait:
            return findings
        recovering = record.purpose is RegistrationPurpose.RECOVERY
        purpose = FacePurpose.RECOVERY if recovering else FacePurpose.SELFIE_WITH_CARD
        try:
            compared = matcher.compare(frame, portrait, purpose)
        except FaceRefused as error:
            if error.detail == "reference":
                return replace(findings, warnings=(*findings.warnings, "portrait_unusable"))
            raise
        except Unavailable:
            self._give_back(record)
            raise
        return replace(
            findings,
            face=compared.band.value,
            # What is in force, and not what the result says of itself, must agree too.
            calibrated="yes"
            if compared.calibration is not None and compared.calibration == matcher.calibration
            else "no",
            matcher=compared.model,
            matcher_sha256=compared.model_sha256,
            calibration=compared.calibration or "",
        )

    def _retry(
        self, record: RegistrationRecord, findings: Findings, reason: str
    ) -> RegistrationView:
        """Another try; after the last one, an officer."""
        if self._tries_left(record):
            return self._showing.applicant(record, warnings=(reason,))
        noted = replace(findings, warnings=(*findings.warnings, reason))
        return self._showing.applicant(self._conclude(record, noted))

    def _conclude(
        self, record: RegistrationRecord, findings: Findings, frame: bytes | None = None
    ) -> RegistrationRecord:
        """Ask the register and what is known here; decide.

        :param frame: what was found live; None: the last that was given, for an officer to look at.
        """
        texts = self._texts(record)
        selfie = frame or self._parts.evidence.get(record.id, SELFIE)
        findings = replace(findings, selfie_digest=content_digest(selfie or b""))
        try:
            findings = self._conclusion.ask_registry(findings, texts, selfie, record.purpose)
        except Unavailable:
            if self._tries_left(record):
                raise
            findings = replace(findings, registry="unavailable")
        number = person_of(texts).hkic_number
        if number is None:
            raise RegistrationRefused("details_incomplete")
        findings = self._conclusion.look_up(record, findings, number)
        self._conclusion.warn(record, texts, accepted=False)
        return self._conclusion.conclude(record, findings, texts)

    def _texts(self, record: RegistrationRecord) -> Texts:
        kept = self._parts.evidence.get(record.id, DETAILS)
        if kept is None:
            raise RegistrationRefused("registration_expired")
        return kept_texts(kept)

    def _give_back(self, record: RegistrationRecord) -> None:
        """A part had no time: the try does not count."""
        tries = {**record.tries, "selfie": record.tries.get("selfie", 1) - 1}
        self._cases.move(record, replace(record, tries=tries))

    def _tries_left(self, record: RegistrationRecord) -> bool:
        return record.tries.get("selfie", 0) < self._parts.settings.tries

"""A person whom policy refers to an officer: the review, the word of it, the eID, and who looked.

Part of what ``scripts/demo --once`` drives. The register holds another name than the card, so a machine
may not decide; two officers do, each with a passkey of their own, at the console. What they and their
colleagues open is on the resident's own page afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

from hkeid.testing.journey import Step
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_applicant import VirtualApplicant
from hkeid.testing.virtual_officer import VirtualOfficer

_CALLED = "resident_called"
_REVIEW = "review_of_registration"

EnrolmentCode = Callable[[str], str]
"""Makes a code with which an officer of that name enrols a passkey (``hkeid officers code NAME``)."""


class JourneyOfReview:
    """A persona's way to an eID by officers' hands.

    :param console: origin of the officers' console.
    :param code: makes enrolment codes.
    :param applicant: key of a persona whose card the register does not agree with.
    :param face: key of the persona whose pictures stand in for the applicant's face.
    :param officers: names of two who may decide; the first may open records too.
    """

    def __init__(
        self,
        *,
        issuer: str,
        console: str,
        code: EnrolmentCode,
        applicant: str = "tang-yi-ming",
        face: str = "kwok-lai-king",
        officers: tuple[str, str] = ("SUI, Ling", "KO, Kap"),
    ) -> None:
        self.issuer = issuer.rstrip("/")
        self.applicant = VirtualApplicant(issuer, applicant, face=face)
        self.officers = {name: VirtualOfficer(console) for name in officers}
        self.address = f"{applicant}@mail.example.hk"
        self._code = code
        self._case = ""

    def steps(self) -> tuple[Step, ...]:
        """The steps, in order."""
        return (
            Step(name="register with a card that the register contradicts", do=self._apply),
            Step(name="two officers make passkeys for the console", do=self._enrol),
            Step(name="an officer logs in, takes the case, gives a reason, votes", do=self._first),
            Step(name="a second officer looks, and decides", do=self._second),
            Step(name="the applicant is told, without a word of the outcome", do=self._told),
            Step(name="the applicant comes back and binds the phone", do=self._bind),
            Step(name="an officer opens the record because the resident called", do=self._look),
            Step(name="My eID shows that an officer looked, and why", do=self._shown),
        )

    def _apply(self) -> str:
        self.applicant.begin()
        self.applicant.photograph_card()
        self.applicant.confirm_details()
        self._case = self.applicant.turn_head_and_wait()
        page = self.applicant.here("contact-form")
        page = self.applicant.browser.submit(page.form("contact-form"), {"email": self.address})
        if "contact-kept" not in page.attributes:
            raise page.unexpected("the address was not kept")
        name = PERSONAS[self.applicant.persona].person.name.english
        return f"{name}: an officer is asked, case {self._case}"

    def _enrol(self) -> str:
        for name, officer in self.officers.items():
            officer.enrol(self._code(name))
        return "; ".join(self.officers)

    def _first(self) -> str:
        officer = next(iter(self.officers.values()))
        # Not on the strength of the enrolment: the decision rests on a use of the passkey now.
        page = officer.open("/console/today")
        officer.browser.submit(page.form("log-out"))
        officer.log_in()
        return self._vote(officer, expected="second-needed")

    def _second(self) -> str:
        return self._vote(list(self.officers.values())[1], expected="decided")

    def _vote(self, officer: VirtualOfficer, *, expected: str) -> str:
        page = officer.take(self._case)
        pictures = officer.pictures(page)
        if not pictures or not all(pictures.values()):
            raise page.unexpected("no pictures to compare")
        said = officer.vote(page, accept=True, note="called; the deed poll was shown")
        if said != expected:
            raise page.unexpected(f"{said}, not {expected}")
        return f"{len(pictures)} pictures side by side; {said.replace('-', ' ')}"

    def _told(self) -> str:
        page = self.applicant.browser.get(f"{self.issuer}/sandbox/inbox")
        if self.address not in page.text:
            raise page.unexpected("no letter to the applicant")
        return f"a letter to {self.address}"

    def _bind(self) -> str:
        self.applicant.make_passkey()
        page = self.applicant.use_passkey()
        return f"the eID is active; receipt {page.texts['case-number']}"

    def _look(self) -> str:
        officer = next(iter(self.officers.values()))
        number = PERSONAS[self.applicant.persona].hkic_number.reveal()
        page = officer.find(number, reason=_CALLED)
        if "entry" not in page.attributes:
            raise page.unexpected("no record")
        return f"state {page.attributes['state']['data-state-of-eid']}"

    def _shown(self) -> str:
        page = self.applicant.browser.get(f"{self.issuer}/account")
        lines = [at for id_, at in page.attributes.items() if id_.startswith("access-")]
        reasons = [at["data-reason"] for at in lines]
        if reasons.count(_CALLED) != 1 or reasons.count(_REVIEW) < len(self.officers):
            raise page.unexpected("not every officer's look")
        return "; ".join(f"{at['data-role']}: {at['data-reason']}" for at in lines)

"""A person without an eID at a phone: goes through the pages of remote registration.

By the pages' own forms, with a photograph of a SPECIMEN card and a film of a head that turns::

    applicant = VirtualApplicant("http://localhost:8000", "ho-sau-lan")
    applicant.register()
    applicant.resident          # a VirtualResident with the new passkey, logged in

Somebody who lost every device goes the same way with ``recovering=True``.

Each step can be taken alone, in the same or in a new window of the same browser.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from hkeid.ports.faces import LivenessChallenge
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Browser, Page
from hkeid.testing.personas import PERSONAS
from hkeid.testing.portraits import answer_time, head_turn, portrait
from hkeid.testing.specimen_card import Condition, draw_card, face_of, photograph
from hkeid.testing.uploads import upload
from hkeid.testing.virtual_resident import VirtualResident


class VirtualApplicant:
    """A persona on the way to an eID.

    :param persona: key of one who has none yet.
    :param face: key of the persona whose pictures stand in for the face, on the card too; the
        persona's own if None. Real matchers need one who has a face (see
        :mod:`hkeid.testing.portraits`).
    :param condition: how the card is photographed.
    :param recovering: the persona has an eID, and lost every device.
    :ivar resident: browser and authenticator; the resident that the applicant becomes.
    """

    def __init__(
        self,
        issuer: str,
        persona: str,
        *,
        face: str | None = None,
        condition: Condition = Condition.MIXED,
        recovering: bool = False,
        authenticator: SoftwareAuthenticator | None = None,
        browser: Browser | None = None,
    ) -> None:
        self.issuer = issuer.rstrip("/")
        self.persona = persona
        self.face = face or persona
        self.condition = condition
        self._start = "/register/recover" if recovering else "/register"
        # Reading a card and comparing faces takes seconds, on a busy machine many.
        browser = browser or Browser(patience=120.0)
        self.resident = VirtualResident(issuer, authenticator=authenticator, browser=browser)
        self.resident.persona = persona

    @property
    def browser(self) -> Browser:
        """The phone's browser."""
        return self.resident.browser

    def register(self) -> Page:
        """All steps; ends on the page with the receipt."""
        self.begin()
        self.photograph_card()
        self.confirm_details()
        self.turn_head()
        self.make_passkey()
        return self.use_passkey()

    def begin(self) -> Page:
        """Read what it is about, and agree."""
        page = self.browser.get(f"{self.issuer}{self._start}")
        statement = page.attributes["consent"]["value"]
        return self._at(
            "card-form", self.browser.submit(page.form("begin-form"), {"consent": statement})
        )

    def photograph_card(self) -> Page:
        """Photograph the card."""
        card = draw_card(face_of(PERSONAS[self.persona]), portrait=portrait(self.face))
        picture = photograph(card, self.condition, seed=1)
        page = self.here("card-form")
        return self._at(
            "details-form",
            upload(self.browser, page.form("card-form"), [("image", "image/jpeg", picture)]),
        )

    def confirm_details(self) -> Page:
        """Say that what was read is right."""
        page = self.here("details-form")
        return self._at("selfie-form", self.browser.submit(page.form("details-form")))

    def turn_head(self) -> Page:
        """Turn the head as the page asks; takes as long as it takes a person. Ends where the passkey
        is made.
        """
        return self._at("passkey-form", self._turn_head())

    def turn_head_and_wait(self) -> str:
        """The same where policy sends the case to an officer; gives the case number."""
        return self._at("case-number", self._turn_head()).texts["case-number"]

    def _turn_head(self) -> Page:
        page = self.here("selfie-form")
        csrf = dict(page.form("selfie-form").fields)["csrf"]
        asked = self.browser.post(
            f"{self.issuer}/register/selfie/challenge",
            urlencode({"csrf": csrf}).encode(),
            "application/x-www-form-urlencoded",
        ).json()
        challenge = LivenessChallenge(
            nonce=asked["nonce"],
            client=asked["challenge"],
            expires_at=datetime.now(UTC) + timedelta(minutes=5),
        )
        began = time.monotonic()
        evidence = head_turn(self.face, challenge)
        left = answer_time(challenge).total_seconds() - (time.monotonic() - began)
        time.sleep(max(0.0, left))
        values = {
            "nonce": evidence.nonce,
            "times": json.dumps([frame.at_ms for frame in evidence.frames]),
        }
        frames = [("frames", "image/jpeg", frame.image) for frame in evidence.frames]
        return upload(self.browser, page.form("selfie-form"), frames, values)

    def make_passkey(self) -> Page:
        """Make the passkey."""
        page = self.here("passkey-form")
        return self._at("passkey-form", self.resident.ceremony(page))

    def use_passkey(self) -> Page:
        """Use it for the first time: now the eID is active."""
        page = self.here("passkey-form")
        return self._at("receipt", self.resident.ceremony(page))

    def here(self, expected: str) -> Page:
        """The page of the step where the registration is, as one who comes back finds it.

        :raises UnexpectedPage: it is at another step.
        """
        return self._at(expected, self.browser.get(f"{self.issuer}/register/step"))

    def _at(self, expected: str, page: Page) -> Page:
        if page.status != 200 or expected not in page.attributes:
            problem = page.attributes.get("problem", {}).get("data-problem", "")
            raise page.unexpected(f"no {expected} ({page.status} {problem})")
        return page

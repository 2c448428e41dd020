"""A person who logs in at another identity provider: the services notice no difference.

With the simulated iAM Smart (:mod:`hkeid.testing.iam_smart_simulator`), over HTTP, by its own pages.
"""

from __future__ import annotations

from hkeid.testing.browser import Page
from hkeid.testing.journey import Step
from hkeid.testing.virtual_resident import VirtualResident

AT_IAM_SMART = "at-iam-smart"


def decide_on_phone(
    resident: VirtualResident, page: Page, persona: str, *, approve: bool = True
) -> Page:
    """Answer on the "phone" page of the simulator, and let the page with the code go on.

    :param page: the simulator's page with the QR code.
    """
    phone = resident.browser.get(page.link("open-phone").href)
    form = next(one for one in phone.forms if "approve" in one.names)
    decision = "approve" if approve else "reject"
    done = resident.browser.submit(form, {"persona": persona}, button=("decision", decision))
    if "done" not in done.attributes:
        raise done.unexpected("the phone is not done")
    # Where the page with the code goes on by itself.
    return resident.browser.get(phone.url.replace("/phone/", "/qr/"))


class JourneyElsewhere:
    """A persona's way to two services by iAM Smart.

    :param first: base URL of the service where the person logs in.
    :param second: base URL of the service that knows the person by single sign-on.
    :param persona: key of the persona, who has no eID here.
    """

    def __init__(self, *, issuer: str, first: str, second: str, persona: str = "lee-sze") -> None:
        self.issuer, self.first, self.second = (url.rstrip("/") for url in (issuer, first, second))
        self.persona = persona
        self.person = VirtualResident(issuer)

    def steps(self) -> tuple[Step, ...]:
        """The steps, in order."""
        return (
            Step(name="another person chooses iAM Smart, and turns back there", do=self._turn_back),
            Step(name="logs in with iAM Smart at the first service", do=self._log_in),
            Step(name="single sign-on at the second service", do=self._sign_on),
            Step(name="My eID shows which login leads there", do=self._account),
        )

    def _choose(self, service: str) -> Page:
        page = self.person.browser.get(f"{service}/eid/login")
        return self.person.browser.get(page.link(AT_IAM_SMART).href)

    def _turn_back(self) -> str:
        page = decide_on_phone(self.person, self._choose(self.first), self.persona, approve=False)
        problem = page.attributes.get("problem", {}).get("data-problem")
        if problem != "elsewhere" or "passkey-form" not in page.attributes:
            raise page.unexpected("not told, or no other way is left")
        return "told so; the passkey is still offered"

    def _log_in(self) -> str:
        page = decide_on_phone(self.person, self._choose(self.first), self.persona)
        page = self.person.go_through(page)
        if not page.url.startswith(self.first + "/") or "login" in self.person.seen:
            raise page.unexpected(f"pages were {self.person.seen}")
        page.form("/eid/logout")
        return f"approved on the phone; then {' and '.join(self.person.seen) or 'nothing more'}"

    def _sign_on(self) -> str:
        page = self.person.go_through(self.person.browser.get(f"{self.second}/eid/login"))
        if not page.url.startswith(self.second + "/") or "login" in self.person.seen:
            raise page.unexpected(f"pages were {self.person.seen}")
        return f"no login, only {', '.join(self.person.seen) or 'nothing'}"

    def _account(self) -> str:
        page = self.person.browser.get(f"{self.issuer}/account")
        if "unlink-1" in page.attributes:
            raise page.unexpected("the only way in can be removed")
        if "elsewhere-title" not in page.attributes:
            raise page.unexpected("the login is not shown")
        return "shown, and not to be removed: it is the only way in"

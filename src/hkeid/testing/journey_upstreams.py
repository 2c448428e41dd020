"""People who log in with their company's or university's login, and whose logouts go both ways.

With the simulated company (:mod:`hkeid.testing.upstream_provider`, OpenID Connect) and university
(:mod:`hkeid.testing.upstream_university`, SAML), over HTTP, by their own pages.
"""

from __future__ import annotations

import time

from hkeid.testing.browser import Page
from hkeid.testing.journey import Step
from hkeid.testing.virtual_resident import VirtualResident

_LOOKS, _PAUSE = 30, 0.1
"""A relying party is told right after, by a request of its own."""


class JourneyOfUpstreams:
    """Two people without an eID at one service.

    :param service: base URL of a service that speaks OpenID Connect.
    :param company: base URL of the company.
    :param university: base URL of the university.
    """

    def __init__(self, *, issuer: str, service: str, company: str, university: str) -> None:
        self.issuer, self.service = issuer.rstrip("/"), service.rstrip("/")
        self.company, self.university = company.rstrip("/"), university.rstrip("/")
        self.clerk, self.student = VirtualResident(issuer), VirtualResident(issuer)

    def steps(self) -> tuple[Step, ...]:
        """The steps, in order."""
        return (
            Step(name="a clerk logs in with the company's login (OpenID Connect)", do=self._clerk),
            Step(name="and logs out at the service: at the company too", do=self._clerk_leaves),
            Step(name="a student logs in with the university's login (SAML)", do=self._student),
            Step(
                name="and logs out at the university: at the service too", do=self._student_leaves
            ),
        )

    def _log_in(self, who: VirtualResident, door: str, person: str) -> str:
        page = who.browser.get(f"{self.service}/eid/login")
        page = who.browser.get(page.link(f"at-{door}").href)
        form = page.form("/login")
        page = who.browser.submit(form, {"person": person}, button=("decision", "login"))
        page = who.go_through(page)
        if not page.url.startswith(self.service + "/") or "login" in who.seen:
            raise page.unexpected(f"pages were {who.seen}")
        page.form("/eid/logout")
        return f"then {' and '.join(who.seen) or 'nothing more'}"

    def _is_asked(self, who: VirtualResident, door: str) -> Page:
        """The page of the other provider, which does not know the person any more."""
        page = who.browser.get(f"{self.service}/eid/login")
        page = who.browser.get(page.link(f"at-{door}").href)
        page.form("/login")
        return page

    def _clerk(self) -> str:
        return self._log_in(self.clerk, "company", "ip-manager")

    def _clerk_leaves(self) -> str:
        browser = self.clerk.browser
        page = browser.get(f"{self.service}/")
        self.clerk.go_through(browser.submit(page.form("/eid/logout")))
        page = self._is_asked(self.clerk, "company")
        if not page.url.startswith(self.company):
            raise page.unexpected("not asked at the company")
        return "whoever comes next is asked there again"

    def _student(self) -> str:
        return self._log_in(self.student, "university", "lok-student")

    def _student_leaves(self) -> str:
        browser = self.student.browser
        self.student.go_through(browser.get(f"{self.university}/logout"))
        for _ in range(_LOOKS):
            page = browser.get(f"{self.service}/eid/login")
            if "passkey-form" in page.attributes:
                self._is_asked(self.student, "university")
                return "told through the browser, and the service behind its back"
            time.sleep(_PAUSE)
        raise page.unexpected("still logged in at the service")

"""A service that speaks SAML, visited by residents who are logged in already: :mod:`hkeid.testing.saml_service`."""

from __future__ import annotations

import time

from hkeid.testing.journey import Step
from hkeid.testing.journey_elsewhere import JourneyElsewhere
from hkeid.testing.virtual_resident import VirtualResident

_LOOKS, _PAUSE = 30, 0.1
"""A relying party of OpenID Connect is told right after, by a request of its own."""


class JourneyOfSaml:
    """Two residents at a SAML service.

    :param service: its base URL.
    :param first: base URL of a service that speaks OpenID Connect.
    :param resident: who has an eID and is logged in.
    :param elsewhere: whose person came by iAM Smart and is logged in at both OpenID Connect services.
    """

    def __init__(
        self, *, service: str, first: str, resident: VirtualResident, elsewhere: JourneyElsewhere
    ) -> None:
        self.service, self.first = service.rstrip("/"), first.rstrip("/")
        self.resident = resident
        self.elsewhere = elsewhere

    def steps(self) -> tuple[Step, ...]:
        """The steps, in order."""
        return (
            Step(name="the same resident at a service that speaks SAML", do=self._resident),
            Step(name="and the person who came by iAM Smart", do=self._person),
            Step(name="the person logs out at the SAML service: everywhere", do=self._log_out),
            Step(name="the resident logs out in My eID: the SAML service too", do=self._my_eid),
        )

    def _visit(self, who: VirtualResident) -> str:
        page = who.go_through(who.browser.get(f"{self.service}/login"))
        if page.url != f"{self.service}/" or "subject" not in page.texts or "login" in who.seen:
            raise page.unexpected(f"not logged in; pages were {who.seen}")
        return f"only {', '.join(who.seen) or 'nothing'}; {page.texts['level'].rpartition(':')[2]}"

    def _resident(self) -> str:
        return self._visit(self.resident)

    def _person(self) -> str:
        return self._visit(self.elsewhere.person)

    def _log_out(self) -> str:
        person = self.elsewhere.person
        page = person.go_through(person.browser.get(f"{self.service}/logout"))
        if "stranger" not in page.attributes:
            raise page.unexpected("still logged in at the SAML service")
        page = person.browser.get(f"{person.issuer}/account")
        if "passkey-form" not in page.attributes:
            raise page.unexpected("still logged in at the provider")
        for _ in range(_LOOKS):
            page = person.browser.get(f"{self.first}/eid/login")
            if "passkey-form" in page.attributes:
                return "the provider's session ended, and the first service's"
            time.sleep(_PAUSE)
        raise page.unexpected("the first service was not told")

    def _my_eid(self) -> str:
        browser = self.resident.browser
        page = browser.get(f"{self.resident.issuer}/account")
        browser.submit(page.form("sign-out"))
        page = browser.get(f"{self.service}/")
        if "stranger" not in page.attributes:
            raise page.unexpected("still logged in at the SAML service")
        return "told through the browser"

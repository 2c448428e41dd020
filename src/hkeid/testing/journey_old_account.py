"""Somebody who has an account with a password at a service links the eID; from then on eID leads to it.

With the example in Flask, over HTTP, by its own pages and those of the kit.
"""

from __future__ import annotations

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Page
from hkeid.testing.journey import Step
from hkeid.testing.virtual_resident import VirtualResident

USER_NAME = "rain.watcher"


class JourneyOfOldAccount:
    """An eID and an account from before eID.

    :param service: base URL of the service, which prints the passwords of its fictional people.
    :param authenticator: with a passkey of an eID that is active.
    """

    def __init__(self, *, issuer: str, service: str, authenticator: SoftwareAuthenticator) -> None:
        self.service = service.rstrip("/")
        self.person = VirtualResident(issuer, authenticator=authenticator)
        self.elsewhere = VirtualResident(issuer, authenticator=authenticator)

    def steps(self) -> tuple[Step, ...]:
        """The steps, in order; at their end all is as it was."""
        return (
            Step(name="log in to an account with a password, from before eID", do=self._log_in),
            Step(name="agree to link it, and log in with eID for it", do=self._link),
            Step(name="in another browser eID alone leads to that account", do=self._arrive),
            Step(name="unlink it there, by eID once more", do=self._unlink),
        )

    def _log_in(self) -> str:
        browser = self.person.browser
        page = browser.get(f"{self.service}/old-login")
        given = {"user_name": USER_NAME, "password": page.texts[f"password-of-{USER_NAME}"]}
        page = browser.submit(page.form("old-login-form"), given)
        _expect_linked(page, "no")
        return f"{page.texts['old-name']}; {page.texts['old-eid']}"

    def _link(self) -> str:
        page = self._agree(self.person, "link", asked="confirm", done="linked")
        return f"{' and '.join(self.person.seen)}; linked with {page.texts['eid-account']}"

    def _agree(self, who: VirtualResident, link: str, *, asked: str, done: str) -> Page:
        """Go from the account's page through the question and a new login to what was done."""
        page = who.browser.get(f"{self.service}/old-account")
        page = who.browser.get(page.link(link).href)
        _expect_kind(page, asked)
        page = who.go_through(who.browser.submit(page.form("eid-form"), button=("by", "eid")))
        _expect_kind(page, done)
        if "login" not in who.seen:
            raise page.unexpected("no passkey was asked for")
        return page

    def _arrive(self) -> str:
        page = self.elsewhere.browser.get(f"{self.service}/eid/login")
        self.elsewhere.go_through(page)
        page = self.elsewhere.browser.get(f"{self.service}/old-account")
        _expect_linked(page, "yes")
        if page.attributes["old-way"].get("data-by") != "eid":
            raise page.unexpected("it was not the eID that led here")
        return f"{page.texts['old-name']}, without a password"

    def _unlink(self) -> str:
        self._agree(self.elsewhere, "unlink", asked="unlink", done="unlinked")
        _expect_linked(self.person.browser.get(f"{self.service}/old-account"), "no")
        return "the password still leads there, the eID does not"


def _expect_kind(page: Page, kind: str) -> None:
    found = page.attributes.get("eid-link", {}).get("data-kind")
    if found != kind:
        raise page.unexpected(f"page is {found}, not {kind}")


def _expect_linked(page: Page, linked: str) -> None:
    found = page.attributes.get("old-eid", {}).get("data-linked")
    if found != linked:
        raise page.unexpected(f"linked is {found}, not {linked}")

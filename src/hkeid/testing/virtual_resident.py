"""A resident who sits at a browser with a software authenticator: activates, logs in, agrees.

Goes through the real pages of a running server by their forms, as a person would::

    resident = VirtualResident("http://localhost:8000")
    resident.activate(resident.ticket("chan-tai-man"))
    page = resident.go_through(resident.browser.get("http://localhost:5001/eid/login"))
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Browser, Page

_MOST_PAGES = 12


class VirtualResident:
    """Browser and authenticator of one resident.

    :ivar issuer: the provider's issuer, which is its pages' origin as well.
    :ivar persona: key of the persona whose ticket was taken last.
    :ivar seen: kinds of the pages that :meth:`go_through` met last (``login``, ``consent``, ``form``, ``choose``,
        ``logout``), in order.
    :ivar fill: answers the page of a form that a service has filled; sends it with all that is voluntary
        unless it is replaced.
    """

    def __init__(
        self,
        issuer: str,
        *,
        authenticator: SoftwareAuthenticator | None = None,
        browser: Browser | None = None,
    ) -> None:
        self.issuer = issuer.rstrip("/")
        self.authenticator = authenticator or SoftwareAuthenticator()
        self.browser = browser or Browser()
        self.seen: list[str] = []
        self.persona = ""
        self.fill: Callable[[Page], Page] = self.send_form

    def ticket(self, persona: str | None = None) -> str:
        """An activation code from the sandbox's page of test persons.

        :param persona: key of the persona; the first one that is not active yet if None.
        :raises UnexpectedPage: this persona, or everybody, is active already.
        """
        page = self.browser.get(f"{self.issuer}/sandbox")
        if persona is None:
            waiting = (name for form in page.forms for name in form.names)
            persona = next((n[7:] for n in waiting if n.startswith("ticket-")), "of anybody")
        page = self.browser.submit(page.form(f"ticket-{persona}"))
        if "ticket" not in page.texts:
            raise page.unexpected("no activation code")
        self.persona = persona
        return page.texts["ticket"]

    def activate(self, code: str) -> Page:
        """Type an activation code and make a passkey; ends on the page that says it is done."""
        page = self.browser.get(f"{self.issuer}/activate")
        page = self.browser.submit(page.form("code-form"), {"code": code})
        page = self.ceremony(page)
        if "go-account" not in page.attributes:
            raise page.unexpected("the eID is not active")
        return page

    def move_to(self, new: VirtualResident, *, keep_old: bool = True) -> Page:
        """Add a new phone with this one at hand; ends on the new phone's My eID.

        :param keep_old: False: this phone is retired.
        """
        page = self.browser.get(f"{self.issuer}/account/new-phone")
        if "passkey-form" in page.attributes:
            page = self.ceremony(page)
        wish = {"old": "keep" if keep_old else "retire"}
        shown = self.browser.submit(page.form("offer-form"), wish)
        if "new-phone-code" not in shown.texts:
            raise shown.unexpected("no code for the new phone")
        page = new.browser.get(shown.texts["new-phone-address"])
        code = {"code": shown.texts["new-phone-code"]}
        page = new.ceremony(new.browser.submit(page.form("code-form"), code))
        if "add-phone" not in page.attributes:
            raise page.unexpected("the new phone is not logged in")
        new.persona = self.persona
        return page

    def ceremony(self, page: Page, authenticator: SoftwareAuthenticator | None = None) -> Page:
        """Do what the page asks of the authenticator, and send its answer."""
        form = page.form("passkey-form")
        at = page.attributes["passkey-form"]
        device = authenticator or self.authenticator
        options: Mapping[str, Any] = json.loads(at["data-options"])
        options = options.get("publicKey", options)
        ask = device.get if at["data-passkey"] == "get" else device.create
        answer = ask(options, self._origin(page))
        return self.browser.submit(form, {"response": json.dumps(answer)})

    def go_through(
        self, page: Page, *, share: bool = True, authenticator: SoftwareAuthenticator | None = None
    ) -> Page:
        """Follow the provider's pages until they lead away; gives the page behind them.

        :param share: agree, with all voluntary claims; False: do not agree.
        """
        self.seen = []
        for _ in range(_MOST_PAGES):
            if any("form-post" in one.names for one in page.forms):
                # A message on its way, which a script would send at once.
                page = self.browser.submit(page.form("form-post"))
                continue
            if not page.url.startswith(self.issuer + "/"):
                return page
            if "passkey-form" in page.attributes:
                self.seen.append("login")
                page = self.ceremony(page, authenticator)
            elif "consent-form" in page.attributes:
                self.seen.append("consent")
                page = self.decide(page, share=share)
            elif "fill-form" in page.attributes:
                self.seen.append("form")
                page = self.fill(page)
            elif "continue-account" in page.attributes:
                self.seen.append("choose")
                page = self.browser.submit(page.form("continue-account"))
            elif "logout-confirm" in page.attributes:
                self.seen.append("logout")
                page = self.browser.submit(page.form("logout-confirm"))
            else:
                raise page.unexpected("a page without a way on")
            if "problem" in page.attributes:
                raise page.unexpected(f"problem {page.attributes['problem'].get('data-problem')!r}")
        raise page.unexpected(f"no end after {_MOST_PAGES} pages")

    def decide(self, page: Page, *, share: bool) -> Page:
        """Answer the consent page."""
        form = page.form("consent-form")
        if not share:
            return self.browser.submit(form, button=("decision", "refuse"))
        voluntary = [name for name in page.attributes if name.startswith("share-")]
        further = [("claim", page.attributes[name]["value"]) for name in voluntary]
        return self.browser.submit(form, further=further, button=("decision", "agree"))

    def send_form(
        self, page: Page, *, leave_out: Collection[str] = (), standing: bool = False
    ) -> Page:
        """Send the form on the page, with every voluntary claim that has a value but those to be left out.

        :param standing: let it stand where that is offered.
        """
        offered = [name for name in page.attributes if name.startswith("send-")]
        claims = [
            page.attributes[name]["value"]
            for name in offered
            if page.attributes[name]["data-held"] == "yes"
        ]
        further = [("claim", claim) for claim in claims if claim not in leave_out]
        often = {"often": "standing"} if standing else {}
        return self.browser.submit(
            page.form("fill-form"), often, further=further, button=("decision", "send")
        )

    def refuse_form(self, page: Page) -> Page:
        """Do not send the form on the page."""
        return self.browser.submit(page.form("fill-form"), button=("decision", "refuse"))

    def write(self, page: Page, claim: str, fields: Mapping[str, str]) -> Page:
        """Write another value into the form on the page; gives the form again.

        :param fields: of the page of that field; ``form_wanted`` chooses the form of an address.
        """
        field = page.attributes[f"change-{claim}"]["value"]
        page = self.browser.submit(page.form("fill-form"), button=("change", field))
        given = dict(fields)
        if "form_wanted" in given:
            wanted = ("form_wanted", given.pop("form_wanted"))
            page = self.browser.submit(page.form("field-form"), button=wanted)
        return self.browser.submit(page.form("field-form"), given, button=("decision", "keep"))

    def keep_in_profile(self, name: str, fields: Mapping[str, str]) -> Page:
        """Opt in to the profile where that is still to do, and keep a value in it; ends on My profile."""
        place = f"{self.issuer}/account/profile"
        page = self.open(place)
        if "start-profile" in page.attributes:
            self.browser.submit(page.form("start-profile"))
        form = fields.get("form")
        page = self.open(f"{place}/{name}" + (f"?form={form}" if form else ""))
        page = self.browser.submit(page.form("field-form"), fields)
        if not page.url.startswith(f"{place}?done=kept"):
            raise page.unexpected(f"{name} was not kept")
        return page

    def open(self, url: str) -> Page:
        """A page of My eID, after the passkey where it is asked for first."""
        page = self.browser.get(url)
        if "passkey-form" in page.attributes:
            self.ceremony(page)
            page = self.browser.get(url)
        return page

    def _origin(self, page: Page) -> str:
        parts = urlsplit(page.url)
        return f"{parts.scheme}://{parts.netloc}"

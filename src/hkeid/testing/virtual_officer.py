"""An officer who sits at the console with a software authenticator: enrols, logs in, reviews.

Goes through the real pages of a running admin listener by their forms, as a person would::

    officer = VirtualOfficer("http://localhost:8001")
    officer.enrol(code)                       # printed by: hkeid officers code NAME
    officer.decide(reference, accept=True)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.browser import Browser, Page


class VirtualOfficer:
    """Browser and authenticator of one officer.

    :param console: origin of the console.
    """

    def __init__(
        self,
        console: str,
        *,
        authenticator: SoftwareAuthenticator | None = None,
        browser: Browser | None = None,
    ) -> None:
        self.console = console.rstrip("/")
        self.authenticator = authenticator or SoftwareAuthenticator()
        self.browser = browser or Browser()

    def enrol(self, code: str) -> Page:
        """Type an enrolment code and make a passkey; ends on the first page of the console."""
        page = self.browser.get(f"{self.console}/console/enrol")
        page = self.browser.submit(page.form("code-form"), {"code": code})
        return self._inside(self.ceremony(page))

    def log_in(self) -> Page:
        """Log in with the passkey; ends on the first page of the console."""
        return self._inside(self.ceremony(self.browser.get(f"{self.console}/console/login")))

    def open(self, path: str) -> Page:
        """Open a page of the console, using the passkey again where it is asked for."""
        page = self.browser.get(f"{self.console}{path}")
        return self.ceremony(page) if "passkey-form" in page.attributes else page

    def queue(self) -> dict[str, str]:
        """Internal ids of the cases that this officer may open or go on with, by reference."""
        page = self.open("/console/queue")
        return {
            link.text.rpartition(" ")[2]: link.id.removeprefix("open-")
            for link in page.links
            if link.id.startswith("open-")
        }

    def take(self, reference: str, *, reason: str = "review_of_registration") -> Page:
        """Take a case; ends on its page.

        :raises UnexpectedPage: this officer may not take it.
        """
        page = self.open("/console/queue")
        link = next((one for one in page.links if one.text.endswith(reference)), None)
        if link is None:
            raise page.unexpected(f"no case {reference!r} to open")
        page = self.open(urlsplit(link.href).path)
        if "take-form" in page.attributes:
            page = self.browser.submit(page.form("take-form"), {"reason": reason})
        if "vote-form" not in page.attributes:
            raise page.unexpected("no case to decide")
        return page

    def pictures(self, page: Page) -> dict[str, bytes]:
        """The pictures of a case's page, by name."""
        links = (link.href for link in page.links if "/pictures/" in link.href)
        return {href.rpartition("/")[2]: self.browser.get(href).body for href in links}

    def decide(
        self,
        reference: str,
        *,
        accept: bool,
        why: str = "",
        reason: str = "review_of_registration",
        note: str = "",
    ) -> str:
        """Take a case and vote; returns ``decided`` or ``second-needed``.

        :param why: a word of :class:`hkeid.enrolment.review.DecisionReason`.
        :raises UnexpectedPage: the vote was not counted.
        """
        page = self.take(reference, reason=reason)
        return self.vote(page, accept=accept, why=why, reason=reason, note=note)

    def vote(
        self,
        page: Page,
        *,
        accept: bool,
        why: str = "",
        reason: str = "review_of_registration",
        note: str = "",
    ) -> str:
        """Vote on the case of a page."""
        values = {
            "decision": "accept" if accept else "refuse",
            "why": why or ("evidence_agrees" if accept else "evidence_unusable"),
            "reason": reason,
            "note": note,
        }
        page = self.browser.submit(page.form("vote-form"), values)
        done = urlsplit(page.url).query.removeprefix("done=")
        if done not in ("decided", "second-needed"):
            raise page.unexpected("the vote was not counted")
        return done

    def decide_upgrade(self, receipt: str, *, accept: bool, why: str = "", note: str = "") -> str:
        """Take an upgrade that waits for an officer, and vote; as :meth:`decide`.

        :param receipt: the reference number that the station and the resident's page show.
        """
        why = why or ("same_person" if accept else "not_the_same_person")
        return self.decide(receipt, accept=accept, why=why, reason="review_of_upgrade", note=note)

    def stations(self) -> dict[str, str]:
        """Who sits where: ``mine``, ``taken`` or ``free``, by the station's name."""
        page = self.open("/console/stations")
        rows = page.attributes.items()
        return {at["data-name"]: at["data-seat"] for id_, at in rows if id_.startswith("station-")}

    def take_seat(self, station: str) -> Page:
        """Sit down at a counter or mobile station, by its name; ends on the page of stations.

        :raises UnexpectedPage: this officer may not, or there is no such station.
        """
        page = self._at_station(station, "take")
        if page.attributes.get(self._row(page, station), {}).get("data-seat") != "mine":
            raise page.unexpected(f"no seat at {station!r}")
        return page

    def leave_seat(self, station: str) -> Page:
        """Stand up; ends on the page of stations."""
        return self._at_station(station, "leave")

    def _at_station(self, station: str, verb: str) -> Page:
        page = self.open("/console/stations")
        button = f"{verb}-{self._row(page, station).removeprefix('station-')}"
        page = self.browser.submit(page.form(button))
        if "passkey-form" in page.attributes:
            page = self.ceremony(page)
            page = self.browser.submit(page.form(button))
        return page

    def _row(self, page: Page, station: str) -> str:
        for id_, at in page.attributes.items():
            if at.get("data-name") == station:
                return id_
        raise page.unexpected(f"no station {station!r}")

    def find(self, number: str, *, reason: str = "resident_called", note: str = "") -> Page:
        """Open a resident's record by the exact number."""
        page = self.open("/console/records")
        values = {"number": number, "reason": reason, "note": note}
        return self.browser.submit(page.form("find-form"), values)

    def ceremony(self, page: Page) -> Page:
        """Do what the page asks of the authenticator, and send its answer."""
        form = page.form("passkey-form")
        at = page.attributes["passkey-form"]
        options: Mapping[str, Any] = json.loads(at["data-options"])
        ask = self.authenticator.get if at["data-passkey"] == "get" else self.authenticator.create
        answer = ask(options.get("publicKey", options), self.console)
        return self.browser.submit(form, {"response": json.dumps(answer)})

    def _inside(self, page: Page) -> Page:
        if "log-out" not in page.attributes:
            raise page.unexpected("not logged in to the console")
        return page

"""A resident and the services of a town: forms filled by eID, a bank, a wallet, one change of address for several
departments, a receipt that anybody can check, and a withdrawal that ends access (:mod:`hkeid.testing.town`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from hkeid.testing.browser import Page
from hkeid.testing.journey import Step
from hkeid.testing.virtual_resident import VirtualResident

HOME = {
    "form": "lines",
    "district": "sham_shui_po",
    "en_line1": "Flat A, 12/F, Specimen House",
    "en_line2": "8 Specimen Street",
    "zh_line1": "深水埗樣本街8號樣本樓12樓A室",
}
NEW_HOME = {
    "form_wanted": "lines",
    "form": "lines",
    "district": "wan_chai",
    "en_line1": "Flat B, 3/F, Sample Court",
    "en_line2": "1 Sample Road",
}
_WITHIN = 1.0
"""Seconds within which a withdrawal ends access."""


class JourneyOfTown:
    """A resident with an eID and nothing in the profile yet.

    :param town: base URL of the town.
    :param keep: keeps a file by name, and gives the path; for what is checked offline.
    :param run: runs a ``hkeid`` command and gives what it printed.
    """

    def __init__(
        self,
        *,
        town: str,
        resident: VirtualResident,
        keep: Callable[[str, bytes], str],
        run: Callable[..., str],
    ) -> None:
        self.town = town.rstrip("/")
        self.resident = resident
        self._keep, self._run = keep, run
        self._member = ""

    def steps(self) -> tuple[Step, ...]:
        """The steps, in order."""
        return (
            Step(name="keep telephone and address in My profile", do=self._profile),
            Step(name="hospital: a form pre-filled, one value left out", do=self._visit),
            Step(name="hospital: its payment request", do=self._pay),
            Step(name="pension platform: register as a member, log in", do=self._join),
            Step(name="bank: an account on verified claims", do=self._bank),
            Step(name="the bank's record verifies offline", do=self._record),
            Step(name="wallet: a risk check that names nobody", do=self._wallet),
            Step(name="shop: delivery without an account", do=self._shop),
            Step(name="one change of address, two of three departments", do=self._move),
            Step(name="the receipt verifies offline", do=self._receipt),
            Step(name="my data: a copy of everything, JSON and PDF", do=self._copy),
            Step(name="stop sharing: the pension platform's access ends", do=self._withdraw),
        )

    def _profile(self) -> str:
        self.resident.browser.get(f"{self.resident.issuer}/account")
        self.resident.keep_in_profile("mobile_telephone", {"value": "9123 4567"})
        self.resident.keep_in_profile("residential_address", HOME)
        return "two values, entered by the resident"

    def _visit(self) -> str:
        page = self._form("hospital", "book", leave_out=("birthdate",))
        if page.texts.get("visit-phone_number") != "+85291234567":
            raise page.unexpected("the telephone number did not arrive")
        if "visit-birthdate" in page.texts or "visit-hkic_number" in page.texts:
            raise page.unexpected("more arrived than was sent")
        self._visited = page
        return f"{page.texts['visit-name']}, {page.texts['visit-hkic_number_masked']}; no date of birth"

    def _pay(self) -> str:
        page = self._go(self.resident.browser.get(self._visited.link("pay").href))
        if page.texts.get("payment-state") != "requested":
            raise page.unexpected("no payment request")
        return f"{page.texts['payment-amount']} from {page.texts['payment-payer']}"

    def _join(self) -> str:
        page = self._form("pension", "register", standing=True)
        self._member = page.texts["member-member"]
        page = self.resident.go_through(self.resident.browser.get(f"{self.town}/pension/account"))
        if page.texts.get("account-member") != self._member:
            raise page.unexpected("the platform does not know its member")
        return f"member {self._member}, at {self._letter().texts['letter-address']}"

    def _letter(self) -> Page:
        """The platform asks for the address of now, without the member's browser."""
        return self.resident.browser.get(f"{self.town}/pension/letter/{self._member}")

    def _bank(self) -> str:
        page = self.resident.go_through(self.resident.browser.get(f"{self.town}/bank/open"))
        if page.texts.get("opened-framework") != "hk_eid":
            raise page.unexpected("no account was opened")
        return f"{page.texts['opened-name']}, verified {page.texts['opened-verified']}"

    def _record(self) -> str:
        page = self.resident.browser.get(f"{self.town}/bank/record.json")
        said = self._run("rp", "verify-record", self._keep("record.json", page.body))
        return said.strip().splitlines()[0]

    def _wallet(self) -> str:
        page = self.resident.go_through(self.resident.browser.get(f"{self.town}/wallet/check"))
        if page.texts.get("risk-known_about_you") != "age_over_18, eid_risk, hkic_number_verified":
            raise page.unexpected("the wallet knows other things")
        return f"limit {page.texts['risk-limit']}: {page.texts['risk-why']}"

    def _shop(self) -> str:
        page = self._form("shop", "order", leave_out=("name",))
        if page.texts.get("order-account") != "none" or page.texts.get("order-name") != "not told":
            raise page.unexpected("the shop knows who it is")
        return f"to {page.texts['order-to']}; no name, no account"

    def _move(self) -> str:
        """A new address is written once, for all forms; the Transport Department is not told."""

        def fill(page: Page) -> Page:
            if "Transport Department" in page.texts["form-recipient"]:
                return self.resident.refuse_form(page)
            if "Sample Court" not in page.text:
                page = self.resident.write(page, "address", NEW_HOME)
            return self.resident.send_form(page)

        page = self._go(self.resident.browser.get(f"{self.town}/address/tell"), fill)
        told = [page.texts[f"told-{one}"] for one in ("inland_revenue", "rating_valuation")]
        if not all("Sample Court" in one for one in told):
            raise page.unexpected("a department was not told")
        if page.texts["told-transport"] != "not told":
            raise page.unexpected("a department was told against the resident's will")
        return f"{told[0]}; the Transport Department was not told"

    def _receipt(self) -> str:
        issuer = self.resident.issuer
        receipt = self.resident.browser.get(f"{issuer}/account/services/town-pension/receipt")
        keys = self.resident.browser.get(f"{issuer}/jwks")
        said = self._run(
            "consent",
            "verify",
            self._keep("receipt.json", receipt.body),
            "--keys",
            self._keep("jwks.json", keys.body),
        )
        return said.strip().splitlines()[0]

    def _copy(self) -> str:
        place = f"{self.resident.issuer}/account/data"
        self.resident.open(place)
        copy = self.resident.open(f"{place}/copy.json")
        sections = copy.json()["sections"]
        disclosed = sections["disclosures"]["records"]
        if not any(one["service"] == "town-hospital" for one in disclosed):
            raise copy.unexpected("the hospital is not among those who received something")
        printed = self.resident.open(f"{place}/copy.pdf")
        if not printed.body.startswith(b"%PDF-"):
            raise printed.unexpected("no PDF")
        told = f"{len(sections)} sections, {len(disclosed)} disclosures"
        return f"{told}; {len(printed.body) // 1024} KiB as PDF"

    def _withdraw(self) -> str:
        if self._letter().status != 200:
            raise AssertionError("the platform had no access before")
        page = self.resident.browser.get(f"{self.resident.issuer}/account")
        stop = "/account/services/town-pension/stop"
        self.resident.browser.submit(page.form(stop))
        began = time.perf_counter()
        page = self._letter()
        took = time.perf_counter() - began
        if page.status != 410 or took > _WITHIN:
            raise page.unexpected(f"still {page.status} after {took:.2f} s")
        return f"refused {took * 1000:.0f} ms later ({page.texts['letter-reason']})"

    def _form(
        self, service: str, path: str, *, leave_out: tuple[str, ...] = (), standing: bool = False
    ) -> Page:
        fill = partial(self.resident.send_form, leave_out=leave_out, standing=standing)
        return self._go(self.resident.browser.get(f"{self.town}/{service}/{path}"), fill)

    def _go(self, page: Page, fill: Callable[[Page], Page] | None = None) -> Page:
        """Through eID's pages, with the forms answered by ``fill``."""
        self.resident.fill = fill or self.resident.send_form
        page = self.resident.go_through(page)
        if "form" not in self.resident.seen:
            raise page.unexpected(f"no form was shown, only {self.resident.seen}")
        return page

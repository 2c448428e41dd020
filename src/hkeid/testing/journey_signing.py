"""Two residents with an eID+ sign one declaration: the third part of what ``scripts/demo --once`` drives.

The service asks, eID shows the document and the same code, the declarant's phone signs; then a witness with
a security key signs in the second field. What comes back is put before judges, and so is a copy in which
one letter was changed.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from hkeid.testing.browser import Browser, Page
from hkeid.testing.journey import Step
from hkeid.testing.own_loop import run_in_own_loop
from hkeid.testing.uploads import upload
from hkeid.testing.virtual_resident import VirtualResident

Judge = Callable[[bytes], str]
"""Looks at a signed PDF; says in a few words what it found, or raises AssertionError."""

_MOST_PAGES = 8


class JourneyOfSigning:
    """A declaration with two signatures.

    :param service: base URL of the Observatory's service.
    :param declarant: who has an eID+ on a phone; called when the journey comes to it.
    :param witness: likewise, with a security key.
    :param judges: by name; those of :func:`judges_at_hand` if None.
    """

    def __init__(
        self,
        *,
        issuer: str,
        service: str,
        declarant: Callable[[], VirtualResident],
        witness: Callable[[], VirtualResident],
        judges: Sequence[tuple[str, Judge]] | None = None,
    ) -> None:
        self.issuer, self.service = issuer.rstrip("/"), service.rstrip("/")
        self.declarant, self.witness = declarant, witness
        self._judges = judges
        self._address = ""
        self._witness_address = ""
        self.pdf = b""

    def steps(self) -> tuple[Step, ...]:
        """The steps, in order."""
        return (
            Step(name="a service offers a declaration to sign", do=self._declare),
            Step(name="eID+ signs it: document, same code, passkey", do=self._sign),
            Step(name="My eID lists what was signed", do=self._listed),
            Step(name="a witness signs in the second field", do=self._countersign),
            Step(name="judges: both signatures are good", do=self._judged),
            Step(name="judges: a copy with one letter changed is not", do=self._tampered),
        )

    def _declare(self) -> str:
        resident = self.declarant()
        page = resident.go_through(resident.browser.get(f"{self.service}/suggestion"))
        fields = {"topic": "rain", "message": "Say when the rain will stop."}
        page = resident.browser.submit(page.form("suggestion-form"), fields)
        page = resident.browser.get(page.link("declare").href)
        self._address = page.url
        return f"declaration {page.url.rpartition('/')[2]}"

    def _sign(self) -> str:
        resident = self.declarant()
        page = resident.browser.get(self._address)
        page, code = self._approve(resident, page)
        if "signed" not in page.attributes:
            raise page.unexpected("the service has no signature")
        self._witness_address = page.link("witness-link").href
        self.pdf = resident.browser.get(f"{self._address}/file.pdf").body
        return f"code {code} on both screens; {len(self.pdf)} bytes came back"

    def _listed(self) -> str:
        page = self.declarant().browser.get(f"{self.issuer}/account")
        if "Declaration" not in page.texts["signed-1"]:
            raise page.unexpected("the declaration is not listed")
        return "the declaration, for whom, when"

    def _countersign(self) -> str:
        resident = self.witness()
        page = resident.go_through(resident.browser.get(self._witness_address))
        page, code = self._approve(resident, page)
        if "signed" not in page.attributes:
            raise page.unexpected("the service has no second signature")
        once, self.pdf = self.pdf, resident.browser.get(f"{self._witness_address}/file.pdf").body
        if not self.pdf.startswith(once):
            raise page.unexpected("the first signature is not in it")
        return f"code {code}; the first signature is untouched"

    def _judged(self) -> str:
        return "; ".join(f"{name}: {judge(self.pdf)}" for name, judge in self._at_hand())

    def _tampered(self) -> str:
        changed = self.pdf.replace(b"when the rain will stop", b"when the rain will step", 1)
        if changed == self.pdf:
            raise AssertionError("nothing was changed")
        refused = []
        for name, judge in self._at_hand():
            try:
                judge(changed)
            except AssertionError as error:
                refused.append(f"{name}: {error}")
            else:
                raise AssertionError(f"{name} did not notice")
        return "; ".join(refused)

    def _at_hand(self) -> Sequence[tuple[str, Judge]]:
        if self._judges is None:
            self._judges = judges_at_hand(self.issuer)
        return self._judges

    def _approve(self, resident: VirtualResident, page: Page) -> tuple[Page, str]:
        """From the service's button through eID and back; the codes are compared on the way."""
        page = resident.browser.submit(page.form("sign-form"))
        code = page.texts["sign-code"]
        page = resident.browser.get(page.link("go-sign").href)
        for _ in range(_MOST_PAGES):
            if "back-to-service" in page.attributes:
                return resident.browser.get(page.link("back-to-service").href), code
            if "make-certificate" in page.attributes:
                page = resident.browser.submit(page.form("make-certificate"))
                continue
            if "sign-now" in page.attributes:
                if page.texts["code"] != code:
                    raise page.unexpected(f"the codes differ: {code}")
                if "page-1-1" not in page.attributes:
                    raise page.unexpected("the document is not shown")
            page = resident.ceremony(page)
        raise page.unexpected("no end")


def judges_at_hand(issuer: str) -> tuple[tuple[str, Judge], ...]:
    """:func:`hkeid.signing.validation.validate_pdf` and pyHanko, both trusting the installation's root;
    ``pdfsig`` where it is installed; and the installation's page, where it has one.
    """
    browser = Browser()
    root = browser.get(f"{issuer}/pki/root.cer").body
    issuing = browser.get(f"{issuer}/pki/issuing.cer").body
    judges: list[tuple[str, Judge]] = [
        ("hkeid", lambda pdf: _hkeid(pdf, root, issuing)),
        ("pyHanko", lambda pdf: _pyhanko(pdf, root, issuing)),
    ]
    if shutil.which("pdfsig"):
        judges.append(("pdfsig", _pdfsig))
    if "go-verify" in browser.get(f"{issuer}/").attributes:
        judges.append(("the page", lambda pdf: _page(pdf, issuer)))
    return tuple(judges)


def _hkeid(pdf: bytes, root: bytes, issuing: bytes) -> str:
    from cryptography.x509 import load_der_x509_certificate

    from hkeid.signing import Level
    from hkeid.signing.legal import LegalContext, Verdict
    from hkeid.signing.validation import ValidationTrust, validate_pdf

    embedded = [load_der_x509_certificate(one) for one in (root, issuing)]
    trust = ValidationTrust.of(embedded[:1], embedded=embedded)
    report = validate_pdf(pdf, trust=trust, legal=LegalContext(government_party=True))
    found = sorted({one.code.value for one in report.findings})
    assert report.valid, f"{report.indication.value}, {', '.join(found)}"
    levels = {one.level for one in report.signatures}
    assert levels == {Level.B_LTA.value}, f"level {levels}"
    opinion = report.cap553
    assert opinion is not None, "no opinion under Cap. 553"
    assert opinion.verdict is not Verdict.SATISFIED, "nobody recognised this authority"
    return f"{len(report.signatures)} signatures of level B-LTA, valid; no recognized certificate"


def _pyhanko(pdf: bytes, root: bytes, issuing: bytes) -> str:
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    certificates = [x509.Certificate.load(one) for one in (root, issuing)]
    reader = PdfFileReader(io.BytesIO(pdf))
    found = reader.embedded_regular_signatures
    for one in found:
        context = ValidationContext(
            trust_roots=certificates[:1], other_certs=certificates, allow_fetching=False
        )
        status = run_in_own_loop(async_validate_pdf_signature(one, context))
        assert status.intact, f"signature {one.field_name} is broken"
        assert status.valid, f"signature {one.field_name} is wrong"
        assert status.trusted, f"the signer of {one.field_name} is not trusted"
        stamp = status.timestamp_validity
        assert stamp is not None, f"{one.field_name} has no time-stamp"
        assert stamp.trusted, f"the time-stamp of {one.field_name} is not trusted"
    stamps = len(reader.embedded_timestamp_signatures)
    return f"{len(found)} signatures, {stamps} archive time-stamps, trusted"


def _pdfsig(pdf: bytes) -> str:
    """Poppler's arithmetic of the CMS; it knows nobody's authorities and is no verdict by itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "signed.pdf"
        path.write_bytes(pdf)
        done = subprocess.run(  # noqa: S603
            ["pdfsig", "-nocert", str(path)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    valid = done.stdout.count("Signature is Valid")
    wrong = done.stdout.count("Digest Mismatch") + done.stdout.count("Signature is Invalid")
    assert not wrong, f"{wrong} digests do not match"
    assert valid, "no signature is valid"
    return f"{valid} valid"


def _page(pdf: bytes, issuer: str) -> str:
    """The page on which anybody checks a file; who does has no eID."""
    browser = Browser()
    form = browser.get(f"{issuer}/verify").form("verify-form")
    page = upload(browser, form, [("file", "application/pdf", pdf)])
    if "report" not in page.attributes:
        raise page.unexpected("no report")
    verdict = page.attributes["report"]["data-verdict"]
    assert verdict == "valid", str(verdict)
    return str(verdict)

"""Checking a document, and the report that travels with its page.

Nothing of it is kept here. What a page needs of a report later (another language, other circumstances, a download)
stands in the page itself, under a MAC of this service that ends with the half hour and is good for one browser: so
nobody can have this service show a report that it did not make.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from threading import BoundedSemaphore
from typing import Final, Protocol

from hkeid.kernel import base64url
from hkeid.kernel.errors import Expired, MalformedInput, TooManyAttempts, Unavailable
from hkeid.kernel.instants import epoch_seconds
from hkeid.ports import Clock, KeyPurpose, KeyStore, Store
from hkeid.ports.certificates import RevocationSource
from hkeid.ports.pdf_validation import PdfValidator
from hkeid.ports.storage import AttemptBudgets
from hkeid.signing.legal import LegalContext
from hkeid.signing.validation import (
    ValidationReport,
    ValidationTrust,
    validate_pdf,
    with_opinions,
)

LIFETIME: Final = timedelta(minutes=30)
_LABEL: Final = "hkeid-validation-report-1"
_BUDGET: Final = "pdf_validation"
_HOUR: Final = timedelta(hours=1)
_LARGEST_REPORT: Final = 2 * 1024 * 1024


class VerificationTransaction(Protocol):
    """What checking needs of a transaction."""

    @property
    def budgets(self) -> AttemptBudgets: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationParts:
    """What checking needs.

    :ivar pack: a report as bytes, and ``unpack`` the other way; ``unpack`` is given what ``pack`` made.
    :ivar revocation: asked about chains that a file brings no sufficient evidence for; None: nobody is.
    """

    trust: ValidationTrust
    validator: PdfValidator
    revocation: RevocationSource | None
    pack: Callable[[ValidationReport], bytes]
    unpack: Callable[[bytes], ValidationReport]
    keys: KeyStore
    store: Store[VerificationTransaction]
    clock: Clock
    per_hour: int
    at_once: int = 2


class Verification:
    """Checks documents, a few at a time."""

    def __init__(self, parts: VerificationParts) -> None:
        self._parts = parts
        self._places = BoundedSemaphore(parts.at_once)

    def check(self, pdf: bytes, *, network: str) -> ValidationReport:
        """Validate; without an opinion.

        :param network: where it came from, coarsely.
        :raises hkeid.kernel.errors.TooManyAttempts: ``validations_exhausted``.
        :raises hkeid.kernel.errors.Unavailable: ``pdf_validator_busy``.
        """
        parts = self._parts
        with self._place():
            self._spend(network)
            return validate_pdf(
                pdf,
                trust=parts.trust,
                revocation=parts.revocation,
                validator=parts.validator,
                at=parts.clock.now(),
            )

    def with_opinions(self, report: ValidationReport, legal: LegalContext) -> ValidationReport:
        """The report with an opinion on each signature."""
        return with_opinions(report, self._parts.trust, legal)

    def seal(self, report: ValidationReport, *, browser: str) -> str:
        """The report as a text for a form of this browser; "" where it is too long for one."""
        kept = zlib.compress(self._parts.pack(_without_file(report)), 6)
        if len(kept) > _LARGEST_REPORT:
            return ""
        ends = epoch_seconds(self._parts.clock.now() + LIFETIME)
        return f"{ends}.{self._mac(ends, browser, kept)}.{base64url.encode(kept)}"

    def unseal(self, sealed: str, *, browser: str) -> ValidationReport:
        """The report out of a form.

        :raises hkeid.kernel.errors.MalformedInput: ``report_altered``: not from a page of this browser.
        :raises hkeid.kernel.errors.Expired: ``report_expired``.
        """
        moment, _, rest = sealed.partition(".")
        mac, _, encoded = rest.partition(".")
        try:
            ends, kept = int(moment), base64url.decode(encoded)
        except (ValueError, MalformedInput):
            raise MalformedInput("report_altered", field="report") from None
        if not compare_digest(mac.encode(), self._mac(ends, browser, kept).encode()):
            raise MalformedInput("report_altered", field="report")
        if epoch_seconds(self._parts.clock.now()) >= ends:
            raise Expired("report_expired")
        return self._parts.unpack(zlib.decompress(kept))

    # --- details ---------------------------------------------------------------------------------

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the few places; nobody waits for one, because a thread of the server would."""
        if not self._places.acquire(blocking=False):
            raise Unavailable("pdf_validator_busy", detail="no place")
        try:
            yield
        finally:
            self._places.release()

    def _spend(self, network: str) -> None:
        parts = self._parts
        subject = parts.keys.mac(KeyPurpose.SHORT_CODE, f"{_BUDGET}:{network}".encode())
        with parts.store.transaction() as tx:
            spent = tx.budgets.spend(
                _BUDGET, subject, limit=parts.per_hour, window=_HOUR, now=parts.clock.now()
            )
        if not spent.allowed:
            raise TooManyAttempts("validations_exhausted", retry_after=spent.retry_after)

    def _mac(self, ends: int, browser: str, kept: bytes) -> str:
        stated = (
            f"{_LABEL}:{ends}:{sha256(browser.encode()).hexdigest()}:{sha256(kept).hexdigest()}"
        )
        return base64url.encode(self._parts.keys.mac(KeyPurpose.SHORT_CODE, stated.encode()))


def _without_file(report: ValidationReport) -> ValidationReport:
    """Without what only the gate needed, and without opinions, which are made anew."""
    entries = tuple(
        replace(one, cap553=None, observed=replace(one.observed, contents=b""))
        for one in report.entries
    )
    return replace(report, entries=entries)

"""The opinion under Cap. 553 on a report that is there already: other circumstances, the same signatures."""

from __future__ import annotations

from dataclasses import replace

from hkeid.ports.pdf_validation import SignatureKind
from hkeid.signing.legal import LegalContext, TrustList
from hkeid.signing.validation.gate import Judgement
from hkeid.signing.validation.legal_facts import opinion_on
from hkeid.signing.validation.report import SignatureReport, ValidationReport
from hkeid.signing.validation.trust import ValidationTrust


def with_opinions(
    report: ValidationReport, trust: ValidationTrust | TrustList, legal: LegalContext
) -> ValidationReport:
    """The report with opinions for ``legal``, as of the time of validation; nothing else in it changes.

    :param trust: the one that the document was validated with.
    """
    trusted = ValidationTrust.in_list(trust) if isinstance(trust, TrustList) else trust
    entries = tuple(_judged(one, report, trusted, legal) for one in report.entries)
    return replace(report, entries=entries)


def _judged(
    one: SignatureReport, report: ValidationReport, trust: ValidationTrust, legal: LegalContext
) -> SignatureReport:
    if one.kind is not SignatureKind.SIGNATURE:
        return one
    judgement = Judgement(
        indication=one.indication, sub_indication=one.sub_indication, findings=one.findings
    )
    times = (one.proved_time, one.not_earlier_than)
    opinion = opinion_on(one.observed, judgement, times, trust, legal, report.validated_at)
    return replace(one, cap553=opinion)

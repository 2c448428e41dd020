"""The AdES engines of pyHanko (ETSI EN 319 102-1 §5.3 to §5.6), one for each level.

Which one is asked matters: the engine with time calls a B-B signature short of a time-stamp, and the one for
archives finds no proof of existence for good B-T and B-LT signatures.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, tsp
from pyhanko.sign.ades.report import AdESStatus
from pyhanko.sign.validation.ades import (
    AdESBasicValidationResult,
    ades_basic_validation,
    ades_lta_validation,
    ades_timestamp_validation,
    ades_with_time_validation,
)
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, message_imprint_checker
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec

from hkeid.adapters.pdf.validation.trust import Asked, Evidence, TrustSettings
from hkeid.kernel.instants import Instant
from hkeid.ports.pdf_validation import ExaminedTimestamp, Indication

_INDICATIONS = {
    AdESStatus.PASSED: Indication.TOTAL_PASSED,
    AdESStatus.FAILED: Indication.TOTAL_FAILED,
    AdESStatus.INDETERMINATE: Indication.INDETERMINATE,
}
_GENERAL = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
_DEEPEST = 200
_REVOKED = {"REVOKED", "REVOKED_NO_POE", "REVOKED_CA_NO_POE"}


@dataclass(slots=True)
class Outcome:
    """What an engine says.

    :ivar status: pyHanko's own, where it got that far.
    :ivar best_time: when the signature is proved to have existed, where the engine says.
    :ivar revocation_checked: every certificate was held against revocation information.
    """

    indication: Indication
    sub_indication: str
    status: Any = None
    best_time: Instant | None = None
    revocation_checked: bool = False

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Signer's certificate first; empty where none was found."""
        return chain_of(self.status)


def chain_of(status: Any) -> tuple[bytes, ...]:
    """DER of the certificates of a validated path, the end's first."""
    path = getattr(status, "validation_path", None)
    if path is None:
        return ()
    return tuple(one.dump() for one in reversed(list(path.iter_certs(include_root=True))))


def with_revocation(evidence: Evidence, run: Callable[[Asked], Outcome]) -> Outcome:
    """Ask for revocation information of every certificate; where that does not pass, only of those that name
    a place where it is. What is found revoked stays so.
    """
    if evidence.revocation:
        strict = run(Asked.ALWAYS)
        if strict.indication is Indication.TOTAL_PASSED:
            strict.revocation_checked = True
            return strict
        if strict.indication is Indication.TOTAL_FAILED or strict.sub_indication in _REVOKED:
            return strict
    outcome = run(Asked.IF_DECLARED)
    # pyHanko has one name for chains that do not hold and for those of which nothing says whether they were
    # revoked; EN 319 102-1 §5.2.6 has two.
    if outcome.sub_indication == _GENERAL:
        without = run(Asked.NEVER)
        if without.indication is Indication.TOTAL_PASSED:
            outcome.sub_indication = "TRY_LATER"
        else:
            # Something else is amiss, and has perhaps a better name.
            outcome = without
    return outcome


def signature_outcome(
    embedded: EmbeddedPdfSignature,
    settings: TrustSettings,
    evidence: Evidence,
    *,
    stamped: bool,
    archived: bool,
) -> Outcome:
    """A signature by the engine of its level.

    :param stamped: it has a signature time-stamp.
    :param archived: a document time-stamp came later.
    """

    def run(asked: Asked) -> Outcome:
        specification = settings.specification(evidence, asked)
        common: dict[str, Any] = {
            "timing_info": settings.timing,
            "raw_digest": embedded.compute_digest(),
        }
        if not stamped:
            basic: Any = ades_basic_validation(embedded.signed_data, specification, **common)
            return _outcome(basic)
        timed: Any = ades_with_time_validation(embedded.signed_data, specification, **common)
        outcome = _outcome(timed)
        if archived and outcome.indication is not Indication.TOTAL_PASSED:
            # What no longer holds today may have held when the archive was made.
            whole = PdfSignatureValidationSpec(specification, diff_policy=None)
            past = _outcome(ades_lta_validation(embedded, whole, timing_info=settings.timing))
            if past.indication is Indication.TOTAL_PASSED:
                return past
        return outcome

    return with_revocation(evidence, run)


def document_timestamp_outcome(
    embedded: EmbeddedPdfSignature, settings: TrustSettings, evidence: Evidence
) -> Outcome:
    """A document time-stamp (ETSI EN 319 102-1 §5.4)."""
    return _token(embedded.signed_data, embedded.compute_digest, settings, evidence)


def signature_timestamps(
    embedded: EmbeddedPdfSignature, settings: TrustSettings, evidence: Evidence
) -> tuple[ExaminedTimestamp, ...]:
    """The time-stamps on a signature, each with its own result."""
    expected = message_imprint_checker(embedded.signer_info)
    found = []
    for token in tokens_of(embedded):
        outcome = _token(token, expected, settings, evidence)
        found.append(
            ExaminedTimestamp(
                time=token_time(token),
                indication=outcome.indication,
                sub_indication=outcome.sub_indication,
                chain=outcome.chain,
            )
        )
    return tuple(found)


def tokens_of(embedded: EmbeddedPdfSignature) -> Iterator[cms.SignedData]:
    """Signature time-stamps, as they stand in the unsigned attributes."""
    yield from extract_tst_data_iter(embedded.signer_info, signed=False)


def token_time(token: cms.SignedData) -> Instant:
    """``genTime`` of a token."""
    info: tsp.TSTInfo = token["encap_content_info"]["content"].parsed
    moment: Instant = info["gen_time"].native
    return moment


def _token(
    token: cms.SignedData,
    imprint: Callable[[str], bytes],
    settings: TrustSettings,
    evidence: Evidence,
) -> Outcome:
    def run(asked: Asked) -> Outcome:
        specification = settings.specification(evidence, asked)
        return _outcome(
            ades_timestamp_validation(token, specification, imprint, timing_info=settings.timing)
        )

    return with_revocation(evidence, run)


def _outcome(running: Any) -> Outcome:
    try:
        with _shallow():
            result: AdESBasicValidationResult[Any] = asyncio.run(running)
    except SignatureValidationError as error:
        found = error.ades_subindication
        return Outcome(_INDICATIONS[found.status], found.standard_name)
    except RecursionError:
        # Responders that vouch for one another in a circle vouch for nothing.
        return Outcome(Indication.INDETERMINATE, _GENERAL)
    passed = result.ades_subindic.status is AdESStatus.PASSED
    return Outcome(
        _INDICATIONS[result.ades_subindic.status],
        "" if passed else result.ades_subindic.standard_name,
        result.api_status,
        getattr(result, "best_signature_time", None) if passed else None,
    )


@contextlib.contextmanager
def _shallow() -> Iterator[None]:
    """A circle is found after seconds with the limit that is usual, and here after less than one."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(min(usual, len(inspect.stack(0)) + _DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)

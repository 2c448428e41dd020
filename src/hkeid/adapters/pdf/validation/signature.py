"""One signature through pyHanko, in steps: what one step cannot do is said, and the steps before it count."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult, ModificationLevel
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from hkeid.adapters.pdf.signing_engine import where
from hkeid.adapters.pdf.validation import ades, revocation
from hkeid.adapters.pdf.validation.fields import FoundSignature, entry
from hkeid.adapters.pdf.validation.trust import Evidence, TrustSettings
from hkeid.ports.certificates import ValidationMaterial
from hkeid.ports.pdf_validation import (
    Coverage,
    ExaminationRequest,
    ExaminedSignature,
    Indication,
    Modification,
    SignatureKind,
)

_LONGEST = 500
_COVERAGE = {
    SignatureCoverageLevel.UNCLEAR: Coverage.UNCLEAR,
    SignatureCoverageLevel.CONTIGUOUS_BLOCK_FROM_START: Coverage.PART_OF_REVISION,
    SignatureCoverageLevel.ENTIRE_REVISION: Coverage.REVISION,
    SignatureCoverageLevel.ENTIRE_FILE: Coverage.FILE,
}
_MODIFICATION = {
    ModificationLevel.NONE: Modification.NONE,
    ModificationLevel.LTA_UPDATES: Modification.LONG_TERM,
    ModificationLevel.FORM_FILLING: Modification.FORM_FILLING,
    ModificationLevel.ANNOTATIONS: Modification.ANNOTATIONS,
    ModificationLevel.OTHER: Modification.OTHER,
}
_TIMESTAMP = "/ETSI.RFC3161"
_SHAKES = {"shake256", "shake256_len"}
_SUBFILTERS = {"/ETSI.CAdES.detached", "/adbe.pkcs7.detached", _TIMESTAMP}


def examine_signature(
    reader: PdfFileReader,
    found: FoundSignature,
    request: ExaminationRequest,
    settings: TrustSettings,
    store: ValidationMaterial | None,
    stamps: Sequence[int] = (),
) -> ExaminedSignature:
    """What pyHanko sees; never raises but for want of memory.

    :param stamps: as :func:`stamp_revisions`.
    """
    seen: dict[str, Any] = {
        "field": found.name[:_LONGEST],
        "also_in": tuple(name[:_LONGEST] for name in found.also_in),
        "kind": SignatureKind.SIGNATURE,
    }
    steps: tuple[tuple[str, Callable[[], None]], ...]
    work = _Work(reader, found, seen, settings, stamps)
    steps = (
        ("signature_unreadable", work.read),
        ("integrity_unreadable", work.integrity),
        ("validation_failed", lambda: work.validate(request.material, store)),
    )
    for failure, step in steps:
        try:
            step()
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - AssertionError, KeyError, TypeError, ValueError …
            seen |= {
                "failure": error.failure if isinstance(error, _Unfit) else failure,
                "detail": where(error),
                "indication": Indication.INDETERMINATE,
                "sub_indication": "GENERIC",
            }
            break
    return ExaminedSignature(**seen)


class _Unfit(Exception):
    """What no patience helps with, by name."""

    def __init__(self, failure: str) -> None:
        self.failure = failure
        super().__init__(failure)


class _Work:
    def __init__(
        self,
        reader: PdfFileReader,
        found: FoundSignature,
        seen: dict[str, Any],
        settings: TrustSettings,
        stamps: Sequence[int],
    ) -> None:
        self._stamps = stamps
        self._reader = reader
        self._found = found
        self._seen = seen
        self._settings = settings
        self._embedded: EmbeddedPdfSignature = None  # type: ignore[assignment] # made by the first step

    def read(self) -> None:
        """The dictionary and its CMS."""
        dictionary = self._found.value.get_object()
        kind = str(entry(dictionary, "/Type") or "/Sig")
        subfilter = str(entry(dictionary, "/SubFilter") or "")
        stamp = kind == "/DocTimeStamp" or subfilter == _TIMESTAMP
        self._seen |= {
            "kind": SignatureKind.DOCUMENT_TIMESTAMP if stamp else SignatureKind.SIGNATURE,
            "subfilter": subfilter.removeprefix("/"),
            "reason": str(entry(dictionary, "/Reason") or "")[:_LONGEST],
            "location": str(entry(dictionary, "/Location") or "")[:_LONGEST],
        }
        if subfilter not in _SUBFILTERS:
            raise _Unfit("format_unsupported")
        embedded = EmbeddedPdfSignature(self._reader, self._found.field, self._found.name)
        if self._found.field.raw_get("/V") is not self._found.value:
            raise ValueError("the signature is inherited")
        if stamp != (subfilter == _TIMESTAMP):
            raise ValueError("another kind of signature")
        self._embedded = embedded
        info = embedded.signer_info
        content = embedded.signed_data["encap_content_info"]["content"]
        self._seen |= {
            "number": embedded.signed_revision,
            "byte_range": tuple(int(one) for one in embedded.byte_range),
            "contents": bytes(embedded.pkcs7_content),
            "detached": stamp or content.native is None,
            "hash_name": embedded.md_algorithm,
            "algorithm": _algorithm(info),
            "signature_value": info["signature"].native,
            "certification": _certification(embedded),
            "certificate": _signer(embedded).dump(),
        }
        if not stamp:
            claimed = embedded.self_reported_timestamp
            # A time without a zone is no moment (ISO 32000-2 §7.9.4).
            self._seen["claimed_time"] = claimed if claimed and claimed.tzinfo else None
        self._seen["attributes_digest"] = _digest(embedded.md_algorithm, info["signed_attrs"])

    def integrity(self) -> None:
        """Coverage, digest, and what was added later."""
        embedded = self._embedded
        embedded.compute_integrity_info(skip_diff=True)
        self._seen["coverage"] = _COVERAGE[embedded.evaluate_signature_coverage()]
        self._seen["document_digest"] = embedded.compute_digest()
        try:
            difference = embedded.evaluate_modifications(DEFAULT_DIFF_POLICY)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - KeyError over dangling references, and others
            self._seen["detail"] = where(error)
            return
        embedded.diff_result = difference  # type: ignore[assignment] # it says None
        level = ModificationLevel.OTHER
        if isinstance(difference, DiffResult):
            level = difference.modification_level
            self._seen["touched"] = tuple(
                sorted(str(one) for one in difference.changed_form_fields)
            )
        self._seen["modification"] = _MODIFICATION[level]
        self._seen["permitted"] = embedded.summarise_integrity_info()["docmdp_ok"]

    def validate(self, given: ValidationMaterial, store: ValidationMaterial | None) -> None:
        """Cryptography, certificates and time-stamps."""
        embedded = self._embedded
        _require_key(embedded.signer_cert)
        store = store or ValidationMaterial()
        evidence = revocation.gathered(store, given, embedded)
        if self._seen["kind"] is SignatureKind.DOCUMENT_TIMESTAMP:
            outcome = ades.document_timestamp_outcome(embedded, self._settings, evidence)
            self._seen["claimed_time"] = ades.token_time(embedded.signed_data)
            if outcome.indication is Indication.TOTAL_PASSED:
                self._seen["proved_time"] = self._seen["claimed_time"]
        else:
            outcome = self._signature(evidence, store)
        self._seen |= {
            "indication": outcome.indication,
            "sub_indication": outcome.sub_indication,
            "chain": outcome.chain,
            "certificates": tuple(one.dump() for one in evidence.certificates),
            "revocation_checked": outcome.revocation_checked,
            "revocation": revocation.records(evidence, embedded.signer_cert),
        }
        self._status(outcome.status)

    def _signature(self, evidence: Evidence, store: ValidationMaterial) -> ades.Outcome:
        stamps = ades.signature_timestamps(self._embedded, self._settings, evidence)
        archived = any(one > self._embedded.signed_revision for one in self._stamps)
        outcome = ades.signature_outcome(
            self._embedded,
            self._settings,
            evidence,
            stamped=bool(stamps),
            archived=archived,
        )
        proofs = [one.time for one in stamps if one.indication is Indication.TOTAL_PASSED]
        if outcome.best_time is not None and stamps:
            proofs.append(outcome.best_time)
        supplied = bool(store.certificates and (store.crls or store.ocsps))
        self._seen |= {
            "timestamps": stamps,
            "proved_time": min(proofs, default=None),
            "level": _level(stamped=bool(stamps), supplied=supplied, archived=archived),
        }
        return outcome

    def _status(self, status: Any) -> None:
        """The details that pyHanko gives where it got far enough."""
        if status is None:
            return
        self._seen["intact"] = bool(status.intact)
        self._seen["genuine"] = bool(status.valid)
        details = status.revocation_details
        if details is not None and not details.ca_revoked:
            self._seen["revoked_at"] = details.revocation_date


def _algorithm(info: Any) -> str:
    try:
        name: str = info["signature_algorithm"].signature_algo
    except ValueError:
        raise _Unfit("algorithm_unknown") from None
    return name


def _signer(embedded: EmbeddedPdfSignature) -> Any:
    try:
        return embedded.signer_cert
    except SignatureValidationError:
        raise _Unfit("certificate_absent") from None


def _digest(hash_name: str, attributes: Any) -> bytes:
    """Of the signed attributes; Ed448 goes with SHAKE256 (RFC 8419 §2.3)."""
    if hash_name in _SHAKES:
        return hashlib.shake_256(attributes.dump()).digest(64)
    try:
        return hashlib.new(hash_name, attributes.dump()).digest()
    except ValueError:
        raise _Unfit("algorithm_unknown") from None


def _require_key(certificate: x509.Certificate) -> None:
    """Some authorities wrote moduli as negative numbers once: there is no such key (X.690 §8.3)."""
    key = certificate.public_key
    if key.algorithm == "rsa" and key["public_key"].parsed["modulus"].native <= 0:
        raise _Unfit("certificate_malformed")


def _certification(embedded: EmbeddedPdfSignature) -> int | None:
    for reference in entry(embedded.sig_object, "/Reference") or ():
        one = reference.get_object()
        if entry(one, "/TransformMethod") == "/DocMDP":
            permission = entry(entry(one, "/TransformParams"), "/P")
            return 2 if permission is None else int(permission)
    return None


def stamp_revisions(reader: PdfFileReader, found: Sequence[FoundSignature]) -> tuple[int, ...]:
    """In which revisions document time-stamps came; what they are worth is seen elsewhere."""
    revisions = []
    for one in found:
        try:
            if entry(one.value.get_object(), "/Type") == "/DocTimeStamp":
                revisions.append(reader.xrefs.get_last_change(one.value.reference))
        except Exception:  # noqa: BLE001, S112 - a broken one proves nothing
            continue
    return tuple(revisions)


def _level(*, stamped: bool, supplied: bool, archived: bool) -> str:
    """The level that the parts of a signature amount to (ETSI EN 319 142-1 §6.3)."""
    if not stamped:
        return "B-B"
    if not supplied:
        return "B-T"
    return "B-LTA" if archived else "B-LT"

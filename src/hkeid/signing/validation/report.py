"""What a validation comes to, for people and for programs."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509

from hkeid.identity.language import Language
from hkeid.kernel.errors import NotFound
from hkeid.kernel.instants import Instant
from hkeid.ports.pdf_validation import (
    ExaminedSignature,
    FieldChange,
    Indication,
    RevocationRecord,
    SignatureKind,
)
from hkeid.signing.legal import LegalOpinion, Verdict
from hkeid.signing.validation.byte_checks import revision_end
from hkeid.signing.validation.findings import Finding
from hkeid.signing.validation.gate import verdict_of

FORMAT = 1
_WORST_FIRST = (Verdict.NOT_SATISFIED, Verdict.UNDETERMINED, Verdict.SATISFIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureReport:
    """One signature, or one document time-stamp.

    :ivar indication: the gate's verdict, in the terms of ETSI EN 319 102-1 §5.1.3.
    :ivar observed: what was seen of it.
    :ivar proved_time: it existed no later than this.
    :ivar not_earlier_than: it was not made before this.
    :ivar end: length in bytes of the signed revision; None where the range makes no sense.
    :ivar cap553: None where no context was given, and for time-stamps.
    """

    indication: Indication
    sub_indication: str
    findings: tuple[Finding, ...]
    observed: ExaminedSignature = field(repr=False)
    proved_time: Instant | None = None
    not_earlier_than: Instant | None = None
    end: int | None = None
    cap553: LegalOpinion | None = field(default=None, repr=False)

    @property
    def valid(self) -> bool:
        """Whether it passed."""
        return self.indication is Indication.TOTAL_PASSED

    @property
    def field_name(self) -> str:
        """Full name of its field."""
        return self.observed.field

    @property
    def kind(self) -> SignatureKind:
        """Signature or document time-stamp."""
        return self.observed.kind

    @property
    def level(self) -> str:
        """The level its parts amount to (ETSI EN 319 142-1 §6.1); "" where it could not be told."""
        return self.observed.level

    @property
    def signer(self) -> str:
        """The subject of the certificate (RFC 4514); "" where there is none."""
        return certificate_name(self.observed.certificate)

    @property
    def signer_name(self) -> str:
        """The signer's common name, or the organisation's; "" where there is none."""
        return common_name(self.observed.certificate)

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        """What happened to fields afterwards."""
        return self.observed.changes

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        seen = self.observed
        return {
            "field": seen.field,
            "kind": seen.kind.value,
            "indication": self.indication.value,
            "sub_indication": self.sub_indication,
            "valid": self.valid,
            "findings": [one.to_json() for one in self.findings],
            "level": seen.level,
            "cryptography": {
                "digest_matches": seen.intact,
                "signature_verifies": seen.genuine,
                "hash": seen.hash_name,
                "algorithm": seen.algorithm,
                "certificates": seen.indication.value,
                "certificates_sub_indication": seen.sub_indication,
            },
            "signer": self.signer,
            "reason": seen.reason,
            "location": seen.location,
            "chain": [_certificate(one) for one in seen.chain],
            "coverage": {
                "extent": seen.coverage.value,
                "byte_range": list(seen.byte_range),
                "signed_revision_length": self.end,
                "revision": seen.number,
            },
            "changes": {
                "kind": seen.modification.value,
                "permitted": seen.permitted,
                "look": seen.look.value,
                "changed_pages": [page + 1 for page in seen.changed_pages],
                "fields": [_change(one) for one in seen.changes],
            },
            "certification": seen.certification,
            "revocation": {
                "checked": seen.revocation_checked,
                "revoked_at": _moment(seen.revoked_at),
                "evidence": [_revocation(one) for one in seen.revocation],
            },
            "time": {
                "claimed": _moment(seen.claimed_time),
                "proved": _moment(self.proved_time),
                "not_earlier_than": _moment(self.not_earlier_than),
                "timestamps": [
                    {
                        "time": _moment(one.time),
                        "indication": one.indication.value,
                        "sub_indication": one.sub_indication,
                        "authority": certificate_name(one.chain[0] if one.chain else None),
                    }
                    for one in seen.timestamps
                ],
            },
            "cap553": None if self.cap553 is None else self.cap553.to_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport:
    """The report on a file.

    :ivar digest: SHA-256 (hex) of the file.
    :ivar document_findings: those that concern the file as a whole.
    :ivar entries: signatures and document time-stamps, in the order of revisions.
    """

    validated_at: Instant
    digest: str
    size: int
    revisions: int
    document_findings: tuple[Finding, ...]
    entries: tuple[SignatureReport, ...]

    @property
    def signatures(self) -> tuple[SignatureReport, ...]:
        """The signatures of persons and organisations."""
        return tuple(one for one in self.entries if one.kind is SignatureKind.SIGNATURE)

    @property
    def document_timestamps(self) -> tuple[SignatureReport, ...]:
        """The time-stamps over the document."""
        return tuple(one for one in self.entries if one.kind is SignatureKind.DOCUMENT_TIMESTAMP)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, the document's first."""
        return self.document_findings + tuple(
            finding for one in self.entries for finding in one.findings
        )

    @property
    def indication(self) -> Indication:
        """The worst of the document's findings and its signatures' verdicts."""
        return self._verdict[0]

    @property
    def sub_indication(self) -> str:
        """Why; "" where it passed."""
        return self._verdict[1]

    @property
    def _verdict(self) -> tuple[Indication, str]:
        return verdict_of(
            self.document_findings
            + tuple(finding for one in self.signatures for finding in one.findings)
        )

    @property
    def valid(self) -> bool:
        """Whether there is a signature, and every one is valid for the document as it is."""
        return self.indication is Indication.TOTAL_PASSED

    @property
    def cap553(self) -> LegalOpinion | None:
        """The least favourable opinion on a signature; None where no context was given."""
        opinions = [one.cap553 for one in self.signatures if one.cap553 is not None]
        return min(opinions, key=lambda one: _WORST_FIRST.index(one.verdict), default=None)

    def entry(self, name: str) -> SignatureReport:
        """The report on the signature in the field called ``name``.

        :raises hkeid.kernel.errors.NotFound: ``signature_absent``.
        """
        for one in self.entries:
            if one.field_name == name:
                return one
        raise NotFound("signature_absent")

    def signed_revision(self, pdf: bytes, name: str) -> bytes:
        """What was signed in the field called ``name``: the file up to the end of the signed bytes.

        :param pdf: the file that was validated.
        :raises hkeid.kernel.errors.NotFound: ``signature_absent``; ``revision_absent``: another file, or a
            signature that covers no revision.
        """
        end = self.entry(name).end
        if end is None or hashlib.sha256(pdf).hexdigest() != self.digest:
            raise NotFound("revision_absent")
        return pdf[:end]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        opinion = self.cap553
        return {
            "format": FORMAT,
            "validated_at": _moment(self.validated_at),
            "document": {"sha256": self.digest, "size": self.size, "revisions": self.revisions},
            "valid": self.valid,
            "indication": self.indication.value,
            "sub_indication": self.sub_indication,
            "findings": [one.to_json() for one in self.document_findings],
            "signatures": [one.to_json() for one in self.entries],
            "cap553": None if opinion is None else opinion.verdict.value,
        }

    def to_etsi_xml(self) -> bytes:
        """The report after ETSI TS 119 102-2, UTF-8."""
        from hkeid.signing.validation.etsi_report import etsi_report

        return etsi_report(self)

    def to_text(self, language: Language = Language.ENGLISH) -> str:
        """The report for people."""
        from hkeid.signing.validation.rendering import report_text

        return report_text(self, language)


def signature_end(seen: ExaminedSignature, size: int) -> int | None:
    """Length of the signed revision."""
    return revision_end(seen.byte_range, size)


def certificate_name(certificate: bytes | None) -> str:
    """The subject of a certificate (RFC 4514); "" where it cannot be read."""
    if certificate is None:
        return ""
    try:
        return x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
    except (ValueError, TypeError):
        return ""


def common_name(certificate: bytes | None) -> str:
    """The last common name of a certificate's subject, else its organisation; "" where it cannot be read."""
    if certificate is None:
        return ""
    try:
        subject = x509.load_der_x509_certificate(certificate).subject
        for wanted in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME):
            found = subject.get_attributes_for_oid(wanted)
            if found:
                return str(found[-1].value)
    except (ValueError, TypeError):
        pass
    return ""


def _certificate(encoded: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {
        "sha256": hashlib.sha256(encoded).hexdigest(),
        "der": b64encode(encoded).decode("ascii"),
    }
    try:
        one = x509.load_der_x509_certificate(encoded)
        found |= {
            "subject": one.subject.rfc4514_string(),
            "issuer": one.issuer.rfc4514_string(),
            "serial": f"{one.serial_number:x}",
            "not_before": _moment(one.not_valid_before_utc),
            "not_after": _moment(one.not_valid_after_utc),
        }
    except (ValueError, TypeError):
        pass
    return found


def _change(one: FieldChange) -> dict[str, Any]:
    return {
        "field": one.name,
        "kind": one.kind,
        "event": one.event.value,
        "before": one.before,
        "after": one.after,
        "pages": sorted({place.page + 1 for place in one.places}),
    }


def _revocation(one: RevocationRecord) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "issuer": one.issuer,
        "this_update": _moment(one.this_update),
        "next_update": _moment(one.next_update),
        "about_signer": one.about_signer,
        "sha256": hashlib.sha256(one.encoded).hexdigest(),
    }


def _moment(moment: Instant | None) -> str | None:
    return None if moment is None else moment.isoformat()

"""Looking at the signatures of a PDF file, as the core asks for it.

What comes back are observations about one file, made by parsers that may have been taken in by it: nothing here
is a verdict. The gate of :mod:`hkeid.signing.validation` makes one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import ValidationMaterial
from hkeid.ports.pdf import Box, PdfParts


class Indication(StrEnum):
    """Main indications (ETSI EN 319 102-1 §5.1.3); the values are those of ETSI TS 119 102-2."""

    TOTAL_PASSED = "total-passed"
    TOTAL_FAILED = "total-failed"
    INDETERMINATE = "indeterminate"


class SignatureKind(StrEnum):
    """What stands in a signature field."""

    SIGNATURE = "signature"
    DOCUMENT_TIMESTAMP = "document_timestamp"
    """ISO 32000-2 §12.8.5."""


class Coverage(StrEnum):
    """How much of the file a signature covers."""

    UNCLEAR = "unclear"
    PART_OF_REVISION = "part_of_revision"
    """From the first byte on, but no whole revision."""
    REVISION = "revision"
    """The revision that it belongs to; something was added later."""
    FILE = "file"


class Modification(StrEnum):
    """What kind of update explains all that was added after a signature."""

    NONE = "none"
    LONG_TERM = "long_term"
    """Validation material and document time-stamps (ETSI EN 319 142-1 §5.4, §5.5)."""
    FORM_FILLING = "form_filling"
    ANNOTATIONS = "annotations"
    OTHER = "other"
    """Something that no rule explains."""
    UNKNOWN = "unknown"
    """It could not be looked at."""


class Look(StrEnum):
    """Whether the pages look as they did in the signed revision."""

    SAME = "same"
    DIFFERENT = "different"
    PAGES_DIFFER = "pages_differ"
    """Pages were added or removed, or have another size."""
    UNKNOWN = "unknown"
    """They could not be drawn, or are too many."""


class FieldEvent(StrEnum):
    """What happened to a form field after a signature."""

    ADDED = "added"
    REMOVED = "removed"
    SIGNED = "signed"
    """An empty signature field was filled."""
    VALUE = "value"
    APPEARANCE = "appearance"
    """It is drawn in another way, or elsewhere; its value is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlace:
    """Where a field is drawn.

    :ivar page: counted from 0.
    :ivar covers_content: the page has text, a picture, a drawing or another field there.
    :ivar share: of the page's area, 0 to 1.
    """

    page: int
    box: Box
    covers_content: bool = False
    share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that is not what it was in the signed revision.

    :ivar kind: ``/FT`` without the slash: ``Tx``, ``Btn``, ``Ch``, ``Sig``; "" where it says none.
    :ivar places: in the signed revision, or, for an added one, now.
    :ivar before: the value then, for people; at most 200 characters.
    :ivar after: the value now.
    """

    name: str
    kind: str
    event: FieldEvent
    places: tuple[FieldPlace, ...] = ()
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRecord:
    """A revocation list or an OCSP response that was at hand.

    :ivar kind: ``crl`` or ``ocsp``.
    :ivar about_signer: it speaks of the signer's certificate.
    :ivar encoded: DER.
    """

    kind: str
    issuer: str
    this_update: Instant
    next_update: Instant | None
    about_signer: bool
    encoded: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedTimestamp:
    """A time-stamp on a signature (ETSI EN 319 122-1 §5.3), validated.

    :ivar chain: its authority's certificate first, DER; empty where no chain was found.
    """

    time: Instant
    indication: Indication
    sub_indication: str
    chain: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedSignature:
    """What was seen of one signature.

    :ivar field: full name of its field.
    :ivar also_in: other fields with the same signature.
    :ivar number: revision in which it was last written, counted from 0.
    :ivar strict: the file could be read by the letter of the specification.
    :ivar failure: at which step looking at it failed: ``signature_unreadable``, ``integrity_unreadable``,
        ``validation_failed``; "" where none did.
    :ivar detail: type and place of the failure, for the log.
    :ivar byte_range: as it stands there.
    :ivar contents: value of ``/Contents``.
    :ivar detached: the CMS holds no content of its own, as PAdES wants it (ETSI EN 319 142-1 §4.1).
    :ivar same_in_revision: the signed revision, read alone and by another parser, has this signature in this
        field with the same entries. None where it could not be read.
    :ivar intact: the digest over the covered bytes is the signed one.
    :ivar genuine: the signature value verifies with the certificate's key.
    :ivar indication: by the AdES engine of its level, over cryptography, certificates and time-stamps.
    :ivar sub_indication: "" where passed.
    :ivar certificate: the signer's, DER; None where none was found.
    :ivar chain: signer's certificate first, trust anchor last, DER; empty where none was found.
    :ivar proved_time: by time-stamps that passed.
    :ivar certificates: all that were at hand, DER.
    :ivar revocation_checked: the whole chain was checked against revocation information.
    :ivar revoked_at: when the signer's certificate was revoked.
    :ivar certification: ``/P`` of DocMDP (ISO 32000-2 §12.8.2.2), where this signature sets it.
    :ivar touched: names of fields that were filled in or signed later, as pyHanko counts them.
    :ivar permitted: DocMDP and FieldMDP let pass what was added; None where that was not looked at.
    """

    field: str
    kind: SignatureKind
    also_in: tuple[str, ...] = ()
    number: int = 0
    strict: bool = True
    failure: str = ""
    detail: str = ""
    subfilter: str = ""
    byte_range: tuple[int, ...] = ()
    contents: bytes = b""
    detached: bool = True
    same_in_revision: bool | None = None
    intact: bool | None = None
    genuine: bool | None = None
    indication: Indication = Indication.INDETERMINATE
    sub_indication: str = "GENERIC"
    level: str = ""
    hash_name: str = ""
    algorithm: str = ""
    document_digest: bytes = b""
    attributes_digest: bytes = b""
    signature_value: bytes = b""
    claimed_time: Instant | None = None
    proved_time: Instant | None = None
    timestamps: tuple[ExaminedTimestamp, ...] = ()
    certificate: bytes | None = None
    chain: tuple[bytes, ...] = ()
    certificates: tuple[bytes, ...] = ()
    revocation_checked: bool = False
    revoked_at: Instant | None = None
    revocation: tuple[RevocationRecord, ...] = ()
    reason: str = ""
    location: str = ""
    coverage: Coverage = Coverage.UNCLEAR
    certification: int | None = None
    permitted: bool | None = None
    modification: Modification = Modification.UNKNOWN
    touched: tuple[str, ...] = ()
    changes: tuple[FieldChange, ...] = ()
    look: Look = Look.UNKNOWN
    changed_pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedDocument:
    """What was seen of a file.

    :ivar revisions: how many there are.
    :ivar hybrid: old and new readers see different objects (ISO 32000-2 §7.5.8.4).
    :ivar signatures: in the order of revisions.
    """

    revisions: int
    hybrid: bool
    encrypted: bool
    signatures: tuple[ExaminedSignature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminationRequest:
    """By what a file is looked at.

    :ivar at: the time of validation.
    :ivar anchors: certificates, DER, that chains of signers may end in.
    :ivar anchor_keys: SHA-256 (hex) of the SubjectPublicKeyInfo of further ones, which are looked for among
        the certificates at hand.
    :ivar timestamp_anchors: the same for time-stamps; None for ``anchors``.
    :ivar material: beside what the file brings along.
    """

    at: Instant
    anchors: tuple[bytes, ...] = ()
    anchor_keys: frozenset[str] = frozenset()
    timestamp_anchors: tuple[bytes, ...] | None = None
    material: ValidationMaterial = field(default_factory=ValidationMaterial)


class PdfValidator(Protocol):
    """Who looks at signed files, which may be hostile."""

    def examine(self, parts: PdfParts, request: ExaminationRequest) -> ExaminedDocument:
        """Every signature of the file; one that defeats the parsers is reported as such.

        :raises hkeid.kernel.errors.MalformedInput: ``pdf_malformed``; ``pdf_locked``: it opens only with a
            password or a key.
        :raises hkeid.kernel.errors.Unavailable: ``pdf_validator_busy``; ``pdf_validator_failed``: too slow,
            too large in memory, or crashed.
        """
        ...

"""What the pages show on which a signed document is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

TRISTATES = (
    "government_party",
    "recipient_consents",
    "ordinance_excluded",
    "court_proceedings",
    "court_rules_permit",
    "method_specified",
    "specified_method_followed",
    "other_requirement_defeated",
    "method_reliable",
    "certificate_terms_followed",
)
"""Facts of :class:`hkeid.signing.LegalContext` that are answered with yes, no, or not known."""
FIRST = 2
"""So many of them stand in front; the others are folded up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalAnswers:
    """What somebody said about the circumstances.

    :ivar tristates: ``yes`` or ``no`` by fact; those not known are left out.
    :ivar document_type: a code of the catalogue, or "".
    :ivar document_types: all codes of it.
    :ivar ordinance: as typed.
    :ivar common_law: no Ordinance asks for the signature.
    :ivar wrong: the question whose answer cannot be meant, or "".
    """

    tristates: Mapping[str, str] = field(default_factory=dict)
    document_type: str = ""
    document_types: tuple[str, ...] = ()
    ordinance: str = ""
    common_law: bool = False
    wrong: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """The form's fields again."""
        said = {"document_type": self.document_type, "ordinance": self.ordinance}
        if self.common_law:
            said["common_law"] = "yes"
        return {**self.tristates, **said}

    @property
    def first(self) -> tuple[str, ...]:
        """Questions in front."""
        return TRISTATES[:FIRST]

    @property
    def others(self) -> tuple[str, ...]:
        """Questions that are folded up."""
        return TRISTATES[FIRST:]

    @property
    def more(self) -> bool:
        """Whether one of those that are folded up is answered."""
        return any(name in self.tristates for name in self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyPage:
    """Choose a document.

    :ivar problem: why the last one was not checked: ``empty``, ``large``, ``busy``, ``attempts``, ``expired``;
        None for a first visit.
    :ivar limit: most megabytes.
    """

    problem: str | None = None
    limit: int = 10
    answers: LegalAnswers = field(default_factory=LegalAnswers)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One finding.

    :ivar effect: ``fails``, ``open`` or ``note``.
    """

    text: str
    effect: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """What happened to one form field after the signature.

    :ivar event: ``added``, ``removed``, ``signed``, ``value``, ``appearance``; ``timestamp``: one on the
        whole document was added.
    :ivar pages: counted from 1.
    """

    field: str
    event: str
    before: str = ""
    after: str = ""
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateLine:
    """One certificate of a chain."""

    name: str
    subject: str = ""
    serial: str = ""
    begins: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLine:
    """A revocation list or answer, or a time-stamp.

    :ivar kind: ``crl``, ``ocsp``, ``timestamp``.
    :ivar good: for time-stamps: whether it is valid.
    """

    kind: str
    by: str
    at: datetime | None = None
    until: datetime | None = None
    good: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonLine:
    """One step of the legal argument."""

    text: str
    section: str
    effect: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingLine:
    """A fact that would help.

    :ivar question: by which it is asked on the page, or "".
    :ivar fact: its name in reports.
    """

    fact: str
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionCard:
    """What Cap. 553 makes of a signature.

    :ivar verdict: ``satisfied``, ``not_satisfied``, ``undetermined``; ``word`` the same for people.
    """

    verdict: str
    word: str
    title: str
    section: str
    reasons: tuple[ReasonLine, ...]
    missing: tuple[MissingLine, ...]
    sources: str
    disclaimer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureCard:
    """One signature, or one document time-stamp.

    :ivar verdict: ``valid``, ``invalid``, ``open``.
    :ivar signer: common name; "" where the certificate cannot be read.
    :ivar integrity: ``unchanged``, ``added``, ``changed``, ``unknown``.
    :ivar revisable: the signed revision is another file than the one that was checked.
    :ivar revocation: ``good``, ``revoked`` or ``unknown``.
    :ivar covered: bytes of the signed revision.
    """

    number: int
    kind: str
    field: str
    verdict: str
    indication: str
    sub_indication: str
    signer: str
    issuer: str
    trusted: bool
    level: str
    integrity: str
    claimed: datetime | None = None
    proved: datetime | None = None
    not_earlier_than: datetime | None = None
    reason: str = ""
    location: str = ""
    certification: int | None = None
    findings: tuple[FindingLine, ...] = ()
    changes: tuple[ChangeLine, ...] = ()
    changed_pages: tuple[int, ...] = ()
    revisable: bool = False
    covered: int | None = None
    revision: int = 0
    revocation: str = "unknown"
    revoked_at: datetime | None = None
    chain: tuple[CertificateLine, ...] = ()
    evidence: tuple[EvidenceLine, ...] = ()
    algorithm: str = ""
    opinion: OpinionCard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """The report.

    :ivar verdict: ``valid``, ``invalid``, ``open``, ``unsigned``, ``unreadable``.
    :ivar fingerprint: SHA-256 in groups of four hexadecimal digits.
    :ivar size: kilobytes.
    :ivar sealed: the report for the page's forms; "" where it is too long.
    :ivar problem: ``other-file``: what was sent for the signed revision is another file.
    """

    verdict: str
    indication: str
    sub_indication: str
    signatures: tuple[SignatureCard, ...]
    timestamps: tuple[SignatureCard, ...]
    findings: tuple[FindingLine, ...]
    fingerprint: str
    size: int
    revisions: int
    validated_at: datetime
    sealed: str
    answers: LegalAnswers
    problem: str | None = None
    limit: int = 10

    @property
    def revisable(self) -> tuple[SignatureCard, ...]:
        """Signatures whose signed revision can be asked for."""
        return tuple(one for one in self.signatures if one.revisable)

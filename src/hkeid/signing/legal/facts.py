"""What the law needs to know of one signature that was checked technically.

Whoever validates a document fills these in; nothing here looks at bytes. ``None`` always means
"not known", never "no".
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant


class TechnicalVerdict(StrEnum):
    """The answer of the technical check (the main indications of ETSI EN 319 102-1 §5.1.3)."""

    VALID = "valid"
    INVALID = "invalid"
    INDETERMINATE = "indeterminate"


class RevocationStatus(StrEnum):
    """What the authority said of the signer's certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """The signer's certificate.

    :ivar subject: who it names, for the reader.
    :ivar issuer_name: common name of the issuer; never enough to recognise it.
    :ivar issuer_key: SHA-256 (hex) of the SubjectPublicKeyInfo of the issuer whose key verified the
        certificate. A trust list knows issuers by it.
    :ivar policies: object identifiers of the certificatePolicies extension (RFC 5280 §4.2.1.4).
    :ivar subject_organization: the ``O`` of the subject; some authorities put the type there.
    :ivar key_usage: names of RFC 5280 §4.2.1.3, such as ``non_repudiation``; ``None``: not looked at,
        empty: the extension is absent.
    :ivar reliance_limit_hkd: the limit stated in the certificate (s.42(2)), in Hong Kong dollars.
    :ivar embedded_authority: issued by hkeid's own authority for sandbox and private use.
    """

    subject: str
    issuer_name: str
    not_before: Instant
    not_after: Instant
    issuer_key: str | None = None
    policies: frozenset[str] = frozenset()
    subject_organization: str | None = None
    key_usage: frozenset[str] | None = None
    revocation: RevocationStatus = RevocationStatus.UNKNOWN
    revoked_at: Instant | None = None
    reliance_limit_hkd: int | None = None
    embedded_authority: bool = False

    def __post_init__(self) -> None:
        _aware(self)
        if self.not_after < self.not_before:
            raise MalformedInput("facts_inconsistent", field="not_after")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFacts:
    """One signature.

    :ivar technical: the technical verdict, at the best signature time that can be proved.
    :ivar digital_signature: made with an asymmetric cryptosystem and a hash function (s.2(1)).
    :ivar claimed_time: what the signer wrote; proves nothing.
    :ivar proved_time: the signature existed no later than this (time-stamp, evidence record).
    :ivar not_earlier_than: the signature cannot have been made before this: a content time-stamp,
        or a time-stamp over the revision that was signed. The certificate's own start is used besides.
    :ivar covers_whole_document: the signature covers the revision that is judged, to its last byte.
    :ivar changed_after_signing: something was added later, even where that was permitted.
    """

    technical: TechnicalVerdict | None = None
    digital_signature: bool | None = None
    certificate: CertificateFacts | None = None
    claimed_time: Instant | None = None
    proved_time: Instant | None = None
    not_earlier_than: Instant | None = None
    covers_whole_document: bool | None = None
    changed_after_signing: bool | None = None

    def __post_init__(self) -> None:
        _aware(self)
        if (
            self.proved_time is not None
            and self.not_earlier_than is not None
            and self.proved_time < self.not_earlier_than
        ):
            raise MalformedInput("facts_inconsistent", field="not_earlier_than")


def _aware(facts: CertificateFacts | SignatureFacts) -> None:
    for field in fields(facts):
        value = getattr(facts, field.name)
        if isinstance(value, Instant) and value.tzinfo is None:
            raise MalformedInput("time_without_zone", field=field.name)

"""What kinds of certificate there are, as data.

A profile cannot be made that breaks a rule its clause forbids; so a typing error in one is found when the
program starts and not by a relying party.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
"""id-kp-documentSigning (RFC 9336)."""
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
ANY_POLICY = "2.5.29.32.0"

SHORT_TERM_LIMIT = timedelta(hours=24)
"""Longest life of a certificate that cannot be revoked."""

USAGE_BITS: Mapping[str, int] = MappingProxyType(
    {
        "digitalSignature": 0,
        "nonRepudiation": 1,
        "keyEncipherment": 2,
        "dataEncipherment": 3,
        "keyAgreement": 4,
        "keyCertSign": 5,
        "cRLSign": 6,
    }
)
"""Numbers of the bits (RFC 5280 §4.2.1.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateProfile:
    """One kind of certificate.

    :ivar lifetime: from ``notBefore`` to ``notAfter``; less where the issuer's ends before.
    :ivar key_usage: names of :data:`USAGE_BITS`; always critical.
    :ivar extended_key_usage: OIDs.
    :ivar extended_critical: whether that extension is critical.
    :ivar policy: last arc of the certificate policy, below the operator's own; None: any policy.
    :ivar path_length: most authorities beneath this one; None where it is no authority.
    :ivar short_term: validity-assured short-term (ETSI EN 319 412-1 §5.2): not revocable, without pointers
        to where revocation is told.
    :ivar no_check: a responder that is not asked about itself (RFC 6960 §4.2.2.2.1).
    :ivar for_persons: whether the subject is a person.
    :ivar on_request: whether :meth:`hkeid.ports.certificates.CertificateAuthority.issue` gives it out.
    :raises ValueError: the profile breaks a rule.
    """

    name: str
    lifetime: timedelta
    key_usage: tuple[str, ...]
    extended_key_usage: tuple[str, ...] = ()
    extended_critical: bool = False
    policy: int | None = None
    path_length: int | None = None
    short_term: bool = False
    no_check: bool = False
    for_persons: bool = False
    on_request: bool = True

    def __post_init__(self) -> None:
        for broken in self._broken_rules():
            raise ValueError(f"profile {self.name}: {broken}")

    @property
    def is_authority(self) -> bool:
        """Whether certificates may be signed with its key."""
        return self.path_length is not None

    @property
    def revocable(self) -> bool:
        """Whether it can be taken back."""
        return not self.short_term

    def _broken_rules(self) -> list[str]:
        signs = {"keyCertSign", "cRLSign"} & set(self.key_usage)
        rules = {
            "lifetime must be positive": self.lifetime <= timedelta(0),
            "key usage unknown or none": not set(self.key_usage) <= USAGE_BITS.keys()
            or not self.key_usage,
            "RFC 5280 §4.2.1.9: who is no authority signs no certificates": bool(signs)
            != self.is_authority,
            "RFC 3161 §2.3: timeStamping must be sole and critical": TIME_STAMPING
            in self.extended_key_usage
            and (len(self.extended_key_usage) > 1 or not self.extended_critical),
            "ETSI EN 319 412-2 §4.3.2: a person's key for signing does nothing else": (
                self.for_persons and self.key_usage != ("nonRepudiation",)
            ),
            "short-term certificates live 24 hours at most": self.short_term
            and self.lifetime > SHORT_TERM_LIMIT,
            "RFC 6960 §4.2.2.2.1: nocheck is for responders": self.no_check
            and self.extended_key_usage != (OCSP_SIGNING,),
        }
        return [rule for rule, broken in rules.items() if broken]


ROOT = CertificateProfile(
    name="root",
    lifetime=timedelta(days=7305),
    key_usage=("keyCertSign", "cRLSign"),
    path_length=1,
    on_request=False,
)
ISSUING = CertificateProfile(
    name="issuing",
    lifetime=timedelta(days=3652),
    key_usage=("keyCertSign", "cRLSign"),
    path_length=0,
    on_request=False,
)
RESIDENT = CertificateProfile(
    name="resident",
    lifetime=timedelta(days=1096),
    key_usage=("nonRepudiation",),
    extended_key_usage=(DOCUMENT_SIGNING,),
    policy=1,
    for_persons=True,
)
RESIDENT_SHORT = CertificateProfile(
    name="resident-short",
    lifetime=SHORT_TERM_LIMIT,
    key_usage=("nonRepudiation",),
    extended_key_usage=(DOCUMENT_SIGNING,),
    policy=2,
    short_term=True,
    for_persons=True,
)
OFFICER = CertificateProfile(
    name="officer",
    lifetime=timedelta(days=366),
    key_usage=("nonRepudiation",),
    extended_key_usage=(DOCUMENT_SIGNING,),
    policy=3,
    for_persons=True,
)
TIME_STAMP = CertificateProfile(
    name="time-stamp",
    lifetime=timedelta(days=1827),
    key_usage=("digitalSignature",),
    extended_key_usage=(TIME_STAMPING,),
    extended_critical=True,
    policy=4,
)
OCSP_RESPONDER = CertificateProfile(
    name="ocsp",
    lifetime=timedelta(days=366),
    key_usage=("digitalSignature",),
    extended_key_usage=(OCSP_SIGNING,),
    policy=5,
    no_check=True,
)

PROFILES: Mapping[str, CertificateProfile] = MappingProxyType(
    {
        one.name: one
        for one in (
            ROOT,
            ISSUING,
            RESIDENT,
            RESIDENT_SHORT,
            OFFICER,
            TIME_STAMP,
            OCSP_RESPONDER,
        )
    }
)
"""The profiles by name."""

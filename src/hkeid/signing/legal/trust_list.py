"""Which certification authorities and certificate types are recognised, and since when.

A list is a statement of whoever keeps it, dated like one: true as of a day, relied upon until another,
complete or not. An authority is known by its keys, never by a name, which anybody can write.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from hkeid.kernel.instants import Instant
from hkeid.signing.legal.facts import CertificateFacts
from hkeid.signing.legal.periods import Period, without


class Use(StrEnum):
    """What the terms of a certificate type let its signatures be used for."""

    GENERAL = "general"
    RESTRICTED = "restricted"
    NOT_FOR_DOCUMENTS = "not_for_documents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a statement was read, and when (ISO date)."""

    where: str
    read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """One recognition and what became of it.

    :ivar section: what it rests on: ``s.34`` (by statute), ``s.21``, ``s.22``.
    :ivar period: from when, and until when where a period was specified (s.21(6)(b), s.22(8)).
    :ivar interruptions: suspensions, and a revocation from the day it took effect (s.23, s.24).
    :ivar confirmed_until: no source says anything later than this.
    :ivar counsel: what nobody confirmed; the engine then decides nothing in favour.
    """

    section: str
    period: Period
    interruptions: tuple[Period, ...] = ()
    confirmed_until: Instant | None = None
    counsel: str | None = None
    sources: tuple[Source, ...] = ()

    @property
    def periods(self) -> tuple[Period, ...]:
        """When it was in force (s.26)."""
        return without(self.period, self.interruptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A certificate that an authority issues with.

    :ivar keys: SHA-256 (hex) of its SubjectPublicKeyInfo; without one it can be recognised by nobody.
    """

    name: str
    keys: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateType:
    """A type, class or description of certificates (s.22(3)).

    :ivar issuers: names of the issuers it comes from; empty: all of the authority.
    :ivar policies: prefixes of policy identifiers, whole nodes; any one matches.
    :ivar subject_organization: what the subject's ``O`` says, where the type stands there.
    :ivar reliance_limit_hkd: as published for the type; ``None`` where no source was read.
    :ivar reliance_limit_minor_hkd: the same for a signer under 18.
    """

    id: str
    name: str
    recognition: Recognition
    use: Use
    issuers: frozenset[str] = frozenset()
    policies: tuple[str, ...] = ()
    subject_organization: str | None = None
    reliance_limit_hkd: int | None = None
    reliance_limit_minor_hkd: int | None = None

    def covers(self, certificate: CertificateFacts, issuer: Issuer) -> bool:
        """Whether ``certificate`` is of this type."""
        if self.issuers and issuer.name not in self.issuers:
            return False
        if self.policies and not any(
            begins_with(policy, prefix)
            for policy in certificate.policies
            for prefix in self.policies
        ):
            return False
        return (
            self.subject_organization is None
            or self.subject_organization == certificate.subject_organization
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A certification authority."""

    id: str
    name: str
    recognition: Recognition
    issuers: tuple[Issuer, ...]
    types: tuple[CertificateType, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MutualRecognition:
    """An arrangement with another place, seen in a certificate by its policy.

    :ivar policy: the identifier without the nodes that change.
    :ivar varying_nodes: how many nodes may follow: year, version, release.
    """

    id: str
    name: str
    policy: str
    varying_nodes: int
    sources: tuple[Source, ...] = ()

    def marks(self, certificate: CertificateFacts) -> bool:
        """Whether ``certificate`` bears the policy; the last nodes do not count."""
        nodes = self.policy.count(".") + self.varying_nodes
        return any(
            begins_with(policy, self.policy) and policy.count(".") <= nodes
            for policy in certificate.policies
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """One version of the list.

    :ivar as_of: its statements were checked up to this moment.
    :ivar next_update: until then its keeper lets them be relied on without a newer version.
    :ivar complete: its keeper says that nothing else is recognised. The shipped list never does.
    :ivar digest: SHA-256 (hex) of the file.
    """

    version: str
    keeper: str
    as_of: Instant
    next_update: Instant
    complete: bool
    authorities: tuple[Authority, ...]
    arrangements: tuple[MutualRecognition, ...] = ()
    digest: str = ""

    @property
    def label(self) -> str:
        """Version and digest, for the record."""
        return f"{self.version} sha256:{self.digest}"

    def issuers(self) -> Iterator[tuple[Authority, Issuer]]:
        """Every issuer with its authority."""
        for authority in self.authorities:
            for issuer in authority.issuers:
                yield authority, issuer

    def issuer_of(self, certificate: CertificateFacts) -> tuple[Authority, Issuer] | None:
        """The issuer whose key signed ``certificate``."""
        for authority, issuer in self.issuers():
            if certificate.issuer_key is not None and certificate.issuer_key in issuer.keys:
                return authority, issuer
        return None

    def names(self, certificate: CertificateFacts) -> bool:
        """Whether an issuer of that name stands on the list, whatever its key."""
        return any(issuer.name == certificate.issuer_name for _, issuer in self.issuers())

    def covered_at(self, moment: Instant, at: Instant) -> bool:
        """Whether the list, used at ``at``, speaks of ``moment``."""
        return moment <= self.as_of or max(moment, at) <= self.next_update


def begins_with(policy: str, prefix: str) -> bool:
    """Whether the object identifier ``policy`` is ``prefix`` or lies under it, by whole nodes."""
    return policy == prefix or policy.startswith(f"{prefix}.")

"""Country signers: whose signatures under documents are believed, and since when no longer."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from hkeid.chip import certificates as rules
from hkeid.chip.asn1 import (
    read_certificate,
    read_master_list,
    read_revocation_list,
    read_signed_message,
)
from hkeid.chip.findings import Finding, FindingCode, finding
from hkeid.chip.signatures import ANY_DIGEST, TrustPolicy, Verdict, verify_signature
from hkeid.chip.signed_messages import faults_of, named_certificate
from hkeid.chip.structures import Certificate, MalformedStructure, RevocationList, SignedMessage
from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant

_MASTER_LIST = "2.23.136.1.1.2"
_PEM = re.compile(
    rb"-----BEGIN (CERTIFICATE|X509 CRL|CMS|PKCS7)-----([A-Za-z0-9+/=\s]+)-----END \1-----"
)
_MOST_CERTIFICATES = 20_000


class MasterListRefused(Refused):
    """A master list that is not believed: ``master_list_content_wrong``,
    ``master_list_signers_not_one``, ``master_list_signer_unknown``, ``master_list_signature_wrong``.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A certificate or list that was offered and not taken, and why (a stable word)."""

    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the countries say of a document signer.

    :ivar country_signer: the certificate that vouches for it; None if none does.
    """

    country_signer: Certificate | None
    findings: tuple[Finding, ...]

    @property
    def trusted(self) -> bool:
        """A country vouches for it and nothing speaks against it."""
        return self.country_signer is not None and not any(one.fatal for one in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountrySigners:
    """CSCA certificates and their revocation lists. A value: additions give a new one.

    :ivar anchors: self-signed certificates that were configured, and those that links lead to.
    :ivar lists: the newest good revocation list of each issuer.
    :ivar rejected: what was offered and not taken.
    """

    anchors: tuple[Certificate, ...] = field(default=(), repr=False)
    lists: tuple[RevocationList, ...] = field(default=(), repr=False)
    rejected: tuple[Rejected, ...] = ()
    policy: TrustPolicy = field(default_factory=TrustPolicy)

    @classmethod
    def of(
        cls,
        certificates: Iterable[bytes],
        *,
        crls: Iterable[bytes] = (),
        policy: TrustPolicy | None = None,
    ) -> CountrySigners:
        """Trust these CSCA certificates (DER or PEM), and the links that they signed.

        Who calls this vouches for the self-signed ones. Bytes that do not parse, and links that no
        trusted certificate signed, are left out and listed in ``rejected``.

        :param crls: revocation lists, DER or PEM; one counts if a trusted certificate signed it.
        """
        found = cls(policy=policy or TrustPolicy())
        return found.with_certificates(certificates).with_revocation_lists(crls)

    @property
    def countries(self) -> frozenset[str]:
        """Countries (two letters) with a trusted signer."""
        return frozenset(one.country for one in self.anchors)

    def with_certificates(self, certificates: Iterable[bytes]) -> CountrySigners:
        """These too."""
        offered, rejected = _read_all(certificates, self.rejected)
        anchors = {one.der: one for one in self.anchors}
        links: list[Certificate] = []
        for one in offered:
            if one.subject == one.issuer and rules.signed_by(one, one, ANY_DIGEST) is Verdict.GOOD:
                anchors[one.der] = one
            else:
                links.append(one)
        for one in _follow(links, anchors, self.policy):
            rejected.append(Rejected(label=one.label, reason="link_signer_unknown"))
        return replace(self, anchors=tuple(anchors.values()), rejected=tuple(rejected))

    def with_revocation_lists(self, crls: Iterable[bytes]) -> CountrySigners:
        """These too; of one issuer the newest counts."""
        rejected = list(self.rejected)
        newest = {one.issuer: one for one in self.lists}
        for blob in crls:
            for der in der_blocks(blob):
                reason = self._take_list(der, newest)
                if reason:
                    rejected.append(Rejected(label="revocation list", reason=reason))
        return replace(self, lists=tuple(newest.values()), rejected=tuple(rejected))

    def _take_list(self, der: bytes, newest: dict[str, RevocationList]) -> str:
        try:
            found = read_revocation_list(der)
        except MalformedStructure as error:
            return error.reason
        if found.partial:
            return "revocation_list_partial"
        if not any(self._listed_by(found, one) for one in self.anchors):
            return "revocation_list_signer_unknown"
        known = newest.get(found.issuer)
        if known is None or known.this_update < found.this_update:
            newest[found.issuer] = found
        return ""

    def _listed_by(self, found: RevocationList, anchor: Certificate) -> bool:
        if anchor.subject != found.issuer or not rules.may_list_revocations(anchor):
            return False
        verdict = verify_signature(
            anchor.key, found.algorithm, found.signature, found.signed, policy=ANY_DIGEST
        )
        return verdict is Verdict.GOOD

    def with_master_list(self, blob: bytes, *, signers: Sequence[bytes] = ()) -> CountrySigners:
        """The certificates of a CSCA master list (Doc 9303-12 §9), if its signature is believed.

        Who signs a list vouches for every certificate in it, links included.

        :param signers: certificates (DER) that may have signed it. Without them, its signer must be a
            master list signer under a CSCA that is trusted already.
        :raises MasterListRefused: see there.
        :raises MalformedStructure: ``structure_malformed``.
        """
        message = read_signed_message(next(iter(der_blocks(blob))))
        if message.content_type != _MASTER_LIST:
            raise MasterListRefused("master_list_content_wrong")
        signer = self._master_list_signer(message, signers)
        if faults_of(message, signer, self.policy):
            raise MasterListRefused("master_list_signature_wrong")
        listed = read_master_list(message.content)
        if len(listed) > _MOST_CERTIFICATES:
            raise MasterListRefused("master_list_content_wrong", detail="too many certificates")
        offered, rejected = _read_all(listed, self.rejected)
        anchors = {one.der: one for one in (*self.anchors, *offered)}
        return replace(self, anchors=tuple(anchors.values()), rejected=tuple(rejected))

    def _master_list_signer(self, message: SignedMessage, signers: Sequence[bytes]) -> Certificate:
        if len(message.signers) != 1:
            raise MasterListRefused("master_list_signers_not_one")
        given = frozenset(read_certificate(one).der for one in signers)
        found = named_certificate(message, (*message.certificates, *given))
        if found is None or (given and found.der not in given):
            raise MasterListRefused("master_list_signer_unknown")
        if not given and not (rules.may_sign_master_lists(found) and self.issuer_of(found)):
            raise MasterListRefused("master_list_signer_unknown")
        return found

    def candidates(self, certificate: Certificate) -> tuple[Certificate, ...]:
        """Trusted certificates with the issuer's name, those that its key identifier names first."""
        same = [one for one in self.anchors if one.subject == certificate.issuer]
        return tuple(sorted(same, key=lambda one: not rules.names_key_of(certificate, one)))

    def issuer_of(self, certificate: Certificate) -> Certificate | None:
        """The trusted certificate that signed ``certificate``."""
        for one in self.candidates(certificate):
            if rules.signed_by(certificate, one, self.policy) is Verdict.GOOD:
                return one
        return None

    def judge(
        self, certificate: Certificate, *, at: Instant, signed_at: Instant | None = None
    ) -> Judgement:
        """Whether a country vouches for a document signer.

        :param at: the moment to judge validity at.
        :param signed_at: when the document says that it was signed, if it does.
        """
        findings = _own_faults(certificate, at, signed_at)
        candidates = self.candidates(certificate)
        verdicts = [rules.signed_by(certificate, one, self.policy) for one in candidates]
        good = [
            (one, _faults_between(certificate, one, at))
            for one, verdict in zip(candidates, verdicts, strict=True)
            if verdict is Verdict.GOOD
        ]
        if not good:
            code = FindingCode.SIGNER_CHAIN_WRONG if candidates else FindingCode.SIGNER_UNKNOWN
            if Verdict.ALGORITHM_REFUSED in verdicts:
                code = FindingCode.SOD_SIGNATURE_ALGORITHM_REFUSED
            return Judgement(None, (*findings, finding(code)))
        issuer, faults = min(good, key=lambda one: (sum(f.fatal for f in one[1]), len(one[1])))
        findings += faults + self._revocation(certificate, issuer, at)
        return Judgement(issuer, tuple(findings))

    def _revocation(
        self, certificate: Certificate, issuer: Certificate, at: Instant
    ) -> list[Finding]:
        found = next((one for one in self.lists if one.issuer == certificate.issuer), None)
        if found is None:
            return [finding(FindingCode.REVOCATION_UNKNOWN)]
        if certificate.serial in found.revoked:
            return [finding(FindingCode.SIGNER_REVOKED)]
        if issuer.serial in found.revoked:
            return [finding(FindingCode.SIGNER_REVOKED, "country signer")]
        if found.next_update is not None and found.next_update < at:
            stale = [finding(FindingCode.REVOCATION_STALE)]
            useless = at - found.next_update > self.policy.stale_revocation
            return [*stale, finding(FindingCode.REVOCATION_UNKNOWN)] if useless else stale
        return []


def der_blocks(blob: bytes) -> tuple[bytes, ...]:
    """The DER of every PEM block, or ``blob`` itself where it has none."""
    found = []
    for match in _PEM.finditer(blob):
        try:
            found.append(base64.b64decode(b"".join(match.group(2).split()), validate=True))
        except binascii.Error:
            raise MalformedStructure("PEM") from None
    return tuple(found) or (blob,)


def _read_all(
    blobs: Iterable[bytes], before: tuple[Rejected, ...]
) -> tuple[list[Certificate], list[Rejected]]:
    found, rejected = [], list(before)
    for blob in blobs:
        try:
            found += [read_certificate(der) for der in der_blocks(blob)]
        except MalformedStructure as error:
            rejected.append(Rejected(label=error.detail or "", reason=error.reason))
    return found, rejected


def _follow(
    links: list[Certificate], anchors: dict[bytes, Certificate], policy: TrustPolicy
) -> list[Certificate]:
    """Turn links into anchors until none more can be; returns those that lead nowhere.

    What a link says rests on its signature alone, so that the policy for documents holds for it.
    """
    while True:
        good = [
            link
            for link in links
            if any(
                one.subject == link.issuer
                and rules.may_certify(one)
                and rules.signed_by(link, one, policy) is Verdict.GOOD
                for one in anchors.values()
            )
        ]
        if not good:
            return links
        anchors.update((one.der, one) for one in good)
        links = [one for one in links if one.der not in anchors]


def _own_faults(certificate: Certificate, at: Instant, signed_at: Instant | None) -> list[Finding]:
    """Validity when read and when signed, usage, extensions."""
    found = []
    if at > certificate.not_after:
        found.append(finding(FindingCode.SIGNER_EXPIRED))
    if at < certificate.not_before:
        found.append(finding(FindingCode.SIGNER_NOT_YET_VALID, "when read"))
    elif signed_at is not None and signed_at < certificate.not_before:
        found.append(finding(FindingCode.SIGNER_NOT_YET_VALID, "when signed"))
    elif signed_at is not None and signed_at > certificate.not_after:
        found.append(finding(FindingCode.SIGNER_EXPIRED, "when signed"))
    if not rules.may_sign_documents(certificate):
        found.append(finding(FindingCode.SIGNER_USAGE_WRONG))
    unknown = rules.not_understood(certificate)
    if unknown:
        found.append(finding(FindingCode.SIGNER_EXTENSION_UNKNOWN, ", ".join(unknown)))
    return found


def _faults_between(certificate: Certificate, issuer: Certificate, at: Instant) -> list[Finding]:
    """The country signer itself, and the two of them together."""
    found = []
    if not rules.may_certify(issuer):
        found.append(finding(FindingCode.COUNTRY_SIGNER_NOT_A_CA))
    if rules.not_understood(issuer):
        found.append(finding(FindingCode.SIGNER_EXTENSION_UNKNOWN, "country signer"))
    if not rules.valid_at(issuer, certificate.not_before):
        found.append(finding(FindingCode.SIGNER_CHAIN_WRONG, "issued outside validity"))
    elif not rules.valid_at(issuer, at):
        found.append(finding(FindingCode.COUNTRY_SIGNER_EXPIRED))
    if certificate.country != issuer.country:
        found.append(finding(FindingCode.SIGNER_COUNTRY_DIFFERENT, "country signer"))
    return found

"""Puts checking of signed PDFs together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hkeid.adapters.pdf import validator_in_worker
from hkeid.adapters.worker.answers import name_of, read_answer, write_answer
from hkeid.kernel.errors import ConfigurationError, HkeidError
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationSource, ValidationMaterial
from hkeid.ports.pdf_validation import (
    Coverage,
    ExaminedSignature,
    ExaminedTimestamp,
    FieldChange,
    FieldEvent,
    FieldPlace,
    Indication,
    Look,
    Modification,
    RevocationRecord,
    SignatureKind,
)
from hkeid.signing.legal import read_trust_list
from hkeid.signing.validation import (
    Finding,
    FindingCode,
    FindingEffect,
    SignatureReport,
    ValidationReport,
    ValidationTrust,
)
from hkeid_server.certificates.parts import CertificateRooms
from hkeid_server.config import Config
from hkeid_server.verification.room import Verification, VerificationParts
from hkeid_server.wiring.foundation import Foundation
from hkeid_server.wiring.outside import authority_chain, timestamp_anchors
from hkeid_server.wiring.signing import require_pdf_packages

_REPORT = "report"
_CLASSES = {
    name_of(one): one
    for one in (
        ValidationReport, SignatureReport, Finding, FindingCode, FindingEffect,
        ExaminedSignature, ExaminedTimestamp, FieldChange, FieldPlace, RevocationRecord,
        Coverage, FieldEvent, Indication, Look, Modification, SignatureKind,
    )
}  # fmt: skip
_PEM = b"-----BEGIN CERTIFICATE-----"


class Sources:
    """Our own authority first, then the others."""

    def __init__(self, *sources: RevocationSource) -> None:
        self._sources = sources

    def material(self, chain: Sequence[bytes], at: Instant) -> ValidationMaterial:
        """As :meth:`hkeid.ports.certificates.RevocationSource.material`, of the first that knows."""
        last: HkeidError | None = None
        for source in self._sources:
            try:
                return source.material(chain, at)
            except HkeidError as error:
                last = error
        assert last is not None
        raise last


def open_verification(
    base: Foundation, certificates: CertificateRooms | None
) -> Verification | None:
    """Checking as configured; None where it is not served.

    :raises hkeid.kernel.errors.ConfigurationError: ``file_unreadable``, ``certificate_malformed``, what
        :func:`hkeid.signing.legal.read_trust_list` raises.
    :raises hkeid.kernel.errors.MissingExtra: the packages of ``hkeid[signing]`` are not installed.
    """
    config = base.config
    section = config.validation
    if not section.enabled:
        return None
    require_pdf_packages()
    signing = config.signing.enabled or config.csc.enabled
    if certificates is None and signing and not config.outside_authority.server:
        from hkeid_server.wiring.certificates import open_authority

        certificates = open_authority(config, base.store, base.clock, base.random)
    sources: list[RevocationSource] = []
    if certificates is not None:
        sources.append(certificates.revocation)
    trust = trust_of(config, certificates, base.clock.now())
    if section.online:
        from hkeid.adapters.certificate_authorities.over_http import HttpRevocation
        from hkeid.adapters.http import HttpsClient

        # The addresses stand in certificates that anybody may have made.
        sources.append(HttpRevocation(HttpsClient(public_only=True, plain=True), trust.anchors))
    return Verification(
        VerificationParts(
            trust=trust,
            # The work is bounded by CPU; a busy machine must not make a good document look bad.
            validator=validator_in_worker(timeout=30, drawing_seconds=15, waiting=2),
            revocation=Sources(*sources) if sources else None,
            pack=pack_report,
            unpack=unpack_report,
            keys=base.keys,
            store=base.store,
            clock=base.clock,
            per_hour=section.per_hour,
        )
    )


def trust_of(
    config: Config, certificates: CertificateRooms | None, now: Instant
) -> ValidationTrust:
    """Whom the page trusts: whom the configuration names, our own authority, and those outside that stand in for it."""
    section = config.validation
    recognised = None
    if section.trust_list:
        content = _read(config, section.trust_list)
        recognised = read_trust_list(content, sha256=section.trust_list_sha256 or None)
    embedded: tuple[bytes, ...] = ()
    if certificates is not None:
        embedded = (certificates.revocation.root,)
    anchors = _certificates(config, section.anchors)
    if config.outside_authority.server:
        anchors += authority_chain(config, now)[-1:]
    stamps, outside = _certificates(config, section.timestamp_anchors), timestamp_anchors(config)
    if outside and not stamps:
        stamps = anchors
    made = ValidationTrust.of(
        anchors,
        timestamp_anchors=(*stamps, *outside, *embedded) if stamps or outside else None,
        embedded=embedded,
        recognised=recognised,
    )
    if recognised is None:
        return made
    return replace(made, anchor_keys=ValidationTrust.in_list(recognised).anchor_keys)


def pack_report(report: ValidationReport) -> bytes:
    """A report as bytes."""
    return write_answer(_REPORT, report)


def unpack_report(kept: bytes) -> ValidationReport:
    """The report out of its bytes."""
    _, report = read_answer(kept, _CLASSES)
    assert isinstance(report, ValidationReport)
    return report


def _certificates(config: Config, files: tuple[str, ...]) -> tuple[bytes, ...]:
    """DER of the certificates in files, PEM or DER."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    found = []
    for file in files:
        content = _read(config, file)
        try:
            if _PEM in content:
                loaded = x509.load_pem_x509_certificates(content)
            else:
                loaded = [x509.load_der_x509_certificate(content)]
        except ValueError:
            raise ConfigurationError("certificate_malformed", detail=file) from None
        found += [one.public_bytes(Encoding.DER) for one in loaded]
    return tuple(found)


def _read(config: Config, file: str) -> bytes:
    try:
        return config.path(Path(file)).read_bytes()
    except OSError:
        raise ConfigurationError("file_unreadable", detail=file) from None

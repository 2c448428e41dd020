"""Puts the authorities outside together: certificates over CMP, time-stamps and revocation over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hkeid.adapters.certificate_authorities import (
    CmpAuthority,
    CmpSettings,
    HttpOcsp,
    HttpRevocation,
)
from hkeid.adapters.http import HttpsClient
from hkeid.adapters.timestamping import HttpTimestampAuthority, HttpTimestampSettings
from hkeid.kernel.errors import ConfigurationError, NotFound, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports import Clock, Random, Store
from hkeid.ports.certificates import (
    CertificateAuthority,
    CertificateState,
    CertificateStatus,
    CertificateSubject,
    IssuedCertificate,
    RevocationReason,
    RevocationSource,
    ValidationMaterial,
)
from hkeid.signing.certificates import read_certificate
from hkeid.signing.timestamping import TimestampRules
from hkeid_server.config import Config
from hkeid_server.config.outside import OutsideAuthoritySection
from hkeid_server.config.proofing import path_or_none

PROFILE = "resident"
"""What residents' certificates are called where they are asked for."""


def open_outside_authority(config: Config, clock: Clock) -> CmpAuthority | None:
    """The certification authority outside; None where the embedded one certifies.

    :raises hkeid.kernel.errors.ConfigurationError: ``outside_file_unreadable``, ``outside_chain_wrong``.
    """
    section = config.outside_authority
    if not section.server:
        return None
    ocsp = HttpOcsp(_http(), section.ocsp) if section.ocsp else None
    return CmpAuthority(_cmp_settings(config, section, clock.now()), clock, ocsp)


def _cmp_settings(config: Config, section: OutsideAuthoritySection, now: Instant) -> CmpSettings:
    def file(name: str) -> Path | None:
        found = path_or_none(config.folder, getattr(section, name))
        if found is not None:
            _content(f"outside_authority.{name}", found)
        return found

    return CmpSettings(
        server=section.server,
        paths={PROFILE: section.path},
        chain=authority_chain(config, now),
        reference=section.reference,
        secret=section.secret,
        certificate=file("certificate"),
        key=file("key"),
        key_passphrase=section.key_passphrase,
        trusted=file("trusted"),
        tls_trusted=file("tls_trusted"),
        timeout=section.timeout_seconds,
    )


def open_revoking(
    config: Config, store: Store[Any], clock: Clock, random: Random
) -> CertificateAuthority:
    """Who takes residents' certificates back: whoever gave them, for the configuration may have changed since.

    :raises hkeid.kernel.errors.ConfigurationError: what opening the authorities raises.
    """
    from hkeid_server.wiring.certificates import open_issuing

    outside = open_outside_authority(config, clock)
    if outside is None:
        return open_issuing(config, store, clock, random)
    if not config.path(config.certificates.folder).exists():
        return outside
    return GivenByEither(open_issuing(config, store, clock, random), outside)


class GivenByEither:
    """:class:`hkeid.ports.certificates.CertificateAuthority`: the embedded authority knows by number what it gave;
    all else is the other's. New certificates are the other's too.
    """

    def __init__(self, embedded: CertificateAuthority, outside: CertificateAuthority) -> None:
        self._embedded = embedded
        self._outside = outside

    def issue(
        self, request: bytes, *, profile: str, subject: CertificateSubject
    ) -> IssuedCertificate:
        """As the port says."""
        return self._outside.issue(request, profile=profile, subject=subject)

    def revoke(
        self, serial: int, reason: RevocationReason, invalid_since: Instant | None = None
    ) -> None:
        """As the port says."""
        try:
            self._embedded.revoke(serial, reason, invalid_since)
        except NotFound:
            self._outside.revoke(serial, reason, invalid_since)

    def status(self, serial: int) -> CertificateStatus:
        """As the port says."""
        found = self._embedded.status(serial)
        known = found.state is not CertificateState.UNKNOWN
        return found if known else self._outside.status(serial)


def authority_chain(config: Config, now: Instant) -> tuple[bytes, ...]:
    """The certificates of the authority outside, the issuing one's first.

    :raises hkeid.kernel.errors.ConfigurationError: ``outside_file_unreadable``, ``outside_chain_wrong``.
    """
    key = "outside_authority.chain"
    found = certificates_in(key, config.path(config.outside_authority.chain))
    read = [read_certificate(one) for one in found]
    if not (read[0].is_authority and read[0].signs_certificates):
        raise _chain_wrong("the first certificate is not an authority's")
    for below, above in pairwise(read):
        if not below.issued_by(above):
            raise _chain_wrong("each certificate must be followed by that of its issuer")
    for number, one in enumerate(read, 1):
        if not one.valid_at(now):
            raise _chain_wrong(
                f"certificate {number} holds {one.not_before:%F} to {one.not_after:%F}"
            )
    return found


def open_outside_timestamps(
    config: Config, clock: Clock, random: Random
) -> HttpTimestampAuthority | None:
    """The time-stamp authority outside; None where residents' signatures bear our own time-stamps.

    :raises hkeid.kernel.errors.ConfigurationError: ``outside_file_unreadable``.
    """
    section = config.outside_timestamps
    if not section.url:
        return None
    policies = frozenset({section.policy} if section.policy else ())
    headers = {}
    if section.authorization is not None:
        headers["Authorization"] = section.authorization.reveal()
    settings = HttpTimestampSettings(
        url=section.url,
        rules=TimestampRules(anchors=timestamp_anchors(config), policies=policies),
        policy=section.policy,
        tolerance=timedelta(seconds=section.tolerance_seconds),
        timeout=float(section.timeout_seconds),
        headers=headers,
    )
    return HttpTimestampAuthority(_http(), clock, random, settings)


def timestamp_anchors(config: Config) -> tuple[bytes, ...]:
    """What time-stamps from outside must chain to; nothing where there are none.

    :raises hkeid.kernel.errors.ConfigurationError: ``outside_file_unreadable``.
    """
    section = config.outside_timestamps
    if not section.url:
        return ()
    return certificates_in("outside_timestamps.trusted", config.path(section.trusted))


def open_revocation(
    config: Config, clock: Clock, embedded: RevocationSource | None
) -> RevocationSource:
    """Revocation of chains of the embedded authority, from itself, and of others, as their certificates say.

    :raises hkeid.kernel.errors.ConfigurationError: ``outside_file_unreadable``, ``outside_chain_wrong``.
    """
    extra = list(timestamp_anchors(config))
    if config.outside_authority.server:
        extra += authority_chain(config, clock.now())
    outside = HttpRevocation(_http(), extra)
    return outside if embedded is None else _EmbeddedFirst(embedded, outside)


class _EmbeddedFirst:
    """:class:`hkeid.ports.certificates.RevocationSource`: our own chains need no network."""

    def __init__(self, embedded: RevocationSource, outside: RevocationSource) -> None:
        self._embedded = embedded
        self._outside = outside

    def material(self, chain: Sequence[bytes], at: Instant) -> ValidationMaterial:
        """As the port says."""
        try:
            return self._embedded.material(chain, at)
        except Unavailable:
            # Not a chain of ours; or one, and then its own addresses may still answer.
            return self._outside.material(chain, at)


def certificates_in(key: str, file: Path) -> tuple[bytes, ...]:
    """DER of the certificates in a PEM file.

    :param key: of the configuration, for the error.
    :raises hkeid.kernel.errors.ConfigurationError: ``outside_file_unreadable``.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        found = x509.load_pem_x509_certificates(_content(key, file))
    except ValueError:
        raise ConfigurationError(
            "outside_file_unreadable", detail=f"{key}: no certificates (PEM) in {file}"
        ) from None
    return tuple(one.public_bytes(Encoding.DER) for one in found)


def _content(key: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            "outside_file_unreadable", detail=f"{key}: {file}: {error.strerror}"
        ) from None


def _chain_wrong(why: str) -> ConfigurationError:
    return ConfigurationError("outside_chain_wrong", detail=f"outside_authority.chain: {why}")


def _http() -> HttpsClient:
    # Time-stamps, OCSP answers and lists are signed, and their addresses are mostly plain http.
    return HttpsClient(plain=True)

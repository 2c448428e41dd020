"""Root and station certificates, on ``cryptography``.

The root's key is a file beside its certificate (0600). That is right for a sandbox and a pilot; a
production deployment has its stations certified by an authority of its own and binds each certificate
with ``hkeid stations bind``.
"""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hkeid.enrolment.stations import IssuedCertificate, StationCertificate
from hkeid.kernel.errors import ConfigurationError, MalformedInput, Refused
from hkeid.kernel.instants import Instant

ROOT_CERTIFICATE = "station-root.pem"
ROOT_KEY = "station-root.key"
_ROOT_YEARS = timedelta(days=3653)
_BACKDATED = timedelta(minutes=5)
_LONGEST_PEM = 16_384


class CertificateReader:
    """Reads certificates and verifies signatures of stations; issues nothing."""

    def issue(
        self, request: str, *, station_id: str, now: Instant, lifetime: timedelta
    ) -> IssuedCertificate:
        """Refuse: certificates come from an authority outside.

        :raises hkeid.kernel.errors.ConfigurationError: ``station_authority_missing``.
        """
        del request, station_id, now, lifetime
        raise ConfigurationError(
            "station_authority_missing", detail="bind certificates with: hkeid stations bind"
        )

    def read(self, pem: str) -> StationCertificate:
        """What a certificate says.

        :raises hkeid.kernel.errors.MalformedInput: ``certificate_malformed``.
        """
        if len(pem) > _LONGEST_PEM:
            raise MalformedInput("certificate_malformed")
        try:
            return _described(x509.load_pem_x509_certificate(pem.encode("ascii")))
        except (ValueError, TypeError, UnicodeEncodeError) as error:
            raise MalformedInput("certificate_malformed", detail=type(error).__name__) from None

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the holder of a station's key signed ``message`` (ECDSA with SHA-256, DER)."""
        try:
            key = load_der_public_key(public_key)
            if not isinstance(key, ec.EllipticCurvePublicKey):
                return False
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True


class StationCa(CertificateReader):
    """The authority in a folder.

    :raises ConfigurationError: ``station_authority_missing``, ``station_authority_malformed``.
    """

    def __init__(self, folder: Path) -> None:
        try:
            certificate = (folder / ROOT_CERTIFICATE).read_bytes()
            key = (folder / ROOT_KEY).read_bytes()
        except OSError:
            raise ConfigurationError(
                "station_authority_missing", detail=f"{folder}; run: hkeid stations ca"
            ) from None
        try:
            self._root = x509.load_pem_x509_certificate(certificate)
            private = load_pem_private_key(key, None)
        except (ValueError, TypeError):
            raise ConfigurationError("station_authority_malformed", detail=str(folder)) from None
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise ConfigurationError("station_authority_malformed", detail="not an EC key")
        self._key = private

    @classmethod
    def create(cls, folder: Path, *, name: str, now: Instant) -> StationCa:
        """Make the authority; an existing one is never overwritten.

        :raises ConfigurationError: ``station_authority_exists``.
        """
        if (folder / ROOT_KEY).exists() or (folder / ROOT_CERTIFICATE).exists():
            raise ConfigurationError("station_authority_exists", detail=str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        root = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(now + _ROOT_YEARS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .add_extension(identifier, critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(folder / ROOT_KEY, pem, 0o600)
        _write(folder / ROOT_CERTIFICATE, root.public_bytes(Encoding.PEM), 0o644)
        return cls(folder)

    @property
    def root(self) -> str:
        """The root's certificate (PEM): what nginx trusts for stations."""
        return self._root.public_bytes(Encoding.PEM).decode("ascii")

    def issue(
        self, request: str, *, station_id: str, now: Instant, lifetime: timedelta
    ) -> IssuedCertificate:
        """Certify the key of a request under a name of ours."""
        key = _requested_key(request)
        ends = min(now + lifetime, self._root.not_valid_after_utc)
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "hkeid station"),
                x509.NameAttribute(NameOID.COMMON_NAME, station_id),
            ]
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._root.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATED)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        return IssuedCertificate(
            certificate=_described(certificate),
            pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
            chain=self.root,
        )


def _described(certificate: x509.Certificate) -> StationCertificate:
    return StationCertificate(
        fingerprint=hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest(),
        public_key=certificate.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        ),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def _requested_key(request: str) -> ec.EllipticCurvePublicKey:
    if len(request) > _LONGEST_PEM:
        raise MalformedInput("certificate_request_malformed")
    try:
        parsed = x509.load_pem_x509_csr(request.encode("ascii"))
        key = parsed.public_key()
        signed = parsed.is_signature_valid
    except Exception as error:  # noqa: BLE001 - whatever a strange request makes the library raise
        raise MalformedInput("certificate_request_malformed", detail=type(error).__name__) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise Refused("certificate_request_key_refused")
    if not signed:
        raise Refused("certificate_request_signature_wrong")
    return key


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a new file under its final rights from the first byte on."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)

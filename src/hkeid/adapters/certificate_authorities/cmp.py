"""An authority outside, over the Certificate Management Protocol (RFC 9810), by ``openssl cmp``.

hkeid is the registration authority: it has checked who the subject is, and sends on a request that the subject's
key has signed (p10cr). What comes back is believed only as far as it was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.adapters.certificate_authorities.openssl import run_openssl
from hkeid.adapters.certificate_authorities.over_http import HttpOcsp
from hkeid.kernel.errors import ConfigurationError, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.kernel.secret import Secret
from hkeid.ports.certificates import (
    CertificateStatus,
    CertificateSubject,
    IssuedCertificate,
    RevocationReason,
)
from hkeid.ports.surroundings import Clock
from hkeid.signing import der
from hkeid.signing.certificates import ReadCertificate, read_certificate
from hkeid.signing.certificates.encoding import bit_string, validity_time
from hkeid.signing.certificates.errors import CertificateRefused
from hkeid.signing.certificates.pem import certificate_pem
from hkeid.signing.certificates.reading import chain_to
from hkeid.signing.certificates.requests import requested_key
from hkeid.signing.certificates.subjects import subject_name

_REFUSED = re.compile(r"PKIStatus: (rejection|revocation\w*)|received error|badRequest")
_FAILURE = re.compile(r"PKIFailureInfo: ([A-Za-z, ]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CmpSettings:
    """Which authority, and how it and we know each other.

    :ivar server: ``https://host[:port]`` or ``host[:port]``; the messages protect themselves.
    :ivar paths: path at the server for each profile that it issues.
    :ivar chain: the issuer's certificate first, then those above, DER.
    :ivar reference: by which the authority knows our secret; with ``secret``.
    :ivar secret: shared with the authority; or else:
    :ivar certificate: file (PEM) of our certificate as a registration authority; with ``key``.
    :ivar key: file (PEM) of its key, which is the operator's and is only named here.
    :ivar key_passphrase: of that key.
    :ivar trusted: file (PEM) of certificates that the authority's own messages must chain to; needed with
        ``certificate``.
    :ivar tls_trusted: file (PEM) of certificates for the server's TLS.
    :ivar timeout: seconds for one exchange.
    :ivar program: the ``openssl`` to run.
    """

    server: str
    paths: Mapping[str, str]
    chain: tuple[bytes, ...]
    reference: str = field(default="", repr=False)
    secret: Secret | None = field(default=None, repr=False)
    certificate: Path | None = None
    key: Path | None = None
    key_passphrase: Secret | None = field(default=None, repr=False)
    trusted: Path | None = None
    tls_trusted: Path | None = None
    timeout: int = 30
    program: str = "openssl"


class CmpAuthority:
    """:class:`hkeid.ports.certificates.CertificateAuthority`.

    No private key is written anywhere: requests and certificates are in a folder of ours alone for the time of
    one exchange, secrets travel through a pipe.

    :param ocsp: where the authority says how it stands with a certificate; None: it is not asked.
    :raises hkeid.kernel.errors.ConfigurationError: ``cmp_unprotected``: neither secret nor key.
    """

    def __init__(self, settings: CmpSettings, clock: Clock, ocsp: HttpOcsp | None = None) -> None:
        if settings.secret is None and (settings.key is None or settings.trusted is None):
            raise ConfigurationError("cmp_unprotected", detail="a secret, or key and trusted")
        self._settings = settings
        self._clock = clock
        self._ocsp = ocsp
        self._issuer = read_certificate(settings.chain[0])

    def issue(
        self, request: bytes, *, profile: str, subject: CertificateSubject
    ) -> IssuedCertificate:
        """As :meth:`hkeid.ports.certificates.CertificateAuthority.issue`. The request's own subject must be
        what shall be certified; the authority may add to it.

        :raises CertificateRefused: ``profile_unknown``; ``request_subject_differs``; what
            :func:`hkeid.signing.certificates.subjects.subject_name` refuses;
            ``certificate_authority_refused``;
            ``certificate_of_another``: what came back is of another key, person, issuer or time.
        :raises hkeid.kernel.errors.Unavailable: ``certificate_authority_unavailable``.
        :raises hkeid.kernel.errors.ConfigurationError: ``openssl_missing``, ``secret_malformed``.
        """
        path = self._settings.paths.get(profile)
        if path is None:
            raise CertificateRefused("profile_unknown", detail=profile)
        public_key = requested_key(request)
        asked_for = x509.load_der_x509_csr(request)
        if asked_for.subject.public_bytes() != subject_name(subject):
            raise CertificateRefused("request_subject_differs")
        with TemporaryDirectory(prefix="hkeid-cmp-") as folder:
            asked, got = Path(folder) / "request.pem", Path(folder) / "issued.pem"
            asked.write_bytes(asked_for.public_bytes(Encoding.PEM))
            trusted = Path(folder) / "chain.pem"
            trusted.write_text("".join(map(certificate_pem, self._settings.chain)), "ascii")
            self._run(
                folder,
                *("-cmd", "p10cr", "-csr", str(asked), "-certout", str(got)),
                *("-out_trusted", str(trusted), "-partial_chain", "-path", path),
            )
            certificate = _first(got)
        self._require_asked_for(certificate, public_key, subject, self._clock.now())
        return IssuedCertificate(certificate=certificate.encoded, chain=self._settings.chain)

    def revoke(
        self, serial: int, reason: RevocationReason, invalid_since: Instant | None = None
    ) -> None:
        """As :meth:`hkeid.ports.certificates.CertificateAuthority.revoke`. The protocol's request has no place
        for ``invalid_since`` in the program that sends it, so a moment there is refused.

        :raises CertificateRefused: ``certificate_authority_refused``, ``certificate_revoked_already``,
            ``invalid_since_not_sent``.
        :raises hkeid.kernel.errors.Unavailable: ``certificate_authority_unavailable``.
        :raises hkeid.kernel.errors.ConfigurationError: ``openssl_missing``, ``secret_malformed``.
        """
        if invalid_since is not None:
            raise CertificateRefused("invalid_since_not_sent")
        with TemporaryDirectory(prefix="hkeid-cmp-") as folder:
            named = Path(folder) / "certificate.pem"
            named.write_text(certificate_pem(_naming(self._issuer, serial)), "ascii")
            self._run(
                folder,
                *("-cmd", "rr", "-oldcert", str(named), "-revreason", str(reason.code)),
                *("-path", next(iter(self._settings.paths.values()), "/")),
            )

    def greet(self) -> None:
        """Exchange a general message (RFC 9810 §5.3.19) that changes nothing: whether the authority is there, and
        knows us. Not every authority answers such messages.

        :raises CertificateRefused: ``certificate_authority_refused``.
        :raises hkeid.kernel.errors.Unavailable: ``certificate_authority_unavailable``.
        :raises hkeid.kernel.errors.ConfigurationError: ``openssl_missing``, ``secret_malformed``.
        """
        path = next(iter(self._settings.paths.values()), "/")
        with TemporaryDirectory(prefix="hkeid-cmp-") as folder:
            self._run(folder, "-cmd", "genm", "-infotype", "signKeyPairTypes", "-path", path)

    def status(self, serial: int) -> CertificateStatus:
        """As :meth:`hkeid.ports.certificates.CertificateAuthority.status`, by OCSP.

        :raises hkeid.kernel.errors.Unavailable: ``certificate_authority_unavailable``: also where there is no
            responder to ask.
        """
        if self._ocsp is None:
            raise Unavailable("certificate_authority_unavailable", detail="no OCSP responder")
        try:
            return self._ocsp.status(self._issuer, serial, self._clock.now())
        except Unavailable as error:
            raise Unavailable("certificate_authority_unavailable", detail=error.reason) from None

    def _run(self, folder: str, *words: str) -> None:
        settings = self._settings
        command = ["cmp", "-config", "", "-batch", "-server", settings.server]
        command += ["-msg_timeout", str(settings.timeout), "-total_timeout", str(settings.timeout)]
        command += ["-digest", "sha256", "-mac", "hmacWithSHA256"]
        recipient = self._recipient()
        if recipient.isascii():
            # Other letters the program would read as Latin-1: then it is left out.
            command += ["-recipient", recipient]
        secrets = []
        if settings.secret is not None:
            command += ["-ref", settings.reference]
            secrets.append(("-secret", settings.secret))
        else:
            command += ["-cert", str(settings.certificate), "-key", str(settings.key)]
            command += ["-trusted", str(settings.trusted)]
            if settings.key_passphrase is not None:
                secrets.append(("-keypass", settings.key_passphrase))
        if settings.tls_trusted is not None:
            command += ["-tls_used", "-tls_trusted", str(settings.tls_trusted)]
        try:
            status, said = run_openssl(
                [*command, *words],
                secrets=secrets,
                seconds=settings.timeout,
                program=settings.program,
                folder=folder,
            )
        except Unavailable as error:
            raise Unavailable("certificate_authority_unavailable", detail=error.reason) from None
        if status == 0:
            return
        if _REFUSED.search(said):
            failure = _FAILURE.search(said)
            detail = "" if failure is None else failure[1].strip()
            if "certRevoked" in detail:
                raise CertificateRefused("certificate_revoked_already")
            raise CertificateRefused("certificate_authority_refused", detail=detail)
        raise Unavailable("certificate_authority_unavailable", detail=_last_error(said))

    def _recipient(self) -> str:
        """The issuer's name in the form ``/type=value/…`` that the program reads."""
        name = x509.load_der_x509_certificate(self._issuer.encoded).subject
        return "".join(f"/{one.rfc4514_attribute_name}={_escaped(str(one.value))}" for one in name)

    def _require_asked_for(
        self,
        certificate: ReadCertificate,
        public_key: bytes,
        subject: CertificateSubject,
        at: Instant,
    ) -> None:
        """The key that asked, the person it is for, the issuer we know, and good now."""
        above = [read_certificate(one) for one in self._settings.chain]
        chain = chain_to(certificate, above, self._settings.chain, at)
        checks = {
            "key": certificate.public_key == public_key,
            "issuer": chain is not None and certificate.issued_by(self._issuer),
            "authority": not certificate.is_authority,
            "person": _reference(certificate) == subject.reference,
        }
        wrong = [name for name, good in checks.items() if not good]
        if wrong:
            raise CertificateRefused("certificate_of_another", detail=", ".join(wrong))


def _reference(certificate: ReadCertificate) -> str:
    name = x509.load_der_x509_certificate(certificate.encoded).subject
    found: Any = name.get_attributes_for_oid(x509.NameOID.SERIAL_NUMBER)
    return str(found[0].value) if len(found) == 1 else ""


def _naming(issuer: ReadCertificate, serial: int) -> bytes:
    """Something in the form of a certificate that names one by issuer and number (RFC 9810 §5.3.9): that is all
    that the program takes from it, and we do not keep certificates. Its signature is none.
    """
    algorithm = der.algorithm("1.2.840.10045.4.3.2")
    statement = der.sequence(
        der.tagged(0, der.integer(2)),
        der.integer(serial),
        algorithm,
        issuer.subject,
        der.sequence(validity_time(issuer.not_before), validity_time(issuer.not_after)),
        der.sequence(),
        issuer.public_key,
    )
    return der.sequence(statement, algorithm, bit_string(b"\0"))


def _first(path: Path) -> ReadCertificate:
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        raise Unavailable(
            "certificate_authority_unavailable", detail="no certificate came back"
        ) from None
    return read_certificate(found[0].public_bytes(Encoding.DER))


def _escaped(value: str) -> str:
    return re.sub(r"([/=+\\])", r"\\\1", value)


def _last_error(said: str) -> str:
    """The last line that reports an error; without what else a server may have written."""
    lines = [one for one in said.splitlines() if "rror" in one]
    return "".join(one for one in lines[-1][-200:] if one.isprintable()) if lines else ""

"""Revocation told over HTTP: OCSP (RFC 6960 appendix A) and revocation lists (RFC 5280 §4.2.1.13)."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from hkeid.kernel.errors import HkeidError, MalformedInput, Unavailable
from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import CertificateStatus, ValidationMaterial
from hkeid.ports.surroundings import HttpClient
from hkeid.signing.certificates import ReadCertificate, read_certificate
from hkeid.signing.certificates.ocsp_answers import read_ocsp_answer
from hkeid.signing.certificates.ocsp_requests import build_ocsp_request, certificate_id

_LONGEST_ANSWER = 262_144
_LONGEST_LIST = 16_777_216
_MOST_URLS = 4
"""Addresses that are tried for one certificate: whoever made it chose them."""
_PATIENCE = 3
"""Times the limit of one exchange that a whole chain may take."""


class HttpOcsp:
    """Asks responders.

    :param url: the responder's address; "": each certificate's own, from its extension.
    """

    def __init__(self, http: HttpClient, url: str = "", *, timeout: float = 10.0) -> None:
        self._http = http
        self._url = url
        self._timeout = timeout

    def status(self, issuer: ReadCertificate, serial: int, at: Instant) -> CertificateStatus:
        """What the responder says of a certificate, checked.

        :raises hkeid.kernel.errors.Unavailable: ``revocation_unavailable``.
        """
        return self._ask(self._url, issuer, serial, at)[1]

    def answer(self, certificate: ReadCertificate, issuer: ReadCertificate, at: Instant) -> bytes:
        """A checked OCSPResponse about a certificate, DER.

        :raises hkeid.kernel.errors.Unavailable: ``revocation_unavailable``.
        """
        for url in (self._url,) if self._url else certificate.ocsp[:_MOST_URLS]:
            try:
                return self._ask(url, issuer, certificate.serial, at)[0]
            except Unavailable:
                continue
        raise Unavailable("revocation_unavailable", detail="no OCSP responder answered")

    def _ask(
        self, url: str, issuer: ReadCertificate, serial: int, at: Instant
    ) -> tuple[bytes, CertificateStatus]:
        asked = certificate_id(issuer.subject, issuer.public_key, serial)
        try:
            answer = self._http.send(
                "POST",
                url,
                headers={"Content-Type": "application/ocsp-request"},
                body=build_ocsp_request((asked,), None),
                timeout=self._timeout,
                limit=_LONGEST_ANSWER,
            )
            if answer.status != 200:
                raise Unavailable("http_no_answer", detail=f"status {answer.status}")
            return answer.body, read_ocsp_answer(answer.body, asked, issuer, at)
        except (Unavailable, MalformedInput) as error:
            raise Unavailable("revocation_unavailable", detail=error.reason) from None


class HttpRevocation:
    """:class:`hkeid.ports.certificates.RevocationSource` for chains of any authority: where their certificates
    point to, first OCSP and then the list.

    :param extra: certificates, DER, that may be missing from a chain: roots above all.
    """

    def __init__(
        self, http: HttpClient, extra: Sequence[bytes] = (), *, timeout: float = 10.0
    ) -> None:
        self._http = http
        self._ocsp = HttpOcsp(http, timeout=timeout)
        self._extra = tuple(extra)
        self._timeout = timeout

    def material(self, chain: Sequence[bytes], at: Instant) -> ValidationMaterial:
        """As :meth:`hkeid.ports.certificates.RevocationSource.material`.

        :raises hkeid.kernel.errors.Unavailable: ``revocation_unavailable``: for one of the certificates there
            is neither answer nor list.
        """
        every = [read_certificate(one) for one in dict.fromkeys((*chain, *self._extra))]
        lists: dict[bytes, None] = {}
        answers: dict[bytes, None] = {}
        current: ReadCertificate | None = every[0]
        passed: list[ReadCertificate] = []
        ends = time.monotonic() + _PATIENCE * self._timeout
        while current is not None and not current.self_issued and current not in passed:
            passed.append(current)
            issuer = next((one for one in every if current.issued_by(one)), None)
            if issuer is None:
                raise Unavailable("revocation_unavailable", detail="an issuer is missing")
            if time.monotonic() > ends:
                raise Unavailable("revocation_unavailable", detail="the chain takes too long")
            if not (current.short_term or current.no_check):
                self._collect(current, issuer, at, answers, lists)
            current = issuer
        return ValidationMaterial(
            certificates=tuple(one.encoded for one in every[1:]),
            crls=tuple(lists),
            ocsps=tuple(answers),
        )

    def _collect(
        self,
        certificate: ReadCertificate,
        issuer: ReadCertificate,
        at: Instant,
        answers: dict[bytes, None],
        lists: dict[bytes, None],
    ) -> None:
        try:
            answers[self._ocsp.answer(certificate, issuer, at)] = None
        except Unavailable:
            lists[self._list(certificate, issuer, at)] = None

    def _list(self, certificate: ReadCertificate, issuer: ReadCertificate, at: Instant) -> bytes:
        for url in certificate.crl[:_MOST_URLS]:
            try:
                answer = self._http.send("GET", url, timeout=self._timeout, limit=_LONGEST_LIST)
                if answer.status == 200 and _good_list(answer.body, issuer, at):
                    return answer.body
            except HkeidError:
                continue
        raise Unavailable(
            "revocation_unavailable", detail="neither OCSP nor a list where the certificate points"
        )


def _good_list(encoded: bytes, issuer: ReadCertificate, at: Instant) -> bool:
    """Whether a list is the issuer's, signed, and of now (RFC 5280 §6.3.3)."""
    try:
        found = x509.load_der_x509_crl(encoded)
        ends = found.next_update_utc
        return (
            issuer.signs_lists
            and found.issuer.public_bytes() == issuer.subject
            and found.is_signature_valid(issuer.key)
            and found.last_update_utc <= at
            and (ends is None or at <= ends)
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False

"""What relying parties fetch over HTTP: certificates, revocation lists, OCSP answers (RFC 5280 §4.2.1.13, §4.2.2.1;
RFC 6960 appendix A).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

from hkeid.kernel.errors import Unavailable
from hkeid.kernel.http import Request, Response
from hkeid.signing.certificates.authority import EmbeddedAuthority
from hkeid.signing.certificates.ocsp import OcspResponder, OcspStatus
from hkeid.signing.certificates.ocsp_requests import LONGEST

PREFIX = "/pki/"
OCSP = "/pki/ocsp"
ISSUING_CERTIFICATE = "/pki/issuing.cer"
ISSUING_LIST = "/pki/issuing.crl"
ROOT_CERTIFICATE = "/pki/root.cer"
ROOT_LIST = "/pki/root.crl"

_CERTIFICATE_TYPE = "application/pkix-cert"
_LIST_TYPE = "application/pkix-crl"
_REQUEST_TYPE = "application/ocsp-request"
_RESPONSE_TYPE = "application/ocsp-response"
_LONGEST_GET = 1024


class RepositoryDoor:
    """Bytes in, bytes out; the server hangs it below :data:`PREFIX`.

    :param root: the root's certificate and revocation list, DER.
    """

    def __init__(
        self, authority: EmbeddedAuthority, responder: OcspResponder, root: tuple[bytes, bytes]
    ) -> None:
        self._authority = authority
        self._responder = responder
        certificate, root_list = root
        self._files: dict[str, Callable[[], Response]] = {
            ISSUING_CERTIFICATE: lambda: _file(
                authority.certificate.encoded, _CERTIFICATE_TYPE, timedelta(days=1)
            ),
            ISSUING_LIST: self._list,
            ROOT_CERTIFICATE: lambda: _file(certificate, _CERTIFICATE_TYPE, timedelta(days=1)),
            ROOT_LIST: lambda: _file(root_list, _LIST_TYPE, timedelta(days=1)),
        }

    def handle(self, request: Request) -> Response:
        """Answer a request below :data:`PREFIX`."""
        path = request.path
        if path == OCSP and request.method == "POST":
            return self._posted(request)
        if request.method not in {"GET", "HEAD"}:
            return Response(status=405, headers=(("Allow", "GET, HEAD"),))
        if path in self._files:
            try:
                return self._files[path]()
            except Unavailable:
                return Response(status=503, headers=(("Retry-After", "5"),))
        if path.startswith(f"{OCSP}/"):
            return self._asked_in_path(path.removeprefix(f"{OCSP}/"))
        return Response(status=404)

    def _list(self) -> Response:
        record = self._authority.revocation_list()
        # Kept by caches for an hour only: a new list follows each revocation.
        return _file(record.encoded, _LIST_TYPE, timedelta(hours=1))

    def _posted(self, request: Request) -> Response:
        media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
        if media_type != _REQUEST_TYPE:
            return Response(status=415)
        if len(request.body) > LONGEST:
            return Response(status=413)
        return self._answer(request.body, may_keep=False)

    def _asked_in_path(self, encoded: str) -> Response:
        """RFC 6960 appendix A.1: the request as base64 in the path."""
        try:
            asked = b64decode(unquote(encoded), validate=True)
        except (binascii.Error, ValueError):
            asked = b""
        if not asked or len(encoded) > _LONGEST_GET:
            return Response(status=400)
        return self._answer(asked, may_keep=True)

    def _answer(self, asked: bytes, *, may_keep: bool) -> Response:
        answer = self._responder.answer(asked)
        kept = may_keep and answer.status is OcspStatus.SUCCESSFUL and answer.fresh_for
        seconds = int(answer.fresh_for.total_seconds()) if kept else 0
        control = f"max-age={seconds}, public, no-transform" if seconds else "no-store"
        return Response(
            status=200,
            headers=(("Content-Type", _RESPONSE_TYPE), ("Cache-Control", control)),
            body=answer.encoded,
        )


def _file(content: bytes, media_type: str, fresh: timedelta) -> Response:
    return Response(
        status=200,
        headers=(
            ("Content-Type", media_type),
            ("Cache-Control", f"max-age={int(fresh.total_seconds())}, public"),
            ("X-Content-Type-Options", "nosniff"),
        ),
        body=content,
    )

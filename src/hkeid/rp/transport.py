"""Outgoing HTTP over the standard library: small, strict, with nothing to switch off.

TLS certificates are always verified; plain ``http`` is for loopback hosts only; redirects are not
followed (a token endpoint that redirects is refused by its caller); the time limit covers the whole
exchange and the size limit the body. Proxies from the environment are not used: where one is needed,
hand :class:`~hkeid.rp.RelyingParty` an ``HttpClient`` of your own.
"""

from __future__ import annotations

import io
import ipaddress
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.ports.surroundings import HttpAnswer

if TYPE_CHECKING:
    import http.client
    import ssl

_CHUNK = 65_536


def is_loopback(host: str) -> bool:
    """Whether ``host`` (as :func:`urllib.parse.urlsplit` gives it) is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_url(url: str, *, field: str) -> SplitResult:
    """Let an address pass to which tokens may be sent: ``https``, or ``http`` to a loopback host.

    :param field: what the address is, for the error.
    :raises MalformedInput: ``url_malformed`` (no absolute URL, credentials, a fragment, white space
        or control characters) or ``url_not_https``.
    """
    if not isinstance(url, str) or len(url) > 2_048 or not url.isascii() or not url.isprintable():
        raise MalformedInput("url_malformed", field=field)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise MalformedInput("url_malformed", field=field) from None
    if not host or "@" in parts.netloc or "#" in url or " " in url or "\\" in url:
        raise MalformedInput("url_malformed", field=field)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise MalformedInput("url_not_https", field=field, detail=parts.scheme)
    return parts


class _TimedReader(io.RawIOBase):
    """Reads from a socket under one deadline for everything that is read."""

    def __init__(self, connection: _TimedSocket) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._connection.receive_into(buffer)


class _TimedSocket:
    """What :mod:`http.client` needs of a socket, with a deadline instead of a time-out per call.

    Without it a peer that sends one byte every few seconds would hold the caller for ever.
    """

    def __init__(self, raw: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._deadline = deadline

    def _arm(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline passed")
        self._raw.settimeout(left)

    def receive_into(self, buffer: Any) -> int:
        self._arm()
        return self._raw.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        self._arm()
        self._raw.sendall(data)

    def makefile(self, *_mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self))

    def close(self) -> None:
        """http.client closes early when the answer will end the connection; we close at the end."""


class DirectHttpClient:
    """The default :class:`hkeid.ports.HttpClient`: one connection per request, TLS 1.2 or later.

    :param ca_file: PEM file with certificate authorities to trust instead of the system's (for a
        provider inside an organisation). There is no way to trust no one in particular.
    """

    def __init__(self, *, ca_file: str | None = None) -> None:
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            import ssl

            context = ssl.create_default_context(cafile=self._ca_file)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.set_alpn_protocols(["http/1.1"])
            self._context = context
        return self._context

    def _connect(self, parts: SplitResult, deadline: float) -> socket.socket:
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        raw = socket.create_connection((host, port), timeout=deadline - time.monotonic())
        if parts.scheme != "https":
            return raw
        try:
            raw.settimeout(max(deadline - time.monotonic(), 0.001))
            return self._tls().wrap_socket(raw, server_hostname=host)
        except BaseException:
            raw.close()
            raise

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 10.0,
        limit: int = 1_048_576,
    ) -> HttpAnswer:
        """Send one request and read the whole answer; redirects come back as they are.

        :param timeout: seconds for the whole exchange, connecting included.
        :param limit: most bytes of body that are accepted.
        :raises hkeid.kernel.errors.Unavailable: ``http_timeout``, ``http_unreachable``,
            ``http_tls_failed``, ``http_answer_malformed``, ``http_answer_too_large``.
        :raises MalformedInput: the address is not allowed (:func:`check_url`).
        """
        parts = check_url(url, field="url")
        deadline = time.monotonic() + timeout
        import ssl
        from http.client import HTTPException

        try:
            with self._connect(parts, deadline) as raw:
                answer = _exchange(_TimedSocket(raw, deadline), parts, method, headers, body)
                return _read(answer, limit)
        except TimeoutError:
            raise Unavailable("http_timeout", detail=parts.hostname) from None
        except ssl.SSLError as error:
            raise Unavailable("http_tls_failed", detail=error.reason) from None
        except HTTPException as error:
            raise Unavailable("http_answer_malformed", detail=type(error).__name__) from None
        except (OSError, ValueError) as error:
            raise Unavailable("http_unreachable", detail=type(error).__name__) from None


def _exchange(
    connection: _TimedSocket,
    parts: SplitResult,
    method: str,
    headers: Mapping[str, str] | None,
    body: bytes | None,
) -> http.client.HTTPResponse:
    from http.client import HTTPConnection

    carrier = HTTPConnection(parts.hostname or "", parts.port)
    carrier.sock = connection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    carrier.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    sent = {
        "Host": parts.netloc,
        "User-Agent": "hkeid-rp",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **(headers or {}),
    }
    if body is not None:
        sent["Content-Length"] = str(len(body))
    for name, value in sent.items():
        carrier.putheader(name, value)
    carrier.endheaders(body)
    return carrier.getresponse()


def _read(answer: http.client.HTTPResponse, limit: int) -> HttpAnswer:
    chunks: list[bytes] = []
    total = 0
    while chunk := answer.read(min(_CHUNK, limit - total + 1)):
        total += len(chunk)
        if total > limit:
            raise Unavailable("http_answer_too_large", detail=f"more than {limit} bytes")
        chunks.append(chunk)
    if answer.length:
        raise Unavailable("http_answer_malformed", detail="cut short")
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return HttpAnswer(status=answer.status, headers=headers, body=b"".join(chunks))

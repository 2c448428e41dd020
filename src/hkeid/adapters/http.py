"""Outgoing HTTPS (:class:`hkeid.ports.HttpClient`) over the standard library."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from hkeid.adapters.timed_connection import TimedConnection
from hkeid.kernel.errors import MalformedInput, Unavailable
from hkeid.ports.surroundings import HttpAnswer

_CHUNK: Final = 65_536
_LONGEST_URL: Final = 4096
_PORTS: Final = {"https": 443, "http": 80}


class HttpsClient:
    """One connection for each request; certificates are verified, redirects are not followed.

    :param ca_file: certificates to trust (PEM) in the stead of the system's.
    :param public_only: connect to addresses of the public internet alone, for addresses that somebody
        outside has named.
    :param plain: go to http addresses too, without TLS: for answers that prove themselves by signatures,
        as time-stamps (RFC 3161), OCSP answers and revocation lists do (RFC 5280 §8).
    """

    def __init__(
        self, *, ca_file: str | None = None, public_only: bool = False, plain: bool = False
    ) -> None:
        self._tls = ssl.create_default_context(cafile=ca_file)
        self._public_only = public_only
        self._schemes = ("https", "http") if plain else ("https",)

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
        """Send one request.

        :raises hkeid.kernel.errors.MalformedInput: ``url_malformed``: not https (or http, where that may be), or
            no such thing.
        :raises hkeid.kernel.errors.Unavailable: ``http_no_answer``, ``http_answer_too_long``.
        """
        scheme, host, port, target = _split(url)
        if scheme not in self._schemes:
            raise MalformedInput("url_malformed")
        ends = time.monotonic() + timeout
        context = self._tls if scheme == "https" else None
        connection = TimedConnection(
            host, port, seconds=timeout, context=context, public_only=self._public_only
        )
        try:
            connection.request(method, target, body=body, headers=dict(headers or {}))
            # An answer that ends with its connection keeps the socket open until it is closed itself.
            with connection.getresponse() as answer:
                return HttpAnswer(
                    status=answer.status,
                    headers={name.lower(): value for name, value in answer.getheaders()},
                    body=_read(answer, limit, ends),
                )
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable("http_no_answer", detail=type(error).__name__) from None
        finally:
            connection.close()


def _split(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        raise MalformedInput("url_malformed") from None
    plain = len(url) <= _LONGEST_URL and url.isascii() and url.isprintable() and " " not in url
    if not host or port is None or parts.username is not None or not plain:
        raise MalformedInput("url_malformed")
    target = parts.path or "/"
    return parts.scheme, host, port, f"{target}?{parts.query}" if parts.query else target


def _read(answer: http.client.HTTPResponse, limit: int, ends: float) -> bytes:
    read = bytearray()
    while part := answer.read1(_CHUNK):
        read += part
        if len(read) > limit:
            raise Unavailable("http_answer_too_long")
        if time.monotonic() > ends:
            raise Unavailable("http_no_answer", detail="too slow")
    return bytes(read)

"""One HTTPS request with a client certificate. Verification cannot be switched off."""

from __future__ import annotations

import http.client
import ssl
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hkeid.adapters.timed_connection import TimedConnection
from hkeid.kernel.errors import ConfigurationError, Unavailable

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MutualTls:
    """How both sides prove who they are.

    :ivar certificate: our certificate chain (PEM).
    :ivar key: its private key (PEM), readable by the server alone.
    :ivar authority: certificates that the other side's must chain to (PEM); no others are trusted.
    """

    certificate: Path
    key: Path
    authority: Path

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or better, the host name checked.

        :raises hkeid.kernel.errors.ConfigurationError: ``registry_certificates_unusable``.
        """
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_verify_locations(cafile=str(self.authority))
            context.load_cert_chain(str(self.certificate), str(self.key))
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                "registry_certificates_unusable", detail=type(error).__name__
            ) from None
        return context


class RegistryTransport:
    """POSTs JSON to one address.

    :param url: ``https://HOST[:PORT][/PATH]``; plain ``http`` is for a simulator on this machine.
    :param tls: needed for ``https``, refused for ``http``.
    :raises hkeid.kernel.errors.ConfigurationError: ``registry_url_invalid``,
        ``registry_certificates_missing``, ``registry_certificates_unusable``.
    """

    def __init__(self, url: str, tls: MutualTls | None, *, timeout: float, limit: int) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            raise ConfigurationError("registry_url_invalid", detail="port") from None
        if (
            parts.scheme not in ("https", "http")
            or not parts.hostname
            or parts.query
            or parts.fragment
            or parts.username is not None
        ):
            raise ConfigurationError("registry_url_invalid", detail="https://HOST/PATH")
        if parts.scheme == "http" and parts.hostname not in _LOCAL:
            raise ConfigurationError("registry_url_invalid", detail="plain http is for localhost")
        if (parts.scheme == "https") != (tls is not None):
            raise ConfigurationError("registry_certificates_missing", detail=parts.scheme)
        self._host, self._port = parts.hostname, port
        self._base = parts.path.rstrip("/")
        self._context = None if tls is None else tls.context()
        self._timeout = timeout
        self._limit = limit

    def post(self, path: str, body: bytes) -> bytes:
        """The body of a 200 answer in JSON.

        :raises hkeid.kernel.errors.Unavailable: ``registry_unavailable``: anything else.
        """
        deadline = time.monotonic() + self._timeout
        connection = self._connection()
        try:
            connection.request(
                "POST",
                self._base + path,
                body,
                {"Content-Type": "application/json", "Accept": "application/json"},
            )
            with closing(connection.getresponse()) as answer:
                kind = (answer.getheader("Content-Type") or "").partition(";")[0].strip().lower()
                if answer.status != 200 or kind != "application/json":
                    raise Unavailable("registry_unavailable", detail=f"status {answer.status}")
                return self._read(answer, deadline)
        except (OSError, ssl.SSLError, http.client.HTTPException) as error:
            raise Unavailable("registry_unavailable", detail=type(error).__name__) from None
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return TimedConnection(self._host, self._port, seconds=self._timeout, context=self._context)

    def _read(self, answer: http.client.HTTPResponse, deadline: float) -> bytes:
        """The body, within size and time; an answer that drips is none."""
        parts: list[bytes] = []
        size = 0
        while part := answer.read1(8192):
            parts.append(part)
            size += len(part)
            if size > self._limit:
                raise Unavailable("registry_unavailable", detail="answer too long")
            if time.monotonic() > deadline:
                raise Unavailable("registry_unavailable", detail="too slow")
        if answer.length:
            raise Unavailable("registry_unavailable", detail="cut short")
        return b"".join(parts)

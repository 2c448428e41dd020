"""The station's way to the server: JSON over mutual TLS, one request at a time."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from http.client import HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from hkeid.kernel.errors import ConfigurationError, MalformedInput, Refused, Unavailable
from hkeid_server.station_agent.folder import StationFolder

_LONGEST_ANSWER = 262_144


class StationChannel:
    """Speaks to one server.

    :param server: https URL at which the proxy serves stations.
    :param timeout: seconds for each step of a request.
    """

    def __init__(self, server: str, folder: StationFolder, *, timeout: float = 20.0) -> None:
        parts = urlsplit(server)
        if parts.scheme != "https" or not parts.hostname:
            raise ConfigurationError("station_server_invalid", detail="an https URL is needed")
        self._host, self._port = parts.hostname, parts.port or 443
        self._folder = folder
        self._timeout = timeout

    def post(self, path: str, body: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Ask; the answer's members.

        :raises Refused: the server's reason.
        :raises Unavailable: ``station_server_unreachable``, ``station_server_failed``.
        :raises MalformedInput: ``station_answer_malformed``.
        """
        connection = HTTPSConnection(
            self._host, self._port, timeout=self._timeout, context=self._context()
        )
        try:
            connection.request(
                "POST",
                path,
                body=json.dumps(dict(body or {})).encode(),
                headers={"Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            content = answer.read(_LONGEST_ANSWER + 1)
            status = answer.status
        except (OSError, HTTPException) as error:
            raise Unavailable(
                "station_server_unreachable", detail=f"{type(error).__name__}: {error}"[:200]
            ) from None
        finally:
            connection.close()
        return _understood(status, content)

    def _context(self) -> ssl.SSLContext:
        authority = self._folder.authority_file
        context = ssl.create_default_context(cafile=None if authority is None else str(authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._folder.enrolled:
            context.load_cert_chain(self._folder.certificate_file, self._folder.key_file)
        return context


def _understood(status: int, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if status == 200:
        if not isinstance(found, dict):
            raise MalformedInput("station_answer_malformed")
        return found
    reason = found.get("error") if isinstance(found, dict) else None
    if not isinstance(reason, str) or not reason.replace("_", "").isalnum():
        reason = None
    if status >= 500 or reason is None:
        raise Unavailable("station_server_failed", detail=f"{status} {reason or ''}".strip())
    raise Refused(reason)

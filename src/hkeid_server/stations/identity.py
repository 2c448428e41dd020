"""Which station a request comes from: what the proxy says, and only the proxy.

Mutual TLS ends at nginx. It says in two headers whether the client's certificate verified, and which
one it was. A header is only text, so it counts only if the request came from an address of the proxy
*and* shows the secret that the proxy alone adds to requests of stations: neither a visitor who sends
the header, nor the same proxy on behalf of a visitor of the public pages, can be a station.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from hkeid.enrolment.stations import StationAuthority, StationCertificate, StationRefused
from hkeid.kernel.secret import Secret

VERIFY_HEADER = "HKEID-Client-Verify"
CERTIFICATE_HEADER = "HKEID-Client-Cert"
SECRET_HEADER = "HKEID-Proxy-Secret"

_LONGEST = 32_768


def _key(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


class StationIdentity:
    """Reads the proxy's headers.

    :param proxies: addresses from which the proxy comes.
    :param secret: what the proxy shows; None: nobody is a station.
    """

    def __init__(
        self, proxies: tuple[str, ...], secret: Secret | None, reader: StationAuthority
    ) -> None:
        self._proxies = frozenset(proxies)
        self._secret = None if secret is None else secret.reveal().encode()
        self._reader = reader

    def came_through_proxy(self, environ: Mapping[str, Any]) -> bool:
        """Whether the proxy's own door for stations let the request in."""
        shown = str(environ.get(_key(SECRET_HEADER), "")).encode("utf-8", "surrogatepass")
        known = self._secret is not None and hmac.compare_digest(shown, self._secret)
        return known and str(environ.get("REMOTE_ADDR", "")) in self._proxies

    def certificate(self, environ: Mapping[str, Any]) -> StationCertificate:
        """The certificate that the proxy verified.

        :raises StationRefused: ``certificate_from_elsewhere``, ``certificate_missing``,
            ``certificate_unverified``.
        :raises hkeid.kernel.errors.MalformedInput: ``certificate_malformed``.
        """
        verified = str(environ.get(_key(VERIFY_HEADER), ""))
        sent = str(environ.get(_key(CERTIFICATE_HEADER), ""))
        if not self.came_through_proxy(environ):
            claimed = bool(verified or sent or environ.get(_key(SECRET_HEADER)))
            raise StationRefused("certificate_from_elsewhere" if claimed else "certificate_missing")
        if verified in {"", "NONE"}:
            raise StationRefused("certificate_missing")
        if verified != "SUCCESS":
            raise StationRefused("certificate_unverified")
        return self._reader.read(unquote(sent[:_LONGEST]))

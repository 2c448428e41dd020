"""How a request to iAM Smart is authenticated: five headers, an HMAC over them and the exact body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import quote, unquote

from hkeid.kernel.errors import Refused
from hkeid.kernel.secret import Secret

METHOD: Final = "HmacSHA256"
_MILLISECONDS: Final = re.compile(r"[1-9][0-9]{0,15}")
_NONCE: Final = re.compile(r"[\x21-\x7e]{1,36}")


class Timestamps(Protocol):
    """Where the ``timestamp`` of the next request comes from: never lower than an earlier one of the same
    client. Several processes that share a client share one source, or keep their clocks together.
    """

    def next(self, now: int) -> int:
        """Milliseconds since 1970: ``now``, or the last value where that is later."""
        ...

    def later_than(self, timestamp: int) -> bool:
        """Whether a later one was given: a request with ``timestamp`` can have been overtaken."""
        ...


class ProcessTimestamps:
    """Never lower than the last one of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self, now: int) -> int:
        """See :meth:`Timestamps.next`."""
        with self._lock:
            self._last = max(self._last, now)
            return self._last

    def later_than(self, timestamp: int) -> bool:
        """See :meth:`Timestamps.later_than`."""
        with self._lock:
            return self._last > timestamp


def signature_of(secret: Secret, client_id: str, timestamp: str, nonce: str, body: bytes) -> str:
    """``URLencode(Base64(HMAC-SHA256(secret, clientID ‖ method ‖ timestamp ‖ nonce ‖ body)))``.

    The key is the client secret's text, not what its hexadecimal digits would stand for; the body is what is
    sent, byte for byte.
    """
    message = f"{client_id}{METHOD}{timestamp}{nonce}".encode() + body
    digest = hmac.digest(secret.reveal().encode(), message, hashlib.sha256)
    return quote(base64.b64encode(digest).decode("ascii"), safe="")


def signed_headers(
    secret: Secret, client_id: str, *, timestamp: int, nonce: str, body: bytes
) -> dict[str, str]:
    """The headers of one request."""
    return {
        "clientID": client_id,
        "signatureMethod": METHOD,
        "timestamp": str(timestamp),
        "nonce": nonce,
        "signature": signature_of(secret, client_id, str(timestamp), nonce, body),
    }


def check_signature(
    secret: Secret, client_id: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, str]:
    """What the other side checks; returns timestamp and nonce, of which the caller knows the earlier ones.

    :param headers: by lower-case name.
    :raises Refused: ``signature_method_unknown``, ``signature_headers_malformed``, ``signature_wrong``.
    """
    if headers.get("signaturemethod") != METHOD:
        raise Refused("signature_method_unknown")
    timestamp, nonce = headers.get("timestamp", ""), headers.get("nonce", "")
    if _MILLISECONDS.fullmatch(timestamp) is None or _NONCE.fullmatch(nonce) is None:
        raise Refused("signature_headers_malformed")
    expected = signature_of(secret, client_id, timestamp, nonce, body)
    given = unquote(headers.get("signature", ""))
    if not hmac.compare_digest(unquote(expected).encode(), given.encode("utf-8", "replace")):
        raise Refused("signature_wrong")
    return int(timestamp), nonce

"""Web Push (RFC 8030) with VAPID (RFC 8292); the payload is encrypted to the browser (RFC 8291)."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization

from hkeid.adapters.timed_connection import is_public
from hkeid.kernel import base64url
from hkeid.kernel.errors import MissingExtra, Refused, Unavailable
from hkeid.kernel.secret import Secret
from hkeid.ports.notices import Channel, Notice
from hkeid.ports.surroundings import HttpClient

try:
    from py_vapid import Vapid02
    from pywebpush import WebPusher, WebPushException
except ImportError as error:  # pragma: no cover - the light-import test looks at this
    raise MissingExtra("pywebpush", "push") from error

_TIME_TO_LIVE: Final = 86_400
_GONE: Final = frozenset({404, 410})


class WebPushNotifier:
    """:class:`hkeid.ports.notices.Notifier` for browsers.

    :param vapid_key: PEM of our P-256 key; browsers subscribed to its public half.
    :param contact: ``mailto:`` or ``https:`` address that push services may complain to.
    """

    channels = frozenset({Channel.WEB_PUSH})

    def __init__(self, http: HttpClient, vapid_key: Secret, contact: str) -> None:
        self._http = http
        self._vapid = Vapid02.from_pem(vapid_key.reveal().encode())
        self._contact = contact

    @property
    def subscription_key(self) -> str:
        """What browsers subscribe to (``applicationServerKey``): our public key, base64url."""
        point = self._vapid.public_key.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return base64url.encode(point)

    def send(self, notice: Notice) -> None:
        """Hand one message to the browser's push service.

        :raises hkeid.kernel.errors.Unavailable: ``notice_not_sent``.
        :raises hkeid.kernel.errors.Refused: ``notice_address_refused``: the browser is gone, or its
            service is at an address that we do not call.
        """
        subscription = json.loads(notice.address)
        endpoint = str(subscription["endpoint"])
        where = urlsplit(endpoint)
        if where.scheme != "https" or _is_internal(where.hostname or ""):
            raise Refused("notice_address_refused", detail="endpoint")
        payload = {"title": notice.title, "about": notice.about, "link": notice.link}
        body, headers = self._encrypted(subscription, json.dumps(payload, ensure_ascii=False))
        claims = {"aud": f"{where.scheme}://{where.netloc}", "sub": self._contact}
        headers |= {
            **self._vapid.sign(claims),
            "TTL": str(_TIME_TO_LIVE),
            "Urgency": "high",
            "Content-Type": "application/octet-stream",
        }
        answer = self._http.send("POST", endpoint, headers=headers, body=body)
        if answer.status in _GONE:
            raise Refused("notice_address_refused", detail=f"HTTP {answer.status}")
        if not 200 <= answer.status < 300:
            raise Unavailable("notice_not_sent", detail=f"HTTP {answer.status}")

    def _encrypted(
        self, subscription: Mapping[str, Any], text: str
    ) -> tuple[bytes, dict[str, str]]:
        try:
            sealed = WebPusher(subscription).encode(text.encode("utf-8"), "aes128gcm")
        except (ValueError, WebPushException):
            raise Refused("notice_address_refused", detail="key") from None
        return bytes(sealed["body"]), {"Content-Encoding": "aes128gcm"}


def _is_internal(host: str) -> bool:
    """Whether a host is one of ours or none at all: a subscription comes from a browser, and must not
    make us call what only we can reach.
    """
    named = host.strip("[]").lower().rstrip(".")  # a final dot changes nothing (RFC 1034 §3.1)
    try:
        return not is_public(ipaddress.ip_address(named))
    except ValueError:
        last = named.rpartition(".")[2]
    # No top-level domain begins with a digit; resolvers read such names as addresses (127.1, 0x7f.1).
    shorthand = last[:1].isdigit()
    return "." not in named or shorthand or named.endswith((".local", ".internal", ".localhost"))

"""SMS by a gateway of the operator's: one POST of JSON, over the HttpClient port.

There is no standard for such gateways. This one expects ``{"to", "text", "language", "reference"}`` with
a bearer token and understands 2xx (taken), 4xx but 408 and 429 (this number will not do), and anything
else (try again). An operator's own gateway is another adapter of twenty lines.
"""

from __future__ import annotations

import json

from hkeid.kernel.errors import ConfigurationError, Refused, Unavailable
from hkeid.kernel.secret import Secret
from hkeid.ports.notices import Channel, Notice
from hkeid.ports.surroundings import HttpClient

_LATER = frozenset({401, 403, 404, 408, 429})


class SmsGateway:
    """:class:`hkeid.ports.notices.Notifier` for SMS.

    :param url: https address of the gateway.
    """

    channels = frozenset({Channel.SMS})

    def __init__(self, http: HttpClient, url: str, token: Secret) -> None:
        if not url.startswith("https://"):
            raise ConfigurationError("sms_gateway_invalid", detail="https is needed")
        self._http = http
        self._url = url
        self._token = token

    def send(self, notice: Notice) -> None:
        """Hand one message over; only its title, since a telephone shows little, and no link: residents
        learn that a short message with a link is none of ours.

        :raises hkeid.kernel.errors.Unavailable: ``notice_not_sent``.
        :raises hkeid.kernel.errors.Refused: ``notice_address_refused``.
        """
        body = {"to": notice.address, "text": notice.title, "language": notice.language}
        answer = self._http.send(
            "POST",
            self._url,
            headers={
                "Authorization": f"Bearer {self._token.reveal()}",
                "Content-Type": "application/json",
            },
            body=json.dumps({**body, "reference": notice.about}, ensure_ascii=False).encode(),
        )
        if 200 <= answer.status < 300:
            return
        if 400 <= answer.status < 500 and answer.status not in _LATER:
            raise Refused("notice_address_refused", detail=f"HTTP {answer.status}")
        raise Unavailable("notice_not_sent", detail=f"HTTP {answer.status}")

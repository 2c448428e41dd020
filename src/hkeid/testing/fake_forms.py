"""Forms at the fake provider: a resident who fills them, and an endpoint that gives them; honest, or not.

::

    forms = FakeForms(FakeProvider())
    rp = RelyingParty(forms.provider.issuer, client_id="service", http=forms)
    asked = rp.start_form("visit", redirect_uri="https://service.example.hk/eid/filled")
    rp.finish_form(asked.state, forms.fill(asked.url, {"visit": {"name": "CHAN, Tai Man"}}))
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from hkeid.jose.signatures import signer
from hkeid.kernel import base64url
from hkeid.kernel.http import with_query
from hkeid.kernel.instants import epoch_seconds
from hkeid.oidc.forms import FORM_DETAIL, FORM_ENDPOINT, FORM_JWT, FORM_PATH
from hkeid.ports.surroundings import HttpAnswer
from hkeid.rp.surroundings import SystemClock
from hkeid.testing.fake_provider import AccountHolder, FakeProvider

Claims = Mapping[str, Any]


class FakeForms:
    """Takes the place of the network, before a :class:`FakeProvider`.

    :ivar changes: members of a form's answer that replace the right ones; None: without that member.
    :ivar typ: of that answer.
    :ivar answer: what the endpoint answers instead, or None.
    :ivar gone: forms that were sent and withdrawn since.
    :ivar asked: authorization requests so far, by their parameters.
    """

    def __init__(self, provider: FakeProvider) -> None:
        self.provider = provider
        self.changes: dict[str, Any] = {}
        self.typ = FORM_JWT
        self.answer: HttpAnswer | None = None
        self.asked: list[dict[str, str]] = []
        self.gone: frozenset[str] = frozenset()
        self._sent: dict[str, Claims] = {}
        self._sub: str | None = None

    def fill(
        self, url: str, forms: Mapping[str, Claims], person: AccountHolder | None = None
    ) -> str:
        """Visit the authorization endpoint and send some forms; returns the address of the callback.

        :param forms: claims by form; none at all: the resident turns back.
        """
        request = dict(parse_qsl(urlsplit(url).query))
        self.asked.append(request)
        if not forms:
            pairs = [("error", "access_denied"), ("state", request["state"])]
            return with_query(request["redirect_uri"], [*pairs, ("iss", self.provider.issuer)])
        person = person or AccountHolder()
        self._sent = dict(forms)
        self._sub = person.sub if "openid" in request.get("scope", "").split() else None
        return self.provider.log_in(url, person)

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
        """As :class:`hkeid.ports.HttpClient`."""
        parts = urlsplit(url)
        if parts.path == FORM_PATH:
            return self.answer or self._form(parse_qs(parts.query)["form"][0])
        answer = self.provider.send(
            method, url, headers=headers, body=body, timeout=timeout, limit=limit
        )
        if parts.path.endswith("/openid-configuration"):
            return _with(answer, {FORM_ENDPOINT: self.provider.issuer + FORM_PATH})
        if parts.path == "/token" and answer.status == 200:
            granted = [{"form": form, "fields": sorted(self._sent[form])} for form in self._sent]
            detail = {"type": FORM_DETAIL, "forms": granted}
            return _with(answer, {"authorization_details": [detail]})
        return answer

    def _form(self, form: str) -> HttpAnswer:
        if form not in self._sent or form in self.gone:
            return HttpAnswer(status=404)
        members: dict[str, Any] = {
            "iss": self.provider.issuer,
            "aud": self.provider.client_id,
            "iat": epoch_seconds(SystemClock().now()),
            "jti": "a-disclosure",
            "form": form,
            "standing": False,
            "claims": dict(self._sent[form]),
            "sources": {claim: {"source": "self"} for claim in self._sent[form]},
            "acr": "urn:hkeid:acr:eid",
            "sub": self._sub,
            **self.changes,
        }
        found = {name: value for name, value in members.items() if value is not None}
        return HttpAnswer(
            status=200,
            headers={"content-type": "application/jwt"},
            body=self._signed(found).encode(),
        )

    def _signed(self, members: Mapping[str, Any]) -> str:
        header = {"alg": "ES256", "typ": self.typ, "kid": self.provider.jwk["kid"]}
        parts = (base64url.encode(json.dumps(one).encode()) for one in (header, members))
        text = ".".join(parts)
        return f"{text}.{base64url.encode(signer(self.provider.key)(text.encode()))}"


def _with(answer: HttpAnswer, members: Mapping[str, Any]) -> HttpAnswer:
    """The answer with more members in its JSON."""
    body = {**json.loads(answer.body), **members}
    return HttpAnswer(status=answer.status, headers=answer.headers, body=json.dumps(body).encode())

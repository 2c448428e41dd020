"""A relying party in miniature for torture: authorize, redeem, refresh, with nothing kept back.

It does not check tokens as a real one must (``hkeid.rp`` does); it looks at what the server kept.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import parse_qs, urlencode, urlsplit

from hkeid.testing.browser import Browser, Page
from hkeid.testing.virtual_resident import VirtualResident

REDIRECT_URI = "http://127.0.0.1:9/callback"


class Refusal(AssertionError):
    """An OAuth error; ``error`` is its code."""

    def __init__(self, error: str, page: Page) -> None:
        self.error = error
        super().__init__(f"{error} (status {page.status})")


class Stopped(ConnectionError):
    """The caller wants no further requests."""


class CodeFlow:
    """One public client at one provider."""

    CLIENT_ID = "torture"

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.stopped = False
        self._machine = Browser()
        self._verifiers: dict[str, str] = {}

    def browser(self) -> Browser:
        """A new browser, which does not open the client's own address."""
        return Browser(stop_at=REDIRECT_URI)

    def start(self, browser: Browser) -> Page:
        """Send the browser to the provider; gives the page it shows, or the way back."""
        if self.stopped:
            raise Stopped
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        self._verifiers[state] = verifier
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.CLIENT_ID,
                "redirect_uri": REDIRECT_URI,
                "scope": "openid offline_access",
                "claims": json.dumps({"userinfo": {"name": None}}),
                "state": state,
                "code_challenge": challenge.decode(),
                "code_challenge_method": "S256",
            }
        )
        return browser.get(f"{self.issuer}/authorize?{query}")

    def authorize(self, resident: VirtualResident) -> str:
        """Through the pages to a code."""
        page = resident.go_through(self.start(resident.browser))
        answer = parse_qs(urlsplit(page.url).query)
        if "code" not in answer:
            raise Refusal(answer.get("error", ["no code"])[0], page)
        self._verifiers[answer["code"][0]] = self._verifiers.pop(answer["state"][0])
        return answer["code"][0]

    def redeem(self, code: str) -> dict[str, str]:
        """The token response for a code."""
        return self._token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT_URI,
            code_verifier=self._verifiers[code],
        )

    def refresh(self, refresh_token: str | None) -> dict[str, str]:
        """The token response for a refresh token."""
        return self._token(grant_type="refresh_token", refresh_token=refresh_token or "")

    def userinfo(self, access_token: str | None) -> dict[str, str]:
        """The UserInfo response."""
        page = self._machine.get(
            f"{self.issuer}/userinfo", headers={"Authorization": f"Bearer {access_token}"}
        )
        if page.status != 200:
            raise Refusal(page.headers.get("www-authenticate", "refused"), page)
        return page.json()

    def subject(self, tokens: dict[str, str]) -> str:
        """``sub`` of the ID token, unverified."""
        payload = tokens["id_token"].split(".")[1]
        return json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"]

    def _token(self, **form: str) -> dict[str, str]:
        body = urlencode({"client_id": self.CLIENT_ID, **form}).encode()
        page = self._machine.post(f"{self.issuer}/token", body, "application/x-www-form-urlencoded")
        if page.status != 200:
            raise Refusal(page.json().get("error", "no error code"), page)
        return page.json()

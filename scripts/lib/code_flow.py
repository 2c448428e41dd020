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
CLIENT = {
    "id": "torture",
    "name": {"en": "Torture", "zh-Hant-HK": "測試", "zh-Hans": "测试"},
    "redirect_uris": [REDIRECT_URI],
    "auth_method": "none",
    "application_type": "native",
    "sector_identifier": "torture.example",
    "scopes": ["openid", "offline_access"],
    "grant_types": ["authorization_code", "refresh_token"],
    "claims": {
        "name": {"en": "To greet you.", "zh-Hant-HK": "用以稱呼你。", "zh-Hans": "用以称呼你。"}
    },
}


class Refusal(AssertionError):
    """An OAuth error; ``error`` is its code."""

    def __init__(self, error: str, page: Page) -> None:
        self.error = error
        super().__init__(f"{error} (status {page.status})")


class Stopped(ConnectionError):
    """The caller wants no further requests."""


class CodeFlow:
    """One public client at one provider."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.stopped = False
        self._machine = Browser()
        self._verifiers: dict[str, str] = {}

    def browser(self) -> Browser:
        """A new browser, which does not open the client's own address."""
        return Browser(stop_at=REDIRECT_URI)

    def start(self, browser: Browser, *, offline: bool = False) -> Page:
        """Send the browser to the provider; gives the page it shows, or the way back.

        :param offline: ask for a refresh token, which needs a decision of the resident each time
            (OpenID Connect Core §11).
        """
        if self.stopped:
            raise Stopped
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        self._verifiers[state] = verifier
        extra = {"scope": "openid offline_access", "prompt": "consent"} if offline else {}
        query = urlencode(
            {
                "response_type": "code",
                "client_id": CLIENT["id"],
                "redirect_uri": REDIRECT_URI,
                "scope": "openid",
                "claims": json.dumps({"userinfo": {"name": None}}),
                "state": state,
                "code_challenge": challenge.decode(),
                "code_challenge_method": "S256",
                **extra,
            }
        )
        return browser.get(f"{self.issuer}/authorize?{query}")

    def authorize(self, resident: VirtualResident, *, offline: bool = False) -> str:
        """Through the pages to a code."""
        page = resident.go_through(self.start(resident.browser, offline=offline))
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
        body = urlencode({"client_id": CLIENT["id"], **form}).encode()
        page = self._machine.post(f"{self.issuer}/token", body, "application/x-www-form-urlencoded")
        if page.status != 200:
            raise Refusal(page.json().get("error", "no error code"), page)
        return page.json()

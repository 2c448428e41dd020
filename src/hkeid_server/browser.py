"""What ties a browser to its pages: cookies of our own and the form token bound to them."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256

from hkeid.kernel import base64url

_TOKEN_LABEL = b"hkeid-form-1\x00"
LANGUAGE_LIFETIME = 365 * 24 * 3600
DOOR_LIFETIME = 180 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieNames:
    """Names of the cookies and whether they are Secure.

    Under https they carry the ``__Host-`` prefix (RFC 6265bis §4.1.3.2): bound to this host, Secure,
    path ``/``. On http://localhost they cannot; and as cookies ignore ports, they have names of
    their own there that no relying party on the same machine uses.

    :ivar door: remembers where somebody logged in last; empty where nobody logs in elsewhere.
    """

    browser: str
    session: str
    language: str
    secure: bool
    door: str = ""
    same_site: str = "Lax"

    @classmethod
    def for_issuer(cls, issuer: str) -> CookieNames:
        """The names for an issuer URL."""
        secure = issuer.startswith("https://")
        prefix = "__Host-hkeid-" if secure else "hkeid_"
        return cls(
            browser=f"{prefix}browser",
            session=f"{prefix}session",
            language=f"{prefix}language",
            door=f"{prefix}door",
            secure=secure,
        )

    @classmethod
    def for_console(cls, origin: str) -> CookieNames:
        """The names of the officers' console: others than the residents' pages have, and strict."""
        secure = origin.startswith("https://")
        prefix = "__Host-hkeid-officer-" if secure else "hkeid_officer_"
        return cls(
            browser=f"{prefix}browser",
            session=f"{prefix}session",
            language=f"{prefix}language",
            secure=secure,
            same_site="Strict",
        )

    def set_cookie(self, name: str, value: str, *, max_age: int | None = None) -> tuple[str, str]:
        """A Set-Cookie header. Without ``max_age`` the cookie ends with the browser."""
        age = "" if max_age is None else f"; Max-Age={max_age}"
        secure = "; Secure" if self.secure else ""
        return (
            "Set-Cookie",
            f"{name}={value}; Path=/{age}; HttpOnly; SameSite={self.same_site}{secure}",
        )

    def drop_cookie(self, name: str) -> tuple[str, str]:
        """A Set-Cookie header that removes the cookie."""
        return self.set_cookie(name, "", max_age=0)


def read_cookies(header: str) -> dict[str, str]:
    """Names and values of a Cookie header; the first of a repeated name counts (RFC 6265 §5.4)."""
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, separator, value = pair.strip().partition("=")
        if separator:
            cookies.setdefault(name, value)
    return cookies


def form_token(browser: str) -> str:
    """The token that proves that a form came from a page of this browser.

    The browser's cookie is a secret of 256 bits that no script and no other site can read; its
    digest under a label of our own can be made only by who knows it, and tells nothing about it.
    """
    return base64url.encode(sha256(_TOKEN_LABEL + browser.encode("utf-8", "replace")).digest())


def form_token_matches(browser: str | None, token: str | None) -> bool:
    """Whether ``token`` belongs to this browser; takes the same time whatever the token."""
    if not browser or not token:
        return False
    return hmac.compare_digest(form_token(browser).encode(), token.encode("utf-8", "replace"))

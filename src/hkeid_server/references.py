"""Who visits: the browser's cookies, and the reference number that names a request everywhere.

The same number stands on an error page, in every line of the log that the request wrote and in the
answer's ``HKEID-Reference`` header. It is random and says nothing about anybody.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from hkeid.ports import Random
from hkeid_server.browser import CookieNames, read_cookies

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = re.compile(r"[A-Za-z0-9_-]{16,128}\Z")
REFERENCE_FORM = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\Z")


def new_reference(random: Random) -> str:
    """A reference number: 60 random bits as ``7F3K-9Q2M-XA4D`` (Crockford's base 32)."""
    value = int.from_bytes(random.token_bytes(8), "big")
    signs = [_ALPHABET[(value >> shift) & 31] for shift in range(0, 60, 5)]
    return "".join(signs[0:4]) + "-" + "".join(signs[4:8]) + "-" + "".join(signs[8:12])


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request's visitor.

    :ivar browser: secret value that ties requests to one browser; made up if it had none.
    :ivar new_browser: the value is new and must be given to the browser.
    :ivar session: the reference of the broker session as presented, or None.
    """

    browser: str = field(repr=False)
    new_browser: bool
    session: str | None = field(repr=False)
    reference: str


def visit_of(cookie_header: str, names: CookieNames, random: Random, *, reference: str) -> Visit:
    """Read a visitor from the Cookie header; values that we cannot have set are ignored."""
    cookies: Mapping[str, str] = read_cookies(cookie_header) if cookie_header else {}
    browser = cookies.get(names.browser, "")
    known = _VALUE.match(browser) is not None
    session = cookies.get(names.session, "")
    return Visit(
        browser=browser if known else random.token(32),
        new_browser=not known,
        session=session if _VALUE.match(session) else None,
        reference=reference,
    )

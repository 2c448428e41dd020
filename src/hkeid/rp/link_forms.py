"""The forms that link and unlink: known again by the browser that was shown them, for the same account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from hkeid.ports.surroundings import Clock
from hkeid.rp.records import same_text
from hkeid.rp.sealing import Sealer
from hkeid.rp.surroundings import SystemRandom
from hkeid.rp.web import BrowserRequest, SetCookie

if TYPE_CHECKING:
    from hkeid.rp.web import WebLogin

_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownForm:
    """What a form needs.

    :ivar hidden: hidden fields by name.
    :ivar cookie: to be set with the page.
    """

    hidden: Mapping[str, str] = field(repr=False)
    cookie: SetCookie = field(repr=False)


class LinkForms:
    """A random token in the form, and the same sealed in a cookie together with the account.

    A form that was shown for one account is worth nothing when another one is logged in.
    """

    def __init__(self, login: WebLogin, sealer: Sealer, clock: Clock) -> None:
        self._login = login
        self._sealer = sealer
        self._clock = clock
        self._random = SystemRandom()

    def shown(self, request: BrowserRequest, account: str) -> ShownForm:
        """Fields and cookie for a page; a page that is open in another tab for the same account stays good."""
        token = self._token(request, account) or self._random.token(16)
        name = self._name(request)
        value = self._sealer.seal(
            name, {"token": token, "account": account}, self._clock.now() + _LIFETIME
        )
        cookie = SetCookie(
            name=name,
            value=value,
            max_age=int(_LIFETIME.total_seconds()),
            secure=self._login.is_secure(request),
        )
        return ShownForm(hidden={"eid_form": token}, cookie=cookie)

    def holds(self, request: BrowserRequest, account: str) -> bool:
        """Whether the form that came was shown to this browser for this account."""
        token = self._token(request, account)
        return token is not None and same_text(request.form.get("eid_form", ""), token)

    def used(self, request: BrowserRequest) -> tuple[SetCookie, ...]:
        """Delete the cookie: what was shown is done with."""
        name = self._name(request)
        if name not in request.cookies:
            return ()
        return (SetCookie(name=name, secure=self._login.is_secure(request)),)

    def _token(self, request: BrowserRequest, account: str) -> str | None:
        name = self._name(request)
        kept = self._sealer.open(name, request.cookies.get(name, ""), self._clock.now())
        if kept is None or not same_text(kept["account"], account):
            return None
        return str(kept["token"])

    def _name(self, request: BrowserRequest) -> str:
        return f"{self._login.cookie_name(request)}-form"

"""Between Django's requests and responses and the kits' own."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from hkeid.kernel.http import Parameters
from hkeid.rp.django.conf import web_login
from hkeid.rp.pages import accepted_locales
from hkeid.rp.records import Resident
from hkeid.rp.web import Answer, BrowserRequest
from hkeid.rp.web_session import SignedIn

_UNKNOWN = object()


class Eid:
    """``request.eid``: who is logged in in this browser."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._signed_in: SignedIn | None = None
        self._read = False
        self._account: Any = _UNKNOWN

    @property
    def resident(self) -> Resident | None:
        """The resident, or None. The session is read when first asked for."""
        if not self._read:
            self._signed_in, self._read = web_login().current(browser_request(self._request)), True
        return None if self._signed_in is None else self._signed_in.resident

    @property
    def account(self) -> str | None:
        """The account that the visitor's eID leads to (``HKEID["ACCOUNT_LINKS"]``); looked up when first asked for."""
        if self._account is _UNKNOWN:
            from hkeid.rp.django.links import linking

            found = linking()
            self._account = None if found is None else found.web.account_of(self.resident)
        account: str | None = self._account
        return account


def eid_of(request: HttpRequest) -> Eid:
    """``request.eid``, put there now where the middleware has not done it."""
    eid = getattr(request, "eid", None)
    if not isinstance(eid, Eid):
        eid = Eid(request)
        request.eid = eid  # type: ignore[attr-defined]
    return eid


def browser_request(request: HttpRequest) -> BrowserRequest:
    """The request as the kits see it."""
    pairs = tuple((name, value) for name, values in request.GET.lists() for value in values)
    form: Any = request.POST if request.method == "POST" else {}
    return BrowserRequest(
        method=request.method or "GET",
        base_url=f"{request.scheme}://{request.get_host()}",
        root=quote(request.META.get("SCRIPT_NAME", "").rstrip("/")),
        path=request.get_full_path(),
        query=Parameters(pairs),
        form=form,
        cookies=request.COOKIES,
        referrer=request.META.get("HTTP_REFERER"),
        ui_locales=_locales(request),
    )


def _locales(request: HttpRequest) -> tuple[str, ...]:
    """The language that Django chose for the page where LocaleMiddleware runs; else the browser's."""
    chosen = getattr(request, "LANGUAGE_CODE", None) and get_language()
    accepted = accepted_locales(request.META.get("HTTP_ACCEPT_LANGUAGE"))
    return (chosen, *accepted) if chosen else accepted


def send(answer: Answer) -> HttpResponse:
    """The answer as a response: a redirect that nobody keeps."""
    response = HttpResponse(status=303)
    response["Location"] = answer.location
    return finish(response, answer)


def finish(response: HttpResponse, answer: Answer) -> HttpResponse:
    """Add an answer's cookies and what keeps a response private."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    patch_vary_headers(response, ("Cookie",))
    for cookie in answer.cookies:
        response.set_cookie(
            cookie.name,
            cookie.value or "",
            max_age=cookie.max_age if cookie.value is not None else 0,
            path="/",
            secure=cookie.secure,
            httponly=True,
            samesite="Lax",
        )
    return response

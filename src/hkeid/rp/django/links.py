"""Accounts that a Django project has already: ``HKEID["ACCOUNT_LINKS"]``, and the pages that link and unlink."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.signals import setting_changed
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from hkeid.kernel.errors import ConfigurationError
from hkeid.rp.account_links import LinkingPolicy
from hkeid.rp.django.bridge import browser_request, finish, send
from hkeid.rp.django.conf import check_names, given, web_login
from hkeid.rp.errors import LoginFailed
from hkeid.rp.link_pages import LinkPage
from hkeid.rp.web import Answer, BrowserRequest
from hkeid.rp.web_linking import WebLinking

_REQUIRED = ("LINKS", "CURRENT_ACCOUNT", "ACCOUNT_LOGIN", "HAS_OTHER_LOGIN")
_POLICY = {
    "LINKS": "links",
    "ACCOUNT_LOGIN": "account_login",
    "HAS_OTHER_LOGIN": "has_other_login",
    "ACCOUNT_NAME": "account_name",
    "MATCH": "match",
    "ACR": "acr",
    "NOTIFY": "notify",
}
_CALLED = frozenset({"HAS_OTHER_LOGIN", "ACCOUNT_NAME", "MATCH", "NOTIFY"})
_KNOWN = frozenset((*_POLICY, "CURRENT_ACCOUNT", "ACCOUNT_LOGIN_IS_FRESH", "TEMPLATE"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """What ``HKEID["ACCOUNT_LINKS"]`` comes to.

    :ivar current_account: the account that the project's own login has in a request, eID left out; or None.
    :ivar fresh: whether that login is recent; None where the project does not say.
    :ivar template: the project's own page, with ``page`` (a :class:`~hkeid.rp.link_pages.LinkPage`) in its context.
    """

    web: WebLinking
    current_account: Callable[[HttpRequest], str | None]
    fresh: Callable[[HttpRequest], bool] | None
    template: str | None


@cache
def linking() -> Linking | None:
    """The project's linking, made once; None where it links no accounts.

    :raises ConfigurationError: ``setting_missing``, ``setting_unknown`` (with a suggestion).
    """
    values = given().get("ACCOUNT_LINKS")
    if values is None:
        return None
    if not isinstance(values, Mapping):
        raise ConfigurationError("setting_missing", detail="HKEID['ACCOUNT_LINKS'] = {…}")
    check_names(values, known=_KNOWN, required=_REQUIRED, where="HKEID['ACCOUNT_LINKS']")
    found = {word: _found(name, values[name]) for name, word in _POLICY.items() if name in values}
    fresh = values.get("ACCOUNT_LOGIN_IS_FRESH")
    return Linking(
        web=web_login().linking(LinkingPolicy(**found)),
        current_account=_imported(values["CURRENT_ACCOUNT"]),
        fresh=None if fresh is None else _imported(fresh),
        template=values.get("TEMPLATE"),
    )


def _found(name: str, value: Any) -> Any:
    """The value itself, or what a dotted path leads to; a class or function that gives links is called."""
    if name == "LINKS":
        links = _imported(value)
        return links() if callable(links) else links
    return _imported(value) if name in _CALLED else value


def _imported(value: Any) -> Any:
    return import_string(value) if isinstance(value, str) else value


@require_http_methods(["GET", "POST"])
@csrf_protect
def link(request: HttpRequest) -> HttpResponse:
    """What linking means; the form begins it."""
    if request.method == "POST":
        return _about_links(request, lambda seen, web, own: web.begin(seen, own))
    return _about_links(request, lambda seen, web, own: web.page(seen, own))


@require_http_methods(["GET", "POST"])
@csrf_protect
def unlink(request: HttpRequest) -> HttpResponse:
    """What unlinking means; the form does it, or begins it."""
    found = linking()
    fresh = None if found is None or found.fresh is None else found.fresh(request)
    if request.method == "POST":
        return _about_links(
            request, lambda seen, web, own: web.begin_unlink(seen, own, fresh=fresh)
        )
    return _about_links(request, lambda seen, web, own: web.unlink_page(seen, own, fresh=fresh))


def awaited(request: HttpRequest) -> bool:
    """Whether the browser is back from a login that links or unlinks."""
    found = linking()
    return found is not None and found.web.awaits(browser_request(request))


def linked(request: HttpRequest) -> HttpResponse:
    """The browser is back from eID."""
    return _about_links(request, lambda seen, web, own: web.finish(seen, own))


def _about_links(
    request: HttpRequest,
    act: Callable[[BrowserRequest, WebLinking, str | None], LinkPage | Answer],
) -> HttpResponse:
    from hkeid.rp.django.views import failure_response

    found = linking()
    if found is None:
        raise Http404
    try:
        done = act(browser_request(request), found.web, found.current_account(request))
    except LoginFailed as failed:
        return failure_response(request, failed)
    if isinstance(done, Answer):
        return send(done)
    if found.template is not None:
        response = HttpResponse(render_to_string(found.template, {"page": done}, request))
    else:
        token = {"csrfmiddlewaretoken": get_token(request)} if done.action else {}
        response = HttpResponse(done.html(reverse("eid:style"), token))
        response["Content-Security-Policy"] = done.content_security_policy
    finish(response, Answer(location="", cookies=done.cookies))
    # Browsers say nothing of where a form stood under "no-referrer", and Django then takes none.
    response["Referrer-Policy"] = "same-origin"
    return response


def _forget(*, setting: str, **_: Any) -> None:
    if setting in ("HKEID", "SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        linking.cache_clear()


setting_changed.connect(_forget)

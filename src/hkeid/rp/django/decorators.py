"""``login_required``: only residents who are logged in, at the level that a view needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers

from hkeid.rp.django.bridge import browser_request, eid_of, send
from hkeid.rp.django.conf import web_login

View = Callable[..., HttpResponseBase]


def login_required(view: View | None = None, *, acr: str | None = None) -> Any:
    """Let only residents who are logged in see a view, at ``acr`` or higher where one is given.

    Others are sent to log in, or to log in more strongly, and come back to the same page. Works bare
    and with arguments; inside, ``request.eid.resident`` is there. For class-based views use
    ``method_decorator``.
    """

    def decorate(inner: View) -> View:
        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            answer = web_login().demand(browser_request(request), acr)
            if answer is not None:
                return send(answer)
            eid_of(request)
            response = inner(request, *args, **kwargs)
            response.setdefault("Cache-Control", "no-store")
            patch_vary_headers(response, ("Cookie",))
            return response

        return guarded

    return decorate if view is None else decorate(view)

"""``request.eid`` for every view and template."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from hkeid.rp.django.bridge import Eid


class EidMiddleware:
    """Adds ``request.eid``; nothing is read or decrypted until somebody asks for the resident."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on with ``request.eid``."""
        request.eid = Eid(request)  # type: ignore[attr-defined]
        return self._get_response(request)

"""The strictest content security policy that the pages can live with."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ContentSecurityPolicy:
    """No scripts at all, styles and pictures of our own, forms to ourselves and to eID."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        issuer = urlsplit(settings.HKEID["ISSUER"])
        self._policy = (
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
            "frame-ancestors 'none'; "
            # Logging out posts here and is led on to eID; browsers check that against this list.
            f"form-action 'self' {issuer.scheme}://{issuer.netloc}"
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", self._policy)
        return response

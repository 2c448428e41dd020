"""The page of the Form Post Response Mode (OAuth 2.0 Form Post Response Mode §2).

Its button works without a script; the script presses it at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlsplit

from hkeid.kernel.http import Response
from hkeid.oidc.locales import best_locale

SCRIPT = b'document.getElementById("form-post").submit();\n'

_TEXTS = {
    "en": ("Returning to the service", "Continue"),
    "zh-Hant-HK": ("正在返回服務", "繼續"),
    "zh-Hans": ("正在返回服务", "继续"),
}


def form_post_page(
    redirect_uri: str,
    parameters: Iterable[tuple[str, str]],
    *,
    script_url: str,
    ui_locales: tuple[str, ...] = (),
) -> Response:
    """A page whose form posts ``parameters`` to ``redirect_uri``."""
    locale = best_locale(ui_locales)
    title, button = _TEXTS[locale]
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n'
        for name, value in parameters
    )
    page = (
        f'<!DOCTYPE html>\n<html lang="{locale}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f'<form id="form-post" method="post" action="{escape(redirect_uri)}">\n{fields}'
        f'<button type="submit">{button}</button>\n</form>\n</main>\n'
        f'<script src="{escape(script_url)}"></script>\n</body>\n</html>\n'
    )
    return Response(status=200, headers=_headers(redirect_uri, script_url), body=page.encode())


def form_post_script() -> Response:
    """The script of the page."""
    return Response(
        status=200,
        headers=(
            ("Content-Type", "text/javascript; charset=utf-8"),
            ("Cache-Control", "public, max-age=86400"),
            ("X-Content-Type-Options", "nosniff"),
        ),
        body=SCRIPT,
    )


def _headers(redirect_uri: str, script_url: str) -> tuple[tuple[str, str], ...]:
    policy = (
        f"default-src 'none'; script-src {_origin(script_url)}; "
        f"form-action {_origin(redirect_uri)}; base-uri 'none'; frame-ancestors 'none'"
    )
    return (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", policy),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

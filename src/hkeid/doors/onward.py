"""A page that leads on by itself, where a redirect could be one too many: browsers follow 20 of them in a row."""

from __future__ import annotations

from html import escape

from hkeid.kernel.http import Response
from hkeid.oidc.locales import best_locale

_TEXTS = {
    "en": ("Going on to the next service", "Continue"),
    "zh-Hant-HK": ("正在前往下一個服務", "繼續"),
    "zh-Hans": ("正在前往下一个服务", "继续"),
}


def onward_page(url: str, *, ui_locales: tuple[str, ...] = ()) -> Response:
    """A page that goes to ``url`` at once, without a script (WCAG 2.2 technique H76), with a link to it."""
    locale = best_locale(ui_locales)
    title, link = _TEXTS[locale]
    # Quoted, so that a semicolon in it ends nothing; and so it may hold no such quote.
    there = escape(url.replace("'", "%27"))
    page = (
        f'<!DOCTYPE html>\n<html lang="{locale}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="refresh" content="0; url=\'{there}\'">\n'
        f"<title>{title}</title>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f'<p><a href="{there}">{link}</a></p>\n</main>\n</body>\n</html>\n'
    )
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-store"),
        (
            "Content-Security-Policy",
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return Response(status=200, headers=headers, body=page.encode())

"""The page by which a browser repeats what a relying party's form sent through it.

``SameSite=Lax`` cookies do not come along with another site's POST, so the browser would look like a
stranger. This page posts the same fields once more from our own origin, and then they do. It is a form
and not a redirect because what services send by POST (``id_token_hint``, ``login_hint``) does not belong
into an address, where histories and proxies keep it. The button works without a script; the script
presses it at once.
"""

from __future__ import annotations

from html import escape

from hkeid.kernel.http import Parameters, Response
from hkeid.op.paths import FORM_POST_SCRIPT
from hkeid_server.languages import choose

_TEXTS = {
    "en": ("On to Hong Kong eID", "Continue"),
    "zh-Hant-HK": ("前往香港 eID", "繼續"),
    "zh-Hans": ("前往香港 eID", "继续"),
}

# No form-action: the answer to the form may lead on to the service, whose address is not known yet.
_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    # Not no-referrer: under that policy browsers send "Origin: null" with our own form.
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)


def coming_again(path: str, fields: Parameters, *, accept_language: str | None) -> Response:
    """A page whose form posts ``fields`` to ``path`` on this server, whatever it holds. It sets no cookie: the browser may
    have those that it did not send.
    """
    wanted = (fields.get("ui_locales") or "").split(" ")
    language = choose(
        chosen=None, wanted=wanted, accept_language=accept_language, default="zh-Hant-HK"
    ).tag
    title, button = _TEXTS[language]
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n'
        for name, value in fields
    )
    page = (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f'<form id="form-post" method="post" action="{escape(path)}">\n{inputs}'
        f'<button type="submit">{button}</button>\n</form>\n</main>\n'
        f'<script src="{FORM_POST_SCRIPT}"></script>\n</body>\n</html>\n'
    )
    return Response(status=200, headers=_HEADERS, body=page.encode())

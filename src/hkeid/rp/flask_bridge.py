"""Between Flask's requests and responses and the kits' own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote

import flask

from hkeid.kernel.http import Parameters
from hkeid.rp.kit_style import STYLE
from hkeid.rp.pages import accepted_locales
from hkeid.rp.web import Answer, BrowserRequest

Locales = Callable[[], Iterable[str]]


def browser_request(chosen: Locales | None) -> BrowserRequest:
    """The present request as the kits see it.

    :param chosen: the languages of the application's page; None: those of the browser.
    """
    request = flask.request
    locales = (
        tuple(chosen())
        if chosen is not None
        else accepted_locales(request.headers.get("Accept-Language"))
    )
    query = request.query_string.decode("latin-1")
    path = quote(request.script_root + request.path)
    form: Mapping[str, str] = request.form if request.method == "POST" else {}
    return BrowserRequest(
        method=request.method,
        base_url=request.host_url,
        root=quote(request.script_root),
        path=path + (f"?{query}" if query else ""),
        query=Parameters(tuple(request.args.items(multi=True))),
        form=form,
        cookies=request.cookies,
        referrer=request.referrer,
        ui_locales=locales,
    )


def style_page() -> flask.Response:
    """The style sheet of the kits' own pages."""
    response = flask.Response(STYLE, mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def send(answer: Answer) -> flask.Response:
    """The answer as a response: a redirect that nobody keeps."""
    response = flask.Response(status=303)
    response.headers["Location"] = answer.location
    return finish(response, answer)


def finish(response: flask.Response, answer: Answer) -> flask.Response:
    """Add an answer's cookies and what keeps a response private."""
    response.autocorrect_location_header = False
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
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

"""Around every page: language, form token, headers, and the one function that renders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any, cast
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, render_template, request
from markupsafe import Markup

from hkeid.op.paths import FORM_POST_SCRIPT
from hkeid_server import languages
from hkeid_server.browser import LANGUAGE_LIFETIME, CookieNames, form_token, read_cookies
from hkeid_server.headers import HSTS, page_headers
from hkeid_server.languages import Language
from hkeid_server.references import Visit
from hkeid_server.scripts_of_words import by_script

_TAG = re.compile(r"[A-Za-z0-9-]{1,35}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """What the pages need to know of the configuration.

    :ivar origin: scheme, host and port under which browsers see the server.
    :ivar sandbox: the sandbox profile: test persons, gallery, a band on every page.
    :ivar signing: residents can sign here.
    """

    origin: str
    cookies: CookieNames
    sandbox: bool
    default_language: str
    signing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chrome:
    """What the frame of a page shows; ``ui`` in templates.

    :ivar here: address of this page for the language switch, without a query.
    :ivar query: what stands in this page's query and is kept by the switch.
    :ivar again: fields that must be sent again to get this page in another language, or none.
    """

    language: Language
    csrf: str
    here: str
    sandbox: bool
    signed_in: bool
    reference: str
    signing: bool = False
    again: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    def in_language(self, tag: str) -> str:
        """The address of this page in another language."""
        return f"{self.here}?{urlencode({**self.query, 'lang': tag})}"

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages of the switch."""
        return languages.languages()

    def date(self, moment: datetime) -> str:
        """A day in the page's language."""
        return self.language.date(moment)

    def moment(self, moment: datetime) -> str:
        """Day and time in the page's language."""
        return self.language.moment(moment)


def settings() -> PageSettings:
    """The settings of the running application."""
    return cast(PageSettings, current_app.extensions["hkeid.pages"])


def begin(who: Visit) -> None:
    """Begin a request: who visits, and in which language the pages speak."""
    g.visit = who
    g.language = _choose(())


def visit() -> Visit:
    """Who visits: the browser's values and the reference number of this request."""
    return cast(Visit, g.visit)


def language() -> Language:
    """The language of this request."""
    return cast(Language, g.language)


def translate(message: str, **values: object) -> str:
    """``message`` in the language of this request."""
    text = language().translations.gettext(message)
    return text % values if values else text


def prefer_languages(wanted: tuple[str, ...]) -> None:
    """Honour a relying party's ``ui_locales`` unless the person chose a language here."""
    g.language = _choose(wanted)


def _choose(wanted: tuple[str, ...]) -> Language:
    asked = request.args.get("lang", "")
    if asked == "en-XA" and settings().sandbox:
        return languages.pseudo_language()
    kept = read_cookies(request.headers.get("Cookie", "")).get(settings().cookies.language)
    chosen = asked if languages.by_tag(asked) is not None else kept
    return languages.choose(
        chosen=chosen,
        wanted=wanted,
        accept_language=request.headers.get("Accept-Language"),
        default=settings().default_language,
    )


def show(
    template: str,
    page: object,
    *,
    status: int = 200,
    here: str | None = None,
    query: Mapping[str, str] | None = None,
    again: Mapping[str, str] | None = None,
    reference: str | None = None,
    leads_to: tuple[str, ...] = (),
    camera: bool = False,
    frames: tuple[str, ...] = (),
    signed_out: bool = False,
) -> Response:
    """Render a page.

    :param here: where the language switch leads; this path if not given.
    :param query: what the language switch keeps of this page's query.
    :param again: fields with which the switch repeats a POST, where no GET shows the page.
    :param reference: the reference number to show; this request's if not given.
    :param leads_to: where a form of the page may lead in the end (see ``page_headers``).
    :param camera: the page may use the camera.
    :param frames: CSP sources of what the page may frame.
    :param signed_out: the session that the browser came with has just ended.
    """
    chrome = Chrome(
        language=language(),
        csrf=form_token(visit().browser),
        here=here if here is not None else request.path,
        again=again or {},
        query=query or {},
        sandbox=settings().sandbox,
        signed_in=visit().session is not None and not signed_out,
        signing=settings().signing,
        reference=reference or visit().reference,
    )
    answer = Response(render_template(template, ui=chrome, page=page), status=status)
    g.leads_to, g.camera, g.frames = leads_to, camera, frames
    return answer


def send_headers(answer: Response) -> Response:
    """Put the security headers and our own cookies on a page."""
    place = settings()
    if request.endpoint == "static" and answer.status_code < 400:
        return _static_headers(answer)
    secure = place.cookies.secure
    if not g.get("from_a_door", False):
        answer.headers.extend(
            page_headers(
                secure=secure,
                leads_to=g.get("leads_to", ()),
                camera=g.get("camera", False),
                frames=g.get("frames", ()),
            )
        )
    elif secure:
        answer.headers["Strict-Transport-Security"] = HSTS
    if answer.headers.get("Cache-Control") is None:
        answer.headers["Cache-Control"] = "no-store"
    who: Visit | None = g.get("visit")
    if who is not None and who.new_browser:
        answer.headers.add(*place.cookies.set_cookie(place.cookies.browser, who.browser))
    asked = request.args.get("lang", "")
    if languages.by_tag(asked) is not None:
        answer.headers.add(
            *place.cookies.set_cookie(place.cookies.language, asked, max_age=LANGUAGE_LIFETIME)
        )
    return answer


def _static_headers(answer: Response) -> Response:
    """A static file under its fingerprint never changes; without one it is asked for again."""
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    kept = answer.status_code == 200 and request.args.get("v", "") != ""
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
    return answer


@cache
def _fingerprint(name: str) -> str:
    content = resources.files("hkeid_server").joinpath("static", name).read_bytes()
    return sha256(content).hexdigest()[:12]


def asset(name: str) -> str:
    """Address of a static file; it changes with the content, so that it may be cached for long."""
    return f"/static/{name}?v={_fingerprint(name)}"


def _by_script(words: str, *, of_a_person: bool = False) -> Markup:
    return by_script(words, language().tag, of_a_person=of_a_person)


def install_templates(app: Flask) -> None:
    """Teach Jinja the translations and the addresses of static files."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True

    def gettext(message: str) -> str:
        return language().translations.gettext(message)

    def ngettext(one: str, many: str, number: int) -> str:
        return language().translations.ngettext(one, many, number)

    environment: Any = app.jinja_env
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)
    app.jinja_env.filters["by_script"] = _by_script
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["form_post_script"] = FORM_POST_SCRIPT

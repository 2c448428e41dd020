"""A suggestion form on weather forecasts and warnings, which residents log in to with eID.

Everything that has to do with eID is in :func:`create_app` and the decorators below it.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from functools import partial
from hmac import compare_digest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, render_template, request, url_for

from hkeid.rp.flask import EidLogin
from hkeid.rp.pages import FailurePage
from relying_party_flask.account_pages import add_old_accounts
from relying_party_flask.declarations import Declarations
from relying_party_flask.languages import COOKIE, LANGUAGES, choose, is_own_page, local_time
from relying_party_flask.old_accounts import OldAccounts
from relying_party_flask.settings import Settings
from relying_party_flask.signing_pages import add_signing, keep_signed
from relying_party_flask.suggestions import Draft, SuggestionBox
from relying_party_flask.texts import TOPICS, known, text

__all__ = ["create_app"]

ACR = "urn:hkeid:acr:eid"
_YEAR = 365 * 24 * 3600


def create_app(settings: Settings | None = None, **eid_options: Any) -> Flask:
    """The application.

    :param eid_options: passed to :class:`EidLogin`; the tests hand in a provider of their own.
    """
    settings = settings or Settings.from_environment()
    app = Flask(__name__)
    app.secret_key = settings.secret_key
    # Cookies ignore ports: other services on localhost must not share this one.
    app.config.update(MAX_CONTENT_LENGTH=64 * 1024, SESSION_COOKIE_NAME="hko_session")
    app.config.update(
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https:"),
    )
    box, declarations = SuggestionBox(), Declarations()
    eid = EidLogin(
        app,
        issuer=settings.issuer,
        client_id=settings.client_id,
        base_url=settings.base_url,
        acr=ACR,
        claims=("name", "gender"),
        locales=lambda: [_language()],
        failure_view=_failure,
        signed=partial(keep_signed, declarations),
        **{"private_key": settings.private_key, **eid_options},
    )
    _add_dress(app, settings)
    _add_open_pages(app)
    accounts = add_old_accounts(app, eid, settings.database or _passing(app))
    _add_pages_of_residents(app, eid, box, accounts)
    add_signing(app, eid, box, declarations)
    return app


def _passing(app: Flask) -> Path:
    """A database that is gone with the application."""
    folder = tempfile.mkdtemp(prefix="hko-")
    weakref.finalize(app, shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / "accounts.sqlite"


def _add_open_pages(app: Flask) -> None:
    @app.get("/")
    def home() -> str:
        return render_template("home.html")

    @app.get("/privacy")
    def privacy() -> str:
        return render_template("privacy.html")

    @app.get("/language/<tag>")
    def language(tag: str) -> Response:
        if tag not in LANGUAGES:
            abort(404)
        page = request.args.get("next")
        response = redirect(page if page and is_own_page(page) else url_for("home"), 303)
        response.set_cookie(COOKIE, tag, max_age=_YEAR, samesite="Lax", httponly=True)
        return response  # type: ignore[return-value]

    @app.get("/health/live")
    def live() -> dict[str, str]:
        return {"status": "live"}


def _add_pages_of_residents(
    app: Flask, eid: EidLogin, box: SuggestionBox, accounts: OldAccounts
) -> None:
    @app.get("/suggestion")
    @eid.login_required
    def suggestion() -> str:
        return render_template("suggestion.html", draft=Draft(name=_released_name(eid)))

    @app.post("/suggestion")
    @eid.login_required
    def send_suggestion() -> Any:
        draft = Draft(
            topic=request.form.get("topic", ""),
            message=request.form.get("message", "").replace("\r\n", "\n"),
            name=request.form.get("name", ""),
        )
        given = request.form.get("eid_form", "")
        if not compare_digest(given.encode("utf-8", "replace"), eid.form_token.encode()):
            draft.errors = {"message": "error_stale"}
            return render_template("suggestion.html", draft=draft), 400
        if not draft.check():
            return render_template("suggestion.html", draft=draft), 400
        assert eid.resident is not None
        kept = box.add(eid.resident.sub, draft)
        return redirect(url_for("thanks", reference=kept.reference), 303)

    @app.get("/thanks/<reference>")
    @eid.login_required
    def thanks(reference: str) -> str:
        assert eid.resident is not None
        kept = box.find(eid.resident.sub, reference)
        if kept is None:
            abort(404)
        return render_template("thanks.html", suggestion=kept)

    @app.get("/account")
    @eid.login_required
    def account() -> str:
        assert eid.resident is not None
        return render_template(
            "account.html",
            resident=eid.resident,
            name=_released_name(eid),
            gender=_released_gender(eid),
            suggestions=box.of(eid.resident.sub),
            old=accounts.find(eid.account),
        )


def _released_name(eid: EidLogin) -> str:
    """The name that the resident agreed to release, in the script of the page, or nothing."""
    script = None if _language() == "en" else "zh-Hant-HK"
    assert eid.resident is not None
    return str(eid.resident.claim("name", script) or "")


def _released_gender(eid: EidLogin) -> str:
    assert eid.resident is not None
    value = str(eid.resident.claim("gender") or "")
    return text(f"gender_{value}", _language()) if known(f"gender_{value}") else value


def _language() -> str:
    if "language" not in g:
        g.language = choose(request.cookies.get(COOKIE), list(request.accept_languages.values()))
    return str(g.language)


def _add_dress(app: Flask, settings: Settings) -> None:
    """What every page shares: language, texts, headers, pages for what went wrong."""
    issuer = urlsplit(settings.issuer)
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "frame-ancestors 'none'; "
        # Logging out posts here and is led on to eID; browsers check that against this list.
        f"form-action 'self' {issuer.scheme}://{issuer.netloc}"
    )

    @app.context_processor
    def words() -> dict[str, Any]:
        language = _language()
        query = request.query_string.decode("ascii", "ignore")
        page = request.path + (f"?{query}" if query else "")
        return {
            "t": lambda key: text(key, language),
            "language": language,
            "languages": LANGUAGES,
            "this_page": page if request.method == "GET" else request.path,
            "topics": TOPICS,
            "moment": lambda when: local_time(when, language),
            "my_eid": settings.issuer.rstrip("/") + "/account",
        }

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.vary.update(("Cookie", "Accept-Language"))
        return response

    @app.errorhandler(404)
    def missing(_error: Exception) -> tuple[str, int]:
        return render_template("missing.html", title="missing_title", body="missing_text"), 404

    @app.errorhandler(500)
    def failed(_error: Exception) -> tuple[str, int]:
        return render_template("missing.html", title="failed_title", body="failed_text"), 500


def _failure(failure: FailurePage) -> str:
    return render_template("failure.html", failure=failure)

"""Log in with eID in a Flask application.

::

    from hkeid.rp.flask import EidLogin

    eid = EidLogin(app, issuer="https://eid.example.hk", client_id="…", private_key="client.pem")

    @app.get("/account")
    @eid.login_required(acr="urn:hkeid:acr:eid")
    def account():
        return f"Hello {eid.resident.sub}"

Asking for a signature (an eID+ is needed)::

    eid = EidLogin(app, …, signed=lambda signed, context: keep(signed.pdf))

    @app.post("/declare")
    @eid.login_required
    def declare():
        asked = eid.request_signature(pdf, document_name="Declaration")
        return asked.remember(render_template("sign.html", asked=asked))

Having a form filled from what residents keep at eID::

    eid = EidLogin(app, …, filled=lambda forms, context: book(forms["visit"].claims))

    @app.get("/book")
    def book_visit():
        return eid.fill_form("visit")

Accounts that the service has already (:meth:`~hkeid.rp.flask_links.LinksAccounts.link_account`)::

    eid.link_account(links, current_account=…, account_login="/login", has_other_login=…)
    eid.account                                   # the account that the visitor's eID leads to

Register ``<base URL>/eid/callback`` as redirect URI, ``<base URL>/`` as post-logout redirect URI, and
``<base URL>/eid/backchannel-logout`` as ``backchannel_logout_uri``: a logout elsewhere then ends the session here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from hkeid.kernel.errors import ConfigurationError, MissingExtra
from hkeid.ports.surroundings import HttpClient
from hkeid.rp.client import RelyingParty
from hkeid.rp.client_key import PrivateKey
from hkeid.rp.errors import LoginFailed, SignatureNotTaken
from hkeid.rp.page_texts import FORM_KINDS, LINK_KINDS, SIGNING_KINDS, kind_of
from hkeid.rp.pages import (
    CONTENT_SECURITY_POLICY,
    FailurePage,
    failure_page,
)
from hkeid.rp.records import Resident
from hkeid.rp.surroundings import SystemRandom
from hkeid.rp.web import Answer, BrowserRequest, SetCookie, WebLogin, WebSettings
from hkeid.rp.web_session import SessionStore, SignedIn

try:
    import flask
except ImportError:
    raise MissingExtra("flask", "flask") from None

from hkeid.rp.flask_bridge import Locales, browser_request, finish, send, style_page
from hkeid.rp.flask_forms import FilledView, FillsForms
from hkeid.rp.flask_links import LinksAccounts

if TYPE_CHECKING:
    from hkeid.rp.signature_records import DocumentToSign, Signed, VisibleStamp

P = ParamSpec("P")
FailureView = Callable[[FailurePage], Any]
SignedView = Callable[["Signed", str], Any]


class EidLogin(FillsForms, LinksAccounts):
    """Log in with eID: ``/eid/login``, ``/eid/callback`` and ``/eid/logout`` for one application.

    :param app: the application, which needs a ``SECRET_KEY``; or call :meth:`init_app` later.
    :param issuer: the provider's issuer URL.
    :param private_key: path, PEM text or JWK. ``client_secret`` instead: in the sandbox only.
    :param base_url: scheme and host of this service, ``https://service.example.hk``; give it in
        production, where the request's own Host header is the client's word.
    :param acr: the lowest rung for every login here (law 7).
    :param claims: names of personal claims to ask for, or a whole ``claims`` parameter.
    :param session_store: keep sessions on the server; without one a sealed cookie holds them.
    :param logout_store: remembers which sessions eID has ended; the session store does, or this process's
        memory. Several processes need one that they share.
    :param locales: called within a request for the languages that its page uses, best first;
        otherwise the browser's ``Accept-Language`` counts.
    :param failure_view: called with a :class:`~hkeid.rp.pages.FailurePage` to show a failure in the
        application's own dress.
    :param signed: called with a :class:`~hkeid.rp.signature_records.Signed` and the context when a visitor
        has signed; gives the response. Register ``<base URL>/eid/signed`` as a redirect URI then.
    :param filled: called with :class:`~hkeid.rp.form_records.FilledForms` and the context when a visitor has sent
        forms; gives the response. Register ``<base URL>/eid/filled`` as a redirect URI then.

    Further options are those of :class:`~hkeid.rp.web.WebSettings`
    (``session_lifetime``, ``after_login``, ``after_logout``, ``scope``, ``max_age`` …).
    """

    def __init__(
        self,
        app: flask.Flask | None = None,
        *,
        issuer: str,
        client_id: str,
        private_key: PrivateKey | None = None,
        client_secret: str | None = None,
        base_url: str | None = None,
        acr: str | None = None,
        scope: str = "openid",
        claims: Iterable[str] | Mapping[str, Any] = (),
        max_age: int | None = None,
        session_lifetime: timedelta = timedelta(hours=1),
        after_login: str = "/",
        after_logout: str = "/",
        provider_logout: bool = True,
        session_store: SessionStore | None = None,
        logout_store: SessionStore | None = None,
        locales: Locales | None = None,
        failure_view: FailureView | None = None,
        signed: SignedView | None = None,
        filled: FilledView | None = None,
        http: HttpClient | None = None,
        **party_options: Any,
    ) -> None:
        self.party = RelyingParty(
            issuer,
            client_id=client_id,
            private_key=private_key,
            client_secret=client_secret,
            http=http,
            **party_options,
        )
        self.settings = WebSettings(
            base_url=base_url,
            acr=acr,
            scope=scope,
            claims=claims,
            max_age=max_age,
            session_lifetime=session_lifetime,
            after_login=after_login,
            after_logout=after_logout,
            provider_logout=provider_logout,
        )
        self._store, self._logout_store = session_store, logout_store
        self._locales = locales
        self._failure_view = failure_view
        self._signed_view = signed
        self._filled_view = filled
        self._app = app
        if app is not None:
            self.init_app(app)

    def init_app(self, app: flask.Flask) -> None:
        """Add the routes and the template variable ``eid`` to ``app``.

        :raises ConfigurationError: ``sealing_secret_missing``: the application has no secret key.
        """
        newest = app.secret_key
        if not newest:
            raise ConfigurationError("sealing_secret_missing", detail="set app.secret_key first")
        older = app.config.get("SECRET_KEY_FALLBACKS") or ()
        login = WebLogin(
            self.party,
            secrets=(newest, *older),
            settings=self.settings,
            store=self._store,
            logout_store=self._logout_store,
        )
        app.extensions["hkeid"] = login
        prefix = self.settings.prefix
        pages = flask.Blueprint("eid", __name__, url_prefix=prefix)
        pages.add_url_rule("/login", "login", self._login_page)
        pages.add_url_rule("/callback", "callback", self._callback_page)
        pages.add_url_rule("/logout", "logout", self._logout_page, methods=["POST"])
        pages.add_url_rule("/backchannel-logout", view_func=backchannel_logout, methods=["POST"])
        if self._signed_view is not None:
            pages.add_url_rule("/signed", "signed", self._signed_page)
        self._add_forms(pages)
        app.register_error_handler(SignatureNotTaken, self._not_taken)
        pages.add_url_rule("/kit.css", "style", style_page)
        app.register_blueprint(pages)
        if self._linking_options is not None:
            self._add_links(app)
        app.context_processor(lambda: {"eid": self})

    @property
    def resident(self) -> Resident | None:
        """Who is logged in in this browser, or None."""
        signed_in = self._signed_in()
        return None if signed_in is None else signed_in.resident

    @property
    def form_token(self) -> str:
        """Value of the hidden field ``eid_form`` in the form that posts to ``eid.logout``."""
        signed_in = self._signed_in()
        return "" if signed_in is None else signed_in.form_token

    def login_required(
        self, view: Callable[P, Any] | None = None, *, acr: str | None = None
    ) -> Callable[..., Any]:
        """Let only residents who are logged in see a view, at ``acr`` or higher where one is given.

        Others are sent to log in, or to log in more strongly, and come back to the same page. Works
        bare (``@eid.login_required``) and with arguments.
        """

        def decorate(inner: Callable[P, Any]) -> Callable[P, Any]:
            @wraps(inner)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
                answer = _login().demand(self._request(), acr)
                if answer is not None:
                    return send(answer)
                response = flask.make_response(
                    flask.current_app.ensure_sync(inner)(*args, **kwargs)
                )
                response.headers.setdefault("Cache-Control", "no-store")
                return response

            return guarded

        return decorate if view is None else decorate(view)

    def login_url(self, next_page: str | None = None, *, acr: str | None = None) -> str:
        """Address of the login; leads back to ``next_page``, a path of this application."""
        return flask.url_for("eid.login", next=next_page, acr=acr)

    def request_signature(
        self,
        pdf: bytes | None = None,
        *,
        hash: bytes | None = None,  # noqa: A002 - the word that everybody looks for
        document_name: str = "",
        stamp: VisibleStamp | None = None,
        documents: Iterable[DocumentToSign] = (),
        purpose: str = "",
        context: str = "",
    ) -> AskedSignature:
        """Ask the visitor for a signature: show the code, with a link to the address, and
        :meth:`AskedSignature.remember` the request with the page.

        Whoever is logged in is the only one who may sign. Parameters are those of
        :meth:`hkeid.rp.RelyingParty.request_signature`; ``context`` comes back to the ``signed`` view.

        :raises hkeid.rp.errors.SignatureNotTaken: eID does not take it on; unhandled, it becomes a page.
        :raises LoginFailed: eID cannot be asked.
        """
        from hkeid.rp.signature_records import DocumentToSign

        given = list(documents) or [
            DocumentToSign(name=document_name, pdf=pdf, hash=hash, stamp=stamp)
        ]
        resident = self.resident
        begun = _login().signing.begin(
            self._request(),
            given,
            purpose=purpose,
            subject=None if resident is None else resident.sub,
            context=context,
        )
        return AskedSignature(code=begun.code, url=begun.url, cookie=begun.cookie)

    def _signed_page(self) -> flask.Response:
        request = self._request()
        assert self._signed_view is not None
        try:
            done = _login().signing.finish(request)
        except LoginFailed as failed:
            return self._failure(request, failed)
        view = flask.current_app.ensure_sync(self._signed_view)
        response = flask.make_response(view(done.signed, done.context))
        return finish(response, Answer(location="", cookies=done.cookies))

    def _not_taken(self, failed: SignatureNotTaken) -> flask.Response:
        return self._failure(self._request(), failed)

    def _login_page(self) -> flask.Response:
        return self._answered(lambda request: _login().begin(request))

    def _callback_page(self) -> flask.Response:
        linking = self._linking()
        if linking is not None and linking.awaits(self._request()):
            return self._linked_page()
        return self._answered(lambda request: _login().finish(request))

    def _logout_page(self) -> flask.Response:
        return self._answered(lambda request: _login().end(request))

    def _answered(self, act: Callable[[BrowserRequest], Answer]) -> flask.Response:
        request = self._request()
        try:
            return send(act(request))
        except LoginFailed as failed:
            return self._failure(request, failed)

    def _failure(self, request: BrowserRequest, failed: LoginFailed) -> flask.Response:
        login, linking = _login(), self._linking()
        about_links = linking is not None and (
            kind_of(failed) in LINK_KINDS or linking.awaits(request)
        )
        page = failure_page(
            failed,
            ui_locales=request.ui_locales,
            retry=linking.retry_path(request)
            if linking and about_links
            else _retry(login, request, failed),
            home=request.root + self.settings.after_logout,
            random=SystemRandom(),
        )
        if self._failure_view is not None:
            response = flask.make_response(self._failure_view(page))
        else:
            response = flask.make_response(page.html(flask.url_for("eid.style")))
            response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.status_code = page.status
        gone = (*login.forget_login(request), *_forgotten(login, request, failed))
        if linking is not None:
            gone = (*gone, *linking.forget(request))
        finish(response, Answer(location="", cookies=gone))
        return response

    def _signed_in(self) -> SignedIn | None:
        if "_eid_signed_in" not in flask.g:
            flask.g._eid_signed_in = _login().current(self._request())  # noqa: SLF001
        return flask.g._eid_signed_in  # type: ignore[no-any-return]  # noqa: SLF001

    def _request(self) -> BrowserRequest:
        return browser_request(self._locales)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSignature:
    """A signature that is asked for.

    :ivar code: eID shows the same; show it, large, before the visitor goes there.
    :ivar url: where the visitor goes to sign.
    """

    code: str = field(repr=False)
    url: str
    cookie: SetCookie = field(repr=False)

    def remember(self, page: Any) -> flask.Response:
        """The page as a response by which this browser is known again when it comes back."""
        return finish(flask.make_response(page), Answer(location="", cookies=(self.cookie,)))


def _retry(login: WebLogin, request: BrowserRequest, failed: LoginFailed) -> str:
    if kind_of(failed) in FORM_KINDS or login.forms.awaits(request):
        return login.forms.retry_path(request)
    signing = kind_of(failed) in SIGNING_KINDS
    return login.signing.retry_path(request) if signing else login.retry_path(request)


def _forgotten(
    login: WebLogin, request: BrowserRequest, failed: LoginFailed
) -> tuple[SetCookie, ...]:
    """A request that came to nothing is forgotten; one that may still be answered is not."""
    if login.forms.awaits(request):
        return login.forms.forget(request)
    over = kind_of(failed) in SIGNING_KINDS and failed.reason != "signature_waiting"
    return login.signing.forget(request) if over else ()


def _login() -> WebLogin:
    return flask.current_app.extensions["hkeid"]  # type: ignore[no-any-return]


def backchannel_logout() -> flask.Response:
    """EID says that a session ended; exempt it from a form protection of your own."""
    answer = _login().told_of_logout(flask.request.form.getlist("logout_token"))
    response = flask.Response(answer.body, answer.status, mimetype=answer.media_type)
    response.headers["Cache-Control"] = "no-store"
    return response

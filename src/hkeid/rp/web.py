"""Logging in from a web page: what the kits for Flask and Django share, free of both.

A kit turns its framework's request into a :class:`BrowserRequest`, calls :class:`WebLogin`, and sends
the :class:`Answer`. Every answer is a redirect; what fails raises
:class:`~hkeid.rp.errors.LoginFailed` and becomes a page (:mod:`hkeid.rp.pages`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from hkeid.kernel.errors import ConfigurationError, MalformedInput
from hkeid.kernel.http import EMPTY_PARAMETERS, Parameters
from hkeid.rp.callback import read_callback
from hkeid.rp.client import LOGIN_LIFETIME, RelyingParty
from hkeid.rp.errors import LoginFailed, StartAgain
from hkeid.rp.records import Resident, reaches, same_text
from hkeid.rp.sealing import Sealer
from hkeid.rp.surroundings import SystemClock, SystemRandom
from hkeid.rp.transport import check_url
from hkeid.rp.web_logout import EndedSessions, LogoutAnswer, answer_logout
from hkeid.rp.web_session import MemorySessionStore, SessionKeeper, SessionStore, SignedIn

if TYPE_CHECKING:
    from hkeid.rp.account_links import LinkingPolicy
    from hkeid.rp.web_forms import WebForms
    from hkeid.rp.web_linking import WebLinking
    from hkeid.rp.web_signing import WebSigning

_LOG = logging.getLogger("hkeid.rp")
_MOST_PENDING = 3
"""Logins under way in one browser (tabs); older ones make room, or the cookies would fill the request."""
_LONGEST_PAGE = 768
"""Most characters of a page to lead back to. Each login under way keeps one in a cookie: another site
could begin a few with long ones, until the visitor's requests are too large for our server (8 KB)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """What an application decides about logging in.

    :ivar base_url: scheme and host under which browsers reach the application, where the request
        does not say so reliably (behind a proxy).
    :ivar prefix: path below which the kit's pages are.
    :ivar acr: the lowest rung for every login of this application.
    :ivar claims: what every login asks for, as at :meth:`~hkeid.rp.RelyingParty.start_login`.
    :ivar session_lifetime: when a session ends, however much it is used.
    :ivar after_login: path to which a login leads that was not begun by a page.
    :ivar after_logout: path to which logging out leads; registered with the provider, with the base
        URL before it.
    :ivar provider_logout: log out at the provider as well.
    """

    base_url: str | None = None
    prefix: str = "/eid"
    acr: str | None = None
    scope: str = "openid"
    claims: Iterable[str] | Mapping[str, Any] = ()
    max_age: int | None = None
    session_lifetime: timedelta = timedelta(hours=1)
    after_login: str = "/"
    after_logout: str = "/"
    provider_logout: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.claims, Mapping):
            object.__setattr__(self, "claims", tuple(self.claims))
        if self.base_url is not None:
            parts = check_url(self.base_url, field="base_url")
            if parts.path not in ("", "/") or parts.query:
                raise ConfigurationError("base_url_has_path", detail="scheme and host only")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserRequest:
    """A browser's request, as far as logging in is concerned.

    :ivar base_url: scheme and host as the framework saw them.
    :ivar root: path below which the application is mounted, without a slash at its end.
    :ivar path: path and query of the page, percent-encoded, ``root`` included.
    """

    method: str
    base_url: str
    root: str = ""
    path: str
    query: Parameters = EMPTY_PARAMETERS
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    referrer: str | None = None
    ui_locales: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCookie:
    """A cookie to set, ``HttpOnly``, ``SameSite=Lax``, ``Path=/``; to delete where ``value`` is None."""

    name: str
    value: str | None = field(default=None, repr=False)
    max_age: int = 0
    secure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A redirect (303) with cookies; never to be cached."""

    location: str = field(repr=False)
    cookies: tuple[SetCookie, ...] = ()


class WebLogin:
    """Log in, come back, log out.

    :param secrets: the application's secret key, then older ones that still count.
    :param store: keep sessions on the server's side instead of in a sealed cookie.
    :param logout_store: remembers which sessions the provider has ended (see :meth:`told_of_logout`); else
        ``store`` does, or the memory of this process.
    """

    def __init__(
        self,
        party: RelyingParty,
        *,
        secrets: Iterable[str | bytes],
        settings: WebSettings,
        store: SessionStore | None = None,
        logout_store: SessionStore | None = None,
    ) -> None:
        self.party = party
        self.settings = settings
        self._clock, random = SystemClock(), SystemRandom()
        self._sealer = Sealer(tuple(secrets), random)
        self._keeper = SessionKeeper(self._sealer, store, self._clock, random)
        remembers = logout_store or store or MemorySessionStore()
        self._ended = EndedSessions(party, remembers, self._clock, settings.session_lifetime)
        # Cookies ignore ports: two services on one host need names of their own.
        self._name = f"eid-{sha256(party.client_id.encode()).hexdigest()[:8]}"

    @property
    def forms(self) -> WebForms:
        """Having forms filled; loaded with the first one."""
        from hkeid.rp.web_forms import WebForms

        return WebForms(self, self._sealer, self._clock)

    @property
    def signing(self) -> WebSigning:
        """Asking for signatures; loaded with the first one."""
        from hkeid.rp.web_signing import WebSigning

        return WebSigning(self.party, self.settings, self._sealer, self._clock, self._name)

    def linking(self, policy: LinkingPolicy) -> WebLinking:
        """Linking accounts that the service has already; loaded with the first use."""
        from hkeid.rp.web_linking import WebLinking

        return WebLinking(self, policy, self._sealer, self._clock)

    def current(self, request: BrowserRequest) -> SignedIn | None:
        """Who is logged in in this browser, or None."""
        name = self.cookie_name(request)
        signed_in = self._keeper.read(name, request.cookies.get(name))
        if signed_in is None or not self._ended.holds(signed_in):
            return signed_in
        self._keeper.end(request.cookies.get(name))
        return None

    def told_of_logout(self, tokens: Sequence[str]) -> LogoutAnswer:
        """The provider says that a session ended (OpenID Connect Back-Channel Logout §2.5): from now on
        :meth:`current` knows nobody in it.

        :param tokens: the values of the form field ``logout_token``.
        """
        return answer_logout(self.party, self._ended, tokens)

    def demand(self, request: BrowserRequest, acr: str | None) -> Answer | None:
        """None when whoever is logged in may see the page; else where to send the browser first."""
        wanted = acr or self.settings.acr
        signed_in = self.current(request)
        if signed_in is not None and (wanted is None or signed_in.resident.reaches(wanted)):
            return None
        members = {"next": self.safe_next(request, page_before(request))} | (
            {"acr": acr} if acr else {}
        )
        return Answer(location=self._login_path(request, members))

    def begin(self, request: BrowserRequest) -> Answer:
        """Send the browser to the provider, or straight on where nothing is left to prove.

        :raises StartAgain: ``host_malformed``: the request names no host that we could be, and no
            ``base_url`` says better.
        :raises LoginFailed: the provider cannot be asked.
        """
        page = self.safe_next(request, request.query.get("next"))
        acr = self.wanted_acr(request.query.get("acr"))
        signed_in = self.current(request)
        if signed_in is not None and (acr is None or signed_in.resident.reaches(acr)):
            return Answer(location=page)
        options: dict[str, Any] = {}
        if signed_in is not None:
            # A step-up: somebody else must not slip into this session.
            options = {"subject": signed_in.resident.sub, "id_token_hint": signed_in.id_token}
        login = self.party.start_login(
            redirect_uri=self.callback_uri(request),
            acr=acr,
            scope=self.settings.scope,
            claims=self.settings.claims,
            max_age=self.settings.max_age,
            ui_locales=request.ui_locales,
            **options,
        )
        state = Parameters.parse(urlsplit(login.url).query).get("state") or ""
        name = self._login_name(request, state)
        members = {"state": login.state, "next": page}
        value = self._sealer.seal(name, members, self._clock.now() + LOGIN_LIFETIME)
        lifetime = int(LOGIN_LIFETIME.total_seconds())
        kept = SetCookie(name=name, value=value, max_age=lifetime, secure=self.is_secure(request))
        return Answer(location=login.url, cookies=(*self._crowded_out(request), kept))

    def finish(self, request: BrowserRequest) -> Answer:
        """The browser is back: verify, begin a session, lead to the page it wanted.

        :raises LoginFailed: nobody is logged in; see :mod:`hkeid.rp.errors`. ``StartAgain`` with
            reason ``login_state_missing``: this browser holds no such login.
        """
        login = self._pending(request)
        if login is None:
            raise StartAgain("login_state_missing")
        resident = self.party.finish_login(login["state"], request.query)
        session = self.begin_session(request, resident)
        return Answer(location=login["next"], cookies=(*self.forget_login(request), session))

    def begin_session(self, request: BrowserRequest, resident: Resident) -> SetCookie:
        """A new session for somebody whose login was verified; one that was there before ends."""
        name, lifetime = self.cookie_name(request), self.settings.session_lifetime
        self._keeper.end(request.cookies.get(name))
        value = self._keeper.keep(name, resident, lifetime)
        seconds = int(lifetime.total_seconds())
        return SetCookie(name=name, value=value, max_age=seconds, secure=self.is_secure(request))

    def end(self, request: BrowserRequest, *, form_checked: bool = False) -> Answer:
        """Log out here, then at the provider.

        :param form_checked: the framework has checked its own token against forged requests.
        :raises StartAgain: ``logout_form_invalid``: no such token in the form.
        """
        signed_in = self.current(request)
        if signed_in is None:
            return Answer(location=request.root + self.settings.after_logout)
        given = request.form.get("eid_form", "")
        if not form_checked and not same_text(given, signed_in.form_token):
            raise StartAgain("logout_form_invalid")
        name = self.cookie_name(request)
        self._keeper.end(request.cookies.get(name))
        gone = SetCookie(name=name, secure=self.is_secure(request))
        return Answer(location=self._farewell(request, signed_in), cookies=(gone,))

    def forget_login(self, request: BrowserRequest) -> tuple[SetCookie, ...]:
        """Delete what was kept for the login that this request ends, well or badly."""
        name = self._login_name(request, request.query.get("state") or "")
        if name not in request.cookies:
            return ()
        return (SetCookie(name=name, secure=self.is_secure(request)),)

    def retry_path(self, request: BrowserRequest) -> str:
        """Where "try again" leads after a failure: to the login, with the page that was wanted."""
        try:
            pending = self._pending(request)
        except LoginFailed:
            pending = None
        page = pending["next"] if pending else request.query.get("next")
        return self._login_path(request, {"next": self.safe_next(request, page)})

    def _farewell(self, request: BrowserRequest, signed_in: SignedIn) -> str:
        after = request.root + self.settings.after_logout
        if not self.settings.provider_logout:
            return after
        try:
            url = self.party.logout_url(
                id_token=signed_in.id_token,
                post_logout_redirect_uri=self.base(request) + after,
                ui_locales=request.ui_locales,
            )
        except LoginFailed as failed:
            # The session here has ended all the same.
            _LOG.warning("logout at the provider failed: reason=%s", failed.reason)
            return after
        return url or after

    def _pending(self, request: BrowserRequest) -> dict[str, Any] | None:
        state = read_callback(request.query).get("state") or ""
        name = self._login_name(request, state)
        return self._sealer.open(name, request.cookies.get(name, ""), self._clock.now())

    def _crowded_out(self, request: BrowserRequest) -> tuple[SetCookie, ...]:
        begin = self._login_name(request, None)
        pending = [name for name in request.cookies if name.startswith(begin)]
        secure = self.is_secure(request)
        surplus = len(pending) - _MOST_PENDING + 1
        return tuple(SetCookie(name=name, secure=secure) for name in pending[: max(surplus, 0)])

    def wanted_acr(self, asked: str | None) -> str | None:
        """The application's own level, or a higher one that a page asked for; never a lower one."""
        own = self.settings.acr
        if not asked or len(asked) > 200 or not asked.isascii() or " " in asked:
            return own
        return own if own is not None and reaches(own, asked) else asked

    def safe_next(self, request: BrowserRequest, page: str | None) -> str:
        """A path of this host and nothing else: no other host, scheme or kit page."""
        if not page or not is_local_path(page) or page.startswith(self.prefix(request) + "/"):
            return request.root + self.settings.after_login
        return page

    def prefix(self, request: BrowserRequest) -> str:
        """Path below which the kits' pages are, seen by the browser."""
        return request.root + self.settings.prefix

    def _login_path(self, request: BrowserRequest, members: Mapping[str, str]) -> str:
        return f"{self.prefix(request)}/login?{urlencode(members)}"

    def callback_uri(self, request: BrowserRequest) -> str:
        """The redirect URI.

        :raises StartAgain: ``host_malformed``.
        """
        uri = self.base(request) + self.prefix(request) + "/callback"
        try:
            check_url(uri, field="redirect_uri")
        except MalformedInput as error:
            raise StartAgain("host_malformed", detail=error.reason) from error
        return uri

    def base(self, request: BrowserRequest) -> str:
        """Scheme and host under which browsers reach this service."""
        return (self.settings.base_url or request.base_url).rstrip("/")

    def is_secure(self, request: BrowserRequest) -> bool:
        """Whether this service is reached by https, so that cookies are too."""
        return self.base(request).startswith("https:")

    def cookie_name(self, request: BrowserRequest) -> str:
        """The session's cookie; the names of all others of the kits begin like it."""
        return f"__Host-{self._name}" if self.is_secure(request) else self._name

    def _login_name(self, request: BrowserRequest, state: str | None) -> str:
        mark = "" if state is None else sha256(state.encode("utf-8", "replace")).hexdigest()[:12]
        return f"{self.cookie_name(request)}-login-{mark}"


def is_local_path(page: str) -> bool:
    """Whether a redirect to ``page`` stays on this host, in every browser's reading.

    Backslashes count as slashes in browsers, white space and control characters are dropped by them,
    and ``//host`` is another host.
    """
    if not page.startswith("/") or page[1:2] in ("/", "\\") or len(page) > _LONGEST_PAGE:
        return False
    if "\\" in page or not page.isascii() or not page.isprintable():
        return False
    parts = urlsplit(page)
    return not parts.scheme and not parts.netloc


def page_before(request: BrowserRequest) -> str | None:
    """The page that a visitor was on: this one, or the one whose form was sent; None: not known."""
    return request.path if request.method in ("GET", "HEAD") else _path_of(request.referrer)


def _path_of(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.path + (f"?{parts.query}" if parts.query else "")

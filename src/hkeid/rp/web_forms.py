"""Having forms filled from a web page: what the kits for Flask and Django share, free of both."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from hkeid.kernel.errors import MalformedInput
from hkeid.ports.surroundings import Clock
from hkeid.rp.callback import read_callback
from hkeid.rp.client import LOGIN_LIFETIME
from hkeid.rp.errors import LoginFailed, StartAgain
from hkeid.rp.form_records import FilledForms, FormRequestState, WantedForms
from hkeid.rp.sealing import Sealer
from hkeid.rp.transport import check_url
from hkeid.rp.web import Answer, BrowserRequest, SetCookie, page_before

if TYPE_CHECKING:
    from hkeid.rp.login_state import LoginState
    from hkeid.rp.web import WebLogin

_LONGEST_CONTEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FormsFinished:
    """A visitor who sent a form.

    :ivar context: what the application gave when it asked.
    :ivar cookies: to be set with the answer.
    """

    forms: FilledForms
    context: str
    cookies: tuple[SetCookie, ...]


class WebForms:
    """Send a visitor to fill forms, come back.

    :param web: the application's login, whose settings and cookies these are beside.
    """

    def __init__(self, web: WebLogin, sealer: Sealer, clock: Clock) -> None:
        self._web = web
        self._sealer = sealer
        self._clock = clock

    def begin(
        self,
        request: BrowserRequest,
        forms: WantedForms,
        *,
        login: bool = False,
        lasting: bool = False,
        context: str = "",
    ) -> Answer:
        """Where to send the browser.

        Whoever is logged in is the only one who may fill the forms. Nobody is logged in by them.

        :param login: the forms say who the resident is to this service, also where nobody is logged in.
        :param lasting: see :meth:`hkeid.rp.RelyingParty.start_form`.
        :param context: up to 200 characters that come back with the forms.
        :raises LoginFailed: the provider cannot be asked.
        :raises MalformedInput: ``context_too_long``; as :meth:`hkeid.rp.RelyingParty.start_form`.
        """
        if len(context) > _LONGEST_CONTEXT:
            raise MalformedInput("context_too_long")
        signed_in = self._web.current(request)
        asked = self._web.party.start_form(
            forms,
            redirect_uri=self._callback(request),
            login=login or lasting or signed_in is not None,
            lasting=lasting,
            subject=None if signed_in is None else signed_in.resident.sub,
            id_token_hint=None if signed_in is None else signed_in.id_token,
            acr=self._web.settings.acr,
            ui_locales=request.ui_locales,
        )
        state = _state_of(asked.state)
        name = self._cookie(request, state)
        members = {"state": asked.state, "context": context, "next": self._page(request)}
        value = self._sealer.seal(name, members, self._clock.now() + LOGIN_LIFETIME)
        cookie = SetCookie(
            name=name,
            value=value,
            max_age=int(LOGIN_LIFETIME.total_seconds()),
            secure=self._web.is_secure(request),
        )
        return Answer(location=asked.url, cookies=(*self._web.crowded_out(request), cookie))

    def finish(self, request: BrowserRequest) -> FormsFinished:
        """The visitor is back: fetch the forms.

        :raises LoginFailed: there are none; ``StartAgain`` with reason ``form_state_missing``: this browser did
            not begin this; ``form_session_changed``: somebody else is logged in than when it began.
        """
        kept = self._kept(request)
        if kept is None:
            raise StartAgain("form_state_missing")
        signed_in = self._web.current(request)
        if signed_in is not None and signed_in.resident.sub != _subject_of(kept["state"]):
            # The application would take the one for the other.
            raise StartAgain("form_session_changed")
        forms = self._web.party.finish_form(kept["state"], request.query)
        return FormsFinished(forms=forms, context=kept["context"], cookies=self.forget(request))

    def awaits(self, request: BrowserRequest) -> bool:
        """Whether the browser comes back from forms that it was sent to fill."""
        return self._cookie(request, request.query.get("state") or "") in request.cookies

    def forget(self, request: BrowserRequest) -> tuple[SetCookie, ...]:
        """Delete what was kept for the request that the browser comes back from."""
        name = self._cookie(request, request.query.get("state") or "")
        if name not in request.cookies:
            return ()
        return (SetCookie(name=name, secure=self._web.is_secure(request)),)

    def retry_path(self, request: BrowserRequest) -> str:
        """The page from which it was asked."""
        try:
            kept = self._kept(request)
        except LoginFailed:
            kept = None
        return str(kept["next"]) if kept else self._page(request)

    def _kept(self, request: BrowserRequest) -> dict[str, Any] | None:
        name = self._cookie(request, read_callback(request.query).get("state") or "")
        return self._sealer.open(name, request.cookies.get(name, ""), self._clock.now())

    def _page(self, request: BrowserRequest) -> str:
        """Where the visitor was before: the form's own page, never one of the kit's."""
        return self._web.safe_next(request, page_before(request))

    def _callback(self, request: BrowserRequest) -> str:
        uri = self._web.base(request) + self._web.prefix(request) + "/filled"
        try:
            check_url(uri, field="redirect_uri")
        except MalformedInput as error:
            raise StartAgain("host_malformed", detail=error.reason) from error
        return uri

    def _cookie(self, request: BrowserRequest, state: str) -> str:
        mark = sha256(state.encode("utf-8", "replace")).hexdigest()[:12]
        return f"{self._web.cookie_name(request)}-form-{mark}"


def _state_of(kept: str) -> str:
    return _begun(kept).state


def _subject_of(kept: str) -> str | None:
    return _begun(kept).subject


def _begun(kept: str) -> LoginState:
    return FormRequestState.decode(kept).login

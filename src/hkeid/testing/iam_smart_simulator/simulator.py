"""The simulator as an object: pages for people, functions for servers, callbacks."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from threading import Thread
from typing import Final, Self
from urllib.parse import urlsplit

from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Parameters, Request, Response, redirect, with_query
from hkeid.ports.surroundings import Clock, HttpClient
from hkeid.rp.surroundings import SystemClock
from hkeid.rp.transport import DirectHttpClient, is_loopback
from hkeid.testing.iam_smart_simulator import pages
from hkeid.testing.iam_smart_simulator.backend import Backend, known_codes
from hkeid.testing.iam_smart_simulator.calling_back import body_of
from hkeid.testing.iam_smart_simulator.faults import IamSmartFault
from hkeid.testing.iam_smart_simulator.registration import Registration
from hkeid.testing.iam_smart_simulator.state import (
    Call,
    Decision,
    IssuedCode,
    LoginSession,
    Memory,
)
from hkeid.testing.personas import PERSONAS
from hkeid.testing.small_server import SmallServer
from hkeid.upstream.iam_smart.codes import SUCCESS
from hkeid.upstream.iam_smart.settings import PERSONAL_PATHS
from hkeid.upstream.iam_smart.sources import SOURCES

SLOW_SECONDS: Final = 3.0
PLACES: Final = (
    "login",
    "callback",
    "key",
    "token",
    "profiles",
    "reauthentication",
    "form_filling",
    "signing",
    "acknowledgement",
)
_REJECTED: Final = {
    "reauthentication": "D80001",
    "form_filling": "D60001",
    "signing": "D70001",
}
_CALLBACK_TIMEOUT: Final = 10.0


class IamSmartSimulator:
    """A stand-in for iAM Smart. As a context manager it serves in a thread.

    :param port: 0: a free one.
    :param http: how callbacks are posted.
    :ivar posted: status of every callback so far, as the client answered.
    """

    def __init__(
        self,
        registration: Registration | None = None,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        clock: Clock | None = None,
        http: HttpClient | None = None,
    ) -> None:
        self.registration = registration or Registration.new()
        self.memory = Memory()
        self._clock = clock or SystemClock()
        self.backend = Backend(self.registration, self.memory, self._clock)
        self._http = http or DirectHttpClient()
        self.posted: list[int] = []
        self.server = SmallServer(self.handle, port, host=host)

    @property
    def url(self) -> str:
        """Its address: the ``host`` of the settings."""
        return self.server.url

    @property
    def fault(self) -> IamSmartFault | None:
        """What is wrong at present."""
        return self.backend.fault

    @fault.setter
    def fault(self, fault: IamSmartFault | None) -> None:
        self.backend.fault = fault

    def fail(self, code: str | None, at: str = "callback") -> None:
        """Answer with a return code: at ``login`` (the browser's redirect), at ``callback``, or in a function.

        :raises ValueError: there is no such code or place.
        """
        if (code is not None and code not in known_codes()) or at not in PLACES:
            raise ValueError(f"{code} at {at}")
        self.backend.fail, self.backend.fail_at = code, at

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    # The person, without a browser

    def approve_login(self, url: str, persona: str, *, approve: bool = True) -> str:
        """Visit the QR page, hold the phone of a persona to it; returns the address of the callback."""
        parts = urlsplit(url)
        request = Request(method="GET", path=parts.path, query=Parameters.parse(parts.query))
        shown = self.handle(request)
        session = shown.header("X-Simulator-Session")
        if session is None:
            raise ValueError(shown.body.decode())
        self._decide_login(session, persona, approve=approve)
        back = self._qr_state(session).header("Location")
        assert back is not None
        return back

    def approve_call(self, business_id: str, *, approve: bool = True) -> None:
        """Answer a call in the app; returns when the callback was answered."""
        self._decide_call(business_id, approve=approve, wait=True)

    # The network

    def handle(self, request: Request) -> Response:
        """Answer any request."""
        spoilt = self._spoilt(request)
        if spoilt is not None:
            return spoilt
        answer = self.backend.handle(request)
        return answer if answer is not None else self._page(request)

    def _spoilt(self, request: Request) -> Response | None:
        if not request.path.startswith("/api/") or request.path == PERSONAL_PATHS["qr"]:
            return None
        match self.fault:
            case IamSmartFault.SLOW:
                time.sleep(SLOW_SECONDS)
            case IamSmartFault.BUSY:
                return Response(status=503)
            case IamSmartFault.TOO_MANY:
                return Response(status=429)
            case IamSmartFault.HTML:
                return Response(status=200, body=b"<!doctype html>")
            case IamSmartFault.REDIRECT:
                return Response(status=302, headers=(("Location", "https://other.example.hk/"),))
        return None

    def _page(self, request: Request) -> Response:
        head, _, rest = request.path[1:].partition("/")
        handlers: dict[tuple[str, str], Callable[[], Response]] = {
            ("GET", ""): self._switchboard,
            ("POST", "faults"): lambda: self._switch(request),
            ("GET", "qr"): lambda: self._qr_state(rest),
            ("GET", "phone"): lambda: pages.phone_page(self.memory.sessions[rest]),
            ("POST", "phone"): lambda: self._phone_posted(rest, request),
            ("GET", "calls"): lambda: pages.inbox_page(self.memory.calls.items(), "en-US"),
            ("POST", "calls"): lambda: self._call_posted(rest, request),
        }
        if request.path == PERSONAL_PATHS["qr"] and request.method == "GET":
            return self._qr(request)
        handler = handlers.get((request.method, head))
        try:
            return Response(status=404) if handler is None else handler()
        except KeyError:
            return Response(status=404)

    def _qr(self, request: Request) -> Response:
        """``getQR``: who asks for what, and where the browser goes back to."""
        asked = request.query
        language = asked.get("lang") or "zh-HK"
        wrong = self._wrong(request)
        if wrong is not None:
            return pages.page(wrong, f'<p id="error">{wrong}</p>', language, status=400)
        session = LoginSession(
            id=secrets.token_urlsafe(16),
            redirect=asked.get("redirectURI") or "",
            state=asked.get("state") or "",
            scope=asked.get("scope") or "",
            language=language,
            same_device=asked.get("brokerPage") == "true",
        )
        self.memory.sessions[session.id] = session
        phone = f"/phone/{session.id}"
        # On the phone itself there is nothing to scan.
        shown = (
            redirect(phone) if session.same_device else pages.qr_page(session, f"{self.url}{phone}")
        )
        headers = (*shown.headers, ("X-Simulator-Session", session.id))
        return Response(status=shown.status, headers=headers, body=shown.body)

    def _wrong(self, request: Request) -> str | None:
        asked = request.query
        if asked.get("clientID") != self.registration.client_id or asked.repeated():
            return "D20003"
        if asked.get("responseType") != "code" or not asked.get("scope"):
            return "D20001"
        if asked.get("source") not in SOURCES:
            return "D20007"
        return None if self._may_call(asked.get("redirectURI") or "") else "D20008"

    def _may_call(self, address: str) -> bool:
        known = self.registration.redirects
        if known:
            return address.startswith(known)
        host = urlsplit(address).hostname
        return host is not None and is_loopback(host)

    def _qr_state(self, session_id: str) -> Response:
        """What the waiting page asks: still waiting, or back to the service."""
        session = self.memory.sessions[session_id]
        if session.decision is Decision.WAITING:
            return pages.qr_page(session, f"{self.url}/phone/{session.id}")
        return redirect(with_query(session.redirect, self._outcome(session)), status=302)

    def _outcome(self, session: LoginSession) -> list[tuple[str, str]]:
        state = session.state
        if session.code is None or self.fault is IamSmartFault.LOGIN_CODE_MISSING:
            pairs = [] if session.error is None else [("error_code", session.error)]
        else:
            other = self.fault is IamSmartFault.LOGIN_CODE_OTHER
            pairs = [("code", secrets.token_hex(16) if other else session.code)]
        match self.fault:
            case IamSmartFault.LOGIN_STATE_MISSING:
                return pairs
            case IamSmartFault.LOGIN_STATE_OTHER:
                state = secrets.token_urlsafe(24)
            case IamSmartFault.LOGIN_CODE_REPEATED:
                pairs = [*pairs, ("code", secrets.token_hex(16))]
        return [*pairs, ("state", state)]

    def _phone_posted(self, session_id: str, request: Request) -> Response:
        session = self.memory.sessions[session_id]
        approve = request.form.get("decision") == "approve"
        self._decide_login(session_id, request.form.get("persona") or "", approve=approve)
        same = session.same_device
        return self._qr_state(session_id) if same else pages.done_page(session.language)

    def _decide_login(self, session_id: str, persona: str, *, approve: bool) -> None:
        with self.memory.lock:
            session, who = self.memory.sessions[session_id], PERSONAS[persona]
            if session.decision is not Decision.WAITING:
                return
            session.decision = Decision.APPROVED if approve else Decision.REJECTED
            if self.backend.fail is not None and self.backend.fail_at == "login":
                session.error = self.backend.fail
            elif not approve:
                session.error = "D40001"
            else:
                session.code = secrets.token_hex(16)
                self.memory.codes[session.code] = IssuedCode(
                    persona=who, scope=session.scope, made_at=self._clock.now()
                )

    def _call_posted(self, business_id: str, request: Request) -> Response:
        approve = request.form.get("decision") == "approve"
        self._decide_call(business_id, approve=approve, wait=False)
        return redirect("/calls")

    def _decide_call(self, business_id: str, *, approve: bool, wait: bool) -> None:
        with self.memory.lock:
            call = self.memory.calls[business_id]
            if call.decision is not Decision.WAITING:
                return
            call.decision = Decision.APPROVED if approve else Decision.REJECTED
            code = SUCCESS if approve else _REJECTED[call.kind]
            if self.backend.fail is not None and self.backend.fail_at == "callback":
                code = self.backend.fail
            body = body_of(self.backend, call, code)
        if self.fault is IamSmartFault.CALLBACK_NEVER:
            return
        times = 2 if self.fault is IamSmartFault.CALLBACK_TWICE else 1
        # Its own thread, as a server's would be: the client may call back while it is called.
        caller = Thread(target=self._post, args=(call, body, times), daemon=True)
        caller.start()
        if wait:
            caller.join(_CALLBACK_TIMEOUT * 2)

    def _post(self, call: Call, body: bytes, times: int) -> None:
        for _ in range(times):
            try:
                answer = self._http.send(
                    "POST",
                    str(call.members["redirectURI"]),
                    headers={"Content-Type": "application/json"},
                    body=body,
                    timeout=_CALLBACK_TIMEOUT,
                )
                self.posted.append(answer.status)
            except HkeidError:
                self.posted.append(0)

    def _switchboard(self) -> Response:
        now = {
            "fault": "" if self.fault is None else self.fault.value,
            "code": self.backend.fail or "",
            "at": self.backend.fail_at,
        }
        return pages.switchboard([f.value for f in IamSmartFault], known_codes(), PLACES, now)

    def _switch(self, request: Request) -> Response:
        fault, code = request.form.get("fault"), request.form.get("code") or None
        try:
            self.fail(code, request.form.get("at") or "callback")
            self.fault = IamSmartFault(fault) if fault else None
        except ValueError:
            return Response(status=400)
        return redirect("/")

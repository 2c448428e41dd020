"""A relying party without a web server: a native application's login (RFC 8252).

A listener on the loopback interface waits for the browser to come back, once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.http import Parameters
from hkeid.rp.client import RelyingParty
from hkeid.rp.errors import StartAgain
from hkeid.rp.login_state import LoginState
from hkeid.rp.records import Resident

CALLBACK_PATH = "/eid/callback"

_DONE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Back to the terminal</title>"
    "<h1>Back to the terminal</h1><p>This window can be closed. 可關閉此視窗。可关闭此窗口。</p>"
)
_NOT_HERE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Not here</title><h1>Not here</h1>"
)


class LoopbackListener:
    """Listens on 127.0.0.1 (RFC 8252 §8.3: the address, not ``localhost``) on a port that is free.

    :ivar redirect_uri: register it with the provider without its port (RFC 8252 §7.3).
    """

    def __init__(self, port: int = 0) -> None:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            """Answers the browser; writes no log, since the address holds the code."""

            timeout = 10

            def do_GET(self) -> None:
                """Take the callback; everything else is not here."""
                ours = listener._take(self.path)
                body = (_DONE if ours else _NOT_HERE).encode()
                self.send_response(200 if ours else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", "default-src 'none'")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                """Nothing."""

        self._server = HTTPServer(("127.0.0.1", port), Handler)
        self._state: str | None = None
        self._found: str | None = None
        self.redirect_uri = f"http://127.0.0.1:{self._server.server_port}{CALLBACK_PATH}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.server_close()

    def wait(self, state: str, seconds: float) -> str:
        """The callback's address; requests that do not carry ``state`` are turned away.

        :raises StartAgain: ``login_state_expired``: nobody came within ``seconds``.
        """
        self._state, deadline = state, time.monotonic() + seconds
        while self._found is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise StartAgain("login_state_expired", detail="nobody came back")
            self._server.timeout = left
            self._server.handle_request()
        return self._found

    def _take(self, target: str) -> bool:
        try:
            parts = urlsplit(target)
            pairs = Parameters.parse(parts.query).pairs
        except (MalformedInput, ValueError):
            return False
        if parts.path != CALLBACK_PATH or self._found is not None:
            return False
        if ("state", self._state) not in pairs:
            return False
        self._found = target
        return True


def login_in_terminal(
    party: RelyingParty,
    show: Callable[[str], None],
    *,
    port: int = 0,
    seconds: float = 300.0,
    acr: str | None = None,
    scope: str = "openid",
    claims: tuple[str, ...] = (),
    prompt: str | None = None,
    max_age: int | None = None,
    ui_locales: tuple[str, ...] = (),
) -> Resident:
    """Log in through a browser on this machine.

    :param show: called with the address to open.
    :raises LoginFailed: see :meth:`RelyingParty.finish_login`; ``login_state_expired`` when nobody
        came back in time.
    """
    with LoopbackListener(port) as listener:
        login = party.start_login(
            redirect_uri=listener.redirect_uri,
            acr=acr,
            scope=scope,
            claims=claims,
            prompt=prompt,
            max_age=max_age,
            ui_locales=ui_locales,
        )
        show(login.url)
        return party.finish_login(
            login.state, listener.wait(LoginState.decode(login.state).state, seconds)
        )

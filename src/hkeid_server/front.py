"""The first thing a request meets: protocol endpoints go straight to their door, the rest to Flask.

Relying parties and browsers on their way through need no session machinery, no translations and no
form tokens, so nothing of that is loaded into their path. A door's answer is sent as it is; where it
needs a human, the browser is sent to the page that serves the human.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from threading import BoundedSemaphore
from time import perf_counter
from typing import Any

from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import EMPTY_PARAMETERS, Parameters, Request, Response, redirect
from hkeid.op import ErrorPage, Interaction, LogoutPage
from hkeid.ports import Random
from hkeid.saml.idp.responses import SamlErrorPage, SamlLogoutPage
from hkeid_server import metrics
from hkeid_server.browser import CookieNames
from hkeid_server.coming_again import coming_again
from hkeid_server.headers import HSTS
from hkeid_server.house import Door
from hkeid_server.intake import Intake
from hkeid_server.journal import REFERENCE, Journal
from hkeid_server.network import NetworkReader
from hkeid_server.problems import program_problem
from hkeid_server.references import Visit, new_reference, visit_of

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_URLENCODED = "application/x-www-form-urlencoded"
BROWSER_PATHS = frozenset(
    {
        *("/authorize", "/logout", "/csc/v1/oauth2/authorize", "/csc/v2/oauth2/authorize"),
        *("/saml/sso", "/saml/login", "/saml/slo", "/saml/slo/back"),
    }
)
"""Where a door meets the person's browser, with its cookies; elsewhere it meets programs."""

_OWN_PAGES = ErrorPage | LogoutPage | SamlErrorPage | SamlLogoutPage

OWN_PLACES = frozenset({"/verify"})
"""Pages that wait for a worker for seconds, and have few places of their own: nobody's login waits for them."""


@dataclass(frozen=True, slots=True)
class ForwardedError:
    """An error on a browser's way, for which Flask makes the page."""

    error: Exception


class Front:
    """The WSGI application.

    :param doors: front doors by name.
    :param pages: the Flask application.
    :param intake: takes in request bodies.
    :param threads: how many requests are worked on at a time. The server has more threads than that:
        the others wait for bodies, and for a place.
    """

    def __init__(
        self,
        doors: Mapping[str, Door],
        pages: Application,
        *,
        names: CookieNames,
        random: Random,
        journal: Journal,
        network: NetworkReader,
        intake: Intake,
        threads: int,
        log_access: bool,
    ) -> None:
        self._routes = {path: (name, door) for name, door in doors.items() for path in door.paths}
        self._pages = pages
        self._names = names
        self._random = random
        self._journal = journal
        self._network = network
        self._intake = intake
        self._places = BoundedSemaphore(threads)
        self._log_access = log_access
        self._always: tuple[tuple[str, str], ...] = (
            (("Strict-Transport-Security", HSTS),) if names.secure else ()
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        began = perf_counter()
        reference = new_reference(self._random)
        environ["hkeid.reference"] = reference
        token = REFERENCE.set(reference)
        try:
            path = environ.get("PATH_INFO", "/")
            route = self._routes.get(path)
            try:
                self._intake.take(environ)
            except HkeidError as error:
                environ["hkeid.answer"] = ForwardedError(error)
            with nullcontext() if path in OWN_PLACES else self._places:
                if route is None:
                    return self._pages(environ, start_response)
                return self._serve(environ, start_response, path, route, began)
        finally:
            REFERENCE.reset(token)

    def _serve(
        self,
        environ: Environ,
        start_response: StartResponse,
        path: str,
        route: tuple[str, Door],
        began: float,
    ) -> Iterable[bytes]:
        reference: str = environ["hkeid.reference"]
        visit: Visit | None = None
        answer: Response | ForwardedError
        if path in BROWSER_PATHS:
            visit = visit_of(
                environ.get("HTTP_COOKIE", ""), self._names, self._random, reference=reference
            )
        if visit is not None and self._came_without_cookies(environ, visit):
            # No cookie with this answer: the browser may have those that it did not send.
            answer, visit = self._come_again(environ, path), None
        else:
            answer = self._ask(environ, path, route, visit)
        if isinstance(answer, _OWN_PAGES | ForwardedError):
            # Pages of our own are made by Flask, which counts and logs them.
            environ["hkeid.answer"] = answer
            return self._pages(environ, start_response)
        headers = [*answer.headers, *self._always, ("HKEID-Reference", reference)]
        if visit is not None and visit.new_browser:
            headers.append(self._names.set_cookie(self._names.browser, visit.browser))
        body = answer.body if environ["REQUEST_METHOD"] != "HEAD" else b""
        headers.append(("Content-Length", str(len(answer.body))))
        self._count(path, environ["REQUEST_METHOD"], answer.status, began)
        start_response(_STATUS[answer.status], headers)
        # A list: granian sends one at once, and streams any other iterable by a channel of its own.
        return [body]

    def _ask(
        self, environ: Environ, path: str, route: tuple[str, Door], visit: Visit | None
    ) -> Response | ForwardedError:
        """The door's answer; where it asks for a human, the way to the page that serves one."""
        name, door = route
        try:
            _raise_what_came_before(environ)
            request = self._request(environ, path, visit)
            answer = door.handle(request)
        except Exception as error:  # noqa: BLE001 - the last line of defence
            if visit is not None:
                return ForwardedError(error)
            return self._error(error, path)
        if isinstance(answer, Interaction):
            return redirect(f"/interaction/{name}/{answer.id}")
        return answer

    def _error(self, error: Exception, path: str) -> Response:
        """What a program is told when the door did not answer."""
        if isinstance(error, HkeidError):
            self._journal.refusal(error, where=path)
            metrics.count_refusal(error.reason)
            return _failure(*program_problem(error))
        self._journal.crash(error, where=path)
        return _failure(500, "server_error")

    def _request(self, environ: Environ, path: str, visit: Visit | None) -> Request:
        """The request as the doors understand it.

        :raises MalformedInput: ``parameters_malformed``.
        """
        query = environ.get("QUERY_STRING", "")
        body = b""
        form = EMPTY_PARAMETERS
        if environ["REQUEST_METHOD"] == "POST":
            body = environ["wsgi.input"].read()
            media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
            if media_type == _URLENCODED:
                form = Parameters.parse(body)
        headers = {
            key[5:].replace("_", "-").lower(): value
            for key, value in environ.items()
            if key.startswith("HTTP_")
        }
        if "CONTENT_TYPE" in environ:
            headers["content-type"] = environ["CONTENT_TYPE"]
        return Request(
            method=environ["REQUEST_METHOD"],
            path=path,
            query=Parameters.parse(query) if query else EMPTY_PARAMETERS,
            raw_query=query,
            form=form,
            headers=headers,
            body=body,
            network=self._network.address(environ),
            browser=None if visit is None else visit.browser,
            session=None if visit is None else visit.session,
        )

    def _came_without_cookies(self, environ: Environ, visit: Visit) -> bool:
        """Whether a relying party's form brought the browser here.

        Its cookies do not come along then: see :mod:`hkeid_server.coming_again`.
        """
        return (
            visit.new_browser
            and environ["REQUEST_METHOD"] == "POST"
            and environ.get("HTTP_SEC_FETCH_SITE") == "cross-site"
        )

    def _come_again(self, environ: Environ, path: str) -> Response:
        try:
            _raise_what_came_before(environ)
            fields = Parameters.parse(environ["wsgi.input"].read())
        except HkeidError as error:
            return self._error(error, path)
        language = environ.get("HTTP_ACCEPT_LANGUAGE")
        return coming_again(path, fields, accept_language=language)

    def _count(self, route: str, method: str, status: int, began: float) -> None:
        seconds = perf_counter() - began
        method = metrics.known_method(method)
        metrics.count_request(route, method, status, seconds)
        if self._log_access:
            self._journal.event(
                "http:request:answered", route=route, method=method, status=status,
                milliseconds=round(seconds * 1000, 2),
            )  # fmt: skip


def _raise_what_came_before(environ: Environ) -> None:
    """The body was not taken in: the request ends here."""
    match environ.get("hkeid.answer"):
        case ForwardedError(error=error):
            raise error


def _failure(status: int, code: str) -> Response:
    return Response(
        status=status,
        headers=(("Content-Type", "application/json"), ("Cache-Control", "no-store")),
        body=f'{{"error":"{code}"}}'.encode(),
    )

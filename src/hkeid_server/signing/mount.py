"""Where requests for signatures come in: beside doors and pages, at ``/signing/requests``.

Bodies are large here, and who sends one is known only when it is there: so few are taken in at a time, and
the rest of the service does not wait for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from threading import BoundedSemaphore
from time import perf_counter

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError, Unavailable
from hkeid.kernel.http import Request, Response
from hkeid.op.responses import NO_STORE
from hkeid.signing.requests.door import PREFIX
from hkeid.signing.requests.settings import MIB
from hkeid_server import metrics
from hkeid_server.front import Application, Environ, StartResponse
from hkeid_server.headers import HSTS
from hkeid_server.house import House
from hkeid_server.intake import Intake, Pace
from hkeid_server.journal import REFERENCE
from hkeid_server.problems import program_problem
from hkeid_server.references import new_reference

BODY_LIMIT = 70 * MIB
"""Fifty MiB of documents in base64, and what stands around them."""
_SMALL = 65_536
"""Bytes of a body that waits for no place: to collect, and to ask for a signature over a hash."""
_PACE = Pace(rate=524_288)
"""Of large bodies. Relying parties are servers; who sends slower keeps one of few places from the others."""
_AT_ONCE = 4
_PATIENCE = 5.0
"""Seconds that a request waits for one of the places: whoever waits keeps a thread of the server."""
_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def with_signing(house: House, inner: Application) -> Application:
    """``inner``, and before it the relying parties' door where signing is served."""
    if house.signing is None:
        return inner
    served = SigningDoor(house)

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == PREFIX or path.startswith(PREFIX + "/"):
            return served(environ, start_response)
        return inner(environ, start_response)

    return application


class SigningDoor:
    """Turns WSGI into requests, and answers back."""

    def __init__(self, house: House) -> None:
        assert house.signing is not None
        self._door = house.signing.door
        self._journal = house.journal
        self._random = house.random
        self._network = house.network
        self._secure = house.pages.cookies.secure
        self._small = Intake(_SMALL, {})
        self._large = Intake(BODY_LIMIT, {}, pace=_PACE, at_once=_AT_ONCE)
        self._places = BoundedSemaphore(_AT_ONCE)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        began = perf_counter()
        reference = new_reference(self._random)
        token = REFERENCE.set(reference)
        try:
            answer = self._answer(environ)
        finally:
            REFERENCE.reset(token)
        method = metrics.known_method(environ["REQUEST_METHOD"])
        metrics.count_request(PREFIX, method, answer.status, perf_counter() - began)
        headers = [
            *answer.headers,
            ("Content-Length", str(len(answer.body))),
            ("X-Content-Type-Options", "nosniff"),
            ("HKEID-Reference", reference),
        ]
        if self._secure:
            headers.append(("Strict-Transport-Security", HSTS))
        start_response(_STATUS[answer.status], headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    def _answer(self, environ: Environ) -> Response:
        try:
            request = self._request(environ)
            answer = self._handled(request)
        except HkeidError as error:
            self._journal.refusal(error, where=PREFIX)
            metrics.count_refusal(error.reason)
            return _plain(*program_problem(error))
        except Exception as error:  # noqa: BLE001 - the last line of defence
            self._journal.crash(error, where=PREFIX)
            return _plain(500, "server_error")
        if answer.status >= HTTPStatus.BAD_REQUEST:
            self._note(answer)
        return answer

    def _handled(self, request: Request) -> Response:
        """The door's answer, once there is a place.

        :raises hkeid.kernel.errors.Unavailable: ``server_busy``.
        """
        if not self._places.acquire(timeout=_PATIENCE):
            raise Unavailable("server_busy", detail="the places for requests are taken")
        try:
            return self._door.handle(request)
        finally:
            self._places.release()

    def _note(self, answer: Response) -> None:
        """A refusal by its reason, which is one of ours."""
        said = canonical_json.loads_object(answer.body) if answer.body else {}
        reason = str(said.get("reason") or said.get("error") or answer.status)
        metrics.count_refusal(reason)
        self._journal.event(
            "signing:call:refused", reason=reason, status=answer.status, where=PREFIX
        )

    def _request(self, environ: Environ) -> Request:
        """The request as the door understands it.

        :raises hkeid.kernel.errors.HkeidError: the body was not taken in.
        """
        length = environ.get("CONTENT_LENGTH") or ""
        small = len(length) < 10 and length.isascii() and length.isdigit() and int(length) <= _SMALL
        (self._small if small else self._large).take(environ)
        body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
        headers = {"content-type": environ.get("CONTENT_TYPE", "")}
        if "HTTP_AUTHORIZATION" in environ:
            headers["authorization"] = environ["HTTP_AUTHORIZATION"]
        return Request(
            method=environ["REQUEST_METHOD"],
            path=environ.get("PATH_INFO", ""),
            headers=headers,
            body=body,
            network=self._network.address(environ),
        )


def _plain(status: int, code: str) -> Response:
    headers = (("Content-Type", "application/json"), *NO_STORE)
    return Response(status=status, headers=headers, body=f'{{"error":"{code}"}}'.encode())

"""Where certificates and time-stamps hang: beside doors and pages, below ``/pki/`` and at ``/tsa``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from time import perf_counter

from hkeid.kernel.errors import HkeidError
from hkeid.kernel.http import Request, Response
from hkeid.signing.certificates.door import OCSP, PREFIX, RepositoryDoor
from hkeid.signing.timestamping import TimestampDoor, TimestampUnit
from hkeid_server import metrics
from hkeid_server.front import Application, Environ, StartResponse
from hkeid_server.intake import Intake
from hkeid_server.journal import Journal
from hkeid_server.problems import program_problem

TSA = "/tsa"
_BODY_LIMIT = 16_384
_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

_Handler = Callable[[Request], Response]


def with_certificates(
    repository: RepositoryDoor | None,
    unit: TimestampUnit | None,
    journal: Journal,
    inner: Application,
) -> Application:
    """``inner``, and before it what of certificates and time-stamps is served."""
    if repository is None and unit is None:
        return inner
    served = CertificateDoors(repository, unit, journal)

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        route = served.route(environ.get("PATH_INFO", ""))
        if route is None:
            return inner(environ, start_response)
        return served.serve(environ, start_response, route)

    return application


class CertificateDoors:
    """Turns WSGI into requests, and answers back."""

    def __init__(
        self, repository: RepositoryDoor | None, unit: TimestampUnit | None, journal: Journal
    ) -> None:
        self._repository = repository
        self._stamps = None if unit is None else TimestampDoor(unit)
        self._journal = journal
        self._intake = Intake(_BODY_LIMIT, {})

    def route(self, path: str) -> tuple[str, _Handler] | None:
        """Name for counters, and who serves the path; None: somebody else."""
        if path == TSA and self._stamps is not None:
            return TSA, self._stamps.handle
        if path.startswith(PREFIX) and self._repository is not None:
            return (OCSP if path.startswith(OCSP) else PREFIX), self._repository.handle
        return None

    def serve(
        self, environ: Environ, start_response: StartResponse, route: tuple[str, _Handler]
    ) -> Iterable[bytes]:
        """Serve one request."""
        began = perf_counter()
        name, handler = route
        answer = self._answer(environ, name, handler)
        method = metrics.known_method(environ["REQUEST_METHOD"])
        metrics.count_request(name, method, answer.status, perf_counter() - began)
        body = b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body
        headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
        start_response(_STATUS[answer.status], headers)
        return [body]

    def _answer(self, environ: Environ, name: str, handler: _Handler) -> Response:
        try:
            return handler(self._request(environ))
        except HkeidError as error:
            self._journal.refusal(error, where=name)
            metrics.count_refusal(error.reason)
            return Response(status=program_problem(error)[0])
        except Exception as error:  # noqa: BLE001 - the last line of defence
            self._journal.crash(error, where=name)
            return Response(status=500)

    def _request(self, environ: Environ) -> Request:
        """The request as the doors understand it.

        :raises hkeid.kernel.errors.HkeidError: the body was not taken in.
        """
        self._intake.take(environ)
        body = environ["wsgi.input"].read() if environ["REQUEST_METHOD"] == "POST" else b""
        return Request(
            method=environ["REQUEST_METHOD"],
            path=environ.get("PATH_INFO", ""),
            headers={"content-type": environ.get("CONTENT_TYPE", "")},
            body=body,
        )

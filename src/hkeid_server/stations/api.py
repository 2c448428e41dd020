"""``/station/…``: what stations' programs say and are told. JSON both ways, strict, within limits.

Everything but ``/station/enrol`` is for stations that came with their certificate. Answers carry a
reason and nothing else when something is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from time import perf_counter
from typing import Any

from hkeid.enrolment.stations import Station, StationRefused
from hkeid.enrolment.upgrade import Upgrade, UpgradeRefused
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import (
    HkeidError,
    MalformedInput,
    NotFound,
    TooManyAttempts,
    Unavailable,
)
from hkeid.kernel.instants import epoch_seconds
from hkeid_server import metrics
from hkeid_server.front import Environ, StartResponse
from hkeid_server.headers import HSTS
from hkeid_server.house import House
from hkeid_server.journal import REFERENCE
from hkeid_server.network import coarse_network
from hkeid_server.references import new_reference
from hkeid_server.stations.identity import StationIdentity
from hkeid_server.stations.parts import StationRooms

SMALL = 32_768
"""Most bytes of a request, but for a reading."""
LARGE = 1_572_864
"""Most bytes of a request that brings a reading."""

Body = Mapping[str, Any]
Handler = Callable[[Station, Body], dict[str, Any]]


class StationApi:
    """WSGI: the interface of one house."""

    def __init__(self, house: House) -> None:
        assert house.stations is not None
        self._house = house
        self._rooms: StationRooms = house.stations
        section = house.config.stations
        self._identity = StationIdentity(section.proxies, section.proxy_secret, self._rooms.reader)
        self._handlers: dict[str, tuple[Handler, tuple[str, ...], int]] = {
            "/station/hello": (self._hello, (), SMALL),
            "/station/renew": (self._renew, ("csr",), SMALL),
            "/station/ticket": (self._ticket, (), SMALL),
            "/station/claim": (self._claim, ("number",), SMALL),
            "/station/work": (self._work, (), SMALL),
            "/station/trouble": (self._trouble, ("upgrade", "reason"), SMALL),
            "/station/shift": (self._shift, (), SMALL),
            "/station/upload": (
                self._upload,
                ("shift", "sequence", "sealed", "signature"),
                LARGE,
            ),
            "/station/evidence": (
                self._evidence,
                ("upgrade", "document", "signature"),
                LARGE,
            ),
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        began = perf_counter()
        reference = new_reference(self._house.random)
        token = REFERENCE.set(reference)
        path = str(environ.get("PATH_INFO", ""))
        route = path if path in self._handlers or path == "/station/enrol" else "/station/…"
        try:
            status, answer = self._answer(environ, path, route)
        finally:
            REFERENCE.reset(token)
        body = canonical_json.dumps(answer)
        method = metrics.known_method(str(environ.get("REQUEST_METHOD", "")))
        metrics.count_request(route, method, status, perf_counter() - began)
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("HKEID-Reference", reference),
        ]
        if self._house.pages.cookies.secure:
            headers.append(("Strict-Transport-Security", HSTS))
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    def _answer(self, environ: Environ, path: str, route: str) -> tuple[int, dict[str, Any]]:
        try:
            return 200, self._serve(environ, path)
        except HkeidError as error:
            self._house.journal.refusal(error, where=route)
            metrics.count_refusal(error.reason)
            return _status(error), {"error": error.reason}
        except Exception as error:  # noqa: BLE001 - the last line of defence
            self._house.journal.crash(error, where=route)
            return 500, {"error": "server_error"}

    def _serve(self, environ: Environ, path: str) -> dict[str, Any]:
        if path == "/station/enrol":
            if not self._identity.came_through_proxy(environ):
                self._rooms.stations.turn_away(StationRefused("certificate_from_elsewhere"))
            return self._enrol(environ, self._body(environ, ("code", "csr"), SMALL))
        station = self._station(environ)
        if path not in self._handlers:
            raise NotFound("path_unknown")
        handler, members, limit = self._handlers[path]
        return handler(station, self._body(environ, members, limit))

    def _station(self, environ: Environ) -> Station:
        """Who it is; whoever it is not is recorded."""
        try:
            certificate = self._identity.certificate(environ)
        except StationRefused as error:
            self._rooms.stations.turn_away(error)
        return self._rooms.stations.recognise(certificate)

    def _body(self, environ: Environ, members: tuple[str, ...], limit: int) -> Body:
        """The request's members: all of them texts, none left out, none more.

        :raises MalformedInput: ``method_not_allowed``, ``media_type_wrong``, ``body_too_large``,
            ``json_malformed``, ``members_wrong``.
        """
        if environ.get("REQUEST_METHOD") != "POST":
            raise MalformedInput("method_not_allowed")
        media_type = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise MalformedInput("media_type_wrong")
        length = str(environ.get("CONTENT_LENGTH") or "0")
        if not (length.isascii() and length.isdigit()) or int(length) > limit:
            raise MalformedInput("body_too_large")
        body = canonical_json.loads_object(environ["wsgi.input"].read(int(length)))
        if set(body) != set(members) or not all(isinstance(one, str) for one in body.values()):
            raise MalformedInput("members_wrong")
        return body

    # --- what may be asked -----------------------------------------------------------------------

    def _enrol(self, environ: Environ, body: Body) -> dict[str, Any]:
        network = coarse_network(self._house.network.address(environ))
        made = self._rooms.stations.enrol(body["code"], body["csr"], network=network)
        return {
            **_described(made.station),
            "certificate": made.issued.pem,
            "chain": made.issued.chain,
        }

    def _hello(self, station: Station, body: Body) -> dict[str, Any]:
        del body
        return {
            **_described(station),
            "time": epoch_seconds(self._house.clock.now()),
            "origin": self._house.pages.origin,
            "busy": self._rooms.upgrades.at_station(station.id) is not None,
        }

    def _renew(self, station: Station, body: Body) -> dict[str, Any]:
        made = self._rooms.stations.renew(station, body["csr"])
        return {
            **_described(made.station),
            "certificate": made.issued.pem,
            "chain": made.issued.chain,
        }

    def _ticket(self, station: Station, body: Body) -> dict[str, Any]:
        del body
        ticket = self._rooms.seats.ticket(station)
        lifetime = self._rooms.stations.settings.seat_lifetime
        return {
            "url": f"{self._house.pages.origin}/kiosk/open?ticket={ticket.reveal()}",
            "seat_seconds": int(lifetime.total_seconds()),
        }

    def _claim(self, station: Station, body: Body) -> dict[str, Any]:
        return _progress(self._rooms.upgrades.offers.claim(station, body["number"]))

    def _work(self, station: Station, body: Body) -> dict[str, Any]:
        del body
        task = self._rooms.upgrades.readings.task(station)
        if task is None:
            return {"work": None}
        return {
            "work": {
                "upgrade": task.upgrade_id,
                "nonce": base64url.encode(task.nonce),
                "challenge": base64url.encode(task.challenge),
                "access": task.access or None,
                "expires_at": epoch_seconds(task.expires_at),
            }
        }

    def _trouble(self, station: Station, body: Body) -> dict[str, Any]:
        readings = self._rooms.upgrades.readings
        return _progress(readings.trouble(station, body["upgrade"], body["reason"]))

    def _evidence(self, station: Station, body: Body) -> dict[str, Any]:
        upgrade = self._rooms.upgrades.readings.submit(
            station,
            body["upgrade"],
            body["document"].encode("utf-8", "surrogatepass"),
            base64url.decode(body["signature"], field="signature"),
        )
        return _progress(upgrade)

    def _shift(self, station: Station, body: Body) -> dict[str, Any]:
        del body
        duty = self._rooms.officers.act(station.id)
        shift = self._rooms.upgrades.offline.begin(station, None if duty is None else duty.officer)
        return {
            "shift": shift.id,
            "public_key": base64url.encode(shift.public_key),
            "nonce": base64url.encode(shift.nonce),
            "sequence": shift.sequence,
            "expires_at": epoch_seconds(shift.expires_at),
        }

    def _upload(self, station: Station, body: Body) -> dict[str, Any]:
        number = body["sequence"]
        if not (number.isascii() and number.isdigit() and len(number) <= 7):
            raise MalformedInput("sequence_malformed", field="sequence")
        upgrade = self._rooms.upgrades.offline.upload(
            station,
            body["shift"],
            int(number),
            base64url.decode(body["sealed"], field="sealed"),
            base64url.decode(body["signature"], field="signature"),
        )
        return {**_progress(upgrade), "receipt": upgrade.receipt}


def _described(station: Station) -> dict[str, Any]:
    ends = station.certificate_ends
    return {
        "station": station.id,
        "name": station.name,
        "mode": station.mode.value,
        "certificate_ends": None if ends is None else epoch_seconds(ends),
    }


def _progress(upgrade: Upgrade) -> dict[str, Any]:
    return {"upgrade": upgrade.id, "step": upgrade.step.value, "reason": upgrade.reason}


def _status(error: HkeidError) -> int:
    match error:
        case StationRefused(reason=reason) if reason.startswith(("certificate_", "station_")):
            return 403
        case TooManyAttempts():
            return 429
        case NotFound():
            return 404
        case UpgradeRefused() | StationRefused():
            return 409
        case MalformedInput(reason="body_too_large"):
            return 413
        case MalformedInput(reason="method_not_allowed"):
            return 405
        case MalformedInput():
            return 400
        case Unavailable():
            return 503
        case _:
            return 409

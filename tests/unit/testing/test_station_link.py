"""The demonstration's way to a station's pages."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import urlsplit

from hkeid.kernel.errors import Unavailable
from hkeid.testing.demo_station import station_link


def visit(address: str, path: str = "/") -> tuple[int, str | None]:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers["Location"]


def test_each_visit_has_a_ticket_of_its_own() -> None:
    tickets = iter(("https://eid.example.hk/kiosk#1", "https://eid.example.hk/kiosk#2"))
    with station_link(lambda: next(tickets), 0) as address:
        assert visit(address, "/favicon.ico") == (404, None)
        assert visit(address) == (303, "https://eid.example.hk/kiosk#1")
        assert visit(address) == (303, "https://eid.example.hk/kiosk#2")


def test_a_station_that_cannot_be_reached_is_said() -> None:
    def address() -> str:
        raise Unavailable("station_server_silent")

    with station_link(address, 0) as link:
        assert visit(link) == (503, None)

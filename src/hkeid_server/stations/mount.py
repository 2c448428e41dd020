"""Where the stations' interface hangs: beside doors and pages, below ``/station/``."""

from __future__ import annotations

from collections.abc import Iterable

from hkeid_server.front import Application, Environ, StartResponse
from hkeid_server.house import House
from hkeid_server.stations.api import StationApi

PREFIX = "/station/"


def mounted(house: House, front: Application) -> Application:
    """``front``, and the stations' interface before it where stations are served."""
    if house.stations is None:
        return front
    stations = StationApi(house)

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(PREFIX):
            return stations(environ, start_response)
        return front(environ, start_response)

    return application

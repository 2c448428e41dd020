"""Stations at the server: the interface that their programs use, and how they are recognised."""

from hkeid_server.stations.api import StationApi
from hkeid_server.stations.mount import mounted
from hkeid_server.stations.parts import StationRooms

__all__ = ["StationApi", "StationRooms", "mounted"]

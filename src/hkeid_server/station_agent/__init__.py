"""The program on a station's machine: it has the reader and the station's key, and connects out."""

from hkeid_server.station_agent.agent import StationAgent
from hkeid_server.station_agent.channel import StationChannel
from hkeid_server.station_agent.folder import StationFolder
from hkeid_server.station_agent.road import Road
from hkeid_server.station_agent.window import StationWindow, open_browser

__all__ = [
    "Road",
    "StationAgent",
    "StationChannel",
    "StationFolder",
    "StationWindow",
    "open_browser",
]

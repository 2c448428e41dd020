"""The program on a station's machine: it has the reader and the station's key, and connects out."""

from hkeid_server.station_agent.agent import StationAgent
from hkeid_server.station_agent.channel import StationChannel
from hkeid_server.station_agent.folder import StationFolder

__all__ = ["StationAgent", "StationChannel", "StationFolder"]

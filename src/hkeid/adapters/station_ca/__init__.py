"""A small certification authority for stations, for sandboxes and pilots; and how their certificates
and signatures are read.
"""

from hkeid.adapters.station_ca.authority import CertificateReader, StationCa
from hkeid.adapters.station_ca.requests import make_key, make_request, sign

__all__ = ["CertificateReader", "StationCa", "make_key", "make_request", "sign"]

"""Time-stamps from an authority outside."""

from hkeid.adapters.timestamping.over_http import HttpTimestampAuthority, HttpTimestampSettings

__all__ = ["HttpTimestampAuthority", "HttpTimestampSettings"]

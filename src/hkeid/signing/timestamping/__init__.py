"""Time-stamps (RFC 3161): requests, checks of tokens, and a unit of our own that makes them."""

from hkeid.signing.timestamping.checking import (
    TimestampRules,
    TimestampToken,
    check_time,
    check_token,
)
from hkeid.signing.timestamping.door import TimestampDoor
from hkeid.signing.timestamping.errors import TimestampFault, TimestampRefused, TimestampWrong
from hkeid.signing.timestamping.issuing import TimestampUnit, TimestampUnitSettings
from hkeid.signing.timestamping.messages import (
    FailureInfo,
    TimestampRequest,
    TimestampResponse,
    TstInfo,
    read_request,
    read_response,
)

__all__ = [
    "FailureInfo",
    "TimestampDoor",
    "TimestampFault",
    "TimestampRefused",
    "TimestampRequest",
    "TimestampResponse",
    "TimestampRules",
    "TimestampToken",
    "TimestampUnit",
    "TimestampUnitSettings",
    "TimestampWrong",
    "TstInfo",
    "check_time",
    "check_token",
    "read_request",
    "read_response",
]

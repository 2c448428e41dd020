"""Time-stamping over HTTP (RFC 3161 §3.4)."""

from __future__ import annotations

from hkeid.kernel.http import Request, Response
from hkeid.signing.timestamping.issuing import TimestampUnit
from hkeid.signing.timestamping.messages import LONGEST_REQUEST

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"


class TimestampDoor:
    """Bytes in, bytes out."""

    def __init__(self, unit: TimestampUnit) -> None:
        self._unit = unit

    def handle(self, request: Request) -> Response:
        """Answer a request for a token. Refusals are answers of status 200 too, as the clause has it."""
        if request.method != "POST":
            return Response(status=405, headers=(("Allow", "POST"),))
        media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
        if media_type != QUERY_TYPE:
            return Response(status=415)
        if len(request.body) > LONGEST_REQUEST:
            return Response(status=413)
        return Response(
            status=200,
            headers=(("Content-Type", REPLY_TYPE), ("Cache-Control", "no-store")),
            body=self._unit.answer(request.body),
        )

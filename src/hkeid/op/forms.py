"""Bodies of the endpoints that clients call themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hkeid.kernel.http import Request
from hkeid.oidc.errors import invalid_request
from hkeid.oidc.parameters import Received, receive

FORM_TYPE = "application/x-www-form-urlencoded"


def receive_form(
    request: Request, limits: Mapping[str, int], *, white_space_allowed: Collection[str] = ()
) -> Received:
    """The parameters of an urlencoded body, and of nothing else (RFC 6749 §3.2, appendix B).

    :raises OAuthError: ``invalid_request``: ``body_not_form``, or the fault of a parameter.
    """
    media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if media_type != FORM_TYPE:
        raise invalid_request("body_not_form", f"The body must be {FORM_TYPE}.")
    received = receive(request.form, limits, white_space_allowed=white_space_allowed)
    received.refuse_faults()
    return received

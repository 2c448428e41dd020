"""Whether an answer may be sent to the redirect URI at all. What fails here becomes a page.

RFC 6749 §4.1.2.1: with a missing, invalid or mismatching redirect URI or client identifier the
authorization server "MUST NOT automatically redirect the user-agent".
"""

from __future__ import annotations

from hkeid.kernel.instants import Instant
from hkeid.oidc.errors import ErrorCode, OAuthError, invalid_request
from hkeid.oidc.locales import parse_ui_locales
from hkeid.oidc.parameters import Received
from hkeid.op.authorization.request import ReplyTo, ResponseMode
from hkeid.op.clients import ClientDirectory, KnownClient


def trusted_client(received: Received, clients: ClientDirectory, now: Instant) -> KnownClient:
    """The client (RFC 6749 §4.1.1: ``client_id`` REQUIRED).

    :raises OAuthError: ``client_id_missing``, ``client_unknown``, or the parameter's fault.
    """
    received.refuse_faults(("client_id",))
    client_id = received.get("client_id")
    if client_id is None:
        raise invalid_request("client_id_missing", "The parameter 'client_id' is missing.")
    known = clients.find(client_id, now)
    if known is None:
        raise OAuthError(
            ErrorCode.UNAUTHORIZED_CLIENT, "client_unknown", "There is no such client."
        )
    return known


def trusted_redirect_uri(received: Received, known: KnownClient) -> str:
    """The redirect URI (OpenID Connect Core §3.1.2.1: REQUIRED; RFC 9700 §2.1: exact match).

    :raises OAuthError: ``redirect_uri_missing``, ``redirect_uri_unregistered``, or its fault.
    """
    received.refuse_faults(("redirect_uri",))
    uri = received.get("redirect_uri")
    if uri is None:
        raise invalid_request("redirect_uri_missing", "The parameter 'redirect_uri' is missing.")
    if not known.may_redirect_to(uri):
        raise invalid_request(
            "redirect_uri_unregistered", "The redirect_uri is not registered for this client."
        )
    return uri


def reply_to(received: Received, redirect_uri: str) -> ReplyTo:
    """Where and how to answer; an unusable ``response_mode`` falls back to the query.

    A repeated or malformed ``state`` is left out of the answer.
    """
    form_post = received.get("response_mode") == ResponseMode.FORM_POST and takes_forms(
        redirect_uri
    )
    return ReplyTo(
        redirect_uri=redirect_uri,
        response_mode=ResponseMode.FORM_POST if form_post else ResponseMode.QUERY,
        state=received.get("state"),
        ui_locales=parse_ui_locales(received.get("ui_locales") or ""),
    )


def takes_forms(redirect_uri: str) -> bool:
    """Whether a form can be posted there: private-use schemes of native apps take none."""
    return redirect_uri.startswith(("https://", "http://"))

"""Logout requests, parsed and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hkeid.kernel.http import Request
from hkeid.kernel.instants import Instant
from hkeid.oidc.errors import OAuthError, invalid_request
from hkeid.oidc.locales import parse_ui_locales
from hkeid.oidc.parameters import Received, receive
from hkeid.op.clients import KnownClient
from hkeid.op.hints import Hint, HintRefused, read_hint
from hkeid.op.parts import Parts

LIMITS = {
    "id_token_hint": 8192,
    "client_id": 255,
    "post_logout_redirect_uri": 2048,
    "state": 4096,
    "ui_locales": 512,
    # Known so that it is never taken for anything else; may be personal data, so not looked at.
    "logout_hint": 512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """What a relying party wants at the end.

    :ivar hint: what its ``id_token_hint`` says, or None.
    :ivar redirect_uri: where to send the browser afterwards; registered, or None.
    """

    known: KnownClient | None
    hint: Hint | None
    redirect_uri: str | None
    state: str | None
    ui_locales: tuple[str, ...]

    def as_record(self) -> dict[str, Any]:
        """JSON values for the interaction's record."""
        return {
            "client_id": None if self.known is None else self.known.id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "ui_locales": list(self.ui_locales),
        }


def parse(request: Request) -> Received:
    """Parameters of the query (GET) or the form (POST), §2; pure.

    :raises OAuthError: the fault of a parameter.
    """
    received = receive(request.form if request.method == "POST" else request.query, LIMITS)
    received.refuse_faults()
    return received


def understand(received: Received, parts: Parts, now: Instant) -> LogoutRequest:
    """The request, checked (§2, §3). Nothing here ever redirects.

    :raises OAuthError: ``invalid_request``: a hint that is not ours, ``client_id_mismatch``,
        ``client_unknown``, ``post_logout_client_unknown``, ``post_logout_redirect_unregistered``.
    """
    hint = _hint(received.get("id_token_hint"), received.get("client_id"), parts)
    client_id = received.get("client_id") or (hint.client_id if hint is not None else None)
    known = None
    if client_id is not None:
        known = parts.clients.find(client_id, now)
        if known is None:
            raise invalid_request("client_unknown", "There is no such client.")
    redirect_uri = received.get("post_logout_redirect_uri")
    if redirect_uri is not None:
        _check_redirect(redirect_uri, known)
    return LogoutRequest(
        known=known,
        hint=hint,
        redirect_uri=redirect_uri,
        state=received.get("state"),
        ui_locales=parse_ui_locales(received.get("ui_locales") or ""),
    )


def _hint(token: str | None, client_id: str | None, parts: Parts) -> Hint | None:
    """§2: the OP "MUST validate that it was the issuer of the ID Token", and that the client_id, when
    both are there, matches its audience; an expired one is as good.
    """
    if token is None:
        return None
    try:
        return read_hint(token, parts, client_id=client_id)
    except HintRefused as error:
        raise _refused(error) from None


def _refused(error: HintRefused) -> OAuthError:
    reason = "client_id_mismatch" if error.reason == "hint_audience" else error.reason
    return invalid_request(reason, "The id_token_hint is not acceptable.", detail=error.detail)


def _check_redirect(uri: str, known: KnownClient | None) -> None:
    """§3: the URI "MUST have been previously registered with the OP"; exact match."""
    if known is None:
        raise invalid_request(
            "post_logout_client_unknown",
            "post_logout_redirect_uri needs an id_token_hint or a client_id.",
        )
    if uri not in known.client.post_logout_redirect_uris:
        raise invalid_request(
            "post_logout_redirect_unregistered",
            "The post_logout_redirect_uri is not registered for this client.",
        )

"""Logout at an upstream provider, both ways: RP-Initiated Logout 1.0 and Back-Channel Logout 1.0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.http import Request, Response, with_query
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.kernel.secret import Secret, secret_digest
from hkeid.oidc.logout import LOGOUT_EVENT
from hkeid.ports.storage import SingleUseRecord
from hkeid.rp.id_token import LEEWAY
from hkeid.rp.jwt_claims import check_parties, is_numeric_date
from hkeid.rp.records import same_text
from hkeid.upstream.contract import (
    Departure,
    LogoutOutcome,
    UpstreamLogout,
    UpstreamLogoutRequest,
)
from hkeid.upstream.errors import AnswerUnexpected, UpstreamMalformed, UpstreamMisbehaved

TYPES: Final[frozenset[str | None]] = frozenset({None, "JWT", "logout+jwt"})
"""``logout+jwt`` is recommended, not demanded (§2.4)."""
RECORD_KIND: Final = "upstream_logout_token"
LONGEST_LIFE: Final = timedelta(hours=1)
"""How far ahead ``exp`` may lie. §2.4 recommends two minutes; a ``jti`` is remembered as long as this."""
_LONGEST_TOKEN: Final = 16_384
_LONGEST_TEXT: Final = 255
_FORM: Final = "application/x-www-form-urlencoded"
_NO_STORE: Final = (("Cache-Control", "no-store"),)


def kept_of(id_token: Secret) -> bytes:
    """What a session keeps for its logout: the ID token, as a hint."""
    return canonical_json.dumps({"id_token": id_token.reveal()})


def departure(url: str | None, client_id: str, request: UpstreamLogoutRequest) -> Departure | None:
    """The end-session page (RP-Initiated Logout §2); None where the provider has none."""
    if url is None:
        return None
    try:
        hint = canonical_json.loads_object(request.logout).get("id_token")
    except MalformedInput:
        hint = None
    members = {
        "id_token_hint": hint if isinstance(hint, str) else None,
        "client_id": client_id,
        "post_logout_redirect_uri": request.callback,
        "state": request.state,
        "ui_locales": " ".join(request.ui_locales),
    }
    pairs = [(name, value) for name, value in members.items() if value]
    return Departure(to=with_query(url, pairs), kept=request.state.encode())


def returned(kept: bytes, request: Request) -> LogoutOutcome:
    """The browser is back (§3). The provider says nothing about how it went, so this is ``DONE``.

    :raises AnswerUnexpected: ``logout_state_mismatch``.
    """
    given = request.query.all("state")
    if len(given) != 1 or not same_text(given[0], kept.decode("utf-8", "replace")):
        raise AnswerUnexpected("logout_state_mismatch")
    return LogoutOutcome.DONE


def token_of(request: Request) -> str:
    """The one ``logout_token`` of a POSTed form (Back-Channel Logout §2.5).

    :raises UpstreamMalformed: ``logout_request_malformed``.
    """
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    tokens = request.form.all("logout_token")
    if request.method != "POST" or kind != _FORM or len(tokens) != 1:
        raise UpstreamMalformed("logout_request_malformed")
    if not 0 < len(tokens[0]) <= _LONGEST_TOKEN:
        raise UpstreamMalformed("logout_request_malformed", field="logout_token")
    return tokens[0]


def read_token(
    claims: Mapping[str, Any], *, provider: str, issuer: str, client_id: str, now: Instant
) -> UpstreamLogout:
    """Let a logout token's claims pass (§2.6); its signature was verified before.

    :raises UpstreamMisbehaved: ``logout_token_`` and ``issuer_mismatch``, ``audience_mismatch``,
        ``audience_untrusted``, ``expired``, ``from_the_future``, ``too_long_lived``, ``iat_missing``,
        ``exp_missing``, ``time_malformed``, ``jti_missing``, ``names_nobody``, ``sub_malformed``,
        ``sid_malformed``, ``event_missing``, ``nonce_present``.
    """
    # Step 3, as for ID tokens.
    check_parties(claims, issuer, client_id, _refuse)
    _event(claims)
    _nonce(claims)
    expires_at = _times(claims, now)
    subject, session = _text(claims, "sub"), _text(claims, "sid")
    if subject is None and session is None:
        raise _refuse("names_nobody")
    return UpstreamLogout(
        provider=provider,
        subject=subject,
        sessions=() if session is None else (session,),
        once=_once(provider, claims, now, expires_at),
    )


def answer(outcome: LogoutOutcome) -> Response:
    """§2.8: "HTTP 200 OK" when the logout succeeded, "HTTP 400 Bad Request" when it did not. A logout that
    went no further than us is one that succeeded here.
    """
    if outcome is LogoutOutcome.FAILED:
        return _error("logout_failed")
    return Response(status=200, headers=_NO_STORE)


def refusal(error: Exception) -> Response:
    """§2.8: "HTTP 400 Bad Request", with ``invalid_request`` and no more than that about the reason."""
    del error
    return _error("invalid_request")


def _error(code: str) -> Response:
    return Response(
        status=400,
        headers=(("Content-Type", "application/json"), *_NO_STORE),
        body=canonical_json.dumps({"error": code}),
    )


def _refuse(reason: str) -> UpstreamMisbehaved:
    return UpstreamMisbehaved(f"logout_token_{reason}")


def _event(claims: Mapping[str, Any]) -> None:
    """Step 5: ``events`` is an object with the logout event as a member, whose value is an object."""
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise _refuse("event_missing")


def _nonce(claims: Mapping[str, Any]) -> None:
    """Step 6: "Verify that the Logout Token does not contain a nonce Claim"; an ID token is none."""
    if "nonce" in claims:
        raise _refuse("nonce_present")


def _times(claims: Mapping[str, Any], now: Instant) -> Instant:
    """Step 3: ``iat`` and ``exp``, both required by §2.4; returns the latter."""
    current, leeway = epoch_seconds(now), int(LEEWAY.total_seconds())
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    if expires <= current - leeway:
        raise _refuse("expired")
    if issued > current + leeway:
        raise _refuse("from_the_future")
    if expires > current + int(LONGEST_LIFE.total_seconds()) + leeway:
        raise _refuse("too_long_lived")
    return from_epoch_seconds(expires + leeway)


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if value is None:
        raise _refuse(f"{name}_missing")
    if not is_numeric_date(value):
        raise _refuse("time_malformed")
    return int(value)


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    """Step 4: a ``sub``, a ``sid``, or both."""
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT:
        raise _refuse(f"{name}_malformed")
    return value


def _once(
    provider: str, claims: Mapping[str, Any], now: Instant, expires_at: Instant
) -> SingleUseRecord:
    """Step 7: the ``jti`` is used up by whoever ends the sessions."""
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_TEXT:
        raise _refuse("jti_missing")
    return SingleUseRecord(
        kind=RECORD_KIND,
        digest=secret_digest(f"{provider}\0{jti}"),
        created_at=now,
        expires_at=max(expires_at, now + timedelta(seconds=1)),
    )

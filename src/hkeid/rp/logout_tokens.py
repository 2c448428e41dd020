"""Logout tokens: the provider says that a session ended (OpenID Connect Back-Channel Logout §2.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.kernel.secret import secret_digest
from hkeid.ports.surroundings import Clock
from hkeid.rp.errors import ProviderMisbehaved
from hkeid.rp.id_token import LEEWAY
from hkeid.rp.jwt_claims import check_parties, is_numeric_date
from hkeid.rp.login_state import SpentStates
from hkeid.rp.provider import Provider
from hkeid.rp.signed import verified_claims

_LONGEST = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutToken:
    """A verified logout token.

    :ivar sid: the session that ended, as in ``Resident.sid``; None: all of the resident's sessions.
    :ivar sub: the resident, as in ``Resident.sub``; None: the session says it all.
    """

    issuer: str
    sub: str | None = field(repr=False)
    sid: str | None = field(repr=False)
    jti: str
    issued_at: Instant


class ReadsLogoutTokens:
    """Part of :class:`hkeid.rp.RelyingParty`."""

    issuer: str
    client_id: str
    provider: Provider
    _algorithms: frozenset[str]
    _clock: Clock
    _spent: SpentStates

    def read_logout_token(self, token: str) -> LogoutToken:
        """What a logout token says, verified; end the sessions that it names before you answer.

        The token is used up: a second one with its ``jti`` is refused, as far as the relying party's memory
        of finished logins (``spent``) is shared.

        :param token: the form field ``logout_token`` of the provider's POST (§2.5).
        :raises ProviderMisbehaved: one reason per rule of §2.6, all beginning with ``logout_token_``.
        :raises ProviderUnavailable: the provider's keys cannot be fetched.
        """
        claims, _ = verified_claims(
            token,
            self.provider,
            what="logout_token",
            algorithms=self._algorithms,
            types=_TYPES,
        )
        now = self._clock.now()
        # Step 3, as for ID tokens.
        check_parties(claims, self.issuer, self.client_id, _refuse)
        expires_at = _check_times(claims, now)
        _check_event(claims)
        read = LogoutToken(
            issuer=self.issuer,
            sub=_text(claims, "sub"),
            sid=_text(claims, "sid"),
            jti=_text(claims, "jti") or _missing("jti"),
            issued_at=from_epoch_seconds(int(claims["iat"])),
        )
        if read.sub is None and read.sid is None:
            raise _refuse("names_nobody")
        # Step 7 comes last, so that a token which is refused for something else is not used up.
        if not self._spent.spend(secret_digest(f"logout {read.jti}"), expires_at + LEEWAY, now):
            raise _refuse("replayed")
        return read


_TYPES: frozenset[str | None] = frozenset({"logout+jwt"})
"""§2.4; an ID token is never taken for a logout token, nor the other way round."""


def _refuse(rule: str) -> ProviderMisbehaved:
    return ProviderMisbehaved(f"logout_token_{rule}", "The logout could not be verified.")


def _missing(name: str) -> str:
    raise _refuse(f"{name}_missing")


def _check_times(claims: Mapping[str, Any], now: Instant) -> Instant:
    """Step 3, as for ID tokens (steps 9 and 10); returns ``exp``."""
    current, leeway = epoch_seconds(now), int(LEEWAY.total_seconds())
    expires, issued = _seconds(claims, "exp"), _seconds(claims, "iat")
    if expires <= current - leeway:
        raise _refuse("expired")
    if max(issued, _seconds(claims, "nbf") if "nbf" in claims else 0) > current + leeway:
        raise _refuse("from_the_future")
    return from_epoch_seconds(expires)


def _check_event(claims: Mapping[str, Any]) -> None:
    """Steps 5 and 6: it is about a logout, and no ID token."""
    from hkeid.oidc.logout import LOGOUT_EVENT

    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise _refuse("event_missing")
    if "nonce" in claims:
        raise _refuse("has_nonce")


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isascii():
        raise _refuse(f"{name}_malformed")
    return value


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if value is None:
        raise _refuse(f"{name}_missing")
    if not is_numeric_date(value):
        raise _refuse(f"{name}_malformed")
    return int(value)

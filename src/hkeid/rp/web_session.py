"""Who is logged in, in this browser: the kits' session and where it is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from hkeid.kernel.errors import ConfigurationError
from hkeid.kernel.instants import epoch_seconds, from_epoch_seconds
from hkeid.kernel.secret import Secret, secret_digest
from hkeid.ports.surroundings import Clock, Random
from hkeid.rp.records import Resident, Tokens
from hkeid.rp.sealing import Sealer

COOKIE_LIMIT = 3_800
"""Most characters of a cookie's value: browsers drop cookies of more than 4,096 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A resident logged in in one browser.

    :ivar form_token: what the form that logs out must carry, against forged requests.
    :ivar id_token: a hint for logging out, where it was kept.
    :ivar began: when this session began, in seconds since the epoch.
    """

    resident: Resident
    form_token: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)
    began: int = 0


class SessionStore(Protocol):
    """Where sessions live on the server's side. Values are sealed; a store never sees inside."""

    def get(self, key: str) -> str | None:
        """The value kept under ``key``, or None."""
        ...

    def put(self, key: str, value: str, seconds: int) -> None:
        """Keep ``value`` for so many seconds."""
        ...

    def delete(self, key: str) -> None:
        """Forget ``key``."""
        ...


class MemorySessionStore:
    """Sessions of one process, which end when it does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[str, float]] = {}

    def get(self, key: str) -> str | None:
        """The value kept under ``key``, or None."""
        kept = self._kept.get(key)
        return kept[0] if kept is not None and kept[1] > time.monotonic() else None

    def put(self, key: str, value: str, seconds: int) -> None:
        """Keep ``value``; sessions that ended meanwhile make room."""
        now = time.monotonic()
        with self._lock:
            self._kept.pop(key, None)
            while self._kept and self._kept[oldest := next(iter(self._kept))][1] <= now:
                del self._kept[oldest]
            self._kept[key] = (value, now + seconds)

    def delete(self, key: str) -> None:
        """Forget ``key``."""
        with self._lock:
            self._kept.pop(key, None)


class SessionKeeper:
    """Turns a :class:`SignedIn` into a cookie's value and back.

    Without a store the cookie itself holds the session, sealed: subject, level, claims and, where it
    fits, the ID token (a hint for logging out). Access and refresh tokens are then forgotten. With a
    store the cookie holds a random reference only, all tokens are kept, and logging out ends the
    session even for somebody who copied the cookie.
    """

    def __init__(
        self, sealer: Sealer, store: SessionStore | None, clock: Clock, random: Random
    ) -> None:
        self._sealer = sealer
        self._store = store
        self._clock = clock
        self._random = random

    def keep(self, cookie: str, resident: Resident, lifetime: timedelta) -> str:
        """Begin a session; returns the value for the cookie of that name.

        :raises ConfigurationError: ``session_too_large``: the claims do not fit a cookie.
        """
        now = self._clock.now()
        expires_at = now + lifetime
        members = {
            "form": self._random.token(16),
            "resident": _members(resident),
            "began": epoch_seconds(now),
        }
        if self._store is not None:
            reference = self._random.token()
            members["tokens"] = _token_members(resident.tokens)
            self._store.put(
                _key(reference),
                self._sealer.seal(f"session {reference}", members, expires_at),
                int(lifetime.total_seconds()),
            )
            return reference
        id_token = None if resident.tokens is None else resident.tokens.id_token.reveal()
        for tokens in ({"id_token": id_token}, {}):
            value = self._sealer.seal(cookie, {**members, "tokens": tokens}, expires_at)
            if len(value) <= COOKIE_LIMIT:
                return value
        raise ConfigurationError(
            "session_too_large", detail="the claims do not fit a cookie; give the kit a store"
        )

    def read(self, cookie: str, value: str | None) -> SignedIn | None:
        """The session behind a cookie, or None: there is none, it ended, or it was tampered with."""
        if not value or len(value) > COOKIE_LIMIT:
            return None
        purpose = cookie
        if self._store is not None:
            purpose, kept = f"session {value}", self._store.get(_key(value))
            if kept is None:
                return None
            value = kept
        members = self._sealer.open(purpose, value, self._clock.now())
        return None if members is None else _signed_in(members)

    def end(self, value: str | None) -> None:
        """End the session on the server's side, where it has one."""
        if value and self._store is not None:
            self._store.delete(_key(value))


def _key(reference: str) -> str:
    return secret_digest(reference).hex()


def _members(resident: Resident) -> dict[str, Any]:
    moment = resident.auth_time
    return {
        "issuer": resident.issuer,
        "sub": resident.sub,
        "acr": resident.acr,
        "amr": list(resident.amr),
        "auth_time": None if moment is None else epoch_seconds(moment),
        "sid": resident.sid,
        "claims": dict(resident.claims),
    }


def _token_members(tokens: Tokens | None) -> dict[str, Any]:
    if tokens is None:
        return {}
    return {
        "access_token": tokens.access_token.reveal(),
        "refresh_token": tokens.refresh_token and tokens.refresh_token.reveal(),
        "id_token": tokens.id_token.reveal(),
        "expires_at": tokens.expires_at and epoch_seconds(tokens.expires_at),
        "scope": tokens.scope,
    }


def _signed_in(members: Mapping[str, Any]) -> SignedIn:
    resident, tokens = members["resident"], members["tokens"]
    moment = resident["auth_time"]
    return SignedIn(
        resident=Resident(
            **{
                **resident,
                "amr": tuple(resident["amr"]),
                "auth_time": None if moment is None else from_epoch_seconds(moment),
                "tokens": _tokens(tokens),
            }
        ),
        form_token=members["form"],
        id_token=tokens.get("id_token"),
        # Sessions that an older release began do not say.
        began=members.get("began", 0),
    )


def _tokens(members: Mapping[str, Any]) -> Tokens | None:
    if "access_token" not in members:
        return None
    refresh, end = members["refresh_token"], members["expires_at"]
    return Tokens(
        access_token=Secret(members["access_token"]),
        id_token=Secret(members["id_token"]),
        refresh_token=None if refresh is None else Secret(refresh),
        expires_at=None if end is None else from_epoch_seconds(end),
        scope=members["scope"],
    )

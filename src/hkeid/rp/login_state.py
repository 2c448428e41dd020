"""What a relying party remembers between sending a browser away and seeing it again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from hkeid.kernel import canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant, epoch_seconds, from_epoch_seconds
from hkeid.kernel.secret import secret_digest
from hkeid.rp.errors import StartAgain

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginState:
    """One login under way.

    :ivar state: ties the answer to this browser (RFC 6749 §10.12).
    :ivar nonce: ties the ID token to this login (OpenID Connect Core §15.5.2).
    :ivar verifier: the PKCE code verifier (RFC 7636 §4.1).
    :ivar acr: the lowest rung that will do, or None.
    :ivar max_age: greatest age of the authentication in seconds, or None.
    :ivar again: the resident must act anew (``prompt=login``).
    :ivar subject: only this resident will do (step-up), or None.
    :ivar userinfo: ask the UserInfo endpoint before finishing.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    created: Instant
    acr: str | None = None
    max_age: int | None = None
    again: bool = False
    subject: str | None = field(default=None, repr=False)
    userinfo: bool = False

    def encode(self) -> str:
        """As one line of text."""
        members = {
            "v": _VERSION,
            "issuer": self.issuer,
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "nonce": self.nonce,
            "verifier": self.verifier,
            "created": epoch_seconds(self.created),
            "acr": self.acr,
            "max_age": self.max_age,
            "again": self.again,
            "subject": self.subject,
            "userinfo": self.userinfo,
        }
        return canonical_json.dumps(
            {
                name: value
                for name, value in members.items()
                if value is not None and value is not False
            }
        ).decode()

    @classmethod
    def decode(cls, text: str) -> LoginState:
        """The inverse of :meth:`encode`.

        :raises StartAgain: ``login_state_malformed``.
        """
        try:
            members = canonical_json.loads_object(text)
            if members.pop("v", None) != _VERSION:
                raise StartAgain("login_state_malformed")
            return cls(**_typed(members))
        except (MalformedInput, TypeError, ValueError, OverflowError, AttributeError):
            raise StartAgain("login_state_malformed") from None


_TYPES: Mapping[str, type] = {"max_age": int, "created": int, "again": bool, "userinfo": bool}


def _typed(members: dict[str, Any]) -> dict[str, Any]:
    for name, value in members.items():
        if type(value) is not _TYPES.get(name, str):
            raise TypeError(name)
    return {**members, "created": from_epoch_seconds(members.get("created", "missing"))}


class SpentStates(Protocol):
    """Remembers which logins were finished, so that none is finished twice (law 1)."""

    def spend(self, digest: bytes, expires_at: Instant, now: Instant) -> bool:
        """Mark as finished; False when it was already."""
        ...


class ProcessSpentStates:
    """Finished logins of this process, forgotten when they could no longer be finished anyway.

    The browser's copy of the state is deleted and the code is single-use at the provider; this is
    the third line. Several processes that want it shared give ``RelyingParty`` one of their own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[bytes, Instant] = {}

    def spend(self, digest: bytes, expires_at: Instant, now: Instant) -> bool:
        """Mark as finished; False when it was already."""
        with self._lock:
            if digest in self._spent:
                return False
            # Insertion order is (nearly) expiry order: drop from the front.
            while self._spent:
                oldest = next(iter(self._spent))
                if self._spent[oldest] > now:
                    break
                del self._spent[oldest]
            self._spent[digest] = expires_at
            return True


def spend(spent: SpentStates, login: LoginState, lifetime: timedelta, now: Instant) -> None:
    """Use up a login.

    :raises StartAgain: ``login_already_finished``.
    """
    if not spent.spend(secret_digest(login.state), login.created + lifetime, now):
        raise StartAgain("login_already_finished")

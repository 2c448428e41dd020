"""What the kits do when the provider says that a session ended: they remember it, and answer.

The kits' own sessions may live in the browsers' cookies, where nobody can reach them. So the sessions that
ended are remembered for as long as such a cookie could still be good, and asked about with every request.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from hkeid.kernel.instants import epoch_seconds
from hkeid.kernel.secret import secret_digest
from hkeid.ports.surroundings import Clock
from hkeid.rp.client import LOGIN_LIFETIME, RelyingParty
from hkeid.rp.errors import LoginFailed, ProviderMisbehaved
from hkeid.rp.logout_tokens import LogoutToken
from hkeid.rp.records import Resident
from hkeid.rp.web_session import SessionStore, SignedIn

_LOG = logging.getLogger("hkeid.rp")


@dataclass(frozen=True, slots=True)
class LogoutAnswer:
    """The answer to the provider (OpenID Connect Back-Channel Logout §2.8), never to be cached."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"


class EndedSessions:
    """The provider's sessions that have ended.

    :param store: keeps them; several processes need one that they share. It sees digests and times only.
    :param lifetime: of the application's own sessions.
    """

    def __init__(
        self, party: RelyingParty, store: SessionStore, clock: Clock, lifetime: timedelta
    ) -> None:
        self._party = party
        self._store = store
        self._clock = clock
        # A login that is under way may still become a session.
        self._seconds = int((lifetime + LOGIN_LIFETIME).total_seconds())

    def note(self, token: LogoutToken) -> None:
        """Remember what a logout token says (§2.7)."""
        now = str(epoch_seconds(self._clock.now()))
        if token.sid is not None:
            self._store.put(self._key("sid", token.sid), now, self._seconds)
        elif token.sub is not None:
            self._store.put(self._key("sub", token.sub), now, self._seconds)

    def holds(self, signed_in: SignedIn) -> bool:
        """Whether a session of ours is about one that has ended: that session, or any of the resident's that
        began before the provider said so.
        """
        resident: Resident = signed_in.resident
        if resident.sid is not None and self._store.get(self._key("sid", resident.sid)):
            return True
        ended_at = self._store.get(self._key("sub", resident.sub))
        return ended_at is not None and signed_in.began <= int(ended_at)

    def _key(self, kind: str, value: str) -> str:
        members = [self._party.issuer, self._party.client_id, kind, value]
        return secret_digest(f"ended {json.dumps(members)}").hex()


def answer_logout(party: RelyingParty, ended: EndedSessions, tokens: Sequence[str]) -> LogoutAnswer:
    """Take a logout token in (§2.5 to §2.8).

    :param tokens: the values of the form field ``logout_token``; there must be one.
    """
    try:
        if len(tokens) != 1:
            raise ProviderMisbehaved("logout_token_missing" if not tokens else "logout_token_twice")
        ended.note(party.read_logout_token(tokens[0]))
    except LoginFailed as failed:
        _LOG.warning("logout by the provider refused: reason=%s", failed.reason)
        return _refusal(failed.reason)
    return LogoutAnswer(200)


def _refusal(reason: str) -> LogoutAnswer:
    """§2.8: 400 if "the logout request was invalid or the logout failed"."""
    members = {"error": "invalid_request", "error_description": reason}
    return LogoutAnswer(400, json.dumps(members).encode())

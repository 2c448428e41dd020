"""What a login at an identity provider came to, and what was waited for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hkeid.kernel import canonical_json
from hkeid.kernel.instants import Instant, epoch_microseconds, from_epoch_microseconds
from hkeid.ports.storage import SingleUseRecord
from hkeid.saml.messages import Attribute, AuthnContext, NameId, ProxyRestriction


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """A subject for whom an identity provider answers, every rule of the profile kept.

    :ivar name_id: None where the identity provider knows the subject by attributes alone.
    :ivar session_not_on_or_after: when a session made of it has to end, or None.
    :ivar proxy_restriction: how far it may be passed on to others (saml-core §2.5.1.6), or None. Whoever makes
        assertions of this one has to heed it.
    :ivar once: put these (``tx.single_use.put``) in one transaction before the login counts; where that says
        False for one, the assertion was used before.
    """

    identity_provider: str
    name_id: NameId | None = field(repr=False)
    authenticated_at: Instant
    context: AuthnContext
    session_index: str | None = field(default=None, repr=False)
    session_not_on_or_after: Instant | None = None
    attributes: tuple[Attribute, ...] = field(default=(), repr=False)
    one_time_use: bool = False
    proxy_restriction: ProxyRestriction | None = None
    solicited: bool = True
    once: tuple[SingleUseRecord, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What an answer must fit.

    :ivar request_id: ID of our request; None: an answer that nobody asked for.
    :ivar fresh_since: the authentication must not be older than this (ForceAuthn), or None.
    :ivar max_age: greatest age of the authentication, or None.
    :ivar classes: classes of which the context must be one (comparison ``exact``); empty: any.
    """

    identity_provider: str
    service_provider: str
    acs: str
    request_id: str | None
    skew: timedelta
    fresh_since: Instant | None = None
    max_age: timedelta | None = None
    classes: frozenset[str] = frozenset()
    require_name_id: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLogin:
    """What has to be remembered of a request until its answer comes.

    :ivar relay_state: the reference that comes back with the answer.
    :ivar artifact: the answer comes as an artifact.
    """

    request_id: str
    identity_provider: str
    relay_state: str = field(repr=False)
    sent_at: Instant
    force_authn: bool = False
    max_age: int | None = None
    classes: tuple[str, ...] = ()
    artifact: bool = False

    def encode(self) -> bytes:
        """As octets for a store."""
        said: dict[str, Any] = {
            "id": self.request_id,
            "idp": self.identity_provider,
            "relay": self.relay_state,
            "at": epoch_microseconds(self.sent_at),
            "force": self.force_authn,
            "max_age": self.max_age,
            "classes": list(self.classes),
            "artifact": self.artifact,
        }
        return canonical_json.dumps(said)

    @classmethod
    def decode(cls, kept: bytes) -> KeptLogin:
        """The inverse, of octets of our own."""
        said = canonical_json.loads_object(kept)
        return cls(
            request_id=said["id"],
            identity_provider=said["idp"],
            relay_state=said["relay"],
            sent_at=from_epoch_microseconds(said["at"]),
            force_authn=said["force"],
            max_age=said["max_age"],
            classes=tuple(said["classes"]),
            artifact=said["artifact"],
        )

"""What a front door asks of the hub, and what the hub answers: the same for every protocol."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.identity.assurance import Acr
from hkeid.kernel.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationRequest:
    """A wish to know who is there.

    :ivar client_id: who asks.
    :ivar audience: by what name other providers know who asks (a client id, a SAML entity ID); None: our own pages,
        which pass on nothing.
    :ivar acr: the lowest rung that will do, or None.
    :ivar max_age: greatest age of the authentication in seconds, or None.
    :ivar fresh: a new authentication is wanted whatever the session says.
    :ivar resident_id: only this resident will do (step-up, ``id_token_hint``), or None.
    :ivar ui_locales: wanted languages, best first (BCP 47).
    :ivar door: id of the identity provider that the relying party names (``idp_hint``), or None.
    :ivar domain: of the e-mail address by which the relying party knows who will log in, or None.
    """

    client_id: str
    audience: str | None = None
    acr: Acr | None = None
    max_age: int | None = None
    fresh: bool = False
    resident_id: str | None = None
    ui_locales: tuple[str, ...] = ()
    door: str | None = None
    domain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationResult:
    """What a back door proved.

    :ivar resident_id: the resident, by hkeid's internal id; relying parties get a pairwise ``sub``.
    :ivar amr: RFC 8176 values (``hwk``, ``swk``, ``user``, ``pop`` …).
    :ivar authenticated_at: when the person acted; ``auth_time``.
    """

    resident_id: str
    acr: Acr
    amr: tuple[str, ...]
    authenticated_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxying:
    """How far an upstream lets us pass on what it proved (saml-core §2.5.1.6).

    :ivar count: how many providers, we among them, may say so to somebody else; None: any number.
    :ivar audiences: to whom alone it may be said, or empty: to anybody.
    """

    count: int | None = None
    audiences: frozenset[str] = frozenset()

    def reaches(self, audience: str) -> bool:
        """Whether ``audience`` may be told."""
        return self.count != 0 and (not self.audiences or audience in self.audiences)

    @property
    def passed_on(self) -> Proxying:
        """What whoever is told has to heed in turn: one provider fewer."""
        return Proxying(
            count=None if self.count is None else max(self.count - 1, 0), audiences=self.audiences
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A live broker session as a front door sees it.

    :ivar session_id: internal id of the session (the same in every ``sid`` derived from it).
    :ivar ends_at: when it ends at the latest, where an upstream said so; None: as our own settings say.
    :ivar proxying: to whom it may be told, where an upstream limits that; None: to anybody.
    """

    session_id: str
    authentication: AuthenticationResult
    ends_at: Instant | None = None
    proxying: Proxying | None = None

    def serves(self, audience: str) -> bool:
        """Whether a relying party may be told of it; ``audience`` as in :class:`AuthenticationRequest`."""
        return self.proxying is None or self.proxying.reaches(audience)

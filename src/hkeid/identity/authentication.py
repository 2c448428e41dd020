"""What a front door asks of the hub, and what the hub answers: the same for every protocol."""

from __future__ import annotations

from dataclasses import dataclass

from hkeid.identity.assurance import Acr
from hkeid.kernel.instants import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationRequest:
    """A wish to know who is there.

    :ivar client_id: who asks.
    :ivar acr: the lowest rung that will do, or None.
    :ivar max_age: greatest age of the authentication in seconds, or None.
    :ivar fresh: a new authentication is wanted whatever the session says.
    :ivar resident_id: only this resident will do (step-up, ``id_token_hint``), or None.
    :ivar ui_locales: wanted languages, best first (BCP 47).
    :ivar door: id of the identity provider that the relying party names (``idp_hint``), or None.
    :ivar domain: of the e-mail address by which the relying party knows who will log in, or None.
    """

    client_id: str
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
class SessionView:
    """A live broker session as a front door sees it.

    :ivar session_id: internal id of the session (the same in every ``sid`` derived from it).
    """

    session_id: str
    authentication: AuthenticationResult

"""How signing keys come and go: next → active → passive → retired. Pure rules over key states.

A key is published (in the JWKS, state ``next``) for as long as relying parties may cache the JWKS
before it signs anything; after its turn it stays published (``passive``) for as long as something
signed with it may still have to be verified. So no relying party ever meets a signature by a key
that it could not know, and no login fails because of a rotation.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from hkeid.kernel.errors import Refused
from hkeid.kernel.instants import Instant
from hkeid.ports.keys import KeyState


class RotatingKey(Protocol):
    """What the rules look at; :class:`hkeid.ports.SigningKey` has it."""

    @property
    def kid(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def state(self) -> KeyState: ...
    @property
    def since(self) -> Instant: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationPolicy:
    """How long a key stays in each state at least.

    :ivar publication: as ``next``; must be longer than any relying party caches the JWKS.
    :ivar farewell: as ``passive``; must be longer than any signature has to be verified.
    """

    publication: timedelta = timedelta(hours=24)
    farewell: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Transition:
    """A key enters a state now."""

    kid: str
    state: KeyState


@dataclass(frozen=True, slots=True)
class RotationPlan:
    """What one step of rotation does: transitions, and the state of a key to be made (or None)."""

    transitions: tuple[Transition, ...]
    create: KeyState | None


def plan_rotation(
    keys: Collection[RotatingKey],
    algorithm: str,
    now: Instant,
    policy: RotationPolicy,
    *,
    publication_required: bool = True,
) -> RotationPlan:
    """The next step for the keys of one purpose and one algorithm.

    * no active key: the first one is made active (nobody has cached anything yet);
    * no next key: one is made and published;
    * a next key published long enough becomes active, the active one passive, a new next is made.

    :param publication_required: False where nobody caches public keys (key-encryption keys).
    :raises Refused: ``key_not_published_long_enough``; the detail says from when on.
    """
    mine = [key for key in keys if key.algorithm == algorithm]
    # What a key-encryption key has wrapped may be kept for ever, so it never retires by itself.
    transitions = list(plan_retirement(mine, now, policy)) if publication_required else []
    active = [key for key in mine if key.state is KeyState.ACTIVE]
    following = sorted(
        (key for key in mine if key.state is KeyState.NEXT), key=lambda key: (key.since, key.kid)
    )
    if not active and not following:
        return RotationPlan(tuple(transitions), KeyState.ACTIVE)
    if not publication_required:
        transitions += [Transition(key.kid, KeyState.PASSIVE) for key in active]
        return RotationPlan(tuple(transitions), KeyState.ACTIVE)
    if not following:
        return RotationPlan(tuple(transitions), KeyState.NEXT)
    heir = following[0]
    ready = heir.since + policy.publication
    if now < ready and active:
        raise Refused(
            "key_not_published_long_enough",
            "The next key has not been published long enough to sign with it.",
            detail=f"{algorithm}: from {ready.isoformat()} on",
        )
    transitions.append(Transition(heir.kid, KeyState.ACTIVE))
    transitions += [Transition(key.kid, KeyState.PASSIVE) for key in active]
    return RotationPlan(tuple(transitions), KeyState.NEXT)


def plan_retirement(
    keys: Collection[RotatingKey], now: Instant, policy: RotationPolicy
) -> tuple[Transition, ...]:
    """Passive keys whose farewell is over."""
    return tuple(
        Transition(key.kid, KeyState.RETIRED)
        for key in keys
        if key.state is KeyState.PASSIVE and key.since + policy.farewell <= now
    )

"""Looking back: what a resident agrees to at present, from the history of decisions (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hkeid.kernel.instants import Instant
from hkeid.profile.records import ConsentDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingConsent:
    """A claim that a client may receive at present, for the resident's account page.

    :ivar purpose: ``""`` for logins, the id of a form, or ``direct_marketing``.
    :ivar expires_at: when it ends by itself, or None.
    """

    client_id: str
    purpose: str
    claim: str
    agreed_at: Instant
    expires_at: Instant | None = None


def newest(history: Iterable[ConsentDecision]) -> tuple[ConsentDecision, ...]:
    """The newest decision by client, purpose and claim.

    :param history: newest first.
    """
    found: dict[tuple[str, str, str], ConsentDecision] = {}
    for decision in history:
        found.setdefault((decision.client_id, decision.purpose, decision.claim), decision)
    return tuple(found.values())


def standing_consents(
    history: Iterable[ConsentDecision], now: Instant
) -> tuple[StandingConsent, ...]:
    """What is agreed to at ``now``, the latest agreement first; one sending of a form is over when it
    has happened.

    :param history: newest first.
    """
    return tuple(
        StandingConsent(
            client_id=decision.client_id,
            purpose=decision.purpose,
            claim=decision.claim,
            agreed_at=decision.decided_at,
            expires_at=decision.expires_at,
        )
        for decision in newest(history)
        if decision.permits(now) and not decision.once
    )

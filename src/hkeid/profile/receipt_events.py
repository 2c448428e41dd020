"""The events of a consent record, and how each claim stands after them (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import Any

from hkeid.kernel.instants import Instant
from hkeid.profile.records import ConsentDecision, ConsentEvidence


def written(moment: Instant) -> str:
    """A moment as ISO 8601, in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class EventState(StrEnum):
    """``event_state`` (ISO/IEC TS 27560:2023, 6.3.7)."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEvent:
    """Something that happened to some claims at once.

    :ivar until: of an agreement: when it ends by itself, or None.
    :ivar evidence: how it was given; None for expiry, and for decisions of earlier releases.
    """

    at: Instant
    state: EventState
    claims: tuple[str, ...]
    statement: str
    language: str
    until: Instant | None
    evidence: ConsentEvidence | None

    def as_json(self, principal: str) -> dict[str, Any]:
        """The event as the record has it.

        :param principal: the resident, as the controller knows them.
        """
        event: dict[str, Any] = {
            "event_time": written(self.at),
            "validity_duration": (
                "until withdrawn" if self.until is None else f"until {written(self.until)}"
            ),
            "entity_id": principal,
            "event_type": "explicit",
            "event_state": self.state.value,
            "pii_attribute_ids": list(self.claims),
            "privacy_notice": self.statement,
            "language": self.language,
        }
        if self.state is not EventState.GIVEN:
            del event["validity_duration"]
        if self.evidence is not None:
            event["evidence"] = {
                "acr": self.evidence.acr.value,
                "authenticated_at": written(self.evidence.authenticated_at),
                "question": self.evidence.question,
                "guardian_approval": self.evidence.guardian,
            }
        return event


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimState:
    """How a claim stands.

    :ivar statement: version of the statement that was last shown about it.
    """

    state: EventState
    since: Instant
    until: Instant | None
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """What happened, oldest first, and how it stands."""

    events: tuple[ConsentEvent, ...]
    states: dict[str, ClaimState]


def lifecycle(decisions: Iterable[ConsentDecision], now: Instant) -> Lifecycle:
    """The life of the consent for one client and purpose until ``now``.

    :param decisions: oldest first. Decisions of one answer become one event for each state.
    """
    states: dict[str, ClaimState] = {}
    events: list[ConsentEvent] = []
    for decision in decisions:
        _expire(states, events, decision.claim, decision.decided_at)
        before = states.get(decision.claim)
        state = EventState.GIVEN
        if not decision.agreed:
            given = before is not None and before.state is EventState.GIVEN
            state = EventState.WITHDRAWN if given else EventState.REFUSED
        statement = decision.statement.rpartition(".")[0]
        states[decision.claim] = ClaimState(
            state=state,
            since=decision.decided_at,
            until=decision.expires_at,
            statement=statement,
        )
        events.append(
            ConsentEvent(
                at=decision.decided_at,
                state=state,
                claims=(decision.claim,),
                statement=statement,
                language=decision.language,
                until=decision.expires_at,
                evidence=decision.evidence,
            )
        )
    for claim in sorted(states):
        _expire(states, events, claim, now)
    ordered = sorted(_together(events), key=lambda event: event.at)
    return Lifecycle(events=tuple(ordered), states=states)


def _expire(
    states: dict[str, ClaimState], events: list[ConsentEvent], claim: str, now: Instant
) -> None:
    """Say that an agreement ended by itself, if it did before ``now``."""
    kept = states.get(claim)
    if kept is None or kept.state is not EventState.GIVEN:
        return
    if kept.until is None or now < kept.until:
        return
    states[claim] = ClaimState(
        state=EventState.EXPIRED, since=kept.until, until=None, statement=kept.statement
    )
    given = next(one for one in reversed(events) if claim in one.claims)
    events.append(
        ConsentEvent(
            at=kept.until,
            state=EventState.EXPIRED,
            claims=(claim,),
            statement=kept.statement,
            language=given.language,
            until=None,
            evidence=None,
        )
    )


def _together(events: Iterable[ConsentEvent]) -> list[ConsentEvent]:
    """Those that differ in their claims alone as one."""
    found: dict[tuple[object, ...], list[ConsentEvent]] = {}
    for one in events:
        key = (one.at, one.state, one.statement, one.language, one.until, one.evidence)
        found.setdefault(key, []).append(one)
    return [
        ConsentEvent(
            at=same[0].at,
            state=same[0].state,
            claims=tuple(sorted({claim for one in same for claim in one.claims})),
            statement=same[0].statement,
            language=same[0].language,
            until=same[0].until,
            evidence=same[0].evidence,
        )
        for same in found.values()
    ]

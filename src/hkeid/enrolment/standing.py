"""The standing of an eID: suspended, resumed, revoked.

Each change is one transaction: state, sessions, grants and audit record change together or not at
all. Two changes at once: one wins, the other looks again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum

from hkeid.broker.ending import EndedSession, end_sessions, revoke_grants
from hkeid.enrolment.errors import EnrolmentRefused, ResidentUnknown
from hkeid.enrolment.events import StandingChanged
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.records import EnrolmentTransaction
from hkeid.enrolment.tickets import ticket_family
from hkeid.identity.assurance import Acr
from hkeid.identity.authentication import SessionView
from hkeid.identity.state import EidState, check_transition
from hkeid.kernel.errors import MalformedInput
from hkeid.ports.certificates import RevocationReason
from hkeid.ports.storage import Store
from hkeid.ports.surroundings import Clock, Random
from hkeid.residents.records import CredentialStatus, Resident
from hkeid.signing.retirement import retire_signing_keys

_ATTEMPTS = 5
_DECEASED = "deceased"
_TOLD_AS_SUCH = frozenset({"card_reported_lost"})
_REASON = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)


class Actor(StrEnum):
    """On whose word an eID's standing changes."""

    RESIDENT = "resident"
    OPERATOR = "operator"
    OFFICER = "officer"
    REGISTER = "register"


class Standing:
    """Suspends, resumes and revokes eIDs."""

    def __init__(self, store: Store[EnrolmentTransaction], clock: Clock, random: Random) -> None:
        self._store = store
        self._clock = clock
        self._random = random

    def freeze(self, view: SessionView) -> tuple[EndedSession, ...]:
        """Suspend at the resident's own word, at once and without further questions."""
        return self.suspend(
            view.authentication.resident_id, by=Actor.RESIDENT, reason="frozen_by_resident"
        )

    def suspend(self, resident_id: str, *, by: Actor, reason: str) -> tuple[EndedSession, ...]:
        """Nobody logs in or signs with this eID until it is resumed; all sessions end, all grants are
        revoked. The signing key stays: there is no hold of certificates, and a freeze may be lifted.

        :param reason: a short word in ``snake_case``; never free text about a person.
        :returns: the sessions that ended.
        :raises hkeid.kernel.errors.Refused: ``eid_transition_not_allowed``.
        :raises hkeid.kernel.errors.MalformedInput: ``standing_reason_malformed``.
        :raises EnrolmentRefused: ``resident_unknown``, ``eid_changed``.
        """
        return self._change(resident_id, EidState.SUSPENDED, by, reason)

    def resume(self, resident_id: str, *, by: Actor, reason: str) -> None:
        """Lift a suspension: back to ``upgraded`` where the proof of identity carries that, else to
        ``active``. Sessions that a login in the moment of the suspension may have left end now.

        :raises hkeid.kernel.errors.Refused: as :meth:`suspend`.
        """
        self._change(resident_id, None, by, reason)

    def revoke(self, resident_id: str, *, by: Actor, reason: str) -> tuple[EndedSession, ...]:
        """End an eID for good, with its devices, tickets and the right to sign.

        :returns: the sessions that ended.
        :raises hkeid.kernel.errors.Refused: as :meth:`suspend`.
        """
        return self._change(resident_id, EidState.REVOKED, by, reason)

    def _change(
        self, resident_id: str, wanted: EidState | None, by: Actor, reason: str
    ) -> tuple[EndedSession, ...]:
        if _REASON.fullmatch(reason) is None:
            raise MalformedInput("standing_reason_malformed", field="reason")
        for _ in range(_ATTEMPTS):
            with self._store.transaction() as tx:
                resident = tx.residents.get(resident_id)
                if resident is None:
                    raise ResidentUnknown("resident_unknown")
                state = _resumed(resident) if wanted is None else wanted
                check_transition(resident.state, state)
                now = self._clock.now()
                if not tx.residents.change(
                    resident, replace(resident, state=state, updated_at=now)
                ):
                    continue
                return self._conclude(tx, resident, state, by, reason)
        raise EnrolmentRefused("eid_changed")

    def _conclude(
        self,
        tx: EnrolmentTransaction,
        resident: Resident,
        state: EidState,
        by: Actor,
        reason: str,
    ) -> tuple[EndedSession, ...]:
        now = self._clock.now()
        word = "resumed" if state.may_log_in else state.value
        ended = end_sessions(tx, resident.id, now, reason=f"eid_{word}")
        grants = 0 if state.may_log_in else revoke_grants(tx, resident.id, now)
        if state is EidState.REVOKED:
            for credential in tx.credentials.of_resident(resident.id):
                tx.credentials.set_status(credential.id, CredentialStatus.REVOKED, now)
            tx.single_use.revoke_family(ticket_family(resident.id), now)
            retire_signing_keys(tx, resident.id, _why(by, reason), now)
        tx.audit.append(
            StandingChanged(
                resident_id=resident.id,
                before=resident.state.value,
                after=state.value,
                by=by.value,
                reason=reason,
                sessions_ended=len(ended),
                grants_revoked=grants,
            )
        )
        about = reason if reason in _TOLD_AS_SUCH else f"eid_{word}"
        tell(tx, resident.id, about, now=now, random=self._random)
        return ended


def _why(by: Actor, reason: str) -> RevocationReason:
    """What the revocation of the signing certificate says (RFC 5280 §5.3.1)."""
    if by is Actor.RESIDENT or reason == _DECEASED:
        return RevocationReason.CESSATION_OF_OPERATION
    return RevocationReason.PRIVILEGE_WITHDRAWN


def _resumed(resident: Resident) -> EidState:
    if resident.state is not EidState.SUSPENDED:
        # Not a suspension that could be lifted; let the table of transitions say no.
        check_transition(resident.state, resident.state)
    return EidState.UPGRADED if resident.proofed.at_least(Acr.EID_PLUS) else EidState.ACTIVE

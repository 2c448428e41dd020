"""Consent decisions, disclosures and guardians' approvals in SQL; the tables only grow."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from sqlalchemy import ClauseElement, bindparam, insert, select

from hkeid.adapters.sql.columns import instant, moment, word_list, words
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.statements import Insert, Statement, param, values
from hkeid.adapters.sql.tables import (
    consent_statements,
    consents,
    disclosures,
    guardian_approvals,
)
from hkeid.doors.relying_party import LOGIN_PURPOSE
from hkeid.identity.assurance import Acr
from hkeid.kernel import canonical_json
from hkeid.kernel.instants import epoch_microseconds, from_epoch_microseconds
from hkeid.profile.records import ConsentDecision, ConsentEvidence, ConsentKey, Disclosure
from hkeid.residents.guardians import GuardianApproval

_c = consents.c
_decision_columns = [column for column in _c if column is not _c.position]

_DECIDE: Final = Statement(insert(consents).values(values(consents, without=["position"])))
_OF_CLIENT: Final = Statement(
    select(*_decision_columns)
    .where(_c.resident_id == param(_c.resident_id), _c.client_id == param(_c.client_id))
    .order_by(_c.decided_at, _c.position)
)
_HISTORY: Final = Statement(
    select(*_decision_columns)
    .where(_c.resident_id == param(_c.resident_id))
    .order_by(_c.decided_at.desc(), _c.position.desc())
)


_t = consent_statements.c


def _insert_statement(insert_into: Insert) -> ClauseElement:
    statement: ClauseElement = (
        insert_into(consent_statements).values(values(consent_statements)).on_conflict_do_nothing()
    )
    return statement


_KEEP_STATEMENT: Final = Statement(_insert_statement)
_STATEMENT: Final = Statement(select(_t.document).where(_t.version == param(_t.version)))


class SqlConsents:
    """:class:`hkeid.profile.records.ConsentRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def append(self, decisions: tuple[ConsentDecision, ...]) -> None:
        """Record decisions.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        for decision in decisions:
            parameters = {
                "id": decision.id,
                "resident_id": decision.resident_id,
                "client_id": decision.client_id,
                "purpose": decision.purpose,
                "claim": decision.claim,
                "agreed": decision.agreed,
                "statement": decision.statement,
                "language": decision.language,
                "decided_at": epoch_microseconds(decision.decided_at),
                "expires_at": moment(decision.expires_at),
                "evidence": _evidence_document(decision.evidence),
                "once": decision.once,
            }
            self._connection.change(_DECIDE, parameters)

    def latest(self, resident_id: str, client_id: str) -> dict[ConsentKey, ConsentDecision]:
        """The newest decision by purpose and claim; of two at one instant the one appended last."""
        parameters = {"resident_id": resident_id, "client_id": client_id}
        found = [_decision(row) for row in self._connection.rows(_OF_CLIENT, parameters)]
        return {(decision.purpose, decision.claim): decision for decision in found}

    def history(self, resident_id: str) -> tuple[ConsentDecision, ...]:
        """All decisions of a resident, newest first."""
        rows = self._connection.rows(_HISTORY, {"resident_id": resident_id})
        return tuple(_decision(row) for row in rows)

    def keep_statement(self, version: str, document: bytes) -> None:
        """Keep the text of a collection statement."""
        self._connection.change(_KEEP_STATEMENT, {"version": version, "document": document})

    def statement(self, version: str) -> bytes | None:
        """The text of a collection statement."""
        row = self._connection.find(_STATEMENT, {"version": version})
        return None if row is None else bytes(row[0])


def _decision(row: Row) -> ConsentDecision:
    (
        decision_id,
        resident_id,
        client_id,
        purpose,
        claim,
        agreed,
        statement,
        language,
        decided_at,
        expires_at,
        evidence,
        once,
    ) = row
    return ConsentDecision(
        id=decision_id,
        resident_id=resident_id,
        client_id=client_id,
        purpose=purpose or LOGIN_PURPOSE,
        claim=claim,
        agreed=bool(agreed),
        statement=statement,
        language=language,
        decided_at=from_epoch_microseconds(decided_at),
        expires_at=instant(expires_at),
        evidence=None if evidence is None else _evidence(evidence),
        once=bool(once),
    )


def _evidence_document(evidence: ConsentEvidence | None) -> bytes | None:
    if evidence is None:
        return None
    return canonical_json.dumps(
        {
            "session": evidence.session_id,
            "acr": evidence.acr.value,
            "authenticated_at": epoch_microseconds(evidence.authenticated_at),
            "question": evidence.question,
            "guardian": evidence.guardian,
        }
    )


@lru_cache(maxsize=256)
def _evidence(document: bytes) -> ConsentEvidence:
    """The evidence of a row. All claims of one answer have the same."""
    members = canonical_json.loads_object(document)
    return ConsentEvidence(
        session_id=members["session"],
        acr=Acr(members["acr"]),
        authenticated_at=from_epoch_microseconds(members["authenticated_at"]),
        question=members["question"],
        guardian=members["guardian"],
    )


_d = disclosures.c

_DISCLOSE: Final = Statement(insert(disclosures).values(values(disclosures, without=["position"])))
_DISCLOSED: Final = Statement(
    select(*(column for column in _d if column is not _d.position))
    .where(_d.resident_id == param(_d.resident_id))
    .order_by(_d.disclosed_at.desc(), _d.position.desc())
    .limit(bindparam("limit", required=True))
)


class SqlDisclosures:
    """:class:`hkeid.profile.records.DisclosureRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def append(self, disclosure: Disclosure) -> None:
        """Record a disclosure.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        parameters = {
            "id": disclosure.id,
            "resident_id": disclosure.resident_id,
            "client_id": disclosure.client_id,
            "purpose": disclosure.purpose,
            "claims": word_list(disclosure.claims),
            "disclosed_at": epoch_microseconds(disclosure.disclosed_at),
            "decisions": canonical_json.dumps(list(disclosure.decisions)),
            "digests": canonical_json.dumps(dict(disclosure.digests)),
            "salt": disclosure.salt or None,
        }
        self._connection.change(_DISCLOSE, parameters)

    def of_resident(self, resident_id: str, *, limit: int = 200) -> tuple[Disclosure, ...]:
        """A resident's disclosures, newest first."""
        parameters = {"resident_id": resident_id, "limit": limit}
        rows = self._connection.rows(_DISCLOSED, parameters)
        return tuple(_disclosure(row) for row in rows)


def _disclosure(row: Row) -> Disclosure:
    (
        disclosure_id,
        owner,
        client_id,
        purpose,
        claims,
        disclosed_at,
        decisions,
        digests,
        salt,
    ) = row
    return Disclosure(
        id=disclosure_id,
        resident_id=owner,
        client_id=client_id,
        purpose=purpose or LOGIN_PURPOSE,
        claims=words(claims),
        disclosed_at=from_epoch_microseconds(disclosed_at),
        decisions=() if decisions is None else tuple(canonical_json.loads(decisions)),
        digests={} if digests is None else canonical_json.loads_object(digests),
        salt=salt or b"",
    )


_g = guardian_approvals.c

_APPROVE: Final = Statement(insert(guardian_approvals).values(values(guardian_approvals)))
_APPROVED: Final = Statement(
    select(guardian_approvals)
    .where(_g.resident_id == param(_g.resident_id))
    .order_by(_g.approved_at.desc(), _g.id)
)


class SqlGuardianApprovals:
    """:class:`hkeid.residents.guardians.GuardianApprovalRepository`."""

    __slots__ = ("_connection",)

    def __init__(self, connection: SqlConnection) -> None:
        self._connection = connection

    def add(self, approval: GuardianApproval) -> None:
        """Keep a new approval.

        :raises hkeid.kernel.errors.Refused: ``record_exists``.
        """
        parameters = {
            "id": approval.id,
            "resident_id": approval.resident_id,
            "guardian_id": approval.guardian_id,
            "registration": approval.registration,
            "approved_at": epoch_microseconds(approval.approved_at),
        }
        self._connection.change(_APPROVE, parameters)

    def of_resident(self, resident_id: str) -> tuple[GuardianApproval, ...]:
        """Those about a minor, newest first."""
        rows = self._connection.rows(_APPROVED, {"resident_id": resident_id})
        return tuple(
            GuardianApproval(
                id=approval_id,
                resident_id=minor,
                guardian_id=guardian_id,
                registration=registration,
                approved_at=from_epoch_microseconds(approved_at),
            )
            for approval_id, minor, guardian_id, registration, approved_at in rows
        )

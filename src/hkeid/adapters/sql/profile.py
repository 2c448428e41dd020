"""Consent decisions and disclosures in SQL; both tables only grow."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, insert, select

from hkeid.adapters.sql.columns import word_list, words
from hkeid.adapters.sql.connection import Row, SqlConnection
from hkeid.adapters.sql.statements import Statement, param, values
from hkeid.adapters.sql.tables import consents, disclosures
from hkeid.kernel.instants import epoch_microseconds, from_epoch_microseconds
from hkeid.profile.records import ConsentDecision, Disclosure

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
                "claim": decision.claim,
                "agreed": decision.agreed,
                "statement": decision.statement,
                "language": decision.language,
                "decided_at": epoch_microseconds(decision.decided_at),
            }
            self._connection.change(_DECIDE, parameters)

    def latest(self, resident_id: str, client_id: str) -> dict[str, ConsentDecision]:
        """The newest decision by claim; of two at one instant the one appended last."""
        parameters = {"resident_id": resident_id, "client_id": client_id}
        found = [_decision(row) for row in self._connection.rows(_OF_CLIENT, parameters)]
        return {decision.claim: decision for decision in found}

    def history(self, resident_id: str) -> tuple[ConsentDecision, ...]:
        """All decisions of a resident, newest first."""
        rows = self._connection.rows(_HISTORY, {"resident_id": resident_id})
        return tuple(_decision(row) for row in rows)


def _decision(row: Row) -> ConsentDecision:
    decision_id, resident_id, client_id, claim, agreed, statement, language, decided_at = row
    return ConsentDecision(
        id=decision_id,
        resident_id=resident_id,
        client_id=client_id,
        claim=claim,
        agreed=bool(agreed),
        statement=statement,
        language=language,
        decided_at=from_epoch_microseconds(decided_at),
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
            "claims": word_list(disclosure.claims),
            "disclosed_at": epoch_microseconds(disclosure.disclosed_at),
        }
        self._connection.change(_DISCLOSE, parameters)

    def of_resident(self, resident_id: str, *, limit: int = 200) -> tuple[Disclosure, ...]:
        """A resident's disclosures, newest first."""
        parameters = {"resident_id": resident_id, "limit": limit}
        rows = self._connection.rows(_DISCLOSED, parameters)
        return tuple(
            Disclosure(
                id=disclosure_id,
                resident_id=owner,
                client_id=client_id,
                claims=words(claims),
                disclosed_at=from_epoch_microseconds(disclosed_at),
            )
            for disclosure_id, owner, client_id, claims, disclosed_at in rows
        )

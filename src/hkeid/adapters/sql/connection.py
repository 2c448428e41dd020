"""One open transaction on a driver's connection, and what its failures mean."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select

from hkeid.adapters.sql.statements import Engine, Statement
from hkeid.kernel.errors import HkeidError, MalformedInput

_ADVISORY_LOCK = Statement(select(func.pg_advisory_xact_lock(bindparam("key", required=True))))

Row = tuple[Any, ...]
Translate = Callable[[Exception], HkeidError | None]


class SqlConnection:
    """Runs statements inside the present transaction.

    A statement that the database turned down dooms the transaction, also when somebody catches the
    error: PostgreSQL has then forgotten everything and would answer COMMIT with a silent ROLLBACK.

    :ivar engine: which database this is.
    :ivar lease: what the pool wants back, where there is one.
    :ivar doomed: whether a statement failed, so that committing is out of the question.
    """

    __slots__ = ("_cursor", "_errors", "_translate", "doomed", "driver", "engine", "lease")

    def __init__(
        self,
        driver: Any,
        cursor: Any,
        *,
        engine: Engine,
        errors: type[Exception],
        translate: Translate,
        lease: Any = None,
    ) -> None:
        self.driver = driver
        self.lease = lease
        self.engine = engine
        self.doomed = False
        self._cursor = cursor
        self._errors = errors
        self._translate = translate

    def rows(self, statement: Statement, parameters: Mapping[str, Any]) -> list[Row]:
        """All rows that the statement returns."""
        self._run(statement, parameters)
        found: list[Row] = self._cursor.fetchall()
        return found

    def one(self, statement: Statement, parameters: Mapping[str, Any]) -> Row | None:
        """The only row, or None."""
        found = self.rows(statement, parameters)
        return found[0] if found else None

    def find(self, statement: Statement, parameters: Mapping[str, Any]) -> Row | None:
        """Like :meth:`one`, for text from outside: what cannot be stored is not there."""
        try:
            return self.one(statement, parameters)
        except MalformedInput:
            return None

    def change(self, statement: Statement, parameters: Mapping[str, Any]) -> int:
        """How many rows the statement changed."""
        self._run(statement, parameters)
        count: int = self._cursor.rowcount
        if count < 0:
            raise TypeError("the driver does not count the rows of this statement")
        return count

    def change_each(self, statement: Statement, parameters: Sequence[Mapping[str, Any]]) -> None:
        """Run the statement once for each set of parameters."""
        text, _ = statement.prepared(self.engine)
        try:
            self._cursor.executemany(text, parameters)
        except (self._errors, UnicodeEncodeError) as error:
            self._fail(error)

    def one_at_a_time(self, name: str) -> None:
        """Wait until no other transaction is between this call for ``name`` and its end.

        Nothing to do on SQLite, where one transaction writes at a time anyway.
        """
        if self.engine == "postgresql":
            digest = hashlib.sha256(name.encode()).digest()
            self.rows(_ADVISORY_LOCK, {"key": int.from_bytes(digest[:8], "big", signed=True)})

    def _run(self, statement: Statement, parameters: Mapping[str, Any]) -> None:
        text, own = statement.prepared(self.engine)
        try:
            self._cursor.execute(text, {**own, **parameters} if own else parameters)
        except (self._errors, UnicodeEncodeError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """Raise what ``error`` means; the driver's words can hold values, so they end here."""
        if isinstance(error, UnicodeEncodeError):
            raise MalformedInput("text_not_storable") from None
        translated = self._translate(error)
        if translated is None:
            self.doomed = True
            raise error
        if not isinstance(translated, MalformedInput):
            self.doomed = True
        raise translated from None

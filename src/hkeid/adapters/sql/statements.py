"""Statements: SQLAlchemy Core constructs, compiled once per engine to the driver's own text.

The constructs stay portable and checked against the tables; what runs is the plain text with named
parameters on the driver's cursor. That leaves out SQLAlchemy's work per execution, which would cost
more than the statement itself on the way of every login.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal, cast

from sqlalchemy import Column, Table, bindparam, delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter, ClauseElement

Engine = Literal["sqlite", "postgresql"]

_DIALECTS: Final[dict[Engine, Dialect]] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": PGDialect_psycopg(),  # type: ignore[no-untyped-call]
}
_INSERTS: Final[dict[Engine, Callable[[Table], Any]]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}

Insert = Callable[[Table], Any]
"""An engine's ``insert``: the two know ``on_conflict_…``, but are different constructs."""


class Statement:
    """One statement of a repository, written once for both engines.

    :param source: the construct, or a function that builds it with the engine's own ``insert``.
    """

    __slots__ = ("_prepared", "_source")

    def __init__(self, source: ClauseElement | Callable[[Insert], ClauseElement]) -> None:
        self._source = source
        self._prepared: dict[Engine, tuple[str, Mapping[str, Any]]] = {}

    def prepared(self, engine: Engine) -> tuple[str, Mapping[str, Any]]:
        """What the driver of ``engine`` is given: the text, and values that stand in the construct
        itself (SQLite's dialect adds an OFFSET of 0 to a LIMIT); mostly there are none.
        """
        try:
            return self._prepared[engine]
        except KeyError:
            return self._prepared.setdefault(engine, self._prepare(engine))

    def _prepare(self, engine: Engine) -> tuple[str, Mapping[str, Any]]:
        source = self._source
        construct = source if isinstance(source, ClauseElement) else source(_INSERTS[engine])
        compiled = cast(SQLCompiler, construct.compile(dialect=_DIALECTS[engine]))
        own = {
            compiled.bind_names[bind]: bind.effective_value
            for bind in compiled.bind_names
            if not bind.required
        }
        return str(compiled), own


def param(column: Column[Any], name: str | None = None) -> BindParameter[Any]:
    """A named parameter of the column's type."""
    return bindparam(name or column.name, type_=column.type, required=True)


def values(table: Table, *, without: Iterable[str] = ()) -> dict[str, BindParameter[Any]]:
    """A parameter for every column but those the database fills."""
    left_out = set(without)
    return {column.name: param(column) for column in table.c if column.name not in left_out}


def purging(table: Table, moment: Column[Any], *keys: Column[Any]) -> ClauseElement:
    """Delete at most ``:limit`` rows whose ``moment`` is before ``:before``, the oldest first; their
    keys come back.

    Rows that another transaction holds are left for the next time instead of waited for. The rows
    are chosen in a common table expression: PostgreSQL might run a subquery more than once and then
    delete more than the limit, but never one of these that locks rows. It stands inside, because
    Python's SQLite driver counts rows only of statements that begin with their verb.
    """
    chosen = (
        select(*keys)
        .where(moment < param(moment, "before"))
        .order_by(moment)
        .limit(bindparam("limit", required=True))
        .with_for_update(skip_locked=True)
        .cte("chosen", nesting=True)
    )
    key = keys[0] if len(keys) == 1 else tuple_(*keys)
    return delete(table).where(key.in_(select(*chosen.c))).returning(*keys)

"""``pg_dump``, ``pg_restore`` and ``psql``: PostgreSQL's own tools for whole databases."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import URL

from hkeid.adapters.sql.failures import of_postgresql
from hkeid.adapters.sql.schema import RESTORE_PENDING
from hkeid.kernel.errors import ConfigurationError, MissingExtra, Refused, Unavailable
from hkeid.kernel.instants import Instant, epoch_microseconds

try:
    import psycopg
    from psycopg import sql
except ImportError as _missing:  # pragma: no cover - the tests' environment has it
    raise MissingExtra("psycopg", "postgresql") from _missing

_LOOKS: Final = 100
_PAUSE: Final = 0.1

_EMPTY = """
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP TABLE public.%I CASCADE', name);
    END LOOP;
END $$;
"""


def check_target(url: URL, *, replace: bool) -> None:
    """See that a database is empty or may be replaced, and that no service is connected to it.

    :raises hkeid.kernel.errors.Refused: ``restore_target_exists``, ``store_in_use``.
    """
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(address, connect_timeout=5, autocommit=True) as connection:
            tables = connection.execute(
                "SELECT 1 FROM pg_tables WHERE schemaname = 'public'"
            ).fetchone()
            served = _is_served(connection)
    except psycopg.Error as error:
        raise (of_postgresql(error) or error) from None
    if tables and not replace:
        raise Refused("restore_target_exists", detail=f"{url.database}; --replace replaces it")
    if served:
        raise Refused("store_in_use", detail="stop the service first")


def _is_served(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    """Whether a service is connected. The server needs a moment to notice that one has gone."""
    for _ in range(_LOOKS):
        found = connection.execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'hkeid'"
        ).fetchone()
        if found is None:
            return False
        time.sleep(_PAUSE)
    return True


def marking_pending() -> str:
    """SQL that marks a data store as restored but not yet fit to serve."""
    statement = sql.SQL("INSERT INTO store_state (name, value) VALUES ({}, '')")
    return f"{_text(statement.format(sql.Literal(RESTORE_PENDING)))} ON CONFLICT DO NOTHING;"


def erasing(erasures: Mapping[str, Instant]) -> str:
    """SQL that destroys the keys of residents in a vault, once more."""
    statement = sql.SQL(
        "INSERT INTO data_keys (resident_id, wrapped, erased_at) VALUES ({}, NULL, {})"
        " ON CONFLICT (resident_id) DO UPDATE SET wrapped = NULL,"
        " erased_at = LEAST(data_keys.erased_at, excluded.erased_at);"
    )
    return "\n".join(
        _text(statement.format(sql.Literal(resident_id), sql.Literal(epoch_microseconds(at))))
        for resident_id, at in erasures.items()
    )


def _text(composed: sql.Composed) -> str:
    return composed.as_string()


def dump(url: URL, target: Path, *, without: Sequence[str] = ()) -> None:
    """Write a database into one file, as of one moment.

    :param without: tables whose rows are left out.

    :raises hkeid.kernel.errors.ConfigurationError: ``postgresql_tools_missing``.
    :raises hkeid.kernel.errors.Unavailable: ``backup_failed``.
    """
    target.touch(mode=0o600)
    _run(
        [
            _tool("pg_dump"),
            "--format=custom",
            "--no-owner",
            "--no-acl",
            f"--file={target}",
            *(f"--exclude-table-data=public.{table}" for table in without),
        ],
        url,
        "backup_failed",
    )


def load(url: URL, source: Path, afterwards: str) -> None:
    """Replace what is in a database by a dump, and run ``afterwards``, all in one transaction.

    :param afterwards: SQL without parameters.
    :raises: as :func:`dump`; the reason is ``restore_failed``, and nothing was changed.
    """
    script = _run(
        [_tool("pg_restore"), "--no-owner", "--no-acl", "--file=-", str(source)],
        url,
        "restore_failed",
    )
    # The dump's own settings leave an empty search path behind.
    ending = f"\nSET search_path = public;\n{afterwards}\n".encode()
    _run(
        [
            _tool("psql"),
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            "--output=/dev/null",
            "--file=-",
        ],
        url,
        "restore_failed",
        given=_EMPTY.encode() + script + ending,
    )


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise ConfigurationError(
            "postgresql_tools_missing",
            detail=f"{name} is not installed; install the client package of the server's version",
        )
    return path


def _run(command: list[str], url: URL, reason: str, given: bytes = b"") -> bytes:
    """Run a tool; the address goes through the environment, where ``ps`` does not show it."""
    address = {
        "PGHOST": url.host,
        "PGPORT": None if url.port is None else str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
    }
    environment = {**os.environ, **{name: value for name, value in address.items() if value}}
    ended = subprocess.run(  # noqa: S603 - fixed tools, no shell
        command, input=given, capture_output=True, env=environment, check=False
    )
    if ended.returncode:
        # What the tool says can quote rows.
        name = Path(command[0]).name
        raise Unavailable(reason, detail=f"{name} ended with status {ended.returncode}")
    return ended.stdout

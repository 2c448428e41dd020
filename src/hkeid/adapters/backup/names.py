"""The name of a backup says what it is of, when it was made and until when it may be used."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant

Kind = Literal["data", "vault"]

_STAMP: Final = "%Y%m%dT%H%M%SZ"
_NAME: Final = re.compile(
    r"hkeid-(?P<kind>data|vault)-(?P<made>\d{8}T\d{6}Z)(-until-(?P<until>\d{8}T\d{6}Z))?"
    r"\.(?P<engine>sqlite|pgdump)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFile:
    """A backup, as its name tells.

    :ivar until: the end of its horizon: afterwards it is neither kept nor restored. None for data.
    """

    path: Path
    kind: Kind
    made_at: Instant
    until: Instant | None
    engine: Literal["sqlite", "pgdump"]

    def expired(self, now: Instant) -> bool:
        """Whether its horizon has passed."""
        return self.until is not None and now >= self.until


def name_of(kind: Kind, made_at: Instant, until: Instant | None, engine: str) -> str:
    """The file name of a new backup."""
    horizon = "" if until is None else f"-until-{until.strftime(_STAMP)}"
    return f"hkeid-{kind}-{made_at.strftime(_STAMP)}{horizon}.{engine}"


def parse(path: Path) -> BackupFile:
    """What a file name tells.

    :raises hkeid.kernel.errors.MalformedInput: ``backup_name_malformed``; also a vault's without a
        horizon, and data with one.
    """
    match = _NAME.fullmatch(path.name)
    if match is None or (match["kind"] == "vault") != (match["until"] is not None):
        raise MalformedInput("backup_name_malformed", detail=path.name)
    try:
        made_at = _moment(match["made"])
        until = None if match["until"] is None else _moment(match["until"])
    except ValueError:
        raise MalformedInput("backup_name_malformed", detail=path.name) from None
    return BackupFile(
        path=path,
        kind="vault" if match["kind"] == "vault" else "data",
        made_at=made_at,
        until=until,
        engine="sqlite" if match["engine"] == "sqlite" else "pgdump",
    )


def _moment(stamp: str) -> Instant:
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)

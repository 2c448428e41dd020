"""Single lines of an export."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hkeid.audit.chain import AuditRecord, ChainHead
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant

VERSION = 1

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_GREATEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLine:
    """The first line.

    :ivar windowed: the records begin after the heads that follow, not at the beginning.
    """

    since: Instant | None
    until: Instant | None
    made_at: Instant
    windowed: bool

    def encode(self) -> bytes:
        """As a line."""
        return line(
            "export",
            {
                "version": VERSION,
                "since": None if self.since is None else instant_text(self.since),
                "until": None if self.until is None else instant_text(self.until),
                "made_at": instant_text(self.made_at),
                "windowed": self.windowed,
            },
        )

    @classmethod
    def read(cls, value: Any) -> HeaderLine:
        """The inverse of :meth:`encode`."""
        members = _members(value, "version", "since", "until", "made_at", "windowed")
        if members["version"] != VERSION or not isinstance(members["windowed"], bool):
            raise MalformedInput("header")
        return cls(
            since=None if members["since"] is None else _instant(members["since"]),
            until=None if members["until"] is None else _instant(members["until"]),
            made_at=_instant(members["made_at"]),
            windowed=members["windowed"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLine:
    """The last line: how much there was."""

    checkpoints: int
    records: int

    def encode(self) -> bytes:
        """As a line."""
        return line("end", {"checkpoints": self.checkpoints, "records": self.records})

    @classmethod
    def read(cls, value: Any) -> EndLine:
        """The inverse of :meth:`encode`."""
        members = _members(value, "checkpoints", "records")
        return cls(checkpoints=_count(members["checkpoints"]), records=_count(members["records"]))


def line(kind: str, value: Any) -> bytes:
    """One line, its end included."""
    return canonical_json.dumps({kind: value}) + b"\n"


def read_line(text: bytes) -> tuple[str, Any]:
    """Kind and value of a line.

    :raises MalformedInput: not JSON, or not an object of one member.
    """
    value = canonical_json.loads_object(text)
    if len(value) != 1:
        raise MalformedInput("members")
    return next(iter(value.items()))


def head_line(head: ChainHead) -> bytes:
    """Where a writer's chain stands."""
    value = {
        "writer": head.writer,
        "sequence": head.sequence,
        "digest": base64url.encode(head.digest),
    }
    return line("head", value)


def read_head(value: Any) -> ChainHead:
    """The inverse of :func:`head_line`."""
    members = _members(value, "writer", "sequence", "digest")
    return ChainHead(
        _text(members["writer"]), _count(members["sequence"]), _digest(members["digest"])
    )


def record_line(record: AuditRecord) -> bytes:
    """A record. Its body is a JSON object, or base64url text where it was damaged."""
    return line(
        "record",
        {
            "writer": record.writer,
            "sequence": record.sequence,
            "at": instant_text(record.at),
            "name": record.name,
            "body": _readable(record.body),
            "previous": base64url.encode(record.previous),
            "mac": base64url.encode(record.mac),
        },
    )


def read_record(value: Any) -> AuditRecord:
    """The inverse of :func:`record_line`."""
    members = _members(value, "writer", "sequence", "at", "name", "body", "previous", "mac")
    body = members["body"]
    return AuditRecord(
        writer=_text(members["writer"]),
        sequence=_count(members["sequence"]),
        at=_instant(members["at"]),
        name=_text(members["name"]),
        body=base64url.decode(body) if isinstance(body, str) else _body(body),
        previous=base64url.decode(_text(members["previous"])),
        mac=base64url.decode(_text(members["mac"])),
    )


def instant_text(moment: Instant) -> str:
    """RFC 3339 in UTC with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _instant(value: Any) -> Instant:
    if not isinstance(value, str) or _INSTANT.fullmatch(value) is None:
        raise MalformedInput("instant")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise MalformedInput("instant") from None


def _readable(body: bytes) -> Any:
    try:
        value = canonical_json.loads_object(body)
        if _body(value) == body:
            return value
    except MalformedInput:
        pass
    return base64url.encode(body)


def _body(value: Any) -> bytes:
    if not isinstance(value, dict):
        raise MalformedInput("body")
    try:
        return canonical_json.dumps(value)
    except (ValueError, RecursionError):
        raise MalformedInput("body") from None


def _members(value: Any, *names: str) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != set(names):
        raise MalformedInput("members")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise MalformedInput("text")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _GREATEST:
        raise MalformedInput("number")
    return value


def _digest(value: Any) -> bytes:
    digest = base64url.decode(_text(value))
    if len(digest) != 32:
        raise MalformedInput("digest")
    return digest

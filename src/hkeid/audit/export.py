"""The export shape: JSON Lines that can be read, searched, kept and verified elsewhere.

One JSON object with one member on each line, in this order::

    {"export": {"version": 1, "since": …, "until": …, "made_at": …, "windowed": …}}
    {"head": {"writer": …, "sequence": …, "digest": …}}          # only of a window: where it begins
    {"checkpoint": "eyJ…"}                                        # signed, oldest first
    {"record": {"writer": …, "sequence": …, "at": …, "name": …, "body": {…}, "previous": …, "mac": …}}
    {"end": {"checkpoints": …, "records": …}}

A window is rounded outward to checkpoints: it begins at the newest checkpoint not later than
``since`` and ends at the first one not earlier than ``until`` (or at the end of the trail), so that
its signed checkpoints vouch for everything in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import Any

from hkeid.audit.chain import AuditRecord, ChainHead
from hkeid.audit.checkpoints import CheckpointFold, anchor, read_checkpoint
from hkeid.audit.export_lines import (
    EndLine,
    HeaderLine,
    head_line,
    line,
    read_head,
    read_line,
    read_record,
    record_line,
)
from hkeid.audit.findings import Report
from hkeid.audit.reading import TrailStore, stored_checkpoints, stored_records
from hkeid.audit.verification import Mac, Verifier
from hkeid.kernel.errors import MalformedInput
from hkeid.kernel.instants import Instant


@dataclass(slots=True)
class _Window:
    """Where an export begins and ends."""

    first: int = 1
    base: dict[str, ChainHead] | None = None
    last: int | None = None
    ends: dict[str, ChainHead] = field(default_factory=dict)


def export_trail(
    store: TrailStore,
    *,
    made_at: Instant,
    since: Instant | None = None,
    until: Instant | None = None,
) -> Iterator[bytes]:
    """The trail, or a window of it, line by line, read in short transactions.

    :param since: nothing older is wanted; None for everything.
    :param until: nothing newer is wanted; None for everything.
    :raises hkeid.kernel.errors.MalformedInput: ``checkpoint_malformed``, a window cannot be found in
        damaged checkpoints. An export of everything has no such need.
    """
    window = _window(store, since, until)
    header = HeaderLine(since=since, until=until, made_at=made_at, windowed=window.base is not None)
    yield header.encode()
    for writer in sorted(window.base or {}):
        yield head_line((window.base or {})[writer])
    checkpoints = 0
    for stored in stored_checkpoints(store, window.first - 1):
        if window.last is not None and stored.number > window.last:
            break
        checkpoints += 1
        yield line("checkpoint", stored.signed.decode("latin-1"))
    records = 0
    with store.reading() as tx:
        writers = tx.audit_records.writers()
    for writer in writers:
        for record in _within(store, window, writer):
            records += 1
            yield record_line(record)
    yield EndLine(checkpoints=checkpoints, records=records).encode()


def _window(store: TrailStore, since: Instant | None, until: Instant | None) -> _Window:
    window = _Window()
    if since is None and until is None:
        return window
    fold = CheckpointFold()
    for stored in stored_checkpoints(store):
        checkpoint = read_checkpoint(stored.signed)
        fold.take(checkpoint, anchor(stored.signed))
        if since is not None and checkpoint.at <= since:
            window.first, window.base = fold.number, dict(fold.heads)
        if until is not None and checkpoint.at >= until:
            window.last, window.ends = fold.number, fold.heads
            break
    return window


def _within(store: TrailStore, window: _Window, writer: str) -> Iterator[AuditRecord]:
    begin = (window.base or {}).get(writer)
    end = window.ends.get(writer)
    if window.last is not None and end is None:
        return
    for record in stored_records(store, writer, begin.sequence if begin else 0):
        if end is not None and record.sequence > end.sequence:
            return
        yield record


Entry = HeaderLine | ChainHead | bytes | AuditRecord | EndLine
"""What a line of an export holds; ``bytes`` is a signed checkpoint."""


def read_export(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries of an export, one by one, as they are read.

    :raises hkeid.kernel.errors.MalformedInput: ``export_malformed`` (not this shape, or lines in a
        wrong order; the detail names the line), ``export_cut_off`` (no end, or other counts).
    """
    stage = -1
    checkpoints = records = 0
    for number, text in enumerate(lines, start=1):
        try:
            position, entry = _entry(text)
        except MalformedInput as error:
            raise MalformedInput(
                "export_malformed", field=error.field, detail=f"line {number}: {error.reason}"
            ) from None
        if position < stage or stage == _END or (stage == -1) != (position == 0):
            raise MalformedInput("export_malformed", detail=f"line {number}: order")
        stage = position
        checkpoints += isinstance(entry, bytes)
        records += isinstance(entry, AuditRecord)
        if isinstance(entry, EndLine) and (
            entry.checkpoints != checkpoints or entry.records != records
        ):
            raise MalformedInput("export_cut_off", detail=f"line {number}: counts")
        yield entry
    if stage != _END:
        raise MalformedInput("export_cut_off")


_END = 4


def _entry(text: bytes) -> tuple[int, Entry]:
    kind, value = read_line(text)
    match kind:
        case "export":
            return 0, HeaderLine.read(value)
        case "head":
            return 1, read_head(value)
        case "checkpoint" if isinstance(value, str) and value.isascii():
            return 2, value.encode("ascii")
        case "record":
            return 3, read_record(value)
        case "end":
            return _END, EndLine.read(value)
    raise MalformedInput("kind")


def verify_export(
    lines: Iterable[bytes],
    *,
    keys: Iterable[Mapping[str, Any]],
    mac: Mac | None,
    anchors: Mapping[int, bytes] | None = None,
    tolerance: timedelta = timedelta(minutes=10),
) -> Report:
    """Verify an export with nothing but itself and the keys.

    :param keys: public JWKs under which checkpoints may be signed, retired ones included.
    :param mac: HMAC under the record key, or None for an auditor who does not have it.
    :param anchors: digests of checkpoints that were kept outside, by number.
    :raises hkeid.kernel.errors.MalformedInput: ``export_malformed``, ``export_cut_off``.
    """
    entries = read_export(lines)
    header = next(entries, None)
    if not isinstance(header, HeaderLine):
        raise MalformedInput("export_cut_off")
    base: dict[str, ChainHead] | None = {} if header.windowed else None
    first: Iterable[Entry] = ()
    for entry in entries:
        if not isinstance(entry, ChainHead):
            first = (entry,)
            break
        if base is None or entry.writer in base:
            raise MalformedInput("export_malformed", detail="head")
        base[entry.writer] = entry
    verifier = Verifier(keys=keys, mac=mac, anchors=anchors, base=base, tolerance=tolerance)
    for entry in chain(first, entries):
        if isinstance(entry, bytes):
            verifier.add_checkpoint(entry)
        elif isinstance(entry, AuditRecord):
            verifier.add_record(entry)
    return verifier.finish()

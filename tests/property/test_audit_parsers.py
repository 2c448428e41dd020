"""Parsers of the audit room raise from the tree only, and round trips lose nothing."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hkeid.audit import (
    AuditRecord,
    Verifier,
    read_checkpoint,
    read_export,
    verify_export,
)
from hkeid.audit.export_lines import (
    EndLine,
    HeaderLine,
    read_line,
    read_record,
    record_line,
)
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import HkeidError

instants = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
records = st.builds(
    AuditRecord,
    writer=st.text(max_size=8),
    sequence=st.integers(0, 2**63 - 1),
    at=instants,
    name=st.text(max_size=20),
    body=st.binary(max_size=40)
    | st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=4), st.integers(), max_size=3
    ).map(canonical_json.dumps),
    previous=st.binary(max_size=33),
    mac=st.binary(max_size=33),
)


def _encodable(record: AuditRecord) -> bool:
    try:
        record.writer.encode()
        record.name.encode()
    except UnicodeError:
        return False
    return True


@given(records.filter(_encodable))
def test_a_record_survives_its_line(record: AuditRecord) -> None:
    kind, value = read_line(record_line(record))
    assert kind == "record"
    assert read_record(value) == record


@given(instants, st.none() | instants, st.none() | instants, st.booleans())
def test_a_header_survives_its_line(made_at, since, until, windowed) -> None:
    header = HeaderLine(made_at=made_at, since=since, until=until, windowed=windowed)
    assert HeaderLine.read(read_line(header.encode())[1]) == header


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_bytes_that_are_no_export(lines: list[bytes]) -> None:
    with contextlib.suppress(HkeidError):
        list(read_export(lines))


kinds = st.sampled_from(["export", "head", "checkpoint", "record", "end", "other"])
members = st.sampled_from(
    ["version", "since", "until", "made_at", "windowed", "writer", "sequence", "digest", "at", "name",
     "body", "previous", "mac", "checkpoints", "records"]
)  # fmt: skip


@given(st.lists(st.tuples(kinds, st.dictionaries(members, json_values) | json_values), max_size=5))
def test_json_that_is_no_export(entries) -> None:
    header = HeaderLine(
        made_at=datetime(2026, 1, 1, tzinfo=UTC), since=None, until=None, windowed=True
    )
    lines = [header.encode()]
    for kind, value in entries:
        with contextlib.suppress(UnicodeEncodeError):
            lines.append(canonical_json.dumps({kind: value}))
    with contextlib.suppress(HkeidError):
        verify_export(lines, keys=[], mac=None)


@given(
    st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace"))
)
def test_bytes_that_are_no_checkpoint(signed: bytes) -> None:
    with contextlib.suppress(HkeidError):
        read_checkpoint(signed)


claims = st.fixed_dictionaries(
    {
        "number": json_values,
        "at": json_values,
        "previous": st.just("A" * 43) | json_values,
        "moved": st.lists(st.lists(json_values, max_size=4), max_size=3) | json_values,
        "writers": json_values,
        "state": st.just("A" * 43) | json_values,
    }
)


@given(claims)
def test_claims_that_are_no_checkpoint(claims: dict) -> None:
    try:
        payload = base64url.encode(canonical_json.dumps(claims))
    except UnicodeEncodeError:
        return
    signed = f"e30.{payload}.AA".encode()
    with contextlib.suppress(HkeidError):
        read_checkpoint(signed)
    verifier = Verifier(keys=[], mac=None)
    verifier.add_checkpoint(signed)
    assert not verifier.finish(now=datetime(2026, 1, 1, tzinfo=UTC), max_age=timedelta(1)).sound


@given(st.lists(records, max_size=6))
def test_records_that_no_writer_wrote(wild: list[AuditRecord]) -> None:
    verifier = Verifier(keys=[], mac=lambda digest: digest)
    for record in wild:
        verifier.add_record(record)
    assert verifier.finish().records == len(wild)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_an_end_survives_its_line(checkpoints: int, count: int) -> None:
    end = EndLine(checkpoints=checkpoints, records=count)
    assert EndLine.read(read_line(end.encode())[1]) == end

"""Exports: what goes out comes back, windows verify by themselves, harm is found."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from hkeid.audit import AuditRecord, ChainHead, anchor, export_trail, read_export, verify_export
from hkeid.audit.export_lines import HeaderLine
from hkeid.audit.records import StoredCheckpoint
from hkeid.kernel.errors import MalformedInput

MADE = datetime(2026, 12, 1, tzinfo=UTC)


class TrailStore:
    """A trail as a store that can be read."""

    def __init__(self, trail) -> None:
        self.trail = trail
        self.audit_records = self

    def transaction(self):
        return self

    reading = transaction

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def writers(self):
        return tuple(sorted(self.trail.records))

    def of_writer(self, writer, after=0):
        return iter([r for r in self.trail.records[writer] if r.sequence > after])

    def checkpoints(self, after=0):
        for number, signed in enumerate(self.trail.checkpoints, start=1):
            if number > after:
                yield StoredCheckpoint(number=number, at=MADE, signed=signed)


@pytest.fixture
def times(trail) -> list[datetime]:
    from hkeid.audit import read_checkpoint

    return [read_checkpoint(signed).at for signed in trail.checkpoints]


def export(trail, **window) -> list[bytes]:
    return list(export_trail(TrailStore(trail), made_at=MADE, **window))


def check(trail, lines, **more):
    return verify_export(lines, keys=trail.public_keys(), mac=trail.mac, **more)


def test_everything_goes_out_and_comes_back(trail) -> None:
    entries = list(read_export(export(trail)))
    assert [e for e in entries if isinstance(e, AuditRecord)] == [
        record for writer in sorted(trail.records) for record in trail.records[writer]
    ]
    assert [e for e in entries if isinstance(e, bytes)] == trail.checkpoints
    assert entries[0] == HeaderLine(since=None, until=None, made_at=MADE, windowed=False)


def test_an_export_verifies_by_itself(trail) -> None:
    report = check(trail, export(trail))
    assert report.sound
    assert (report.records, report.checkpoints, report.beyond) == (21, 3, 4)


def test_lines_are_readable_json(trail) -> None:
    line = next(text for text in export(trail) if text.startswith(b'{"record"'))
    record = json.loads(line)["record"]
    assert record["name"] == "test:thing:happened"
    assert record["body"] == {"number": 0, "words": ["ü", "身分"]}
    assert record["at"] == "2026-11-03T09:00:07.000000Z"


def test_a_damaged_body_still_goes_out_and_is_found(trail) -> None:
    trail.replace("a", 2, body=b"\xff\xfe")
    trail.replace("a", 4, body=b'{"b":1,"a":1}')
    lines = export(trail)
    entries = [e for e in read_export(lines) if isinstance(e, AuditRecord)]
    assert entries[1].body == b"\xff\xfe"
    assert entries[3].body == b'{"b":1,"a":1}'
    assert [str(f) for f in check(trail, lines).findings] == [
        "record_altered: a 2",
        "record_altered: a 4",
    ]


class TestWindows:
    def test_from_a_checkpoint_to_a_checkpoint(self, trail, times) -> None:
        lines = export(trail, since=times[0] + timedelta(minutes=1), until=times[1])
        entries = list(read_export(lines))
        heads = [e for e in entries if isinstance(e, ChainHead)]
        assert [(h.writer, h.sequence) for h in heads] == [("a", 3), ("b", 3)]
        records = [e for e in entries if isinstance(e, AuditRecord)]
        assert [(r.writer, r.sequence) for r in records] == [
            ("a", 4), ("a", 5), ("c", 1), ("c", 2), ("c", 3),
        ]  # fmt: skip
        assert [e for e in entries if isinstance(e, bytes)] == trail.checkpoints[:2]
        report = check(trail, lines)
        assert report.sound, report.findings
        assert (report.newest, report.beyond) == (2, 0)

    def test_since_only_runs_to_the_end(self, trail, times) -> None:
        report = check(trail, export(trail, since=times[1]))
        assert report.sound
        assert (report.records, report.beyond) == (10, 4)

    def test_until_only_runs_from_the_beginning(self, trail, times) -> None:
        report = check(trail, export(trail, until=times[0]))
        assert report.sound
        assert (report.records, report.checkpoints) == (6, 1)

    def test_before_the_first_checkpoint(self, trail, times) -> None:
        report = check(trail, export(trail, since=times[0] - timedelta(days=1)))
        assert report.sound
        assert report.records == 21

    def test_after_the_last_checkpoint(self, trail, times) -> None:
        report = check(trail, export(trail, since=times[2], until=times[2] + timedelta(days=9)))
        assert report.sound
        assert (report.records, report.beyond) == (4, 4)

    def test_a_wrong_beginning_is_found(self, trail, times) -> None:
        lines = export(trail, since=times[0], until=times[1])
        dropped = [
            text
            for text in lines
            if not text.startswith(b'{"head":{"digest"') or b'"b"' not in text
        ]
        assert len(dropped) == len(lines) - 1
        assert "checkpoint_state_wrong" in {f.reason.value for f in check(trail, dropped).findings}

    def test_a_record_missing_at_the_beginning_is_found(self, trail, times) -> None:
        lines = export(trail, since=times[0], until=times[1])
        at = next(i for i, text in enumerate(lines) if text.startswith(b'{"record"'))
        del lines[at]
        found = [str(f) for f in check(trail, counted(lines)).findings]
        assert found == ["record_missing: a 4-4"]

    def test_a_tail_missing_at_the_end_is_found(self, trail, times) -> None:
        lines = [
            t for t in export(trail, since=times[0], until=times[1]) if b'"writer":"c"' not in t
        ]
        assert [str(f) for f in check(trail, counted(lines)).findings] == ["writer_missing: c 1-3"]
        lines = [
            t
            for t in export(trail, since=times[0], until=times[1])
            if not (t.startswith(b'{"record"') and b'"writer":"a"' in t)
        ]
        assert [str(f) for f in check(trail, counted(lines)).findings] == ["tail_missing: a 4-5"]

    def test_anchors_within_and_before_the_window(self, trail, times) -> None:
        anchors = {n: anchor(s) for n, s in enumerate(trail.checkpoints, start=1)}
        lines = export(trail, since=times[2])
        report = check(trail, lines, anchors=anchors)
        assert report.sound
        assert report.anchors_unchecked == (1,)
        report = check(trail, lines, anchors={**anchors, 2: bytes(32)})
        assert [str(f) for f in report.findings] == ["checkpoint_differs_from_anchor: checkpoint 2"]


def counted(lines: list[bytes]) -> list[bytes]:
    """The same lines with an end that fits them, as a careful forger would make it."""
    records = sum(text.startswith(b'{"record"') for text in lines)
    checkpoints = sum(text.startswith(b'{"checkpoint"') for text in lines)
    end = json.dumps({"end": {"checkpoints": checkpoints, "records": records}}).encode() + b"\n"
    return [*lines[:-1], end]


class TestWhatIsNoExport:
    def reason(self, lines) -> str:
        with pytest.raises(MalformedInput) as caught:
            list(read_export(lines))
        return caught.value.reason

    def test_nothing(self) -> None:
        assert self.reason([]) == "export_cut_off"
        with pytest.raises(MalformedInput):
            verify_export([], keys=[], mac=None)

    @pytest.mark.parametrize("count", [1, 2, 10])
    def test_a_cut_off_file(self, trail, count: int) -> None:
        assert self.reason(export(trail)[:-count]) == "export_cut_off"

    def test_a_line_missing_in_the_middle(self, trail) -> None:
        lines = export(trail)
        del lines[8]
        assert self.reason(lines) == "export_cut_off"

    def test_lines_in_a_wrong_order(self, trail) -> None:
        lines = export(trail)
        assert self.reason(lines[::-1]) == "export_malformed"
        assert self.reason([*lines, lines[-1]]) == "export_malformed"
        assert self.reason(lines[1:]) == "export_malformed"
        assert self.reason([lines[0], *lines]) == "export_malformed"

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"[]",
            b"{}",
            b'{"a":1,"b":2}',
            b'{"other":1}',
            b'{"checkpoint":1}',
            b'{"checkpoint":"\xc3\xa4"}',
            b'{"record":{}}',
            b'{"end":{"checkpoints":-1,"records":0}}',
            b'{"end":{"checkpoints":true,"records":0}}',
            b'{"export":{"version":2,"since":null,"until":null,"made_at":"x","windowed":false}}',
        ],
    )
    def test_lines_of_another_shape(self, trail, text: bytes) -> None:
        assert self.reason([export(trail)[0], text]) == "export_malformed"

    def test_the_detail_names_the_line(self, trail) -> None:
        with pytest.raises(MalformedInput) as caught:
            list(read_export([export(trail)[0], b"{"]))
        assert caught.value.detail.startswith("line 2")

    @pytest.mark.parametrize("value", ["2026-13-01T00:00:00.000000Z", "2026-01-01T00:00:00Z", 7])
    def test_instants_have_one_form(self, trail, value) -> None:
        lines = export(trail)
        at = next(i for i, text in enumerate(lines) if text.startswith(b'{"record"'))
        record = json.loads(lines[at])
        record["record"]["at"] = value
        lines[at] = json.dumps(record).encode()
        assert self.reason(lines) == "export_malformed"

    def test_heads_in_an_export_of_everything(self, trail) -> None:
        lines = export(trail)
        head = b'{"head":{"writer":"a","sequence":1,"digest":"' + b"A" * 43 + b'"}}'
        with pytest.raises(MalformedInput) as caught:
            check(trail, [lines[0], head, *lines[1:]])
        assert caught.value.reason == "export_malformed"

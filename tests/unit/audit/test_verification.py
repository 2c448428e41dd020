"""Every way to tamper with a trail is found, and named for what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from hkeid.audit import Reason, Report, Verifier, anchor
from hkeid.kernel.errors import Refused


def found(report: Report) -> set[tuple[str, str | None, int, int | None]]:
    return {(f.reason.value, f.writer, f.sequence, f.last) for f in report.findings}


def test_an_honest_trail_is_sound(trail) -> None:
    report = trail.verify()
    assert report.sound, report.findings
    assert (report.records, report.writers, report.checkpoints, report.beyond) == (21, 3, 3, 4)
    assert report.newest == 3
    assert report.newest_at == trail.fold.at
    assert report.authenticated
    assert not trail.verify(with_mac=False).authenticated
    assert trail.verify(with_mac=False).sound


def test_an_honest_trail_is_sound_in_any_mixture_of_writers(trail) -> None:
    verifier = Verifier(keys=trail.public_keys(), mac=trail.mac)
    for signed in trail.checkpoints:
        verifier.add_checkpoint(signed)
    everything = [record for records in trail.records.values() for record in records]
    for record in sorted(everything, key=lambda r: (r.sequence, r.writer)):
        verifier.add_record(record)
    assert verifier.finish().sound


def test_an_empty_trail_is_sound(keys, trail) -> None:
    trail.records.clear()
    trail.checkpoints.clear()
    assert trail.verify().sound


CHANGES = {
    "body": {"body": b'{"number":99}'},
    "name": {"name": "test:thing:other"},
    "mac": {"mac": bytes(32)},
    "previous": {"previous": bytes(32)},
    "not JSON": {"body": b"\xff"},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("sequence", [2, 5, 7, 8, 9])
def test_an_altered_record(trail, change, sequence: int) -> None:
    trail.replace("a", sequence, **change)
    assert found(trail.verify()) == {("record_altered", "a", sequence, None)}


@pytest.mark.parametrize("sequence", [1, 4, 9])
def test_an_altered_time(trail, sequence: int) -> None:
    at = trail.records["b"][sequence - 1].at
    trail.replace("b", sequence, at=at - timedelta(days=1))
    assert found(trail.verify()) == {("record_altered", "b", sequence, None)}


def test_values_that_no_writer_ever_wrote_are_no_crash(trail) -> None:
    trail.replace("a", 1, at=trail.now.replace(year=1950))
    trail.replace("a", 2, name="\ud800")
    assert found(trail.verify()) == {
        ("record_altered", "a", 1, None),
        ("record_altered", "a", 2, None),
    }


@pytest.mark.parametrize("sequence", [1, 4, 7, 8])
def test_a_removed_record(trail, sequence: int) -> None:
    del trail.records["a"][sequence - 1]
    assert found(trail.verify()) == {("record_missing", "a", sequence, sequence)}


def test_removed_records_in_a_row(trail) -> None:
    del trail.records["b"][1:5]
    assert found(trail.verify()) == {("record_missing", "b", 2, 5)}


@pytest.mark.parametrize(("i", "j"), [(1, 2), (2, 6), (8, 9)])
def test_records_that_changed_places(trail, i: int, j: int) -> None:
    one, other = trail.records["a"][i - 1], trail.records["a"][j - 1]
    trail.records["a"][i - 1] = replace(other, sequence=i)
    trail.records["a"][j - 1] = replace(one, sequence=j)
    assert found(trail.verify()) >= {("record_moved", "a", i, j), ("record_moved", "a", j, i)}


def test_records_handed_in_out_of_order(trail) -> None:
    records = trail.records["a"]
    records[3], records[4] = records[4], records[3]
    assert found(trail.verify()) == {
        ("record_missing", "a", 4, 4),
        ("record_out_of_order", "a", 4, None),
    }


def test_a_record_that_comes_twice(trail) -> None:
    trail.records["a"].insert(4, trail.records["a"][3])
    assert found(trail.verify()) == {("record_repeated", "a", 4, None)}


def test_a_record_put_under_another_writer(trail) -> None:
    stranger = replace(trail.records["b"][-1], writer="a", sequence=10)
    trail.records["a"].append(stranger)
    assert found(trail.verify()) == {("record_altered", "a", 10, None)}


@pytest.mark.parametrize("left", [6, 3, 1])
def test_a_tail_that_a_checkpoint_covers_is_missed(trail, left: int) -> None:
    del trail.records["a"][left:]
    assert found(trail.verify()) == {("tail_missing", "a", left + 1, 7)}


def test_a_whole_writer_is_missed(trail) -> None:
    del trail.records["c"]
    assert found(trail.verify()) == {("writer_missing", "c", 1, 3)}


def test_everything_is_missed(trail) -> None:
    trail.records.clear()
    assert {f.reason for f in trail.verify().findings} == {Reason.WRITER_MISSING}


def test_records_beyond_the_newest_checkpoint_are_counted_as_such(trail) -> None:
    """Cutting them off goes unnoticed, which the report must not hide."""
    assert trail.verify().beyond == 4
    del trail.records["a"][7:]
    report = trail.verify()
    assert report.sound
    assert report.beyond == 2


def test_a_cut_off_tail_is_missed_once_the_writer_goes_on(trail) -> None:
    held = trail.head("a")
    del trail.records["a"][7:]
    record, _ = held.follow(_event(), trail.now, trail.mac)
    trail.records["a"].append(record)
    assert found(trail.verify()) == {("record_missing", "a", 8, 9)}


class TestWithTheMacKey:
    """Somebody who holds the MAC key, but not the key that signs checkpoints."""

    def test_a_replaced_record(self, trail) -> None:
        trail.remacced("a", 3, body=b'{"number":99}')
        assert found(trail.verify()) == {("record_replaced", "a", 3, None)}

    def test_a_replaced_record_that_a_checkpoint_names(self, trail) -> None:
        trail.remacced("a", 7, body=b'{"number":99}')
        assert found(trail.verify()) == {
            ("chain_rewritten", "a", 7, None),
            ("record_replaced", "a", 7, None),
        }

    @pytest.mark.parametrize("first", [1, 4, 7])
    def test_a_chain_written_anew(self, trail, first: int) -> None:
        trail.rewrite("a", first)
        assert found(trail.verify()) == {("chain_rewritten", "a", 7, None)}

    def test_a_chain_that_does_not_begin_at_the_beginning(self, trail) -> None:
        trail.remacced("a", 1, previous=bytes(31) + b"\x01")
        assert ("link_broken", "a", 1, None) in found(trail.verify())

    def test_a_writer_invented_for_the_past(self, trail) -> None:
        past = trail.fold.at - timedelta(hours=1)
        record, _ = trail.head("invented").follow(_event(), past, trail.mac)
        trail.records["invented"] = [record]
        assert found(trail.verify()) == {("writer_unknown", "invented", 1, None)}

    def test_a_record_put_into_the_past(self, trail) -> None:
        past = trail.fold.at - timedelta(hours=1)
        record, _ = trail.head("c").follow(_event(), past, trail.mac)
        trail.records["c"].append(record)
        assert found(trail.verify()) == {("record_backdated", "c", 4, None)}

    def test_a_transaction_that_ran_while_the_checkpoint_was_made_is_none(self, trail) -> None:
        just_before = trail.fold.at - timedelta(minutes=2)
        record, _ = trail.head("c").follow(_event(), just_before, trail.mac)
        trail.records["c"].append(record)
        assert trail.verify().sound


class TestWithoutTheMacKey:
    """An auditor who has checkpoints and public keys only."""

    @pytest.mark.parametrize("sequence", [1, 4, 6])
    def test_an_altered_record_is_found_by_its_successor(self, trail, sequence: int) -> None:
        trail.replace("a", sequence, body=b'{"number":99}')
        report = trail.verify(with_mac=False)
        assert found(report) == {("record_replaced", "a", sequence, None)}

    def test_an_altered_record_is_found_by_the_checkpoint(self, trail) -> None:
        trail.replace("c", 3, body=b'{"number":99}')
        assert found(trail.verify(with_mac=False)) == {("chain_rewritten", "c", 3, None)}


class TestCheckpoints:
    def test_a_missing_checkpoint(self, trail) -> None:
        del trail.checkpoints[1]
        assert ("checkpoint_missing", None, 2, 2) in found(trail.verify())

    def test_a_missing_first_checkpoint(self, trail) -> None:
        del trail.checkpoints[0]
        assert ("checkpoint_missing", None, 1, 1) in found(trail.verify())

    def test_checkpoints_that_changed_places(self, trail) -> None:
        trail.checkpoints[1], trail.checkpoints[2] = trail.checkpoints[2], trail.checkpoints[1]
        assert ("checkpoint_out_of_order", None, 2, None) in found(trail.verify())

    def test_a_checkpoint_that_comes_twice(self, trail) -> None:
        trail.checkpoints.append(trail.checkpoints[-1])
        assert found(trail.verify()) == {("checkpoint_out_of_order", None, 3, None)}

    @pytest.mark.parametrize("index", [0, 1, 2])
    def test_a_forged_signature(self, trail, index: int) -> None:
        head, body, signature = trail.checkpoints[index].split(b".")
        flipped = (b"A" if signature[:1] != b"A" else b"B") + signature[1:]
        trail.checkpoints[index] = b".".join((head, body, flipped))
        assert ("checkpoint_forged", None, index + 1, None) in found(trail.verify())

    def test_a_checkpoint_under_another_type_of_token(self, trail) -> None:
        from hkeid import jose
        from hkeid.kernel import base64url, canonical_json
        from hkeid.ports import KeyPurpose

        claims = canonical_json.loads_object(
            base64url.decode(trail.checkpoints[2].split(b".")[1].decode())
        )
        trail.checkpoints[2] = jose.sign_jwt(
            trail.keys, KeyPurpose.AUDIT_CHECKPOINT, claims, algorithm="ES256", typ="JWT"
        ).encode()
        assert ("checkpoint_forged", None, 3, None) in found(trail.verify())

    @pytest.mark.parametrize("text", [b"", b"a.b.c", b"\xff.\xff.\xff", b"e30.e30.e30"])
    def test_what_is_no_checkpoint(self, trail, text: bytes) -> None:
        trail.checkpoints[1] = text
        assert ("checkpoint_malformed", None, 2, None) in found(trail.verify())

    def test_a_key_that_was_retired_since_is_vouched_for_by_later_checkpoints(self, trail) -> None:
        """The newest signature covers the whole chain of checkpoints."""
        from hkeid.testing.keys import MemoryKeyStore

        trail.keys, old = _successor(trail.keys, MemoryKeyStore()), trail.keys
        reasons = trail.verify().reasons
        assert reasons == {Reason.CHECKPOINT_KEY_UNKNOWN}
        trail.checkpoint()
        assert trail.verify().sound
        assert old is not trail.keys

    def test_a_signer_nobody_knows_is_not_believed(self, trail) -> None:
        from hkeid.testing.keys import MemoryKeyStore

        report_keys = trail.public_keys()
        trail.keys = _successor(trail.keys, MemoryKeyStore())
        trail.checkpoint()
        trail.public_keys = lambda: report_keys
        assert found(trail.verify()) == {("checkpoint_key_unknown", None, 4, 4)}

    def test_no_keys_no_trust(self, trail) -> None:
        trail.public_keys = list
        assert found(trail.verify()) == {("checkpoint_key_unknown", None, 1, 3)}

    def test_a_checkpoint_made_after_another_one_than_stands_before_it(self, trail) -> None:
        from hkeid.audit.checkpoints import read_checkpoint, sign_checkpoint

        other = replace(
            read_checkpoint(trail.checkpoints[1]), at=trail.fold.at - timedelta(minutes=1)
        )
        trail.checkpoints[1] = sign_checkpoint(trail.keys, other)
        assert ("checkpoint_unlinked", None, 3, None) in found(trail.verify())

    def test_a_checkpoint_that_takes_a_head_back(self, trail) -> None:
        from hkeid.audit import ChainHead
        from hkeid.audit.checkpoints import read_checkpoint, sign_checkpoint

        third = read_checkpoint(trail.checkpoints[2])
        back = (ChainHead("a", 2, trail.records["a"][1].digest()), *third.moved[1:])
        trail.checkpoints[2] = sign_checkpoint(trail.keys, replace(third, moved=back))
        assert ("checkpoint_regressed", "a", 2, 3) in found(trail.verify())

    def test_a_checkpoint_whose_state_is_not_that_of_its_heads(self, trail) -> None:
        from hkeid.audit.checkpoints import read_checkpoint, sign_checkpoint

        third = read_checkpoint(trail.checkpoints[2])
        trail.checkpoints[2] = sign_checkpoint(trail.keys, replace(third, state=bytes(32)))
        assert found(trail.verify()) == {("checkpoint_state_wrong", None, 3, None)}

    def test_a_checkpoint_dated_before_the_one_it_follows(self, trail) -> None:
        from hkeid.audit.checkpoints import read_checkpoint, sign_checkpoint

        third = read_checkpoint(trail.checkpoints[2])
        trail.checkpoints[2] = sign_checkpoint(
            trail.keys, replace(third, at=third.at - timedelta(days=1))
        )
        assert found(trail.verify()) == {("checkpoint_out_of_order", None, 3, None)}

    def test_records_cut_off_together_with_their_checkpoints_need_an_anchor(self, trail) -> None:
        anchors = {3: anchor(trail.checkpoints[2])}
        trail.checkpoints.pop()
        for writer in ("a", "b"):
            del trail.records[writer][5:]
        trail.records["b"] = trail.records["b"][:3]
        assert trail.verify().sound
        assert found(trail.verify(anchors=anchors)) == {("checkpoint_missing", None, 3, 3)}

    def test_an_overdue_checkpoint(self, trail) -> None:
        verifier = Verifier(keys=trail.public_keys(), mac=trail.mac)
        for signed in trail.checkpoints:
            verifier.add_checkpoint(signed)
        for records in trail.records.values():
            for record in records:
                verifier.add_record(record)
        report = verifier.finish(now=trail.fold.at + timedelta(days=2), max_age=timedelta(days=1))
        assert found(report) == {("checkpoint_overdue", None, 3, None)}

    def test_checkpoints_come_first(self, trail) -> None:
        verifier = Verifier(keys=trail.public_keys(), mac=trail.mac)
        verifier.add_record(trail.records["a"][0])
        with pytest.raises(Refused) as caught:
            verifier.add_checkpoint(trail.checkpoints[0])
        assert caught.value.reason == "audit_checkpoint_after_records"


class TestAWholeRewrite:
    """Somebody holds every key and writes the whole trail anew; only an anchor tells."""

    def test_it_is_found_by_an_anchor(self, trail) -> None:
        anchors = {2: anchor(trail.checkpoints[1])}
        assert trail.verify(anchors=anchors).sound
        anew = type(trail)(trail.keys)
        anew.write("a", 9)
        for _ in range(3):
            anew.checkpoint()
        assert anew.verify().sound
        assert found(anew.verify(anchors=anchors)) == {
            ("checkpoint_differs_from_anchor", None, 2, None)
        }

    def test_without_the_signing_key_it_is_found_by_the_signature(self, trail) -> None:
        from hkeid.testing.keys import MemoryKeyStore

        anew = type(trail)(_successor(trail.keys, MemoryKeyStore()))
        anew.write("a", 9)
        anew.checkpoint()
        anew.public_keys = trail.public_keys
        assert found(anew.verify()) == {("checkpoint_key_unknown", None, 1, 1)}


def test_findings_are_bounded(trail) -> None:
    verifier = Verifier(keys=trail.public_keys(), mac=lambda _: b"", most=5)
    for signed in trail.checkpoints:
        verifier.add_checkpoint(signed)
    for records in trail.records.values():
        for record in records:
            verifier.add_record(record)
    report = verifier.finish()
    assert len(report.findings) == 5
    assert report.suppressed == 16


def test_every_single_change_to_every_record_is_found(trail) -> None:
    """Exhaustive: each record removed, and each member of each record changed, one at a time."""
    changes: tuple[Callable, ...] = (
        lambda r: replace(r, body=r.body + b" "),
        lambda r: replace(r, name=r.name + "x"),
        lambda r: replace(r, at=r.at + timedelta(microseconds=1)),
        lambda r: replace(r, previous=bytes(31) + b"\x07"),
        lambda r: replace(r, mac=r.mac[:-1] + bytes([r.mac[-1] ^ 1])),
        lambda r: replace(r, sequence=r.sequence + 100),
        lambda r: replace(r, writer=r.writer + "x"),
    )
    for writer, records in trail.records.items():
        for index, record in enumerate(records):
            for change in changes:
                records[index] = change(record)
                assert not trail.verify().sound, (writer, index)
            records[index] = record
            if index < len(records) - 1 or writer == "c":
                del records[index]
                assert not trail.verify().sound, (writer, index)
                records.insert(index, record)
    assert trail.verify().sound


def test_finding_text_names_place_and_reason(trail) -> None:
    del trail.records["a"][2:4]
    assert [str(finding) for finding in trail.verify().findings] == ["record_missing: a 3-4"]
    assert all(a.writer <= b.writer for a, b in pairwise(trail.verify().findings))


def _event():
    from dataclasses import dataclass
    from typing import ClassVar

    from hkeid.audit import AuditEvent

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Later(AuditEvent):
        NAME: ClassVar[str] = "test:thing:later"

    return Later()


def _successor(old, new):
    """A key store with new signing keys and the old MAC key."""

    class Successor:
        signing_keys = staticmethod(new.signing_keys)
        sign = staticmethod(new.sign)
        mac = staticmethod(old.mac)

    return Successor()

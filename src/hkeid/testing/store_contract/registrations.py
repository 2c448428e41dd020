"""What every store promises about registrations and ciphertext of evidence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

from hkeid.enrolment.registration.records import (
    NetworkMark,
    NetworkReach,
    RegistrationPurpose,
    RegistrationRecord,
    RegistrationStep,
)
from hkeid.enrolment.registration.turns import MOST_TURNS, placed
from hkeid.testing.store_contract.everything import (
    LATER,
    NOW,
    SECOND,
    AnyStore,
    fresh_bytes,
    fresh_id,
)

_DAY = timedelta(days=1)


def a_registration(
    *, step: RegistrationStep = RegistrationStep.CARD, created_at: datetime = NOW
) -> RegistrationRecord:
    """A fresh registration with something in every member."""
    return RegistrationRecord(
        id=fresh_id(),
        reference=fresh_id(),
        purpose=RegistrationPurpose.RECOVERY,
        step=step,
        browser=fresh_bytes(),
        language="zh-Hant-HK",
        statement="2026-11",
        tries={"card": 2, "selfie": 1},
        challenge=fresh_bytes(),
        findings=b'{"face":"match"}',
        decision=b'{"outcome":"bind"}',
        reason="face_unclear",
        network=fresh_bytes(),
        site=fresh_bytes(),
        provider=fresh_bytes(),
        number_digest=fresh_bytes(),
        resident_id=fresh_id(),
        user_handle=fresh_bytes(64),
        pending=b'{"id":"AA"}',
        evidence_open=True,
        evidence_digest=fresh_bytes(),
        created_at=created_at,
        updated_at=created_at,
        decided_at=created_at,
        expires_at=LATER,
        purge_after=NOW + _DAY,
    )


class RegistrationsContract:
    """``tx.registrations``."""

    def test_registrations_are_found_by_resident(self, store: AnyStore) -> None:
        """Newest first."""
        newer = replace(a_registration(), resident_id=(whose := fresh_id()))
        older = replace(newer, id=fresh_id(), reference=fresh_id(), created_at=NOW - _DAY)
        with store.transaction() as tx:
            assert all(tx.registrations.add(one) for one in (older, newer))
            found = [tx.registrations.of_resident(whose, limit=most) for most in (1, 9)]
            assert found == [(newer,), (newer, older)]

    def test_what_is_added_is_what_is_read(self, store: AnyStore) -> None:
        """Every member; what may be missing may be missing."""
        full = a_registration()
        bare = replace(
            a_registration(),
            challenge=None,
            reason=None,
            network=None,
            site=None,
            provider=None,
            number_digest=None,
            resident_id=None,
            user_handle=None,
            pending=None,
            evidence_open=False,
            evidence_digest=None,
            decided_at=None,
            purge_after=None,
        )
        for record in (full, bare):
            with store.transaction() as tx:
                assert tx.registrations.add(record)
            with store.transaction() as tx:
                assert tx.registrations.get(record.id) == record
                assert tx.registrations.by_reference(record.reference) == record
        with store.transaction() as tx:
            assert tx.registrations.get(fresh_id()) is None
            assert tx.registrations.by_reference("") is None

    def test_id_and_reference_are_unique(self, store: AnyStore) -> None:
        """False, and the first one stays."""
        record = a_registration()
        with store.transaction() as tx:
            assert tx.registrations.add(record)
            assert not tx.registrations.add(replace(record, reference=fresh_id()))
            assert not tx.registrations.add(replace(record, id=fresh_id()))
            assert tx.registrations.get(record.id) == record

    def test_a_change_counts_versions(self, store: AnyStore) -> None:
        """Compare-and-set; id, reference and beginning never change."""
        old = a_registration()
        new = replace(
            a_registration(step=RegistrationStep.DONE),
            id=old.id,
            reference="another",
            created_at=LATER,
            version=99,
        )
        with store.transaction() as tx:
            tx.registrations.add(old)
            assert tx.registrations.change(old, new)
            kept = replace(new, reference=old.reference, created_at=old.created_at, version=2)
            assert tx.registrations.get(old.id) == kept
            assert not tx.registrations.change(old, new)
            assert not tx.registrations.change(a_registration(), new)

    def test_of_many_changes_at_once_one_wins(self, store: AnyStore) -> None:
        """Two answers to one step."""
        old = a_registration()
        with store.transaction() as tx:
            tx.registrations.add(old)
        crowd = 6
        together = Barrier(crowd)

        def change(number: int) -> bool:
            together.wait(timeout=20)
            with store.transaction() as tx:
                return tx.registrations.change(old, replace(old, reason=f"r{number}"))

        with ThreadPoolExecutor(crowd) as pool:
            outcomes = list(pool.map(change, range(crowd)))
        assert sum(outcomes) == 1
        with store.transaction() as tx:
            kept = tx.registrations.get(old.id)
        assert kept is not None
        assert kept.reason == f"r{outcomes.index(True)}"

    def test_those_of_a_browser_come_newest_first(self, store: AnyStore) -> None:
        """Others' not."""
        old = a_registration()
        young = replace(a_registration(created_at=NOW + SECOND), browser=old.browser)
        with store.transaction() as tx:
            for record in (old, young, a_registration()):
                tx.registrations.add(record)
            assert tx.registrations.by_browser(old.browser) == (young, old)
            assert tx.registrations.by_browser(fresh_bytes()) == ()

    def test_faces_shown_with_a_number_are_counted(self, store: AnyStore) -> None:
        """Begun at the moment or later, however many came without a face meanwhile."""
        old = a_registration()
        digest = old.number_digest or b""
        young = replace(a_registration(created_at=LATER), number_digest=digest)
        faceless = [
            replace(a_registration(created_at=LATER), number_digest=digest, tries={"card": 1})
            for _ in range(120)
        ]
        with store.transaction() as tx:
            for record in (old, young, *faceless, a_registration()):
                tx.registrations.add(record)

            def count(since: datetime, but: str = "") -> int:
                return tx.registrations.count_faces_with_number(digest, since=since, but=but)

            assert (count(NOW), count(LATER), count(NOW, but=old.id)) == (2, 1, 1)
            those = tx.registrations.faces_with_number
            assert those(digest, since=NOW, but="", limit=9) == (young, old)
            assert those(digest, since=NOW, but="", limit=1) == (young,)
            assert those(digest, since=NOW, but=young.id, limit=9) == (old,)
            assert those(digest, since=LATER, but="", limit=9) == (young,)
            changed = replace(faceless[0], tries={"card": 1, "selfie": 1})
            assert tx.registrations.change(faceless[0], changed)
            assert count(LATER) == 2

    def test_those_at_a_step_come_oldest_first(self, store: AnyStore) -> None:
        """At most so many."""
        step = RegistrationStep.REFERRED
        past = NOW - timedelta(days=4000)
        records = [a_registration(step=step, created_at=past + n * SECOND) for n in range(3)]
        with store.transaction() as tx:
            for record in (*reversed(records), a_registration(created_at=past)):
                tx.registrations.add(record)
            found = tx.registrations.in_step(step, limit=2)
        assert found == tuple(records[:2])

    def test_whoever_brings_many_takes_turns(self, store: AnyStore) -> None:
        """Of one site, and of one number there as well, within limits; a number alone is nobody's."""
        step, past = RegistrationStep.REFERRED, NOW - timedelta(days=4500)
        site, number = fresh_bytes(), fresh_bytes()

        def case(
            seconds: int, *, site: bytes | None = None, number_digest: bytes | None = None
        ) -> RegistrationRecord:
            plain = a_registration(step=step, created_at=past + seconds * SECOND)
            return replace(plain, site=site, number_digest=number_digest)

        crowd = [case(n, site=site) for n in range(3)]
        elsewhere = [
            case(10, number_digest=number),
            case(11, site=fresh_bytes(), number_digest=number),
        ]
        same = [case(12 + n, site=site, number_digest=number) for n in range(6)]
        with store.transaction() as tx:
            for record in (*reversed(same), *elsewhere, *crowd):
                tx.registrations.add(record)
        with store.transaction() as tx:
            found = tx.registrations.by_turns(step, turn=60 * SECOND, limit=11)
            first = tx.registrations.by_turns(step, turn=60 * SECOND, limit=2)
        # Those of `same` are 3, 4+1, 5+2, 6+3, 7+3 and 8+3 turns behind.
        order = [crowd[0], *elsewhere, *crowd[1:], *same]
        assert [one.id for one in found] == [one.id for one in order]
        assert first == found[:2]
        places = [at - record.updated_at for at, record in placed(found, 60 * SECOND)]
        assert [place // (60 * SECOND) for place in places] == [0, 0, 0, 1, 2, 3, 5, 7, 9, 10, 11]
        with store.transaction() as tx:
            plain = tx.registrations.by_turns(step, turn=0 * SECOND, limit=3)
            for record in (*crowd, *elsewhere, *same):  # others find the step as it was
                assert tx.registrations.change(record, replace(record, step=RegistrationStep.DONE))
        assert plain == tuple(crowd)

    def test_nobody_is_set_back_without_end(self, store: AnyStore) -> None:
        """Not by more than so many turns, however many came from the same site before."""
        step, past = RegistrationStep.REFERRED, NOW - timedelta(days=5500)
        site = fresh_bytes()
        crowd = [
            replace(a_registration(step=step, created_at=past + n * SECOND), site=site)
            for n in range(MOST_TURNS + 3)
        ]
        late = a_registration(step=step, created_at=past + (MOST_TURNS + 3) * 60 * SECOND)
        with store.transaction() as tx:
            for record in (late, *crowd):
                tx.registrations.add(record)
        with store.transaction() as tx:
            found = tx.registrations.by_turns(step, turn=60 * SECOND, limit=len(crowd) + 1)
        # Without an end the last two of the crowd would come behind the other one.
        assert [one.id for one in found] == [one.id for one in (*crowd, late)]
        with store.transaction() as tx:
            for record in (*crowd, late):  # others find the step as it was
                assert tx.registrations.change(record, replace(record, step=RegistrationStep.DONE))

    def test_open_ones_are_counted(self, store: AnyStore) -> None:
        """Not concluded, and in time: those with a picture, or all of a network near or far."""
        future = NOW + timedelta(days=9000)
        digests = {reach: fresh_bytes() for reach in NetworkReach}

        def of_them(record: RegistrationRecord) -> RegistrationRecord:
            return replace(
                record,
                network=digests[NetworkReach.NETWORK],
                site=digests[NetworkReach.SITE],
                provider=digests[NetworkReach.PROVIDER],
            )

        with store.transaction() as tx:
            before = tx.registrations.count_with_picture(future)
            for step in RegistrationStep:
                record = replace(a_registration(step=step), expires_at=future + SECOND)
                tx.registrations.add(of_them(record))
            tx.registrations.add(of_them(replace(a_registration(), expires_at=future)))
            card = replace(a_registration(), expires_at=future + SECOND)
            tx.registrations.add(card)
            tx.registrations.add(
                replace(a_registration(step=RegistrationStep.DETAILS), expires_at=card.expires_at)
            )
        open_steps = sum(not step.concluded for step in RegistrationStep)
        with store.transaction() as tx:
            for reach, digest in digests.items():
                here, nowhere = NetworkMark(reach, digest), NetworkMark(reach, fresh_bytes())
                assert tx.registrations.count_open(future, here) == open_steps
                assert tx.registrations.count_open(future, nowhere) == 0
                assert tx.registrations.count_with_picture(future, here) == open_steps - 1
                assert tx.registrations.count_with_picture(future, nowhere) == 0
            assert tx.registrations.count_with_picture(future) == before + open_steps

    def test_who_has_no_picture_is_found_oldest_first(self, store: AnyStore) -> None:
        """Of a network near or far: at the card, in time, and begun early enough."""
        marks = {reach: fresh_bytes() for reach in NetworkReach}
        plain = a_registration(created_at=NOW + 5 * SECOND)
        records = [
            replace(
                plain,
                id=fresh_id(),
                reference=fresh_id(),
                network=marks[NetworkReach.NETWORK],
                site=marks[NetworkReach.SITE],
                provider=marks[NetworkReach.PROVIDER],
                **about,
            )
            for about in (
                {"created_at": NOW + 6 * SECOND},
                {},
                {"created_at": NOW, "step": RegistrationStep.DETAILS},
                {"created_at": NOW, "step": RegistrationStep.EXPIRED},
                {"created_at": NOW, "expires_at": NOW + SECOND},
            )
        ]
        with store.transaction() as tx:
            for record in (a_registration(), *records):
                tx.registrations.add(record)
        now = NOW + SECOND
        with store.transaction() as tx:
            for reach, digest in marks.items():

                def oldest(seconds: int, mark: NetworkMark) -> RegistrationRecord | None:
                    before = NOW + seconds * SECOND
                    return tx.registrations.oldest_without_picture(now, mark, before=before)

                here = NetworkMark(reach, digest)
                assert oldest(4, here) is None
                assert oldest(5, here) == oldest(9, here) == records[1]
                assert oldest(9, NetworkMark(reach, fresh_bytes())) is None

    def test_those_that_are_overdue(self, store: AnyStore) -> None:
        """Not concluded, and at the end of their time."""
        past = NOW - timedelta(days=5000)
        steps = (RegistrationStep.CARD, RegistrationStep.REFERRED, RegistrationStep.CONFIRM)
        open_ones = [replace(a_registration(step=step), expires_at=past) for step in steps]
        others = [
            replace(a_registration(step=step), expires_at=past)
            for step in RegistrationStep
            if step.concluded
        ]
        in_time = replace(a_registration(), expires_at=past + SECOND)
        with store.transaction() as tx:
            for record in (*open_ones, *others, in_time):
                tx.registrations.add(record)
            found = tx.registrations.overdue(past)
            assert {record.id for record in found} == {record.id for record in open_ones}
            assert len(tx.registrations.overdue(past, limit=1)) == 1

    def test_those_whose_evidence_is_to_be_destroyed(self, store: AnyStore) -> None:
        """Decided on, and not yet seen to."""
        past = NOW - timedelta(days=6000)
        decided = a_registration(step=RegistrationStep.BIND, created_at=past)
        done = replace(decided, id=fresh_id(), reference=fresh_id(), evidence_open=False)
        waiting = a_registration(step=RegistrationStep.REFERRED, created_at=past)
        with store.transaction() as tx:
            for record in (decided, done, waiting):
                tx.registrations.add(record)
            found = {record.id for record in tx.registrations.undestroyed(limit=10_000)}
        assert found & {decided.id, done.id, waiting.id} == {decided.id}

    def test_purging_takes_the_concluded_ones_whose_time_is_over(self, store: AnyStore) -> None:
        """At most so many; what has no end stays."""
        past = NOW - timedelta(days=7000)
        old = [replace(a_registration(), purge_after=past) for _ in range(3)]
        kept = [replace(a_registration(), purge_after=end) for end in (None, past + SECOND)]
        with store.transaction() as tx:
            for record in (*old, *kept):
                tx.registrations.add(record)
        with store.transaction() as tx:
            assert len(tx.registrations.purge(past + SECOND, limit=2)) == 2
            assert len(tx.registrations.purge(past + SECOND)) == 1
            assert all(tx.registrations.get(record.id) is None for record in old)
            assert all(tx.registrations.get(record.id) == record for record in kept)


class EvidenceItemsContract:
    """``tx.evidence_items``."""

    def test_items_are_kept_replaced_and_deleted_by_session(self, store: AnyStore) -> None:
        """Other sessions' stay."""
        mine, other = fresh_id(), fresh_id()
        with store.transaction() as tx:
            tx.evidence_items.put(mine, "selfie", b"1" * 100_000)
            tx.evidence_items.put(mine, "card", b"2")
            tx.evidence_items.put(mine, "card", b"3")
            tx.evidence_items.put(other, "card", b"4")
        with store.transaction() as tx:
            assert tx.evidence_items.names(mine) == ("card", "selfie")
            assert tx.evidence_items.get(mine, "card") == b"3"
            assert tx.evidence_items.get(mine, "selfie") == b"1" * 100_000
            assert tx.evidence_items.get(mine, "details") is None
            assert tx.evidence_items.delete(mine) == 2
            assert tx.evidence_items.names(mine) == ()
            assert tx.evidence_items.get(other, "card") == b"4"

    def test_sessions_come_in_order(self, store: AnyStore) -> None:
        """Each once, beginning behind one."""
        sessions = sorted(f"~{fresh_id()}" for _ in range(3))
        with store.transaction() as tx:
            for session in sessions:
                for name in ("card", "selfie"):
                    tx.evidence_items.put(session, name, b"x")
            assert tx.evidence_items.sessions("~") == tuple(sessions)
            assert tx.evidence_items.sessions(sessions[0]) == tuple(sessions[1:])

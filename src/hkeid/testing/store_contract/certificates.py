"""``tx.issued_certificates``, ``tx.revocation_lists``, ``tx.serial_counters``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hkeid.kernel.instants import Instant
from hkeid.ports.certificates import RevocationReason
from hkeid.signing.certificates.records import IssuedRecord, RevocationListRecord
from hkeid.testing.store_contract.crowd import Crowd
from hkeid.testing.store_contract.everything import (
    LATER,
    NOW,
    SECOND,
    AnyStore,
    fresh_bytes,
    fresh_id,
)
from hkeid.testing.store_contract.refusals import reason_of

_CROWD = 8


def a_certificate(
    authority: str, *, serial: str | None = None, reference: str | None = None, at: Instant = NOW
) -> IssuedRecord:
    """A fresh record that nobody revoked."""
    return IssuedRecord(
        authority=authority,
        serial=serial or fresh_bytes(16).hex(),
        profile="resident",
        reference=reference or fresh_id(),
        fingerprint=fresh_bytes(),
        not_before=at,
        not_after=at + timedelta(days=365),
        issued_at=at,
    )


class IssuedCertificatesContract:
    """``tx.issued_certificates``."""

    def test_an_issued_certificate_is_kept_once(self, store: AnyStore) -> None:
        """By authority and serial number: another authority may have the same number."""
        authority = fresh_id()
        record = a_certificate(authority)
        with store.transaction() as tx:
            tx.issued_certificates.add(record)
            tx.issued_certificates.add(replace(record, authority=fresh_id()))
        with store.transaction() as tx:
            assert tx.issued_certificates.get(authority, record.serial) == record
            assert tx.issued_certificates.get(fresh_id(), record.serial) is None
        assert reason_of(store, lambda tx: tx.issued_certificates.add(record)) == "record_exists"

    def test_a_certificate_is_revoked_once(self, store: AnyStore) -> None:
        """And stays as the first has revoked it."""
        authority = fresh_id()
        record = a_certificate(authority)
        with store.transaction() as tx:
            tx.issued_certificates.add(record)
            assert tx.issued_certificates.last_revocation(authority) is None
        with store.transaction() as tx:
            assert tx.issued_certificates.revoke(
                authority,
                record.serial,
                at=LATER,
                reason=RevocationReason.KEY_COMPROMISE,
                invalid_since=NOW + SECOND,
            )
        with store.transaction() as tx:
            assert not tx.issued_certificates.revoke(
                authority, record.serial, at=LATER, reason=RevocationReason.SUPERSEDED
            )
            assert not tx.issued_certificates.revoke(
                authority, fresh_id(), at=LATER, reason=RevocationReason.SUPERSEDED
            )
            revoked = replace(
                record,
                revoked_at=LATER,
                reason=RevocationReason.KEY_COMPROMISE,
                invalid_since=NOW + SECOND,
            )
            assert tx.issued_certificates.get(authority, record.serial) == revoked
            assert tx.issued_certificates.revoked(authority) == (revoked,)
            assert tx.issued_certificates.last_revocation(authority) == LATER

    def test_one_of_many_revokes(self, store: AnyStore) -> None:
        """Simultaneously."""
        authority = fresh_id()
        record = a_certificate(authority)
        with store.transaction() as tx:
            tx.issued_certificates.add(record)

        def revoke(_: int) -> bool:
            with store.transaction() as tx:
                return tx.issued_certificates.revoke(
                    authority, record.serial, at=LATER, reason=RevocationReason.UNSPECIFIED
                )

        with Crowd[bool](_CROWD) as crowd:
            won = crowd.at_once(revoke)
        assert sorted(won) == [False] * (_CROWD - 1) + [True]

    def test_current_certificates_come_in_order_and_in_portions(self, store: AnyStore) -> None:
        """Those that have ended do not."""
        authority = fresh_id()
        made = [a_certificate(authority, serial=f"4{n:031x}") for n in range(3)]
        ended = a_certificate(authority, at=NOW - timedelta(days=1000))
        with store.transaction() as tx:
            for record in (made[2], ended, made[0], made[1], a_certificate(fresh_id())):
                tx.issued_certificates.add(record)
            assert tx.issued_certificates.current(authority, NOW, limit=2) == (made[0], made[1])
            assert tx.issued_certificates.current(authority, NOW, after=made[1].serial) == (
                made[2],
            )

    def test_a_subjects_certificates_come_newest_first(self, store: AnyStore) -> None:
        """Of all authorities, up to the limit."""
        reference = fresh_id()
        made = [
            a_certificate(fresh_id(), reference=reference, at=NOW + n * SECOND) for n in range(3)
        ]
        with store.transaction() as tx:
            for record in (*made, a_certificate(fresh_id())):
                tx.issued_certificates.add(record)
            assert tx.issued_certificates.of_reference(reference, limit=2) == (made[2], made[1])


class RevocationListsContract:
    """``tx.revocation_lists``."""

    def test_a_revocation_list_number_is_taken_once(self, store: AnyStore) -> None:
        """And the highest is the newest."""
        authority = fresh_id()
        lists = [
            RevocationListRecord(
                authority=authority,
                number=number,
                this_update=NOW + number * SECOND,
                next_update=LATER + number * SECOND,
                encoded=fresh_bytes(300),
            )
            for number in (1, 2)
        ]
        with store.transaction() as tx:
            assert tx.revocation_lists.newest(authority) is None
            assert tx.revocation_lists.put(lists[1])
            assert tx.revocation_lists.put(lists[0])
            assert not tx.revocation_lists.put(replace(lists[1], encoded=b""))
        with store.transaction() as tx:
            assert tx.revocation_lists.newest(authority) == lists[1]


class SerialCountersContract:
    """``tx.serial_counters``."""

    def test_numbers_are_given_out_once(self, store: AnyStore) -> None:
        """To any number of callers, whole blocks in a row."""
        name = fresh_id()

        def reserve(_: int) -> int:
            with store.transaction() as tx:
                first = tx.serial_counters.reserve(name, 10, NOW)
            assert first is not None
            return first

        with Crowd[int](_CROWD) as crowd:
            firsts = crowd.at_once(reserve)
        assert sorted(firsts) == [1 + 10 * n for n in range(_CROWD)]

    def test_numbers_in_order_of_time(self, store: AnyStore) -> None:
        """Nobody gets one for the same moment or an earlier one."""
        name = fresh_id()
        with store.transaction() as tx:
            assert tx.serial_counters.reserve(name, 1, NOW, in_order=True) == 1
            assert tx.serial_counters.reserve(name, 1, NOW, in_order=True) is None
            assert tx.serial_counters.reserve(name, 1, NOW - SECOND) == 2
            assert tx.serial_counters.reserve(name, 1, NOW, in_order=True) is None
            assert tx.serial_counters.reserve(name, 1, NOW + SECOND, in_order=True) == 3

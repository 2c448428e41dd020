"""What every store promises about transactions and the audit trail in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread

from hkeid.audit.chain import GENESIS
from hkeid.kernel.errors import Refused, Unavailable
from hkeid.testing.store_contract.everything import (
    NOW,
    SECOND,
    AnyStore,
    EveryRepository,
    Happened,
    a_client,
    a_credential,
    a_decision,
    a_disclosure,
    a_grant,
    a_resident,
    a_session,
    a_single_use,
    an_access_token,
    fresh_bytes,
    fresh_id,
)


class _Interrupted(BaseException):
    """Not even an Exception, like the signal that ends a process."""


def audit_faults(tx: EveryRepository) -> Iterator[str]:
    """What is wrong with the chains of a store: gaps, wrong links, heads that do not fit."""
    heads = {head.writer: head for head in tx.audit_records.heads()}
    if set(heads) != set(tx.audit_records.writers()):
        yield "heads and writers differ"
    for writer, head in heads.items():
        sequence, previous = 0, GENESIS
        for record in tx.audit_records.of_writer(writer):
            if (record.sequence, record.previous) != (sequence + 1, previous):
                yield f"record {record.sequence} does not follow"
            if len(record.mac) != 32:
                yield f"record {record.sequence} is not authenticated"
            sequence, previous = record.sequence, record.digest()
        if (head.sequence, head.digest) != (sequence, previous):
            yield "the head is not the last record"


def _things(tx: EveryRepository) -> set[str]:
    return {
        record.body.decode()
        for writer in tx.audit_records.writers()
        for record in tx.audit_records.of_writer(writer)
    }


class TransactionsContract:
    """``store.transaction()``."""

    def test_nothing_of_a_failed_transaction_stays(self, store: AnyStore) -> None:
        """In no repository, whatever was raised."""
        resident, client, grant = a_resident(), a_client(), a_grant()
        credential, session, once = a_credential(resident.id), a_session("r"), a_single_use()
        digest, token = fresh_bytes(), an_access_token(grant)
        with suppress(_Interrupted), store.transaction() as tx:
            tx.residents.add(resident)
            tx.credentials.add(credential)
            tx.sealed_fields.put(resident.id, "sex", b"1", NOW)
            tx.blind_index.put("hkic", digest, resident.id)
            tx.clients.put(client)
            tx.grants.add(grant)
            tx.access_tokens.add(token)
            tx.sessions.add(session)
            tx.single_use.put(once)
            tx.consents.append((a_decision(resident.id, "name"),))
            tx.disclosures.append(a_disclosure(resident.id))
            tx.audit.append(Happened(thing=resident.id))
            raise _Interrupted
        with store.transaction() as tx:
            assert tx.residents.get(resident.id) is None
            assert tx.residents.by_user_handle(resident.user_handle) is None
            assert tx.credentials.get(credential.id) is None
            assert tx.credentials.of_resident(resident.id) == ()
            assert tx.sealed_fields.all(resident.id) == {}
            assert tx.blind_index.find("hkic", digest) is None
            assert tx.clients.get(client.id) is None
            assert tx.grants.get(grant.id) is None
            assert tx.grants.of_resident(grant.resident_id) == ()
            assert tx.access_tokens.get(token.digest) is None
            assert tx.sessions.by_digest(session.digest) is None
            assert tx.single_use.look(once.kind, once.digest) is None
            assert tx.consents.history(resident.id) == ()
            assert tx.disclosures.of_resident(resident.id) == ()
            assert not any(resident.id in body for body in _things(tx))

    def test_changes_and_deletions_are_taken_back_too(self, store: AnyStore) -> None:
        """What was before is there again, in the indexes as well."""
        session, grant = a_session(fresh_id()), a_grant()
        token, client = an_access_token(grant), a_client()
        with store.transaction() as tx:
            tx.sessions.add(session)
            tx.grants.add(grant)
            tx.access_tokens.add(token)
            tx.clients.put(client)
            tx.sealed_fields.put(session.resident_id, "sex", b"1", NOW)
        with suppress(_Interrupted), store.transaction() as tx:
            tx.sessions.end(session.id, NOW)
            tx.grants.revoke(grant.id, NOW)
            tx.access_tokens.delete(token.digest)
            tx.clients.delete(client.id)
            tx.sealed_fields.delete(session.resident_id)
            raise _Interrupted
        with store.transaction() as tx:
            assert tx.sessions.of_resident(session.resident_id) == (session,)
            assert tx.grants.of_session(grant.session_id) == (grant,)
            assert tx.access_tokens.get(token.digest) == token
            assert tx.clients.get(client.id) == client
            assert tx.sealed_fields.all(session.resident_id) == {"sex": b"1"}

    def test_nobody_sees_what_is_not_committed(self, store: AnyStore) -> None:
        """Another thread sees the state before, or waits until it may see the one after."""
        record = a_single_use()
        seen: list[str] = []

        def look() -> None:
            with suppress(Unavailable), store.transaction() as tx:
                found = tx.single_use.look(record.kind, record.digest)
                seen.append("nothing" if found is None else "something")

        watcher = Thread(target=look)
        with suppress(_Interrupted), store.transaction() as tx:
            tx.single_use.put(record)
            watcher.start()
            watcher.join(0.2)
            assert seen in ([], ["nothing"])
            raise _Interrupted
        watcher.join(10)
        assert seen == ["nothing"]

    def test_transactions_do_not_nest(self, store: AnyStore) -> None:
        """The inner one would wait for the outer for ever; it is refused at once instead."""
        with store.transaction() as outer:
            raised = _raised_by(lambda: store.transaction().__enter__())
            assert isinstance(raised, RuntimeError)
            assert outer.clients.get(fresh_id()) is None

    def test_an_error_of_the_store_cannot_be_swallowed(self, store: AnyStore) -> None:
        """After one the transaction never commits, and says so."""
        grant, client = a_grant(), a_client()

        def swallow() -> None:
            with store.transaction() as tx:
                tx.clients.put(client)
                tx.grants.add(grant)
                with suppress(Refused):
                    tx.grants.add(grant)

        raised = _raised_by(swallow)
        assert isinstance(raised, Unavailable)
        assert raised.reason == "store_transaction_failed"
        with store.transaction() as tx:
            assert tx.clients.get(client.id) is None
            assert tx.grants.get(grant.id) is None


class AuditContract:
    """``tx.audit`` and ``tx.audit_records``."""

    def test_records_follow_each_other(self, store: AnyStore) -> None:
        """Within a transaction and over several."""
        things = [fresh_id() for _ in range(5)]
        with store.transaction() as tx:
            tx.audit.append(Happened(thing=things[0]))
            tx.audit.append(Happened(thing=things[1]))
            bodies = _things(tx)
            assert all(any(thing in body for body in bodies) for thing in things[:2])
        for thing in things[2:]:
            with store.transaction() as tx:
                tx.audit.append(Happened(thing=thing))
        with store.transaction() as tx:
            assert list(audit_faults(tx)) == []
            bodies = _things(tx)
            assert all(any(thing in body for body in bodies) for thing in things)

    def test_a_rollback_leaves_no_gap(self, store: AnyStore) -> None:
        """The next record takes the place of the one that never was."""
        lost, kept = fresh_id(), fresh_id()
        with suppress(_Interrupted), store.transaction() as tx:
            tx.audit.append(Happened(thing=lost))
            raise _Interrupted
        with store.transaction() as tx:
            tx.audit.append(Happened(thing=kept))
        with store.transaction() as tx:
            assert list(audit_faults(tx)) == []
            bodies = _things(tx)
            assert any(kept in body for body in bodies)
            assert not any(lost in body for body in bodies)

    def test_a_chain_is_read_from_any_place(self, store: AnyStore) -> None:
        """``after`` is exclusive."""
        with store.transaction() as tx:
            for number in range(4):
                tx.audit.append(Happened(thing=str(number)))
        with store.transaction() as tx:
            head = max(tx.audit_records.heads(), key=lambda head: head.sequence)
            rest = list(tx.audit_records.of_writer(head.writer, after=head.sequence - 2))
            assert [record.sequence for record in rest] == [head.sequence - 1, head.sequence]
            assert rest[-1].digest() == head.digest
            assert list(tx.audit_records.of_writer(head.writer, after=head.sequence)) == []
            assert list(tx.audit_records.of_writer(fresh_id())) == []

    def test_a_checkpoint_is_kept_once_by_number(self, store: AnyStore) -> None:
        """The newest come last; a number is never used again."""
        with store.transaction() as tx:
            first = 1 + max((one.number for one in tx.audit_records.checkpoints()), default=0)
            assert tx.audit_records.put_checkpoint(first + 1, NOW + SECOND, b"second")
            assert tx.audit_records.put_checkpoint(first, NOW, b"first")
            assert not tx.audit_records.put_checkpoint(first, NOW, b"forged")
        with store.transaction() as tx:
            found = list(tx.audit_records.checkpoints(first - 1))
            assert [(one.number, one.at, one.signed) for one in found] == [
                (first, NOW, b"first"),
                (first + 1, NOW + SECOND, b"second"),
            ]
            assert list(tx.audit_records.checkpoints(first + 1)) == []


def _raised_by(act: Callable[[], object]) -> Exception | None:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever it is
        return error
    return None

"""What is particular to the store in memory."""

from __future__ import annotations

from threading import Thread

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.kernel.errors import Refused, Unavailable
from hkeid.testing.store_contract.everything import Happened, a_client, a_single_use


@pytest.fixture
def store(parts):
    return MemoryStore(**parts, patience=0.05)


def test_writing_after_the_transaction_has_ended_is_a_mistake(store) -> None:
    with store.transaction() as tx:
        pass
    with pytest.raises(RuntimeError):
        tx.single_use.put(a_single_use())


def test_whoever_waits_too_long_is_told_that_the_store_is_busy(store) -> None:
    raised = []

    def wait() -> None:
        try:
            with store.transaction():
                pass
        except Unavailable as error:
            raised.append(error.reason)

    with store.transaction():
        waiter = Thread(target=wait)
        waiter.start()
        waiter.join()
    assert raised == ["store_busy"]


def test_a_reading_transaction_refuses_to_write(store) -> None:
    with pytest.raises(Refused) as caught, store.reading() as tx:
        tx.audit.append(Happened(thing="x"))
    assert caught.value.reason == "store_read_only"
    with store.transaction() as tx:
        tx.audit.append(Happened(thing="x"))
        assert [head.sequence for head in tx.audit_records.heads()] == [1]


def test_what_a_caller_does_to_its_mappings_does_not_reach_the_store(store) -> None:
    client = a_client()
    with store.transaction() as tx:
        tx.clients.put(client)
    client.name["en"] = "Something else"
    with store.transaction() as tx:
        assert tx.clients.get(client.id).name["en"] == "Suggestions"

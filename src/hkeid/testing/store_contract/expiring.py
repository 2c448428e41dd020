"""What every store promises about proofs of who was erased, and about naming what a purge deletes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hkeid.identity.state import EidState
from hkeid.testing.store_contract.everything import (
    NOW,
    SECOND,
    AnyStore,
    a_credential,
    a_decision,
    a_disclosure,
    a_resident,
    a_session,
    an_approval,
)

_LONG_AGO = NOW - timedelta(days=9_000)


class ExpiringContract:
    """``tx.erased_records``, and ``purge`` and ``oldest`` of every repository whose records end."""

    def test_proofs_about_the_erased_go_and_no_others(self, store: AnyStore) -> None:
        """Of who was erased before; not of who lives, nor of who ended an eID and is known still."""
        erased, ended, living = (
            replace(a_resident(), state=state, updated_at=_LONG_AGO)
            for state in (EidState.REVOKED, EidState.REVOKED, EidState.ACTIVE)
        )
        with store.transaction() as tx:
            while tx.erased_records.purge(_LONG_AGO + SECOND):
                pass
            for resident in (erased, ended, living):
                tx.residents.add(resident)
                tx.consents.append((a_decision(resident.id, "name"),))
                tx.disclosures.append(a_disclosure(resident.id))
                tx.guardian_approvals.add(an_approval(resident.id))
                tx.credentials.add(a_credential(resident.id))
            tx.sealed_fields.put(ended.id, "name_english", b"sealed", NOW)
        with store.transaction() as tx:
            assert tx.erased_records.oldest() == _LONG_AGO
            assert tx.erased_records.purge(_LONG_AGO) == ()
            first = tx.erased_records.purge(_LONG_AGO + SECOND, limit=3)
            rest = tx.erased_records.purge(_LONG_AGO + SECOND)
            assert (len(first), len(rest)) == (3, 1)
            assert {name.partition("/")[0] for name in first + rest} == {
                "consents", "disclosures", "guardian_approvals", "credentials",
            }  # fmt: skip
        with store.transaction() as tx:
            assert tx.consents.history(erased.id) == ()
            assert tx.disclosures.of_resident(erased.id) == ()
            assert tx.guardian_approvals.of_resident(erased.id) == ()
            assert tx.credentials.of_resident(erased.id) == ()
            assert tx.residents.get(erased.id) == erased, "the id is never given again"
            for resident in (ended, living):
                assert len(tx.consents.history(resident.id)) == 1
                assert len(tx.credentials.of_resident(resident.id)) == 1

    def test_a_ledger_goes_on_after_a_purge(self, store: AnyStore) -> None:
        """What is appended later comes later."""
        erased = replace(a_resident(), state=EidState.REVOKED, updated_at=_LONG_AGO)
        first, second = a_decision(erased.id, "name"), a_decision(erased.id, "sex")
        with store.transaction() as tx:
            while tx.erased_records.purge(_LONG_AGO + SECOND):
                pass
            tx.residents.add(erased)
            tx.consents.append((first, second))
            assert len(tx.erased_records.purge(_LONG_AGO + SECOND, limit=1)) == 1
            third = a_decision(erased.id, "birthdate")
            tx.consents.append((third,))
            kept = tx.consents.history(erased.id)
            assert len(kept) == 2
            assert kept[0] == third

    def test_what_a_purge_deletes_is_named(self, store: AnyStore) -> None:
        """The oldest first, and :meth:`oldest` says how old that is."""
        sessions = [
            replace(a_session("r"), expires_at=_LONG_AGO + number * SECOND) for number in range(2)
        ]
        with store.transaction() as tx:
            while tx.sessions.purge(_LONG_AGO + 3 * SECOND):
                pass
            for session in reversed(sessions):
                tx.sessions.add(session)
            assert tx.sessions.oldest() == _LONG_AGO
            assert tx.sessions.purge(_LONG_AGO + 3 * SECOND, limit=1) == (sessions[0].id,)
            assert tx.sessions.oldest() == _LONG_AGO + SECOND
            assert tx.sessions.purge(_LONG_AGO + 3 * SECOND) == (sessions[1].id,)

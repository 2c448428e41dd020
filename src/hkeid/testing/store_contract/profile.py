"""What every store promises about the consent ledger, disclosures and guardians' approvals."""

from __future__ import annotations

from dataclasses import replace

from hkeid.testing.store_contract.everything import (
    NOW,
    SECOND,
    AnyStore,
    a_decision,
    a_disclosure,
    an_approval,
    fresh_id,
)
from hkeid.testing.store_contract.refusals import reason_of


class ConsentsContract:
    """``tx.consents``."""

    def test_the_newest_decision_holds(self, store: AnyStore) -> None:
        """By purpose and claim; of two at one instant the one appended last."""
        resident_id = fresh_id()
        name = a_decision(resident_id, "name")
        refused = a_decision(resident_id, "birthdate", agreed=False)
        withdrawn = a_decision(resident_id, "name", agreed=False)
        renewed = a_decision(resident_id, "birthdate", at=NOW + SECOND)
        elsewhere = replace(a_decision(resident_id, "sex"), client_id="another")
        form = replace(a_decision(resident_id, "name"), purpose="appointment")
        with store.transaction() as tx:
            tx.consents.append((name, refused))
            tx.consents.append((withdrawn, renewed, elsewhere, form))
            tx.consents.append(())
        with store.transaction() as tx:
            latest = tx.consents.latest(resident_id, "client")
            assert latest == {
                ("", "name"): withdrawn,
                ("", "birthdate"): renewed,
                ("appointment", "name"): form,
            }
            assert tx.consents.latest(resident_id, "another") == {("", "sex"): elsewhere}
            assert tx.consents.latest(fresh_id(), "client") == {}

    def test_the_history_keeps_everything(self, store: AnyStore) -> None:
        """Newest first, of two at one instant the one appended last comes first."""
        resident_id = fresh_id()
        first, second = a_decision(resident_id, "name"), a_decision(resident_id, "sex")
        third = a_decision(resident_id, "name", at=NOW + SECOND)
        with store.transaction() as tx:
            tx.consents.append((third, first, second))
            tx.consents.append((a_decision(fresh_id(), "name"),))
            assert tx.consents.history(resident_id) == (third, second, first)

    def test_a_decision_of_an_earlier_release_has_no_evidence(self, store: AnyStore) -> None:
        """Nor does it expire."""
        resident_id = fresh_id()
        plain = replace(a_decision(resident_id, "name"), evidence=None, expires_at=None)
        with store.transaction() as tx:
            tx.consents.append((plain,))
        with store.transaction() as tx:
            assert tx.consents.history(resident_id) == (plain,)

    def test_a_decision_is_recorded_once(self, store: AnyStore) -> None:
        """Nothing in the ledger is ever changed."""
        decision = a_decision(fresh_id(), "name")
        with store.transaction() as tx:
            tx.consents.append((decision,))
        changed = replace(decision, agreed=False)
        assert reason_of(store, lambda tx: tx.consents.append((changed,))) == "record_exists"

    def test_the_text_of_a_statement_is_kept_once(self, store: AnyStore) -> None:
        """It never changes."""
        version = fresh_id()
        with store.transaction() as tx:
            assert tx.consents.statement(version) is None
            tx.consents.keep_statement(version, b'{"title":"first"}')
        with store.transaction() as tx:
            tx.consents.keep_statement(version, b'{"title":"second"}')
            assert tx.consents.statement(version) == b'{"title":"first"}'


class DisclosuresContract:
    """``tx.disclosures``."""

    def test_disclosures_come_newest_first_up_to_the_limit(self, store: AnyStore) -> None:
        """Those of the resident alone."""
        resident_id = fresh_id()
        made = [a_disclosure(resident_id, at=NOW + number * SECOND) for number in range(3)]
        same_instant = a_disclosure(resident_id, at=NOW)
        with store.transaction() as tx:
            for disclosure in (*made, same_instant, a_disclosure(fresh_id())):
                tx.disclosures.append(disclosure)
        with store.transaction() as tx:
            newest_first = (made[2], made[1], same_instant, made[0])
            assert tx.disclosures.of_resident(resident_id) == newest_first
            assert tx.disclosures.of_resident(resident_id, limit=2) == newest_first[:2]

    def test_a_disclosure_of_an_earlier_release_has_no_digests(self, store: AnyStore) -> None:
        """It says which claims were sent, and no more."""
        resident_id = fresh_id()
        plain = replace(a_disclosure(resident_id), decisions=(), digests={}, salt=b"")
        with store.transaction() as tx:
            tx.disclosures.append(replace(plain, purpose="appointment"))
        with store.transaction() as tx:
            assert tx.disclosures.of_resident(resident_id) == (
                replace(plain, purpose="appointment"),
            )

    def test_a_disclosure_is_recorded_once(self, store: AnyStore) -> None:
        """A second one of that id is refused."""
        disclosure = a_disclosure(fresh_id())
        with store.transaction() as tx:
            tx.disclosures.append(disclosure)
        assert reason_of(store, lambda tx: tx.disclosures.append(disclosure)) == "record_exists"


class GuardianApprovalsContract:
    """``tx.guardian_approvals``."""

    def test_approvals_come_newest_first(self, store: AnyStore) -> None:
        """Those about the minor alone."""
        minor = fresh_id()
        first, second = an_approval(minor), an_approval(minor, at=NOW + SECOND)
        with store.transaction() as tx:
            for approval in (first, second, an_approval(fresh_id())):
                tx.guardian_approvals.add(approval)
        with store.transaction() as tx:
            assert tx.guardian_approvals.of_resident(minor) == (second, first)
            assert tx.guardian_approvals.of_resident(fresh_id()) == ()

    def test_an_approval_is_recorded_once(self, store: AnyStore) -> None:
        """Nothing in it is ever changed."""
        approval = an_approval(fresh_id())
        with store.transaction() as tx:
            tx.guardian_approvals.add(approval)
        changed = replace(approval, guardian_id=fresh_id())
        assert reason_of(store, lambda tx: tx.guardian_approvals.add(changed)) == "record_exists"

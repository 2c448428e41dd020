"""An approval is for one key, these hashes in this order, one client, one use, a few minutes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from tests.unit.signing.activation.conftest import ORIGIN, Notary

from hkeid.identity.state import EidState
from hkeid.kernel import base64url, canonical_json
from hkeid.kernel.errors import HkeidError
from hkeid.kernel.secret import Secret
from hkeid.ports.signing_keys import SigningKeyKind
from hkeid.residents.records import CredentialStatus
from hkeid.signing.activation import (
    ActivationSettings,
    SignatureActivationRefused,
    SigningKeyState,
    verify_evidence,
)
from hkeid.signing.activation.parts import AUTHORISATION
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import Dishonesty
from hkeid.webauthn import CeremonyRefused

RP_ID = "id.example.hk"


def reason(call, *args, **named) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args, **named)
    return caught.value.reason


class TestAnApproval:
    @pytest.mark.parametrize("kind", list(SigningKeyKind))
    def test_signs_every_hash_in_order(self, hub, kind) -> None:
        notary = Notary(hub, kind=kind)
        request = notary.request("a.pdf", "b.pdf", "c.pdf")
        made = notary.sign(notary.approve(request), request)
        assert len(made.signatures) == 3
        # verify_evidence checks each signature against its own hash.
        certificate = verify_evidence(made.evidence, rp_id=RP_ID, origins={ORIGIN})
        assert certificate.public_bytes.__self__ == certificate

    def test_leaves_records_of_approval_use_and_signatures(self, notary, hub) -> None:
        request = notary.request("a.pdf", "b.pdf")
        made = notary.sign(notary.approve(request), request)
        (approved,) = hub.bodies("signing:activation:approved")
        (used,) = hub.bodies("signing:authorisation:used")
        (done,) = hub.bodies("signing:signatures:made")
        assert approved["statement"] == used["statement"] == done["statement"]
        assert (done["signature_id"], done["documents"]) == (made.id, 2)
        with hub.store.transaction() as tx:
            kept = tx.made_signatures.get(made.id)
        assert kept.evidence == made.evidence.dumps()
        assert hub.trail_is_sound()

    def test_has_no_names_in_store_or_trail(self, notary, hub) -> None:
        request = notary.request("my-secret-divorce.pdf")
        made = notary.sign(notary.approve(request), request)
        assert b"divorce" not in made.evidence.dumps()
        assert "divorce" not in str([record.body for record in hub.records()])

    def test_covers_at_most_a_hundred_documents(self, notary) -> None:
        names = [f"{number}.pdf" for number in range(101)]
        request = notary.request(*names[:100])
        assert len(notary.sign(notary.approve(request), request).signatures) == 100
        many = notary.request(*names)
        assert reason(notary.activation.start, many, binding="b") == "documents_too_many"


class TestTheResidentsSide:
    def test_needs_user_verification_whatever_policy_says(self, notary) -> None:
        request = notary.request()
        assert reason(notary.approve, request, Dishonesty(flags_cleared=0x04)) == "uv_missing"

    def test_refuses_a_synced_passkey_unless_the_installation_allows_it(self, hub) -> None:
        synced = Notary(hub, phone=SoftwareAuthenticator(synced=True))
        request = synced.request()
        assert reason(synced.approve, request) == "passkey_synced"
        allowing = Notary(
            hub,
            settings=ActivationSettings(synced_passkeys=True),
            phone=SoftwareAuthenticator(synced=True),
        )
        request = allowing.request()
        assert allowing.sign(allowing.approve(request), request).signatures

    @pytest.mark.parametrize(
        "change",
        [
            {"display": b"{}"},
            {"client_id": "somebody-else"},
            {"documents": "reversed"},
            {"documents": "fewer"},
            {"documents": "other"},
        ],
        ids=lambda change: "-".join(map(str, *change.items())),
    )
    def test_an_answer_for_one_request_approves_no_other(self, notary, change) -> None:
        request = notary.request("a.pdf", "b.pdf")
        start = notary.activation.start(request, binding="b")
        documents = {
            "reversed": request.documents[::-1],
            "fewer": request.documents[:1],
            "other": notary.request("c.pdf", "d.pdf").documents,
        }
        if "documents" in change:
            change = {"documents": documents[change["documents"]]}
        other = replace(request, **change)
        got = reason(notary.activation.finish, start.id, notary.answer(start), other, binding="b")
        assert got == "activation_other_request"

    def test_an_answer_counts_once_and_in_its_browser(self, notary) -> None:
        request = notary.request()
        start = notary.activation.start(request, binding="b")
        answer = notary.answer(start)
        finish = notary.activation.finish
        assert reason(finish, start.id, answer, request, binding="c") == "ceremony_other_browser"
        assert reason(finish, start.id, answer, request, binding="b") == "ceremony_used"

    def test_a_counter_that_went_back_suspends_the_passkey(self, notary, hub) -> None:
        request = notary.request()
        start = notary.activation.start(request, binding="b")
        answer = notary.answer(start)
        again = notary.activation.start(request, binding="b")
        notary.activation.finish(again.id, notary.answer(again), request, binding="b")
        with pytest.raises(CeremonyRefused) as caught:
            notary.activation.finish(start.id, answer, request, binding="b")
        assert caught.value.reason == "counter_regressed"
        (credential,) = hub.look("credentials", "of_resident", notary.resident_id)
        assert credential.status is CredentialStatus.SUSPENDED

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"state": EidState.ACTIVE}, "eid_not_upgraded"),
            ({"state": EidState.SUSPENDED}, "eid_not_upgraded"),
            ({"cooling_until": "later"}, "eid_cooling"),
        ],
    )
    def test_needs_a_living_eid_plus(self, notary, hub, changes, expected) -> None:
        request = notary.request()
        token = notary.approve(request)
        if changes.get("cooling_until"):
            changes = {"cooling_until": hub.clock.now() + timedelta(hours=1)}
        notary.change_resident(**changes)
        assert reason(notary.activation.start, request, binding="b") == expected
        # Also between the approval and its use.
        assert reason(notary.sign, token, request) == expected

    def test_a_key_is_its_residents_and_has_to_be_usable(self, notary, hub) -> None:
        request = notary.request()
        stranger = replace(request, resident_id="somebody")
        assert reason(notary.activation.start, stranger, binding="b") == "key_unknown"
        token = notary.approve(request)
        with hub.store.transaction() as tx:
            tx.signing_keys.change(notary.key, replace(notary.key, state=SigningKeyState.REVOKED))
        assert reason(notary.activation.start, request, binding="b") == "key_not_usable"
        assert reason(notary.sign, token, request) == "key_not_usable"


class TestTheUse:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"client_id": "somebody-else"}, "authorisation_other_client"),
            ({"key_id": "another"}, "authorisation_other_key"),
            ({"hashes": (b"x" * 32,)}, "authorisation_other_hashes"),
            ({"hashes": ()}, "authorisation_other_hashes"),
        ],
    )
    def test_for_anything_else_burns_it(self, notary, hub, changes, expected) -> None:
        request = notary.request()
        token = notary.approve(request)
        assert reason(notary.sign, token, request, **changes) == expected
        assert reason(notary.sign, token, request) == "authorisation_used"
        assert [body["reason"] for body in hub.bodies("signing:authorisation:misused")] == [
            expected,
            "authorisation_used",
        ]

    def test_ends_with_the_activation(self, notary, hub) -> None:
        request = notary.request()
        token = notary.approve(request)
        hub.clock.pass_(minutes=6)
        assert reason(notary.sign, token, request) == "authorisation_expired"

    def test_of_an_invented_one_is_refused(self, notary) -> None:
        request = notary.request()
        assert reason(notary.sign, Secret("made-up"), request) == "authorisation_unknown"

    def test_by_a_thousand_at_once_gives_one_set_of_signatures(self, notary) -> None:
        """Issue, bar 4: replays under concurrency."""
        request = notary.request("a.pdf", "b.pdf")
        token = notary.approve(request)

        def attempt(_: int) -> str:
            try:
                notary.sign(token, request)
            except SignatureActivationRefused as refused:
                return refused.reason
            return "signed"

        with ThreadPoolExecutor(16) as pool:
            outcomes = list(pool.map(attempt, range(1000)))
        assert outcomes.count("signed") == 1
        assert set(outcomes) == {"signed", "authorisation_used"}

    def test_in_another_order_never_signs(self, notary) -> None:
        """Issue, bar 4: reorderings."""
        request = notary.request("a", "b", "c", "d", "e")
        right = notary.hashes(request)
        orders = [order for order in permutations(right) if order != right][:119]
        for order in orders:
            token = notary.approve(request)
            assert reason(notary.sign, token, request, hashes=order) == "authorisation_other_hashes"

    def test_a_forged_record_in_the_store_signs_nothing(self, notary, hub) -> None:
        """Whoever can write into the store lacks the passkey: the module looks for itself."""
        request = notary.request()
        token = notary.approve(request)
        other = notary.request("other.pdf")
        forged = Secret("forged")
        with hub.store.transaction() as tx:
            record = tx.single_use.look(AUTHORISATION, token.digest())
            payload = canonical_json.loads_object(record.payload)
            (document,) = payload["evidence"]["statement"]["documents"]
            document["to_be_signed"] = base64url.encode(other.documents[0].to_be_signed)
            tx.single_use.put(
                replace(record, digest=forged.digest(), payload=canonical_json.dumps(payload))
            )
        assert reason(notary.sign, forged, other) == "challenge_mismatch"

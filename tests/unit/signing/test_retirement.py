"""The end of a resident's signing key: at once in the store, outside as soon as may be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509

from hkeid.adapters.resident_keys import WrappedResidentKeys
from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.kernel.errors import NotFound, Refused, Unavailable
from hkeid.ports.certificates import CertificateState, RevocationReason
from hkeid.signing.activation import SignatureActivationRefused, SigningKeyState
from hkeid.signing.credentials_of_residents import (
    ResidentCredentials,
    ResidentCredentialSettings,
)
from hkeid.signing.retirement import SigningKeyRetirement, retire_signing_keys
from hkeid.testing.certification import Certification

COMPROMISE = RevocationReason.KEY_COMPROMISE


class Keeper(WrappedResidentKeys):
    """Keeps count of what it was told to destroy; a token, where ``away``, that is not there."""

    away = False

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.destroyed: list[str] = []

    def destroy(self, key_id: str, kind: Any, handle: bytes) -> None:
        if self.away:
            raise Unavailable("signing_keys_unavailable")
        assert handle
        self.destroyed.append(key_id)


class Outside:
    """An authority elsewhere: not always there, and it has rules of its own."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.trouble: Exception | None = None
        self.asked = 0

    def issue(self, *words: Any, **named: Any) -> Any:
        return self.inner.issue(*words, **named)

    def revoke(self, serial: int, reason: RevocationReason, since: Any = None) -> None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        self.inner.revoke(serial, reason, since)


class Office:
    def __init__(self, hub: Any, **settings: Any) -> None:
        self.hub = hub
        self.resident_id, _ = hub.applicant()
        with hub.memory.transaction() as tx:
            resident = tx.residents.get(self.resident_id)
            wanted = replace(resident, state=EidState.UPGRADED, proofed=Acr.EID_PLUS)
            assert tx.residents.change(resident, wanted)
        self.certification = Certification(store=hub.memory, clock=hub.clock)
        self.authority = Outside(self.certification.authority)
        self.keys = Keeper(hub.keys, hub.random)
        self.noted: list[str] = []
        self.credentials = ResidentCredentials(
            hub.store, self.keys, self.authority, hub.fields, hub.clock, hub.random,
            ResidentCredentialSettings(**settings),
        )  # fmt: skip
        self.retirement = SigningKeyRetirement(
            hub.store, self.keys, self.authority, hub.clock,
            noted=lambda error: self.noted.append(error.reason),
        )  # fmt: skip

    def ready(self) -> Any:
        return self.credentials.ready(self.resident_id)

    def end(self, reason: RevocationReason = COMPROMISE) -> tuple[str, ...]:
        with self.hub.store.transaction() as tx:
            return retire_signing_keys(tx, self.resident_id, reason, self.hub.clock.now())

    def stored(self, key: Any) -> Any:
        return self.hub.look("signing_keys", "get", key.id)

    def status(self, key: Any) -> Any:
        serial = x509.load_der_x509_certificate(key.certificates[0]).serial_number
        return self.certification.authority.status(serial)

    def outcomes(self) -> list[str]:
        return [one["outcome"] for one in self.hub.bodies("signing:key:revoked")]


@pytest.fixture
def office(make_hub_on_each_store) -> Office:
    return Office(make_hub_on_each_store())


def test_out_of_use_at_once_and_the_rest_follows(office) -> None:
    key = office.ready()
    assert office.end() == (key.id,)
    assert office.end() == ()
    waiting = office.stored(key)
    assert (waiting.state, waiting.reason) == (SigningKeyState.RETIRED, COMPROMISE)
    assert office.credentials.held(office.resident_id) is None
    assert office.status(key).state is CertificateState.GOOD
    assert office.retirement.finish() == 1
    gone = office.stored(key)
    assert (gone.state, gone.handle) == (SigningKeyState.REVOKED, b"")
    assert office.keys.destroyed == [key.id]
    status = office.status(key)
    assert (status.state, status.reason) == (CertificateState.REVOKED, COMPROMISE)
    assert office.retirement.finish() == 0
    assert office.hub.events("signing:key")[2:] == [
        "signing:key:retired", "signing:key:destroyed", "signing:key:revoked",
    ]  # fmt: skip
    (said,) = office.hub.bodies("signing:key:revoked")
    assert (said["reason"], said["outcome"]) == ("keyCompromise", "revoked")
    with pytest.raises(Refused, match="signing_key_unusable"):
        office.keys.sign(gone.id, gone.kind, gone.handle, b"d" * 32)


def test_the_list_and_the_responder_say_so(make_hub) -> None:
    office = Office(make_hub())
    key = office.ready()
    office.end(RevocationReason.CESSATION_OF_OPERATION)
    office.retirement.finish()
    serial = x509.load_der_x509_certificate(key.certificates[0]).serial_number
    newest = office.certification.authority.revocation_list()
    entry = x509.load_der_x509_crl(newest.encoded).get_revoked_certificate_by_serial_number(serial)
    (extension,) = (one for one in entry.extensions if one.oid._name == "cRLReason")
    assert extension.value.reason is x509.ReasonFlags.cessation_of_operation


def test_an_authority_that_is_away_is_asked_again(office) -> None:
    key = office.ready()
    office.authority.trouble = Unavailable("certificate_authority_unavailable")
    assert office.credentials.retire(office.resident_id, COMPROMISE) == 1
    waiting = office.stored(key)
    assert (waiting.state, waiting.handle) == (SigningKeyState.RETIRED, b"")
    assert office.retirement.finish() == 0
    assert office.noted == ["certificate_authority_unavailable"]
    office.authority.trouble = None
    assert office.retirement.finish() == 1
    assert office.status(key).reason is COMPROMISE
    assert office.keys.destroyed == [key.id]
    assert office.outcomes() == ["revoked"]


def test_a_token_that_is_away_is_asked_again(office) -> None:
    key = office.ready()
    office.end()
    office.keys.away = True
    assert office.retirement.finish() == 0
    assert office.stored(key).handle
    office.keys.away = False
    assert office.retirement.finish() == 1


def test_one_that_fails_keeps_no_other_from_its_end(make_hub) -> None:
    office = Office(make_hub())
    others, like = [], office.ready()
    with office.hub.store.transaction() as tx:
        for number in range(3):
            kept = replace(like, id=f"{number}" * 22, resident_id=f"resident-{number}")
            assert tx.signing_keys.add(kept)
            retire_signing_keys(tx, kept.resident_id, COMPROMISE, office.hub.clock.now())
            others.append(kept)
    refused = {"left": 1}

    def revoke(*_: Any) -> None:
        if refused.pop("left", 0):
            raise Refused("certificate_authority_refused")

    office.authority.revoke = revoke
    assert office.retirement.finish(limit=1) == 2
    states = [office.stored(one).state for one in others]
    assert states == [SigningKeyState.RETIRED, SigningKeyState.REVOKED, SigningKeyState.REVOKED]


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [
        (Refused("certificate_revoked_already"), "revoked_before"),
        (Refused("certificate_not_revocable"), "not_revocable"),
        (NotFound("certificate_unknown"), "unknown"),
    ],
)
def test_what_cannot_be_taken_back_any_more_is_done_with(make_hub, trouble, outcome) -> None:
    office = Office(make_hub())
    key = office.ready()
    office.end()
    office.authority.trouble = trouble
    assert office.retirement.finish() == 1
    assert office.stored(key).state is SigningKeyState.REVOKED
    assert office.outcomes() == [outcome]


def test_a_short_lived_or_expired_certificate_is_not_taken_back(make_hub) -> None:
    short = Office(make_hub(), profile="resident-short")
    short.ready()
    short.end()
    assert short.retirement.finish() == 1
    late = Office(make_hub())
    late.ready()
    late.end()
    late.hub.clock.pass_(days=4000)
    assert late.retirement.finish() == 1
    assert (short.outcomes(), late.outcomes()) == (["not_revocable"], ["expired"])
    assert short.authority.asked == late.authority.asked == 0


def test_a_key_without_a_certificate_is_destroyed(make_hub) -> None:
    office = Office(make_hub())
    bare = replace(office.ready(), id="k" * 22, resident_id="somebody", certificates=())
    with office.hub.store.transaction() as tx:
        assert tx.signing_keys.add(bare)
        retire_signing_keys(tx, "somebody", COMPROMISE, office.hub.clock.now())
    assert office.retirement.finish() == 1
    assert office.outcomes() == ["none"]


def test_an_eid_that_ends_while_its_certificate_is_made_has_no_key_afterwards(make_hub) -> None:
    office = Office(make_hub())
    issue = office.authority.issue

    def slowly(*words: Any, **named: Any) -> Any:
        issued = issue(*words, **named)
        with office.hub.memory.transaction() as tx:
            resident = tx.residents.get(office.resident_id)
            assert tx.residents.change(resident, replace(resident, state=EidState.REVOKED))
        return issued

    office.authority.issue = slowly
    with pytest.raises(SignatureActivationRefused, match="eid_not_upgraded"):
        office.ready()
    (key,) = office.hub.look("signing_keys", "of_resident", office.resident_id)
    assert key.state is SigningKeyState.REVOKED
    assert office.status(key).state is CertificateState.REVOKED


def test_a_certificate_for_a_key_that_was_retired_meanwhile_is_taken_back(make_hub) -> None:
    office = Office(make_hub())
    issue, issued = office.authority.issue, []

    def slowly(*words: Any, **named: Any) -> Any:
        issued.append(issue(*words, **named))
        if len(issued) == 1:
            office.end()
        return issued[-1]

    office.authority.issue = slowly
    key = office.ready()
    serials = [x509.load_der_x509_certificate(one.certificate).serial_number for one in issued]
    first, second = (office.certification.authority.status(serial) for serial in serials)
    assert (first.state, first.reason) == (CertificateState.REVOKED, RevocationReason.SUPERSEDED)
    assert second.state is CertificateState.GOOD
    assert key.certificates[0] == issued[1].certificate


def test_a_kill_anywhere_is_made_good_by_the_next_round(make_hub, killed) -> None:
    at = 0
    while True:
        at += 1
        office = Office(make_hub())
        key = office.ready()
        office.end()
        office.hub.steps.count, office.hub.steps.kill_at = 0, at
        try:
            office.retirement.finish()
        except killed:
            office.hub.steps.kill_at = None
            office.retirement.finish()
            assert office.stored(key).state is SigningKeyState.REVOKED
            assert office.status(key).reason is COMPROMISE
            continue
        break
    assert at > 5

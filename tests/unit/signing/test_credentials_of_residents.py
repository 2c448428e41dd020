"""A resident's key and certificate: made once, certified again when the certificate ends."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from hkeid.adapters.resident_keys import WrappedResidentKeys
from hkeid.identity.names import PersonName
from hkeid.identity.state import EidState
from hkeid.kernel.errors import Unavailable
from hkeid.ports.certificates import CertificateState, RevocationReason
from hkeid.ports.signing_keys import SigningKeyKind
from hkeid.signing.activation import SignatureActivationRefused, SigningKeyState
from hkeid.signing.activation.parts import check_usable
from hkeid.signing.certificates.subjects import subject_name
from hkeid.signing.credentials_of_residents import (
    ResidentCredentials,
    ResidentCredentialSettings,
    certificate_subject,
    signer_identity,
)
from hkeid.testing.certification import Certification


@dataclass
class Office:
    hub: Any
    settings: ResidentCredentialSettings | None = None

    def __post_init__(self) -> None:
        hub = self.hub
        self.resident_id, _ = hub.applicant()
        self.certification = Certification(store=hub.memory, clock=hub.clock)
        self.authority = self.certification.authority
        self.keys = WrappedResidentKeys(hub.keys, hub.random)
        self.credentials = self.made(self.authority)
        self.become(EidState.UPGRADED)

    def made(self, authority: Any) -> ResidentCredentials:
        hub = self.hub
        return ResidentCredentials(
            hub.store, self.keys, authority, hub.fields, hub.clock, hub.random, self.settings
        )

    def become(self, state: EidState) -> None:
        with self.hub.memory.transaction() as tx:
            resident = tx.residents.get(self.resident_id)
            assert tx.residents.change(resident, replace(resident, state=state))

    def stored(self) -> Any:
        return self.hub.look("signing_keys", "of_resident", self.resident_id)


@pytest.fixture
def office(make_hub_on_each_store) -> Office:
    return Office(make_hub_on_each_store())


def test_the_first_use_makes_key_and_certificate_and_the_next_finds_them(office) -> None:
    assert office.credentials.held(office.resident_id) is None
    key = office.credentials.ready(office.resident_id)
    assert office.credentials.ready(office.resident_id) == key
    assert office.credentials.held(office.resident_id) == key
    assert office.stored() == (key,)
    assert office.hub.events("signing:key") == ["signing:key:made", "signing:key:certified"]
    certificate = x509.load_der_x509_certificate(key.certificates[0])
    names = {one.oid._name: one.value for one in certificate.subject}
    assert names["commonName"] == "CHAN Tai Man 陳大文"
    assert names["surname"] == "CHAN"
    assert office.resident_id not in certificate.subject.rfc4514_string()
    assert key.certificates[1:] == office.authority.chain
    identity = signer_identity(key)
    assert (identity.algorithm.kind, identity.algorithm.hash_name) == ("ecdsa", "sha256")


@pytest.mark.parametrize("kind", list(SigningKeyKind))
def test_each_kind_of_key_is_certified_and_signs(make_hub, kind) -> None:
    office = Office(make_hub(), ResidentCredentialSettings(kind=kind))
    key = office.credentials.ready(office.resident_id)
    identity = signer_identity(key)
    digest = identity.algorithm.digest(b"attributes")
    signature = office.keys.sign(key.id, key.kind, key.handle, digest)
    identity.require_signature(signature, b"attributes")


def test_a_certificate_that_ends_soon_is_renewed_and_the_key_stays(make_hub) -> None:
    office = Office(make_hub(), ResidentCredentialSettings(profile="resident-short"))
    first = office.credentials.ready(office.resident_id)
    office.hub.clock.pass_(hours=23, minutes=40)
    second = office.credentials.ready(office.resident_id)
    assert second.public_key == first.public_key
    assert second.certificates != first.certificates
    assert office.stored() == (second,)
    office.hub.clock.pass_(hours=48)
    assert office.credentials.held(office.resident_id) is None


@pytest.mark.parametrize("state", [EidState.ACTIVE, EidState.SUSPENDED, EidState.REVOKED])
def test_without_an_upgraded_eid_nothing_is_made(office, state) -> None:
    office.become(state)
    with pytest.raises(SignatureActivationRefused, match="eid_not_upgraded"):
        office.credentials.ready(office.resident_id)
    assert office.stored() == ()


def test_a_retired_key_is_out_of_use_its_certificate_taken_back_and_another_takes_over(
    office,
) -> None:
    key = office.credentials.ready(office.resident_id)
    serial = x509.load_der_x509_certificate(key.certificates[0]).serial_number
    assert office.credentials.retire(office.resident_id, RevocationReason.KEY_COMPROMISE) == 1
    assert office.authority.status(serial).state is CertificateState.REVOKED
    assert office.credentials.held(office.resident_id) is None
    (gone,) = office.stored()
    assert gone.state is SigningKeyState.REVOKED
    with pytest.raises(SignatureActivationRefused, match="key_not_usable"):
        check_usable(gone, None, office.hub.clock.now())
    assert office.credentials.retire(office.resident_id, RevocationReason.KEY_COMPROMISE) == 0
    other = office.credentials.ready(office.resident_id)
    assert other.id != key.id
    assert office.credentials.ready(office.resident_id) == other


class _Outside:
    """An authority that certifies whom the request names."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def issue(self, request: bytes, *, profile: str, subject: Any) -> Any:
        assert x509.load_der_x509_csr(request).subject.public_bytes() == subject_name(subject)
        return self._inner.issue(request, profile=profile, subject=subject)


def test_an_authority_outside_is_told_in_the_request_whom_it_certifies(office) -> None:
    key = office.made(_Outside(office.authority)).ready(office.resident_id)
    assert len(key.certificates) > 1


def test_many_at_once_make_one_key(office) -> None:
    made: list[Any] = []
    barrier = threading.Barrier(6)

    def ask() -> None:
        barrier.wait()
        made.append(office.credentials.ready(office.resident_id))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(made) == 6
    assert {one.id for one in made} == {office.stored()[0].id}
    assert len(office.stored()) == 1


def test_an_authority_that_is_away_costs_nothing_but_time(office) -> None:
    class Away:
        def issue(self, *_: Any, **__: Any) -> Any:
            raise Unavailable("certificate_authority_unavailable")

    with pytest.raises(Unavailable):
        office.made(Away()).ready(office.resident_id)
    (kept,) = office.stored()
    assert kept.certificates == ()
    assert office.credentials.ready(office.resident_id).public_key == kept.public_key


def test_a_kill_anywhere_is_made_good_by_the_next_call(make_hub, killed) -> None:
    at = 0
    while True:
        at += 1
        office = Office(make_hub())
        office.hub.steps.count, office.hub.steps.kill_at = 0, at
        try:
            office.credentials.ready(office.resident_id)
        except killed:
            office.hub.steps.kill_at = None
            key = office.credentials.ready(office.resident_id)
            assert office.stored() == (key,)
            continue
        break
    assert at > 10


@pytest.mark.parametrize(
    ("english", "chinese", "shown"),
    [
        ("CHAN, Tai Man", "陳大文", ("CHAN Tai Man", "陳大文")),
        ("MADONNA", None, ("MADONNA", "")),
        ("X" * 150, "陳", ("X" * 64, "")),
        ("A" * 60 + ", Bo", "陳大文", ("A" * 60 + " Bo", "")),
    ],
)
def test_a_name_of_any_length_fits_a_certificate(english, chinese, shown) -> None:
    subject = certificate_subject("r" * 22, PersonName(english=english, chinese=chinese))
    assert (subject.name, subject.chinese_name) == shown
    assert subject_name(subject)


def test_the_spare_time_of_a_certificate_is_looked_at() -> None:
    assert ResidentCredentialSettings().spare > timedelta(minutes=5)

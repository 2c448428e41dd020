"""Cards read by the station's own code: honest ones upgrade, dishonest ones do not, each by its name."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from hkeid.chip import CardAccessNumber, ReadingRules, hkic_specimen, icao, read_document
from hkeid.chip.errors import finding_of
from hkeid.enrolment.upgrade import UpgradePolicy, UpgradeStep
from hkeid.identity.state import EidState
from hkeid.kernel.errors import HkeidError
from hkeid.testing.card_issuer import HKIC, CardIssuer, card_access_number_of, issue_card
from hkeid.testing.personas import PERSONAS
from hkeid.testing.virtual_card.dishonesty import MUTATIONS, mutated_card, reader_trust
from hkeid.testing.virtual_card.reader import ReaderInProcess

WHO = "chan-tai-man"


class TrustedIssuer:
    def __init__(self, issuer: CardIssuer) -> None:
        self.trust = reader_trust(issuer)

    def verify(self, document: Any, *, at: Any) -> Any:
        return document.verify(trust=self.trust, at=at)


@pytest.fixture(scope="module")
def issuer() -> CardIssuer:
    return CardIssuer()


@pytest.fixture
def lab(make_lab, issuer, phone) -> Any:
    lab = make_lab(
        dataclasses.replace(
            UpgradePolicy(), specimens=True, issuing_states=UpgradePolicy.sandbox().issuing_states
        )
    )
    object.__setattr__(lab.parts, "verifier", TrustedIssuer(issuer))
    lab.verifier = lab.parts.verifier
    lab.verifier.evidence = None
    person = PERSONAS[WHO].person
    resident_id = lab.hub.activation.register_applicant(person)
    code = lab.hub.activation.issue_ticket(resident_id).reveal()
    lab.session = lab.hub.activate(phone, code)
    lab.resident_id = resident_id
    return lab


def read(lab: Any, reader: Any, access: Any, profile: Any = None) -> Any:
    task = lab.upgrades.readings.task(lab.kiosk)
    with reader.connect() as connection:
        return read_document(
            connection,
            access,
            profile=profile or hkic_specimen(),
            random=lab.hub.random,
            read_at=lab.hub.clock.now(),
            rules=ReadingRules(challenge=task.challenge),
        )


def submit(lab: Any, upgrade: Any, document: Any) -> Any:
    lab.verifier.evidence = "real"
    return lab.submit(lab.kiosk, upgrade.id, document)


@pytest.mark.parametrize(
    "features",
    [
        HKIC,
        HKIC.but(chip_authentication=("aes-256 brainpoolP256r1",)),
        HKIC.but(active_authentication=None, chip_authentication=("aes-256 brainpoolP256r1",)),
        HKIC.but(active_authentication="rsa-2048 sha256"),
        HKIC.but(active_authentication=None, pace=("cam aes-256 brainpoolP256r1",)),
    ],
    ids=["active", "both", "chip", "active-rsa", "cam"],
)
def test_an_honest_card_upgrades(lab, issuer, phone, features) -> None:
    person = PERSONAS[WHO].person
    card = issue_card(person, issuer=issuer, features=features)
    upgrade = lab.claim(lab.session)
    access = CardAccessNumber(card_access_number_of(person))
    upgrade = submit(lab, upgrade, read(lab, ReaderInProcess(card), access))
    assert upgrade.reason is None
    upgrade = lab.face(lab.kiosk, upgrade.id)
    assert lab.confirm(upgrade, phone).step is UpgradeStep.DONE


def test_somebody_elses_honest_card_does_not(lab, issuer) -> None:
    other = next(one for one in PERSONAS.values() if one.key != WHO)
    card = issue_card(other, issuer=issuer, features=HKIC)
    upgrade = lab.claim(lab.session)
    access = CardAccessNumber(card_access_number_of(other))
    ended = submit(lab, upgrade, read(lab, ReaderInProcess(card), access))
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "chip_other_person")


def test_a_reading_recorded_at_another_time_or_station_does_not(lab, issuer) -> None:
    person = PERSONAS[WHO].person
    card = issue_card(person, issuer=issuer, features=HKIC)
    access = CardAccessNumber(card_access_number_of(person))
    first = lab.claim(lab.session)
    recorded = read(lab, ReaderInProcess(card), access)
    lab.upgrades.offers.cancel(first.id, station=lab.kiosk)
    second = lab.claim(lab.session)
    with pytest.raises(HkeidError) as caught:
        submit(lab, second, recorded)
    assert caught.value.reason == "evidence_challenge_wrong"


def test_production_policy_refuses_specimens(make_lab, lab, issuer, tmp_path: Path) -> None:
    object.__setattr__(lab.parts, "policy", UpgradePolicy())
    person = PERSONAS[WHO].person
    card = issue_card(person, issuer=issuer, features=HKIC)
    upgrade = lab.claim(lab.session)
    access = CardAccessNumber(card_access_number_of(person))
    ended = submit(lab, upgrade, read(lab, ReaderInProcess(card), access))
    assert ended.reason == "specimen_profile"


def test_no_dishonest_card_upgrades(lab, issuer) -> None:
    lab.hub.clock.moment = issuer.now
    passed = []
    for mutation in MUTATIONS.values():
        mutated = mutated_card(mutation, who=PERSONAS[WHO], issuer=issuer)
        upgrade = lab.claim(lab.session)
        try:
            document = read(lab, ReaderInProcess(mutated.card), mutated.access, icao())
        except HkeidError as error:
            reason = finding_of(error).code.value
            noted = lab.upgrades.readings.trouble(lab.kiosk, upgrade.id, reason)
            assert noted.facts["trouble"] == reason
        else:
            ended = submit(lab, upgrade, document)
            if ended.step is not UpgradeStep.REFUSED or not ended.reason:
                passed.append(mutation.name)
        lab.upgrades.offers.cancel(upgrade.id, station=lab.kiosk)
        assert lab.vault.names(upgrade.id) == ()
    assert len(MUTATIONS) >= 60
    assert passed == []
    assert lab.state(lab.resident_id).state is EidState.ACTIVE

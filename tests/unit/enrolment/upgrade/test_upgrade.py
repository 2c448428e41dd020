"""The upgrade from number to eID+, and everything that must not lead there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest

from hkeid.chip.evidence import ChipGenuine, PassiveOutcome
from hkeid.chip.findings import FindingCode, finding
from hkeid.chip.proofs import ChipProof, ProofKind
from hkeid.enrolment.proofing_policy import Decision, Findings, parse_policy, shipped_policy
from hkeid.enrolment.registration.cases import evidence_digest
from hkeid.enrolment.registration.particulars import number_digest
from hkeid.enrolment.stations import StationMode, StationRefused
from hkeid.enrolment.upgrade import UpgradePolicy, UpgradeRefused, UpgradeStep
from hkeid.enrolment.upgrade.document_text import dumps
from hkeid.identity.assurance import Acr
from hkeid.identity.birth_date import BirthDate
from hkeid.identity.names import PersonName
from hkeid.identity.state import EidState
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import Expired, HkeidError, MalformedInput, TooManyAttempts, Unavailable
from hkeid.ports.documents import ImageRefused
from hkeid.ports.faces import FaceBand, LivenessVerdict, PadClaim
from hkeid.ports.registry import RegistryStatus
from hkeid.residents import find_by_hkic
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.store_contract.registrations import a_registration
from hkeid.webauthn import CeremonyRefused


def reason(call: Any, *args: Any, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        call(*args, **named)
    return caught.value.reason


def to_confirm(lab: Any, session: Any) -> Any:
    upgrade = lab.claim(session)
    lab.submit(lab.kiosk, upgrade.id)
    return lab.face(lab.kiosk, upgrade.id)


# --- the way that leads there ---------------------------------------------------------------------


def test_number_chip_face_registry_passkey_make_an_eid_plus(lab, phone) -> None:
    session = lab.resident(phone)
    upgrade = lab.claim(session)
    assert upgrade.step is UpgradeStep.CHIP
    upgrade = lab.submit(lab.kiosk, upgrade.id)
    assert (upgrade.step, upgrade.facts["genuine"]) == (UpgradeStep.FACE, "active")
    assert lab.verifier.asked == [lab.hub.clock.now()]
    assert lab.vault.names(upgrade.id) == ("document", "portrait")
    upgrade = lab.face(lab.kiosk, upgrade.id)
    assert upgrade.step is UpgradeStep.CONFIRM
    assert lab.registry.asked[0].purpose == "upgrade"
    assert lab.state().state is EidState.ACTIVE

    done = lab.confirm(upgrade, phone)

    assert done.step is UpgradeStep.DONE
    after = lab.state()
    assert (after.state, after.proofed) == (EidState.UPGRADED, Acr.EID_PLUS)
    assert lab.vault.names(upgrade.id) == ()
    assert lab.hub.events("enrolment:upgrade") == [
        "enrolment:upgrade:offered",
        "enrolment:upgrade:claimed",
        "enrolment:upgrade:chip-accepted",
        "enrolment:upgrade:face-compared",
        "enrolment:upgrade:registry-asked",
    ]
    (made,) = lab.hub.bodies("enrolment:eid:upgraded")
    assert made["genuine"] == "active"
    assert made["station_id"] == lab.kiosk.id
    assert {"resident_id": after.id, "about": "eid_upgraded"} in lab.hub.bodies(
        "enrolment:notice:due"
    )
    assert lab.hub.trail_is_sound()
    again = lab.hub.login(phone)
    assert again.view.authentication.acr is Acr.EID_PLUS


def test_the_passkey_may_be_used_at_the_station(lab, phone) -> None:
    upgrade = to_confirm(lab, lab.resident(phone))
    done = lab.confirm(upgrade, phone, binding="seat", station=lab.kiosk)
    assert done.step is UpgradeStep.DONE


def test_at_a_counter_the_officer_compares(lab, phone) -> None:
    session = lab.resident(phone)
    upgrade = lab.claim(session, lab.counter)
    lab.submit(lab.counter, upgrade.id)
    say = lab.upgrades.officers.says
    assert reason(say, lab.counter, upgrade.id, None, same=True) == "officer_missing"
    upgrade = say(lab.counter, upgrade.id, "officer-1", same=True)
    assert (upgrade.step, upgrade.officer) == (UpgradeStep.CONFIRM, "officer-1")
    assert lab.confirm(upgrade, phone).step is UpgradeStep.DONE
    (made,) = lab.hub.bodies("enrolment:eid:upgraded")
    assert made["officer"] == "officer-1"


def test_card_alone_with_an_officer(lab, phone) -> None:
    lab.resident(phone)
    begin = lab.upgrades.offers.begin_with_card
    assert reason(begin, lab.kiosk, "officer-1") == "station_not_allowed"
    assert reason(begin, lab.counter, None) == "officer_missing"
    upgrade = begin(lab.counter, "officer-1")
    assert upgrade.resident_id is None
    upgrade = lab.submit(lab.counter, upgrade.id)
    assert upgrade.resident_id == lab.resident_id
    upgrade = lab.upgrades.officers.says(lab.counter, upgrade.id, "officer-1", same=True)
    assert lab.confirm(upgrade, phone, binding="seat", station=lab.counter).step is UpgradeStep.DONE


def test_what_a_card_alone_began_is_confirmed_where_the_person_stands(lab, phone) -> None:
    """Or whoever holds an eID in that person's name would confirm it from afar."""
    lab.resident(phone)
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    lab.submit(lab.counter, upgrade.id)
    upgrade = lab.upgrades.officers.says(lab.counter, upgrade.id, "officer-1", same=True)
    assert upgrade.step is UpgradeStep.CONFIRM
    assert reason(lab.confirm, upgrade, phone) == "confirm_at_station"
    assert lab.state().state is EidState.ACTIVE
    assert lab.confirm(upgrade, phone, binding="seat", station=lab.counter).step is UpgradeStep.DONE


def test_a_person_without_a_phone_registers_and_upgrades_at_the_counter(
    lab, phone, another_person, origin
) -> None:
    lab.resident(phone)
    lab.person = another_person
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    upgrade = lab.submit(lab.counter, upgrade.id)
    assert (upgrade.resident_id, upgrade.registers) == (None, True)
    upgrade = lab.upgrades.officers.says(lab.counter, upgrade.id, "officer-1", same=True)
    assert upgrade.step is UpgradeStep.BIND
    key = SoftwareAuthenticator()
    counter = lab.upgrades.counter
    start = counter.start(lab.counter, upgrade.id, "officer-1", binding="seat")
    selection = start.options["authenticatorSelection"]
    assert selection["authenticatorAttachment"] == "cross-platform"
    assert selection["userVerification"] == "required"
    assert start.options["hints"] == ["security-key"]
    upgrade = counter.finish(
        lab.counter,
        upgrade.id,
        start.id,
        key.create(start.options, origin),
        binding="seat",
        label="Security key",
    )
    assert upgrade.step is UpgradeStep.CONFIRM
    resident = lab.state(upgrade.resident_id)
    assert resident.state is EidState.ACTIVE
    assert lab.hub.look("sessions", "of_resident", resident.id) == ()
    done = lab.confirm(upgrade, key, binding="seat", station=lab.counter)
    assert done.step is UpgradeStep.DONE
    assert lab.state(resident.id).state is EidState.UPGRADED
    assert lab.hub.login(key).view.authentication.acr is Acr.EID_PLUS


# --- registration at the counter is decided by the proofing policy ---------------------------------


def at_the_counter(lab, phone, person, *, same: bool = True) -> Any:
    """Somebody without an eID, whom the officer has compared with the chip."""
    lab.resident(phone)
    lab.person = person
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    lab.submit(lab.counter, upgrade.id)
    return lab.upgrades.officers.says(lab.counter, upgrade.id, "officer-1", same=same)


def with_proofing(lab, old: str, new: str) -> None:
    """The production policy with one rule changed, wherever it stands."""
    text = files("hkeid.enrolment.proofing_policy").joinpath("production.toml").read_text("utf-8")
    assert old in text
    object.__setattr__(lab.parts, "proofing", parse_policy(text.replace(old, new)))


def test_the_decision_of_the_counter_is_kept_and_explained(lab, phone, another_person) -> None:
    upgrade = at_the_counter(lab, phone, another_person)
    kept = upgrade.facts["registration"]
    decision = Decision.from_json(kept["decision"])
    assert (decision.grade, decision.rules) == ("counter-chip", ("counter-chip",))
    assert decision.policy == shipped_policy("production").version
    found = Findings.from_json(kept["findings"])
    assert (found.details, found.chip, found.officer, found.age) == (
        "chip", "genuine", "present", "adult",
    )  # fmt: skip
    assert (found.registry, found.existing, found.station) == ("match", "none", lab.counter.id)
    (event,) = lab.hub.bodies("enrolment:registration:decided")
    texts = [canonical_json.dumps(kept[name]) for name in ("findings", "decision")]
    assert event["evidence"] == evidence_digest(*texts).hex()
    assert (event["registration"], event["outcome"]) == (upgrade.id, "bind")
    assert another_person.hkic_number.number not in repr(upgrade.facts)


@pytest.mark.parametrize("status", [RegistryStatus.DECEASED, RegistryStatus.REPORTED_LOST])
def test_policy_refuses_the_dead_and_lost_cards_at_the_counter(
    lab, phone, another_person, status
) -> None:
    lab.registry.status = status
    ended = at_the_counter(lab, phone, another_person)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, f"registry_{status.value}")
    (event,) = lab.hub.bodies("enrolment:registration:decided")
    assert event["outcome"] == "refuse"


def test_what_policy_leaves_open_at_the_counter_two_officers_decide(
    lab, phone, another_person
) -> None:
    """A deployment that wants the register's picture at counters, too."""
    with_proofing(
        lab,
        'accepts.registry_face = ["match", "not_assessed"]',
        'accepts.registry_face = ["match"]',
    )
    lab.registry.face = FaceBand.NOT_ASSESSED
    upgrade = at_the_counter(lab, phone, another_person)
    assert (upgrade.step, upgrade.reason) == (UpgradeStep.REVIEW, "registration_unclear")
    rules = upgrade.facts["registration"]["decision"]["rules"]
    assert rules == ["lacking:registry_face=not_assessed"]
    start = lab.upgrades.counter.start
    assert reason(start, lab.counter, upgrade.id, "officer-1", binding="s") == "upgrade_other_step"
    decided = lab.upgrades.officers.decide(
        upgrade.id, accept=True, reason="same_person", officers=("o1", "o2")
    )
    assert decided.step is UpgradeStep.BIND
    kept = Decision.from_json(decided.facts["registration"]["decision"])
    assert (kept.grade, kept.officers) == ("officers", ("o1", "o2"))


def test_officers_at_the_desk_are_bound_by_the_same_policy(lab, phone, another_person) -> None:
    with_proofing(
        lab,
        'accepts.registry_face = ["match", "not_assessed"]',
        'accepts.registry_face = ["match"]',
    )
    with_proofing_never = 'never.details = ["unread"]'
    lab.registry.face = FaceBand.NOT_ASSESSED
    upgrade = at_the_counter(lab, phone, another_person)
    with_proofing(lab, with_proofing_never, 'never.details = ["unread", "chip"]')
    object.__setattr__(lab.parts, "proofing", replace(lab.parts.proofing, grades=()))
    decide = lab.upgrades.officers.decide
    found = reason(decide, upgrade.id, accept=True, reason="seen", officers=("o1", "o2"))
    assert found == "case_not_acceptable"
    assert lab.upgrades.look(upgrade.id).step is UpgradeStep.REVIEW


def test_strangers_with_a_number_do_not_keep_its_owner_from_the_counter(
    lab, phone, another_person
) -> None:
    digest = number_digest(lab.hub.keys, another_person.hkic_number)
    with lab.hub.store.transaction() as tx:
        for _ in range(5):
            past = replace(
                a_registration(created_at=lab.hub.clock.now()),
                number_digest=digest,
                tries={"selfie": 3},
            )
            tx.registrations.add(past)
    upgrade = at_the_counter(lab, phone, another_person)
    assert upgrade.facts["registration"]["findings"]["repeated"] == "yes"
    assert upgrade.step is UpgradeStep.BIND


def test_no_key_is_bound_without_a_decision(lab, phone, another_person) -> None:
    upgrade = at_the_counter(lab, phone, another_person)
    facts = {name: fact for name, fact in upgrade.facts.items() if name != "registration"}
    with lab.hub.store.transaction() as tx:
        assert tx.upgrades.change(upgrade, replace(upgrade, facts=facts))
    start = lab.upgrades.counter.start
    found = reason(start, lab.counter, upgrade.id, "officer-1", binding="seat")
    assert found == "registration_not_decided"


@pytest.mark.parametrize("age", [None, 5, 14])
def test_a_minor_is_not_registered_at_the_counter(lab, phone, another_person, age) -> None:
    """A guardian has to agree, and nobody asks one here; nor is anybody of unknown age."""
    lab.resident(phone)
    born = None if age is None else BirthDate(year=lab.hub.clock.now().year - age, month=5)
    lab.person = replace(another_person, birth_date=born)
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    upgrade = lab.submit(lab.counter, upgrade.id)
    assert (upgrade.step, upgrade.reason) == (UpgradeStep.REFUSED, "registers_adults_only")
    with lab.hub.memory.transaction() as tx:
        assert find_by_hkic(tx, lab.hub.keys, another_person.hkic_number) is None


def test_a_synced_passkey_is_no_security_key(lab, phone, another_person, origin) -> None:
    lab.resident(phone)
    lab.person = another_person
    upgrade = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    lab.submit(lab.counter, upgrade.id)
    lab.upgrades.officers.says(lab.counter, upgrade.id, "officer-1", same=True)
    start = lab.upgrades.counter.start(lab.counter, upgrade.id, "officer-1", binding="seat")
    answer = SoftwareAuthenticator(synced=True).create(start.options, origin)
    finish = lab.upgrades.counter.finish
    found = reason(finish, lab.counter, upgrade.id, start.id, answer, binding="seat", label="Key")
    assert found == "synced_not_allowed"


# --- the number -----------------------------------------------------------------------------------


def test_a_number_is_shown_again_extended_and_replaced(lab, phone) -> None:
    session = lab.resident(phone)
    offers = lab.upgrades.offers
    offer = offers.offer(session.view)
    number = offers.number(offer)
    assert len(number) == 8
    assert offers.offer(session.view) == offer
    lab.hub.clock.pass_(minutes=4)
    offer = offers.extend(offer.id, lab.resident_id)
    assert offers.number(offer) == number
    lab.hub.clock.pass_(minutes=6)
    assert offers.number(offer) is None
    assert reason(offers.claim, lab.kiosk, number) == "number_expired"
    offer = offers.extend(offer.id, lab.resident_id)
    assert offers.number(offer) not in {None, number}
    assert reason(offers.claim, lab.kiosk, number) == "number_unknown"
    lab.hub.clock.pass_(minutes=31)
    assert reason(offers.extend, offer.id, lab.resident_id) == "upgrade_expired"


def test_a_number_is_taken_up_once(lab, phone) -> None:
    session = lab.resident(phone)
    number = lab.upgrades.offers.number(lab.upgrades.offers.offer(session.view))
    spoken = f"HKEIDUPGRADE{number}"
    assert lab.upgrades.offers.claim(lab.kiosk, spoken).station_id == lab.kiosk.id
    assert reason(lab.upgrades.offers.claim, lab.counter, number) == "number_unknown"


@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "12345a78", "1" * 100])
def test_what_is_no_number_is_no_guess(lab, typed) -> None:
    assert reason(lab.upgrades.offers.claim, lab.kiosk, typed) == "number_malformed"


def test_guessing_numbers_is_held_down_by_station(lab, phone) -> None:
    session = lab.resident(phone)
    claim = lab.upgrades.offers.claim
    for guess in range(20):
        assert reason(claim, lab.kiosk, f"{guess:08d}") == "number_unknown"
    with pytest.raises(TooManyAttempts):
        claim(lab.kiosk, "00000000")
    number = lab.upgrades.offers.number(lab.upgrades.offers.offer(session.view))
    assert claim(lab.counter, number).step is UpgradeStep.CHIP


def test_only_an_active_eid_is_upgraded(lab, phone) -> None:
    session = lab.resident(phone)
    upgrade = to_confirm(lab, session)
    lab.confirm(upgrade, phone)
    assert reason(lab.upgrades.offers.offer, session.view) == "upgraded_already"


# --- attacks on the reading -----------------------------------------------------------------------


def test_a_recorded_reading_is_worth_nothing(lab, phone) -> None:
    session = lab.resident(phone)
    first = lab.claim(session)
    recorded = lab.document(lab.upgrades.readings.task(lab.kiosk).challenge)
    lab.upgrades.offers.cancel(first.id, station=lab.kiosk)
    second = lab.claim(session)
    found = reason(lab.submit, lab.kiosk, second.id, recorded)
    assert found == "evidence_challenge_wrong"
    assert lab.upgrades.look(second.id).step is UpgradeStep.CHIP
    assert "enrolment:upgrade:evidence-rejected" in lab.hub.events()


def test_a_transcript_without_challenge_counts_once(lab, phone, signs_not) -> None:
    proof = ChipProof(kind=ProofKind.CHIP, algorithm="0.4", parts={"ephemeral": b"e" * 32})
    files = {"SOD": signs_not, "DG14": b"dg14"}
    lab.resident(phone)
    lab.verifier.evidence = lab.evidence(genuine=ChipGenuine.CHIP)
    with lab.hub.memory.transaction() as tx:
        resident = tx.residents.get(lab.resident_id)
    session = lab.hub.login(phone)
    first = lab.claim(session)
    document = lab.document(b"", proofs=(proof,), files=files)
    assert lab.submit(lab.kiosk, first.id, document).step is UpgradeStep.FACE
    lab.upgrades.offers.cancel(first.id, station=lab.kiosk)
    second = lab.claim(session)
    assert reason(lab.submit, lab.kiosk, second.id, document) == "evidence_replayed"
    assert lab.state() == resident


def test_the_same_reading_sent_again_gets_the_same_answer(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    document = lab.document(lab.upgrades.readings.task(lab.kiosk).challenge)
    first = lab.submit(lab.kiosk, upgrade.id, document)
    assert lab.submit(lab.kiosk, upgrade.id, document) == first
    assert lab.hub.events("enrolment:upgrade:chip").count("enrolment:upgrade:chip-accepted") == 1


def test_a_reading_of_another_time_is_stale(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    challenge = lab.upgrades.readings.task(lab.kiosk).challenge
    for span in (timedelta(minutes=-2), timedelta(minutes=2)):
        document = lab.document(challenge, read_at=lab.hub.clock.now() + span)
        assert reason(lab.submit, lab.kiosk, upgrade.id, document) == "evidence_stale"


def test_another_stations_session_and_key_do_not_serve(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    document = lab.document(lab.upgrades.readings.task(lab.kiosk).challenge)
    assert reason(lab.submit, lab.counter, upgrade.id, document) == "upgrade_unknown"
    key = lab.keys[lab.counter.id]
    found = reason(lab.submit, lab.kiosk, upgrade.id, document, key=key)
    assert found == "evidence_signature_wrong"
    found = reason(lab.submit, lab.kiosk, upgrade.id, document, nonce=b"n" * 32)
    assert found == "evidence_signature_wrong"
    assert reason(lab.upgrades.faces.start, lab.counter, upgrade.id) == "upgrade_unknown"


def test_a_card_that_can_sign_must_sign(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.verifier.evidence = lab.evidence(genuine=ChipGenuine.CHIP)
    ended = lab.submit(lab.kiosk, upgrade.id, lab.document(b"", proofs=()))
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "active_proof_missing")


def test_hiding_that_the_card_can_sign_does_not_help(lab, phone, signs) -> None:
    session = lab.resident(phone)
    lab.verifier.evidence = lab.evidence(genuine=ChipGenuine.CHIP)
    for sod in (signs, b"not a security object"):
        upgrade = lab.claim(session)
        document = lab.document(b"", proofs=(), files={"SOD": sod})
        assert lab.submit(lab.kiosk, upgrade.id, document).reason == "active_proof_missing"


@pytest.mark.parametrize("code", [code for code in FindingCode if finding(code).fatal])
def test_every_fatal_finding_refuses_by_its_own_name(lab, phone, code) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.verifier.evidence = lab.evidence(findings=(finding(code),))
    ended = lab.submit(lab.kiosk, upgrade.id)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, code.value)
    assert lab.state().state is EidState.ACTIVE
    assert lab.vault.names(upgrade.id) == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"genuine": ChipGenuine.CLONEABLE}, "chip_cloneable"),
        ({"genuine": ChipGenuine.FAILED}, "chip_not_trusted"),
        ({"passive": PassiveOutcome.SIGNATURE_OK_UNTRUSTED}, "chip_not_trusted"),
        ({"passive": PassiveOutcome.FAILED}, "chip_not_trusted"),
        ({"holder": None}, "chip_not_trusted"),
        ({"portrait": None}, "chip_portrait_missing"),
    ],
)
def test_nothing_but_accepted_evidence_upgrades(lab, phone, changes, expected) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.verifier.evidence = lab.evidence(**changes)
    ended = lab.submit(lab.kiosk, upgrade.id)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, expected)
    assert lab.state().state is EidState.ACTIVE


def test_a_country_without_a_revocation_list_is_not_believed(make_lab, phone) -> None:
    """Whether its signer was revoked, nobody here could know (law 7)."""
    lab = make_lab()
    session = lab.resident(phone)
    unknown = (finding(FindingCode.REVOCATION_UNKNOWN),)
    lab.verifier.evidence = lab.evidence(findings=unknown)
    upgrade = lab.submit(lab.kiosk, lab.claim(session).id)
    assert (upgrade.step, upgrade.reason) == (UpgradeStep.REFUSED, "revocation_unknown")


@pytest.mark.parametrize("state", ["UTO", "GBR", "MAC", ""])
def test_a_document_of_another_state_is_refused_by_its_own_name(lab, phone, state) -> None:
    """A trusted foreign signer may write any personal number into its documents."""
    upgrade = lab.claim(lab.resident(phone))
    lab.verifier.evidence = lab.evidence(state=state)
    ended = lab.submit(lab.kiosk, upgrade.id)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "issuing_state_not_allowed")
    (body,) = lab.hub.bodies("enrolment:upgrade:ended")
    assert body["finding"] == "issuing_state_not_allowed"


@pytest.mark.parametrize("state", ["HKG", "CHN"])
def test_documents_of_hong_kong_are_read(lab, phone, state) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.verifier.evidence = lab.evidence(state=state)
    assert lab.submit(lab.kiosk, upgrade.id).step is UpgradeStep.FACE


def test_production_takes_neither_the_example_state_nor_a_face_nobody_compared() -> None:
    table = {"issuing_states": ["HKG", "UTO"], "register_face": {"machine": ["not_assessed"]}}
    assert UpgradePolicy.from_table(table).lax() == ("register_face", "issuing_states")
    assert UpgradePolicy().lax() == ()


def test_policy_may_ask_for_more_than_chip_authentication(make_lab, phone, signs_not) -> None:
    active = dict.fromkeys(StationMode, frozenset({ChipGenuine.ACTIVE}))
    lab = make_lab(UpgradePolicy(proofs=active))
    upgrade = lab.claim(lab.resident(phone))
    lab.verifier.evidence = lab.evidence(genuine=ChipGenuine.CHIP)
    ended = lab.submit(
        lab.kiosk, upgrade.id, lab.document(b"", proofs=(), files={"SOD": signs_not})
    )
    assert ended.reason == "chip_proof_not_accepted"


def test_another_persons_card_is_refused(lab, phone, another_person) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.verifier.evidence = lab.evidence(person=another_person)
    assert lab.submit(lab.kiosk, upgrade.id).reason == "chip_other_person"


def test_another_name_under_the_same_number_is_refused(lab, phone) -> None:
    session = lab.resident(phone)
    for name in (
        PersonName(english="WONG, Siu Ling", chinese="陳大文"),
        PersonName(english="CHAN, Tai Man", chinese="陳小文"),
    ):
        other = replace(lab.person, name=name)
        lab.verifier.evidence = lab.evidence(person=other)
        upgrade = lab.claim(session)
        assert lab.submit(lab.kiosk, upgrade.id).reason == "chip_name_different"


def test_a_card_without_number_is_refused(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.verifier.evidence = lab.evidence(person=replace(lab.person, hkic_number=None))
    assert lab.submit(lab.kiosk, upgrade.id).reason == "chip_number_missing"


def test_at_a_kiosk_nobody_is_registered(lab, phone, another_person) -> None:
    mobile = lab.station(StationMode.MOBILE)
    lab.resident(phone)
    upgrade = lab.upgrades.offers.begin_with_card(mobile, "officer-1")
    lab.verifier.evidence = lab.evidence(person=another_person)
    assert lab.submit(mobile, upgrade.id).registers


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: b"",
        lambda text: b"{}",
        lambda text: text[:-1],
        lambda text: text.replace(b'"SOD"', b'"../x"'),
        lambda text: text.replace(b'"version":1', b'"version":2'),
        lambda text: text.replace(b'"apdus":42', b'"apdus":-1'),
        lambda text: text.replace(b'"apdus":42', b'"apdus":42 '),
        lambda text: text.replace(b'"findings":[]', b'"findings":[["nothing_known",""]]'),
        lambda text: text.replace(b'"findings":[]', b'"findings":[[]]'),
        lambda text: b" " * 1_100_000,
    ],
)
def test_a_reading_that_does_not_parse_is_turned_away(lab, phone, spoil) -> None:
    upgrade = lab.claim(lab.resident(phone))
    text = dumps(lab.document(lab.upgrades.readings.task(lab.kiosk).challenge))
    with pytest.raises(MalformedInput) as caught:
        lab.submit(lab.kiosk, upgrade.id, text=spoil(text))
    assert caught.value.reason in {"chip_document_malformed", "chip_document_too_large"}
    assert lab.upgrades.look(upgrade.id).step is UpgradeStep.CHIP


# --- trouble at the reader ------------------------------------------------------------------------


def test_digits_and_trouble_travel_between_page_and_reader(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    offers, readings = lab.upgrades.offers, lab.upgrades.readings
    assert readings.task(lab.kiosk).access is None
    assert reason(offers.give_access, lab.kiosk, upgrade.id, "12345") == (
        "card_access_number_malformed"
    )
    offers.give_access(lab.kiosk, upgrade.id, "123 456")
    assert readings.task(lab.kiosk).access == "123456"
    assert readings.task(lab.counter) is None
    found = readings.trouble(lab.kiosk, upgrade.id, "card_removed")
    assert found.facts["trouble"] == "card_removed"
    readings.trouble(lab.kiosk, upgrade.id, "access_key_wrong")
    assert not readings.task(lab.kiosk).access
    assert reason(readings.trouble, lab.kiosk, upgrade.id, "<script>") == "trouble_unknown"


# --- face, register, officer ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("set_up", "expected"),
    [
        (lambda lab: setattr(lab.matcher, "band", FaceBand.REVIEW), "face_unclear"),
        (lambda lab: setattr(lab.matcher, "band", FaceBand.NOT_ASSESSED), "face_unclear"),
        (lambda lab: setattr(lab.matcher, "calibration", None), "face_not_calibrated"),
        (lambda lab: setattr(lab.liveness, "claim", PadClaim.NONE), "liveness_not_assured"),
    ],
)
def test_what_no_machine_assures_goes_to_an_officer(lab, phone, set_up, expected) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    set_up(lab)
    upgrade = lab.face(lab.kiosk, upgrade.id)
    assert (upgrade.step, upgrade.reason) == (UpgradeStep.REVIEW, expected)
    assert lab.registry.asked == []
    decide = lab.upgrades.officers.decide
    assert reason(decide, upgrade.id, accept=True, reason="x", officers=()) == "officer_missing"
    found = reason(decide, upgrade.id, accept=True, reason=" ", officers=("o1",))
    assert found == "review_reason_missing"
    lab.hub.clock.pass_(days=2)
    decided = decide(upgrade.id, accept=True, reason="same person", officers=("o1", "o2"))
    assert decided.step is UpgradeStep.CONFIRM
    lab.hub.login(phone)
    assert lab.confirm(decided, phone).step is UpgradeStep.DONE


def test_an_officer_may_refuse_a_referred_upgrade(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    lab.liveness.claim = PadClaim.NONE
    upgrade = lab.face(lab.kiosk, upgrade.id)
    ended = lab.upgrades.officers.decide(
        upgrade.id, accept=False, reason="somebody else", officers=("o1",)
    )
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "review_refused")
    assert lab.vault.names(upgrade.id) == ()


def test_a_spoof_ends_it_at_once(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    ended = lab.face(lab.kiosk, upgrade.id, nonce="another challenge's")
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "face_not_live")


@pytest.mark.parametrize(
    ("part", "verb", "error"),
    [
        ("liveness", "finish", Unavailable("liveness_busy")),
        ("liveness", "finish", Expired("liveness_expired")),
        ("matcher", "compare", Unavailable("face_matcher_busy")),
    ],
)
def test_what_nobody_looked_at_costs_no_try(lab, phone, monkeypatch, part, verb, error) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)

    def fail(*_: Any) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(getattr(lab, part), verb, fail)
        for _ in range(lab.parts.policy.face_tries + 1):
            assert reason(lab.face, lab.kiosk, upgrade.id) == error.reason
            assert lab.upgrades.look(upgrade.id).facts["face_tries"] == 0
    assert lab.face(lab.kiosk, upgrade.id).step is UpgradeStep.CONFIRM


def test_frames_that_are_none_count_and_the_last_one_brings_an_officer(
    lab, phone, monkeypatch
) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)

    def fail(*_: Any) -> None:
        raise ImageRefused("image_malformed")

    monkeypatch.setattr(lab.liveness, "finish", fail)
    for _ in range(lab.parts.policy.face_tries - 1):
        assert reason(lab.face, lab.kiosk, upgrade.id) == "image_malformed"
    waits = lab.face(lab.kiosk, upgrade.id)
    assert (waits.step, waits.reason) == (UpgradeStep.REVIEW, "face_tries_spent")


def test_tries_spent_by_a_process_that_died_bring_an_officer(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    upgrade = lab.submit(lab.kiosk, upgrade.id)
    lab.parts.note(upgrade, {"face_tries": lab.parts.policy.face_tries})
    assert reason(lab.upgrades.faces.start, lab.kiosk, upgrade.id) == "face_tries_spent"
    waits = lab.upgrades.look(upgrade.id)
    assert (waits.step, waits.reason) == (UpgradeStep.REVIEW, "face_tries_spent")


def test_another_face_has_its_tries_and_no_more(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    lab.matcher.band = FaceBand.NO_MATCH
    for _ in range(2):
        upgrade = lab.face(lab.kiosk, upgrade.id)
        assert (upgrade.step, upgrade.facts["face_advice"]) == (UpgradeStep.FACE, "face_no_match")
    ended = lab.face(lab.kiosk, upgrade.id)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "face_no_match")


def test_a_face_that_cannot_be_seen_goes_to_an_officer_in_the_end(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    lab.matcher.refuses = "face_second"
    lab.face(lab.kiosk, upgrade.id)
    lab.liveness.verdict = LivenessVerdict.INCONCLUSIVE
    lab.face(lab.kiosk, upgrade.id)
    upgrade = lab.face(lab.kiosk, upgrade.id)
    assert (upgrade.step, upgrade.reason) == (UpgradeStep.REVIEW, "face_tries_spent")


def test_a_challenge_serves_once(lab, phone) -> None:
    from hkeid.ports.faces import LivenessEvidence

    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    challenge = lab.upgrades.faces.start(lab.kiosk, upgrade.id)
    given = LivenessEvidence(nonce=challenge.nonce, frames=())
    lab.matcher.band = FaceBand.NO_MATCH
    lab.upgrades.faces.give(lab.kiosk, upgrade.id, given)
    assert reason(lab.upgrades.faces.give, lab.kiosk, upgrade.id, given) == "face_not_started"


@pytest.mark.parametrize(
    "status", [RegistryStatus.NO_MATCH, RegistryStatus.DECEASED, RegistryStatus.REPORTED_LOST]
)
def test_what_the_register_says_counts(lab, phone, status) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    lab.registry.status = status
    ended = lab.face(lab.kiosk, upgrade.id)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, f"registry_{status.value}")


def test_a_silent_register_decides_nothing_and_is_asked_again(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    lab.registry.down = True
    with pytest.raises(Unavailable):
        lab.face(lab.kiosk, upgrade.id)
    assert lab.upgrades.look(upgrade.id).step is UpgradeStep.FACE
    lab.registry.down = False
    assert lab.upgrades.register.retry(lab.kiosk, upgrade.id).step is UpgradeStep.CONFIRM


def test_the_register_is_not_asked_before_a_face_matched(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    assert reason(lab.upgrades.register.retry, lab.kiosk, upgrade.id) == "upgrade_other_step"


def referred_for_the_registers_face(lab, phone, band=FaceBand.REVIEW) -> Any:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    lab.registry.face = band
    return lab.face(lab.kiosk, upgrade.id)


@pytest.mark.parametrize("band", [FaceBand.REVIEW, FaceBand.NOT_ASSESSED])
def test_a_doubt_about_the_registers_picture_goes_to_an_officer(lab, phone, band) -> None:
    upgrade = referred_for_the_registers_face(lab, phone, band)
    assert (upgrade.step, upgrade.reason) == (UpgradeStep.REVIEW, "register_face_unclear")
    assert upgrade.facts["register_face"] == band.value
    assert {"document", "face", "portrait"} <= set(lab.vault.names(upgrade.id))
    assert lab.hub.bodies("enrolment:upgrade:registry-asked")[0]["face"] == band.value
    assert reason(lab.confirm, upgrade, phone) == "upgrade_other_step"
    lab.hub.clock.pass_(days=2)
    lab.vault.expire(lab.hub.clock.now())
    decide = lab.upgrades.officers.decide
    decided = decide(upgrade.id, accept=True, reason="same person", officers=("o1", "o2"))
    assert decided.step is UpgradeStep.CONFIRM


def test_a_registers_picture_of_somebody_else_refuses(lab, phone) -> None:
    ended = referred_for_the_registers_face(lab, phone, FaceBand.NO_MATCH)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "registry_no_match")


def test_officers_who_did_not_know_of_the_doubt_accepted_nothing(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    lab.liveness.claim = PadClaim.NONE
    upgrade = lab.face(lab.kiosk, upgrade.id)
    lab.registry.face = FaceBand.REVIEW
    ended = lab.upgrades.officers.decide(
        upgrade.id, accept=True, reason="same person", officers=("o1",)
    )
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "register_face_unclear")


def test_at_a_counter_the_register_compares_nothing_and_doubts_something(lab, phone) -> None:
    """Nobody takes a picture where an officer compares; a register that has its doubts is heard."""
    for band, step in (
        (FaceBand.NOT_ASSESSED, UpgradeStep.CONFIRM),
        (FaceBand.REVIEW, UpgradeStep.REVIEW),
    ):
        upgrade = lab.claim(lab.resident(SoftwareAuthenticator()), lab.counter)
        lab.verifier.evidence = None
        lab.submit(lab.counter, upgrade.id)
        lab.registry.face = band
        upgrade = lab.upgrades.officers.says(lab.counter, upgrade.id, "o1", same=True)
        assert upgrade.step is step


def test_the_sandbox_goes_on_without_a_registers_picture(make_lab, phone) -> None:
    lab = make_lab(UpgradePolicy.sandbox())
    assert (
        referred_for_the_registers_face(lab, phone, FaceBand.NOT_ASSESSED).step
        is UpgradeStep.CONFIRM
    )


# --- confirming -----------------------------------------------------------------------------------


def test_only_the_residents_own_passkey_confirms(lab, phone, origin) -> None:
    upgrade = to_confirm(lab, lab.resident(phone))
    stranger = SoftwareAuthenticator()
    lab.hub.activate(stranger)
    start = lab.upgrades.confirmations.start(upgrade.id, binding="b1", station=lab.kiosk)
    options = {**start.options, "allowCredentials": []}
    answer = stranger.get(options, origin)
    finish = lab.upgrades.confirmations.finish
    found = reason(finish, upgrade.id, start.id, answer, binding="b1", station=lab.kiosk)
    assert found == "credential_unknown"
    assert lab.state().state is EidState.ACTIVE


def test_a_login_answer_never_confirms(lab, phone, origin) -> None:
    from hkeid.identity.authentication import AuthenticationRequest

    upgrade = to_confirm(lab, lab.resident(phone))
    asked = AuthenticationRequest(client_id="hko")
    start = lab.hub.broker.start_login(asked, browser="b1", session_reference=None)
    answer = phone.get(start.options, origin)
    with pytest.raises(CeremonyRefused) as caught:
        lab.upgrades.confirmations.finish(
            upgrade.id, start.id, answer, binding="b1", resident_id=lab.resident_id
        )
    assert caught.value.reason == "ceremony_other_kind"


def test_a_confirmation_answers_one_upgrade_in_one_browser_once(lab, phone, origin) -> None:
    upgrade = to_confirm(lab, lab.resident(phone))
    who = {"resident_id": lab.resident_id}
    confirmations = lab.upgrades.confirmations
    start = confirmations.start(upgrade.id, binding="b1", **who)
    answer = phone.get(start.options, origin)
    found = reason(confirmations.finish, upgrade.id, start.id, answer, binding="b2", **who)
    assert found == "ceremony_other_browser"
    found = reason(confirmations.finish, upgrade.id, start.id, answer, binding="b1", **who)
    assert found == "ceremony_used"
    assert lab.confirm(upgrade, phone).step is UpgradeStep.DONE
    assert reason(confirmations.start, upgrade.id, binding="b1", **who) == "upgrade_other_step"


def test_nothing_is_confirmed_before_chip_and_face(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    start = lab.upgrades.confirmations.start
    who = {"resident_id": lab.resident_id}
    assert reason(start, upgrade.id, binding="b1", **who) == "upgrade_other_step"
    lab.submit(lab.kiosk, upgrade.id)
    assert reason(start, upgrade.id, binding="b1", **who) == "upgrade_other_step"
    assert reason(start, upgrade.id, binding="b1", resident_id="another") == "upgrade_unknown"


def test_an_eid_frozen_meanwhile_is_not_upgraded(lab, phone) -> None:
    from hkeid.enrolment import Actor

    upgrade = to_confirm(lab, lab.resident(phone))
    lab.hub.standing.suspend(lab.resident_id, by=Actor.OPERATOR, reason="test")
    assert reason(lab.confirm, upgrade, phone) == "eid_not_active"
    assert lab.state().state is EidState.SUSPENDED


# --- time -----------------------------------------------------------------------------------------


def test_after_fifteen_minutes_it_is_over_and_nothing_is_left(lab, phone) -> None:
    upgrade = to_confirm(lab, lab.resident(phone))
    lab.hub.clock.pass_(minutes=15)
    start = lab.upgrades.confirmations.start
    who = {"resident_id": lab.resident_id}
    assert reason(start, upgrade.id, binding="b1", **who) == "upgrade_expired"
    assert lab.upgrades.look(upgrade.id).step is UpgradeStep.EXPIRED
    assert lab.vault.names(upgrade.id) == ()


def test_sweeping_ends_what_everybody_forgot(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, upgrade.id)
    assert lab.upgrades.sweep() == 0
    lab.hub.clock.pass_(minutes=16)
    assert lab.upgrades.sweep() > 0
    assert lab.upgrades.look(upgrade.id).step is UpgradeStep.EXPIRED
    assert lab.vault.names(upgrade.id) == ()


def test_the_next_person_at_a_station_ends_what_was_left_there(lab, phone) -> None:
    first = lab.claim(lab.resident(phone))
    lab.submit(lab.kiosk, first.id)
    other = SoftwareAuthenticator()
    lab.hub.clock.pass_(seconds=1)
    second = lab.claim(lab.resident(other))
    assert lab.upgrades.look(first.id).reason == "station_left"
    assert lab.vault.names(first.id) == ()
    assert lab.upgrades.at_station(lab.kiosk.id).id == second.id


def test_what_can_be_confirmed_nowhere_else_ends_when_the_next_person_comes(lab, phone) -> None:
    lab.resident(phone)
    alone = lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    lab.submit(lab.counter, alone.id)
    lab.upgrades.officers.says(lab.counter, alone.id, "officer-1", same=True)
    lab.upgrades.offers.begin_with_card(lab.counter, "officer-1")
    assert lab.upgrades.look(alone.id).reason == "station_left"


def test_who_confirms_on_their_own_page_may_leave_the_station(lab, phone) -> None:
    first = to_confirm(lab, lab.resident(phone))
    lab.hub.clock.pass_(seconds=1)
    lab.claim(lab.resident(SoftwareAuthenticator()))
    assert lab.upgrades.look(first.id).step is UpgradeStep.CONFIRM


def test_cancelling_may_be_repeated_and_is_not_for_strangers(lab, phone) -> None:
    upgrade = lab.claim(lab.resident(phone))
    cancel = lab.upgrades.offers.cancel
    assert reason(cancel, upgrade.id, resident_id="another") == "upgrade_unknown"
    assert reason(cancel, upgrade.id, station=lab.counter) == "upgrade_unknown"
    cancel(upgrade.id, resident_id=lab.resident_id)
    cancel(upgrade.id, resident_id=lab.resident_id)
    assert lab.upgrades.look(upgrade.id).step is UpgradeStep.CANCELLED


def test_a_suspended_station_does_not_work(lab) -> None:
    lab.stations.suspend(lab.kiosk.id)
    with pytest.raises(StationRefused) as caught:
        lab.stations.usable(lab.kiosk.id)
    assert caught.value.reason == "station_suspended"


def test_policy_is_data() -> None:
    found = UpgradePolicy.from_table(
        {"version": "v", "proofs": {"kiosk": ["active"]}, "window": 600, "liveness": ["level-2"]}
    )
    assert found.proofs[StationMode.KIOSK] == {ChipGenuine.ACTIVE}
    assert found.proofs[StationMode.COUNTER] == frozenset()
    assert found.window == timedelta(minutes=10)
    for wrong in (
        {"unknown": 1},
        {"window": "long"},
        {"proofs": {"kiosk": ["cloneable"]}},
        {"liveness": ["x"]},
        {"face_tries": 0},
        {"calibrated": 1},
        {"issuing_states": []},
        {"issuing_states": ["XYZ"]},
        {"issuing_states": "HKG"},
        {"register_face": {"machine": ["review"]}},
        {"register_face": {"officer": ["no_match"]}},
    ):
        assert reason(UpgradePolicy.from_table, wrong) == "upgrade_policy_invalid"
    assert UpgradeRefused("x").reason == "x"


@pytest.mark.parametrize(
    ("codes", "refused"),
    [
        (["revocation_stale"], None),
        (["revocation_stale", "revocation_unknown"], "revocation_unknown"),
        (["country_signer_expired"], "country_signer_expired"),
    ],
)
def test_trust_that_ran_out(lab: Any, phone: Any, codes: list[str], refused: str | None) -> None:
    """A revocation list of yesterday still tells who was revoked; one of last season does not."""
    upgrade = lab.claim(lab.resident(phone))
    found = tuple(finding(FindingCode(code)) for code in codes)
    lab.verifier.evidence = lab.evidence(findings=found)
    assert lab.submit(lab.kiosk, upgrade.id).reason == refused

"""Readings made without a network: sealed, signed, once, and never more than an officer's case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hkeid.adapters.station_ca import make_key, make_request, sign
from hkeid.chip.evidence import ChipGenuine
from hkeid.enrolment.stations import StationMode
from hkeid.enrolment.upgrade import UpgradeStep, active_challenge, signed_message
from hkeid.enrolment.upgrade.document_text import dumps
from hkeid.enrolment.upgrade.offline import reading_name
from hkeid.enrolment.upgrade.sealed_reading import seal
from hkeid.identity.state import EidState
from hkeid.kernel import canonical_json
from hkeid.kernel.errors import HkeidError


@pytest.fixture
def team(lab, phone) -> Any:
    lab.session = lab.resident(phone)
    lab.mobile = lab.station(StationMode.MOBILE)
    lab.shift = lab.upgrades.offline.begin(lab.mobile)
    lab.verifier.evidence = lab.evidence()
    return lab


def bring(lab: Any, sequence: int = 1, *, station: Any = None, **changes: Any) -> Any:
    shift = changes.pop("shift", lab.shift)
    name = reading_name(shift.id, sequence)
    document = changes.pop("document", None) or lab.document(active_challenge(shift.nonce, name))
    content = {"document": dumps(document).decode(), "same": changes.pop("same", "yes")}
    sealed = changes.pop("sealed", None) or seal(
        canonical_json.dumps(content), shift.public_key, place=name.encode(), random=lab.hub.random
    )
    key = changes.pop("key", lab.keys[lab.mobile.id])
    signature = sign(key, signed_message(shift.nonce, name, sealed))
    sent = changes.pop("sent_as", sequence)
    station = station or lab.stations.usable(lab.mobile.id)
    return lab.upgrades.offline.upload(station, shift.id, sent, sealed, signature)


def reason(lab: Any, *args: Any, **named: Any) -> str:
    with pytest.raises(HkeidError) as caught:
        bring(lab, *args, **named)
    return caught.value.reason


def test_an_offline_reading_waits_for_an_officer_and_the_passkey(team, phone) -> None:
    team.hub.clock.pass_(hours=5)
    upgrade = bring(team)
    assert (upgrade.step, upgrade.reason) == (UpgradeStep.REVIEW, "read_offline")
    assert upgrade.resident_id == team.resident_id
    assert team.state().state is EidState.ACTIVE
    assert team.registry.asked == []
    decided = team.upgrades.officers.decide(upgrade.id, accept=True, reason="ok", officers=("o1",))
    assert decided.step is UpgradeStep.CONFIRM
    assert len(team.registry.asked) == 1
    assert team.confirm(decided, phone).step is UpgradeStep.DONE
    assert team.hub.bodies("enrolment:upgrade:reading-uploaded")[0]["sequence"] == 1


def test_only_mobile_teams_may(team) -> None:
    with pytest.raises(HkeidError, match="station_not_allowed"):
        team.upgrades.offline.begin(team.kiosk)
    assert reason(team, station=team.counter) == "station_not_allowed"


def test_an_upload_counts_once(team) -> None:
    bring(team, 3)
    for sequence in (3, 2, 1):
        assert reason(team, sequence) == "upload_replayed"
    assert reason(team, 0) == "sequence_malformed"
    assert reason(team, 4, sent_as=5) == "evidence_signature_wrong"


def test_a_reading_is_bound_to_shift_station_and_number(team) -> None:
    other = team.station(StationMode.MOBILE)
    foreign = team.upgrades.offline.begin(other)
    assert reason(team, shift=foreign) == "shift_unknown"
    assert reason(team, key=team.keys[other.id]) == "evidence_signature_wrong"
    recorded = team.document(b"\x00" * 8)
    assert reason(team, document=recorded) == "evidence_challenge_wrong"
    elsewhere = seal(b"{}", team.shift.public_key, place=b"another", random=team.hub.random)
    assert reason(team, sealed=elsewhere) == "sealed_reading_altered"
    assert reason(team, sealed=b"\x01" * 20) == "sealed_reading_malformed"


def test_a_reading_older_than_its_shift_or_too_old_is_refused(team) -> None:
    challenge = active_challenge(team.shift.nonce, reading_name(team.shift.id, 1))
    early = team.document(challenge, read_at=team.hub.clock.now() - timedelta(hours=1))
    assert reason(team, document=early) == "evidence_stale"
    team.hub.clock.pass_(hours=37)
    assert reason(team) == "shift_expired"


def test_bad_cards_and_other_people_are_refused(team, another_person) -> None:
    assert reason(team, same="no") == "officer_says_other_person"
    team.verifier.evidence = team.evidence(genuine=ChipGenuine.CLONEABLE)
    assert bring(team, 1).reason == "chip_cloneable"
    team.verifier.evidence = team.evidence(person=another_person)
    ended = bring(team, 2)
    assert (ended.step, ended.reason) == (UpgradeStep.REFUSED, "eid_unknown")
    assert team.vault.names(ended.id) == ()
    assert team.state().state is EidState.ACTIVE


def test_one_shift_does_not_use_up_the_numbers_of_a_station(team) -> None:
    bring(team, 1000)
    assert reason(team, 1001) == "sequence_malformed"
    assert reason(team, 1_000_000) == "sequence_malformed"
    later = team.upgrades.offline.begin(team.stations.usable(team.mobile.id))
    assert later.sequence == 1000
    team.verifier.evidence = team.evidence(genuine=ChipGenuine.CLONEABLE)
    assert bring(team, 1001, shift=later).reason == "chip_cloneable"


def test_a_machine_that_enrols_anew_counts_anew(team) -> None:
    bring(team, 1000)
    code = team.stations.invite_again(team.mobile.id)
    key = make_key()
    team.stations.enrol(code.reveal(), make_request(key), network="n")
    assert reason(team, 1) == "evidence_signature_wrong", "of before, under the key of before"
    team.verifier.evidence = team.evidence(genuine=ChipGenuine.CLONEABLE)
    shift = team.upgrades.offline.begin(team.stations.usable(team.mobile.id))
    assert shift.sequence == 0
    assert bring(team, 1, shift=shift, key=key).reason == "chip_cloneable"


def test_a_renewed_certificate_does_not_count_anew(team) -> None:
    bring(team, 7)
    station = team.stations.usable(team.mobile.id)
    assert team.stations.renew(station, make_request(make_key())).station.sequence == 7

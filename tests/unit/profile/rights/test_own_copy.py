"""The copy of everything: complete against the registry of fields and against every table."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from hkeid.adapters.sql.tables import METADATA
from hkeid.broker import StepUpRequired
from hkeid.broker.upstream_records import UpstreamSession
from hkeid.enrolment.own_records import RECORD_SECTIONS
from hkeid.enrolment.upgrade.records import Upgrade, UpgradeStep
from hkeid.kernel import base64url
from hkeid.kernel.errors import Refused
from hkeid.officers import AccessReason
from hkeid.profile.eme.values import EmeValue, Source
from hkeid.profile.rights import LEFT_OUT, OWN_SECTIONS, PLACES_LEFT_OUT, RefusalGround
from hkeid.residents import FIELDS
from hkeid.residents.links import Link, LinkOrigin
from hkeid.saml.idp.records import Participation
from hkeid.signing.activation.records import MadeSignature, SigningKey, SigningKeyKind
from hkeid.signing.requests.approving import RECORD_PLACE
from hkeid.signing.requests.records import RequestState as SignatureState
from hkeid.testing.store_contract.everything import a_decision, a_disclosure, an_approval
from hkeid.testing.store_contract.notices import a_notice
from hkeid.testing.store_contract.registrations import a_registration
from hkeid.testing.store_contract.signature_requests import a_signature_request

SECTIONS = (*OWN_SECTIONS, *RECORD_SECTIONS)


def test_every_declared_field_is_in_the_copy_or_left_out_with_a_reason() -> None:
    covered = {name for one in SECTIONS for name in one.covers}
    assert covered.isdisjoint(LEFT_OUT)
    assert covered | set(LEFT_OUT) == set(FIELDS), "cover it in a section, or say why not"
    assert all(LEFT_OUT.values())


def test_every_table_with_residents_is_read_or_left_out_with_a_reason() -> None:
    read = {place for one in SECTIONS for place in one.places}
    tables = METADATA.tables
    assert read <= set(tables)
    about = {name for name, table in tables.items() if "resident_id" in table.columns}
    assert about - read == set(PLACES_LEFT_OUT)
    assert read.isdisjoint(PLACES_LEFT_OUT)


def test_every_place_of_what_is_covered_is_read() -> None:
    """Places that hold no more than digests and times of what lives for minutes are named here."""
    read = {place for one in SECTIONS for place in one.places}
    short_lived = {"single_use", "logout_notices"}
    for name in {name for one in SECTIONS for name in one.covers}:
        tables = {place.partition(".")[0] for place in FIELDS[name].places}
        assert tables <= read | short_lived, name


def fill(rights) -> dict[str, str]:
    """A record in every table that the copy reads; by section a text that must come out."""
    hub, resident_id, now = rights.hub, rights.resident_id, rights.clock.now()
    seal = hub.fields.seal
    hub.grant(rights.session)
    session_id = rights.view.session_id
    request = a_signature_request()
    phone = EmeValue(value="+85291230000", source=Source.SELF, kept_at=now).text()
    with hub.memory.transaction() as tx:
        texts = {
            "contact_email": "canary@example.hk",
            "birth_date": "1985-04-12",
            "sex": "M",
            "eme_mobile_telephone": phone,
            "eme_since": "1762000000",
        }
        hub.fields.put(tx, resident_id, texts, now)
        tx.participations.put(
            Participation(
                session_id=session_id,
                entity_id="https://canary.sp.example.hk",
                session_index="1",
                name_id="canary-name",
                name_id_format="urn:x",
                created_at=now,
                expires_at=now + timedelta(hours=1),
            )
        )
        tx.upstream_sessions.put(
            UpstreamSession(
                session_id=session_id,
                provider="canary-upstream",
                subject=b"s" * 32,
                upstream_session=None,
                expires_at=now + timedelta(hours=1),
            )
        )
        tx.links.add(
            Link(
                provider="canary-link",
                subject=b"d" * 32,
                resident_id=resident_id,
                origin=LinkOrigin.RESIDENT,
                linked_at=now,
                used_at=now,
            )
        )
        tx.consents.append((a_decision(resident_id, "canary_claim"),))
        disclosure = a_disclosure(resident_id)
        salt = seal(resident_id, "disclosures", "salt", disclosure.id, b"canary-salt-1234")
        tx.disclosures.append(replace(disclosure, salt=salt))
        approval = an_approval(resident_id)
        tx.guardian_approvals.add(approval)
        registration = replace(a_registration(), resident_id=resident_id, reason="canary_face")
        tx.registrations.add(registration)
        tx.upgrades.add(
            Upgrade(
                id="canary-upgrade",
                receipt="CANA-RY00-0000",
                step=UpgradeStep.DONE,
                resident_id=resident_id,
                created_at=now,
                updated_at=now,
                expires_at=now,
            )
        )
        tx.notice_choices.put(resident_id, "canary_topic", "email", wanted=False)
        tx.notices.add(a_notice(resident_id=resident_id))
        tx.signing_keys.add(_signing_key(resident_id, now))
        tx.made_signatures.add(
            MadeSignature(
                id="canary-signature",
                resident_id=resident_id,
                client_id="canary-signer",
                key_id="canary-key",
                documents=1,
                evidence=b"{}",
                made_at=now,
            )
        )
        record = json.dumps({"client": {"name": "Canary Bank"}, "documents": []}).encode()
        tx.signature_requests.add(request)
        tx.signature_requests.change(
            request,
            replace(
                request,
                state=SignatureState.SIGNED,
                resident_id=resident_id,
                signature_id="canary-signature",
                record=seal(resident_id, *RECORD_PLACE, request.id, record),
                decided_at=now,
            ),
        )
    asked = rights.requests.ask_for_correction(
        rights.view, ("birth_date",), wish="canary wish", words="canary words"
    )
    officer = rights.privacy_officer()
    access = rights.desk.open(officer, asked.id, reason=AccessReason.DATA_SUBJECT_REQUEST)
    rights.desk.refuse(
        officer, asked.id, access, ground=RefusalGround.NOT_INACCURATE, text="canary answer"
    )
    return {
        "eid": "urn:hkeid:acr:eid",
        "particulars": "canary@example.hk",
        "profile": "+85291230000",
        "devices": "public_key",
        "sessions": "https://canary.sp.example.hk",
        "services": "hko",
        "other_logins": "canary-link",
        "consents": "canary_claim",
        "disclosures": base64url.encode(b"canary-salt-1234"),
        "guardianship": approval.id,
        "officer_accesses": "request.open",
        "data_requests": "canary answer",
        "registrations": "canary_face",
        "upgrades": "CANA-RY00-0000",
        "notices": "device_added",
        "notice_choices": "canary_topic",
        "signing_keys": "canary-key",
        "signatures": "canary-signer",
        "signature_requests": "Canary Bank",
    }


def _signing_key(resident_id, now):
    return SigningKey(
        id="canary-key",
        resident_id=resident_id,
        kind=next(iter(SigningKeyKind)),
        handle=b"canary-handle",
        public_key=b"public",
        created_at=now,
    )


@pytest.fixture(params=["memory", "sqlite"])
def rights_on(request, make_hub_of, make_rights):
    return make_rights(make_hub_of(request.param))


def test_a_record_in_every_table_comes_out(rights_on) -> None:
    wanted = fill(rights_on)
    made = rights_on.copy.make(rights_on.view, "json")
    assert set(made["sections"]) == set(wanted) == {one.name for one in SECTIONS}
    for name, text in wanted.items():
        section = made["sections"][name]
        assert text in json.dumps(section["records"], ensure_ascii=False), name
        assert section["fields"]
        assert all(one["kept_until"] and one["purpose"] for one in section["fields"])
    assert "canary-handle" not in json.dumps(made), "a secret"
    assert base64url.encode(b"canary-handle") not in json.dumps(made)
    assert json.loads(json.dumps(made)) == made
    assert {one["field"] for one in made["left_out"]} == set(LEFT_OUT)


def test_a_refused_correction_stays_beside_what_it_is_about(rights) -> None:
    fill(rights)
    made = rights.copy.make(rights.view, "json")
    rows = {row["field"]: row for row in made["sections"]["particulars"]["records"]}
    (note,) = rows["birth_date"]["disputed"]
    assert (note["should_say"], note["words"]) == ("canary wish", "canary words")
    assert note["refused_because"] == "not_inaccurate"
    assert "disputed" not in rows["hkic_number"]
    assert rows["hkic_number"]["source"] == "registry"


def test_nobody_elses_records_come_out(rights, make_rights) -> None:
    fill(rights)
    neighbour = make_rights(rights.hub)
    made = json.dumps(neighbour.copy.make(neighbour.view, "json"))
    assert "canary" not in made
    assert rights.resident_id not in made


def test_a_copy_wants_a_fresh_login_and_leaves_a_trace_without_values(rights, reason_of) -> None:
    fill(rights)
    rights.clock.pass_(minutes=5, seconds=1)
    stale = lambda: rights.copy.make(rights.view, "json")  # noqa: E731
    assert reason_of(stale, StepUpRequired) == "authentication_too_old"
    assert rights.hub.events("profile:own-copy") == []
    rights.login()
    made = rights.copy.make(rights.view, "pdf")
    (event,) = rights.hub.bodies("profile:own-copy:made")
    records = sum(len(one["records"]) for one in made["sections"].values())
    assert event == {"resident_id": rights.resident_id, "form": "pdf", "records": records}
    assert not [one for one in rights.hub.records() if b"canary@" in one.body]


def test_what_is_erased_cannot_be_copied(rights, reason_of) -> None:
    rights.erasing.erase(rights.view, confirmed=True)
    copy = lambda: rights.copy.make(rights.view, "json")  # noqa: E731
    assert reason_of(copy, Refused) == "resident_not_active"

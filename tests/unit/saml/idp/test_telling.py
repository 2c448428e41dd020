"""Services are told by SOAP beside all requests, by the delivery that tells clients of OpenID Connect."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.saml.idp.conftest import SoapServices, Stage

from hkeid.doors.logout.delivery import DeliverySettings, LogoutDelivery
from hkeid.kernel.errors import ConfigurationError
from hkeid.saml.idp import IdentityProviderSettings
from hkeid.saml.idp.outbox import recipient, write_participation_notices
from hkeid.saml.messages import NameIdFormat, NameIdPolicy, StatusCode, failure
from hkeid.testing.saml_parties import Party

OTHER = Party.at("https://other.example")
SESSION = "session-1"


class Scene:
    """A session that has ended at one service, and what tells it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.service = recipient(stage.sp.entity_id)
        self.failures: list[tuple[str, str]] = []
        self.services = SoapServices(stage, stage.sp)

    def end(self) -> None:
        with self.stage.store.transaction() as tx:
            write_participation_notices(tx, SESSION, self.stage.now, due=self.stage.now)

    def deliver(self, **behaviour: Any) -> int:
        self.services.behaviour = behaviour
        delivery = LogoutDelivery(
            self.stage.store,
            [self.stage.idp.logout_teller(self.services)],
            self.stage.clock,
            failed=lambda *what: self.failures.append(what),
        )
        return delivery.deliver(self.service)

    def kept(self) -> tuple[Any, Any]:
        with self.stage.store.transaction() as tx:
            return tx.logout_notices.of_session(SESSION), tx.participations.of_session(SESSION)

    def event(self, name: str) -> dict[str, Any]:
        with self.stage.store.transaction() as tx:
            [found] = [
                json.loads(record.body)
                for writer in tx.audit_records.writers()
                for record in tx.audit_records.of_writer(writer)
                if record.name == name
            ]
        return dict(found)


@pytest.fixture
def scene(stage: Stage) -> Scene:
    made = Scene(stage)
    stage.log_in()
    stage.login()
    return made


def test_a_service_is_told_and_forgotten(scene: Scene, stage: Stage) -> None:
    """saml-core §3.7.1, saml-bindings §3.2: signed, by the name and index that its assertion had."""
    [participation] = scene.kept()[1]
    scene.end()
    assert stage.due() == (scene.service,)
    assert scene.deliver() == 1
    assert scene.services.asked == ["https://sp.example/slo/soap"]
    [request] = scene.services.requests
    assert request.destination == "https://sp.example/slo/soap"
    assert request.name_id is not None
    assert request.name_id.value == participation.name_id
    assert request.session_indexes == (participation.session_index,)
    assert request.not_on_or_after == stage.now + timedelta(minutes=10)
    assert scene.kept() == ((), ())
    event = scene.event("op:logout:delivered")
    assert (event["client_id"], event["session_id"], event["attempts"]) == (
        scene.service,
        SESSION,
        1,
    )


def test_every_attempt_has_an_id_and_a_moment_of_its_own(scene: Scene, stage: Stage) -> None:
    scene.end()
    assert scene.deliver(status=500) == 0
    assert scene.failures == [(scene.service, "status_500")]
    assert stage.due() == ()
    stage.clock.advance(15)
    assert scene.deliver() == 1
    first, second = scene.services.requests
    assert first.id != second.id
    assert second.issued_at - first.issued_at == timedelta(seconds=15)
    assert scene.event("op:logout:delivered")["attempts"] == 2


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ({"hangs": True}, "http_no_answer"),
        ({"status": 302}, "status_302"),
        ({"answers": failure(StatusCode.RESPONDER)}, "saml_logout_failed"),
        (
            {"answers": failure(StatusCode.SUCCESS, StatusCode.PARTIAL_LOGOUT)},
            "saml_logout_failed",
        ),
        ({"signer": OTHER.signer}, "saml_signature_invalid"),
        ({"issuer": OTHER.entity_id}, "saml_issuer_unexpected"),
        ({"in_response_to": "_another"}, "saml_in_response_to"),
    ],
)
def test_what_is_no_yes_is_tried_again(
    scene: Scene, stage: Stage, behaviour: dict[str, Any], reason: str
) -> None:
    """The participation stays: the next attempt needs it."""
    scene.end()
    assert scene.deliver(**behaviour) == 0
    assert scene.failures == [(scene.service, reason)]
    [notice], [_participation] = scene.kept()
    assert notice.next_at > stage.now
    stage.clock.advance(15)
    assert scene.deliver() == 1
    assert scene.kept() == ((), ())


def test_who_knows_nobody_of_that_name_has_no_session(scene: Scene) -> None:
    """As a service answers that took the attempt before and said so too late."""
    scene.end()
    answer = failure(StatusCode.REQUESTER, StatusCode.UNKNOWN_PRINCIPAL)
    assert scene.deliver(answers=answer) == 1


def test_it_is_given_up_after_the_last_attempt(scene: Scene, stage: Stage) -> None:
    scene.end()
    settings = DeliverySettings()
    for pause in (*settings.pauses, timedelta(0)):
        assert scene.deliver(status=500) == 0
        stage.clock.advance(pause)
    assert len(scene.services.asked) == len(settings.pauses) + 1
    assert scene.kept() == ((), ())
    assert scene.event("op:logout:undelivered")["reason"] == "status_500"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda stage: stage.enter(stage.sp, {"single_logout_services": ()}), "no_soap_endpoint"),
        (lambda stage: stage.registered.clear(), "client_not_registered"),
        (lambda stage: stage.enter(stage.sp, enabled=False), "saml_entity_disabled"),
    ],
)
def test_who_cannot_be_told_is_recorded_at_once(
    scene: Scene, stage: Stage, change: Any, reason: str
) -> None:
    """No attempt would end in another way: a browser is needed, and there is none."""
    scene.end()
    change(stage)
    assert scene.deliver() == 0
    assert scene.services.asked == []
    assert scene.kept() == ((), ())
    assert scene.event("op:logout:undelivered")["reason"] == reason


def test_metadata_that_is_not_there_may_come(scene: Scene, stage: Stage) -> None:
    scene.end()
    kept, stage.metadata.entities = stage.metadata.entities, {}
    assert scene.deliver() == 0
    assert scene.failures == [(scene.service, "saml_entity_unknown")]
    stage.metadata.entities = kept
    stage.clock.advance(15)
    assert scene.deliver() == 1


def test_a_service_that_logged_out_itself_meanwhile(scene: Scene, stage: Stage) -> None:
    scene.end()
    with stage.store.transaction() as tx:
        tx.participations.remove(SESSION, stage.sp.entity_id)
    assert scene.deliver() == 0
    assert scene.services.asked == []
    assert scene.event("op:logout:undelivered")["reason"] == "participation_unknown"


def test_every_name_at_a_service_ends_within_one_time_out(scene: Scene, stage: Stage) -> None:
    stage.login(name_id_policy=NameIdPolicy(format=NameIdFormat.TRANSIENT))
    scene.end()
    assert scene.deliver(takes=2.0) == 1
    assert scene.services.timeouts == [5.0, 3.0]
    names = {one.name_id.value for one in scene.services.requests if one.name_id is not None}
    assert len(names) == 2
    assert scene.kept() == ((), ())


def test_names_that_take_too_long_are_tried_again(scene: Scene, stage: Stage) -> None:
    stage.login(name_id_policy=NameIdPolicy(format=NameIdFormat.TRANSIENT))
    scene.end()
    assert scene.deliver(takes=5.0) == 0
    assert scene.failures == [(scene.service, "deadline_passed")]


def test_a_door_that_is_closed_tells_nobody(scene: Scene, stage: Stage) -> None:
    scene.end()
    assert LogoutDelivery(stage.store, [], stage.clock).deliver(scene.service) == 0
    assert scene.event("op:logout:undelivered")["reason"] == "client_not_registered"


@pytest.mark.parametrize("seconds", [0, 31])
def test_a_deadline_that_cannot_be_meant(seconds: int) -> None:
    settings = IdentityProviderSettings(scope="eid.example.hk")
    with pytest.raises(ConfigurationError) as caught:
        replace(settings, logout_deadline=timedelta(seconds=seconds)).check()
    assert caught.value.detail == "logout_deadline"

"""What the audit trail says of logins and logouts at our identity provider: in the same transaction, ids only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.saml.idp.conftest import RESIDENT, Stage
from tests.unit.saml.idp.test_logout import ask as ask_logout
from tests.unit.saml.idp.test_logout import asking

from hkeid.audit.events import AuditEvent
from hkeid.saml.idp.events import AssertionIssued, LogoutAsked, LogoutFinished, SamlLoginRefused
from hkeid.saml.messages import NameIdFormat, NameIdPolicy


@pytest.fixture
def trail(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[AuditEvent]:
    """Events as they are appended."""
    events: list[AuditEvent] = []
    with stage.store.transaction() as tx:
        kind = type(tx.audit)
    real = kind.append

    def append(self: Any, event: AuditEvent) -> None:
        events.append(event)
        real(self, event)

    monkeypatch.setattr(kind, "append", append)
    return events


def test_a_login_is_recorded(stage: Stage, trail: list[AuditEvent]) -> None:
    stage.log_in()
    stage.claims.values[RESIDENT] = {"given_name": "Tai Man"}
    stage.enter(stage.sp, claims=["given_name"])
    stage.claims.agree(RESIDENT, "https://sp.example", ["given_name"])
    answer = stage.login()
    (event,) = trail
    assert event == AssertionIssued(
        assertion_id=answer.only.id,
        entity_id=stage.sp.entity_id,
        resident_id=RESIDENT,
        session_id="session-1",
        acr="urn:hkeid:acr:eid",
        claims=("given_name",),
        solicited=True,
    )
    assert "Tai Man" not in str(event.body())


def test_refusals_are_recorded_as_far_as_the_budget_goes(
    stage: Stage, trail: list[AuditEvent]
) -> None:
    """Whoever knows a service's name can fail: the trail does not grow for ever."""
    stage.settings = replace(stage.settings, refusals=2)
    stage.log_in()
    for _ in range(4):
        policy = NameIdPolicy(format=NameIdFormat.EMAIL)
        assert not stage.login(name_id_policy=policy).response.status.success
    assert [type(event) for event in trail] == [SamlLoginRefused, SamlLoginRefused]


def test_a_logout_is_recorded(stage: Stage, trail: list[AuditEvent]) -> None:
    stage.log_in()
    assertion = stage.login().only
    assert assertion.subject is not None
    assert assertion.subject.name_id is not None
    trail.clear()
    ask_logout(stage, asking(stage, stage.sp, assertion.subject.name_id), stage.sp)
    asked, finished = trail
    assert isinstance(asked, LogoutAsked)
    assert asked.sessions == ("session-1",)
    assert finished == LogoutFinished(initiator=stage.sp.entity_id, told=0, missed=())
    assert assertion.subject.name_id.value not in str([one.body() for one in trail])

"""Officers at a desk of their own: a store, a clock that moves, a software authenticator each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from hkeid.adapters.system import SystemRandom
from hkeid.officers import OfficerLoggedInSession, Officers, OfficerSettings, OfficerView, Role
from hkeid.residents import PersonalFields
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.keys import MemoryKeyStore
from hkeid.webauthn import WebAuthnPolicy

CONSOLE = "http://localhost:8001"


@dataclass
class Desk:
    """Everything that officers meet, and what a test wants to look at."""

    store: Any
    fields: PersonalFields
    officers: Officers[Any]
    clock: Any
    keys: MemoryKeyStore
    phones: dict[str, SoftwareAuthenticator] = field(default_factory=dict)

    def hire(self, *roles: Role, name: str = "KO, Kap", **more: Any) -> str:
        """An officer with a passkey; gives the id."""
        officer = self.officers.staff.add(name, roles or (Role.REGISTRATION_OFFICER,), **more)
        self.enrol(officer.id)
        return officer.id

    def enrol(
        self, officer_id: str, *, phone: SoftwareAuthenticator | None = None, browser: str = "b1"
    ) -> OfficerLoggedInSession:
        code = self.officers.staff.issue_code(officer_id).reveal()
        start = self.officers.login.start_enrolment(code, browser=browser, network="n1")
        self.phones[officer_id] = phone or SoftwareAuthenticator()
        answer = self.phones[officer_id].create(start.options, CONSOLE)
        return self.officers.login.finish_enrolment(start.id, answer, browser=browser)

    def login(
        self, officer_id: str, *, browser: str = "b1", previous: str | None = None
    ) -> OfficerLoggedInSession:
        start = self.officers.login.start_login(browser=browser)
        answer = self.phones[officer_id].get(start.options, CONSOLE)
        return self.officers.login.finish_login(
            start.id, answer, browser=browser, previous=previous
        )

    def at_work(self, *roles: Role, **more: Any) -> OfficerView:
        """A new officer who has just logged in."""
        return self.login(self.hire(*roles, **more)).view

    def step_up(
        self, session: OfficerLoggedInSession, *, browser: str = "b1"
    ) -> OfficerLoggedInSession:
        start = self.officers.login.start_step_up(session.view, browser=browser)
        answer = self.phones[session.view.officer_id].get(start.options, CONSOLE)
        return self.officers.login.finish_step_up(
            session.reference.reveal(), start.id, answer, browser=browser
        )

    def bodies(self, name: str) -> list[dict[str, Any]]:
        with self.store.transaction() as tx:
            return [
                json.loads(record.body)
                for writer in tx.audit_records.writers()
                for record in tx.audit_records.of_writer(writer)
                if record.name == name
            ]


@pytest.fixture
def make_desk(hub: Any) -> Callable[..., Desk]:
    """A desk beside the residents' hub, on the same store: on localhost they share a domain."""

    def make(settings: OfficerSettings | None = None) -> Desk:
        policy = WebAuthnPolicy(
            rp_id="localhost",
            rp_name="eID: officers",
            origins=frozenset({CONSOLE}),
            allow_synced=False,
        )
        officers: Officers[Any] = Officers(
            hub.memory, policy, hub.fields, hub.keys, hub.clock, SystemRandom(), settings
        )
        return Desk(hub.memory, hub.fields, officers, hub.clock, hub.keys)

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


@pytest.fixture
def console() -> str:
    return CONSOLE

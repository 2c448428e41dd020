"""A resident of the hub with requests, a privacy officer, and whatever ends an eID."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.unit.officers.conftest import CONSOLE, Desk

from hkeid.adapters.system import SystemRandom
from hkeid.enrolment.notices.telling import tell
from hkeid.enrolment.own_records import RECORD_SECTIONS
from hkeid.enrolment.standing import Actor
from hkeid.officers import Officers, OfficerView, Role
from hkeid.profile.rights import OWN_SECTIONS, DataRequests, Erasing, OwnCopy, RequestDesk
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.webauthn import WebAuthnPolicy


class Rights:
    """The hub with everything of this room around one resident."""

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self.clock = hub.clock
        self.phone = SoftwareAuthenticator()
        self.session = hub.activate(self.phone)
        self.resident_id = self.session.view.authentication.resident_id
        common = (hub.store, hub.fields)
        self.requests = DataRequests(*common, hub.clock, hub.random)
        revoke = partial(hub.standing.revoke, by=Actor.RESIDENT, reason="erased_by_resident")
        self.erasing = Erasing(*common, revoke, hub.clock, hub.random)
        self.copy: OwnCopy[Any] = OwnCopy(
            *common, (*OWN_SECTIONS, *RECORD_SECTIONS), hub.clock, issuer="https://id.example.hk"
        )
        policy = WebAuthnPolicy(
            rp_id="localhost", rp_name="eID: officers", origins=frozenset({CONSOLE})
        )
        officers: Officers[Any] = Officers(
            hub.memory, policy, hub.fields, hub.keys, hub.clock, SystemRandom()
        )
        self.office = Desk(hub.memory, hub.fields, officers, hub.clock, hub.keys)
        self.desk = RequestDesk(
            hub.memory, officers, hub.fields, hub.clock, partial(_tell, hub.random)
        )

    @property
    def view(self) -> Any:
        return self.session.view

    def login(self) -> None:
        self.session = self.hub.login(self.phone, session=self.session)

    def privacy_officer(self, **more: Any) -> OfficerView:
        return self.office.at_work(Role.PRIVACY_OFFICER, **more)


def _tell(random: Any, tx: Any, resident_id: str, about: str, now: Any) -> None:
    tell(tx, resident_id, about, now=now, random=random)


@pytest.fixture
def make_rights(make_hub: Callable[..., Any]) -> Callable[..., Rights]:
    return lambda hub=None: Rights(hub or make_hub())


@pytest.fixture
def rights(make_rights: Callable[..., Rights]) -> Rights:
    return make_rights()


@pytest.fixture
def reason_of() -> Callable[..., str]:
    def reason(act: Callable[[], object], kind: type[BaseException] = Exception) -> str:
        with pytest.raises(kind) as caught:
            act()
        return str(caught.value.reason)  # type: ignore[attr-defined]

    return reason

"""A hub with registration, fakes for its outside parts, and an applicant who goes through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hkeid.adapters.evidence import MemoryEvidenceKeys, SealedEvidence
from hkeid.enrolment import (
    Registration,
    RegistrationParts,
    RegistrationPurpose,
    RegistrationSettings,
    RegistrationStep,
    RegistrationView,
)
from hkeid.enrolment.proofing_policy import shipped_policy
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.fakes_proofing import (
    FakeDocumentReader,
    FakeFaceMatcher,
    FakeLiveness,
    FakePersonRegistry,
    fake_card,
    fake_selfie,
)

ORIGIN = "https://id.example.hk"
STEPS = RegistrationStep


class SteppingKeys:
    """Keys of evidence each of whose calls is a step at which the process may die."""

    def __init__(self, steps: Any) -> None:
        self.inner = MemoryEvidenceKeys()
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        def stepping(*args: Any, **kwargs: Any) -> Any:
            self._steps.step()
            return method(*args, **kwargs)

        return stepping


class Hooks:
    """What other rooms are told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool, str | None]] = []
        self.recoveries: list[str] = []

    def decided(self, record: Any, *, accepted: bool, contact: str | None) -> None:
        self.told.append((record.reference, accepted, contact))

    def recovered(self, tx: Any, resident_id: str, now: Any) -> None:
        self.recoveries.append(resident_id)


class Desk:
    """Registration over a hub, and an applicant's hands."""

    def __init__(self, hub: Any, *, policy: str = "sandbox", **parts: Any) -> None:
        self.hub = hub
        self.evidence_keys = SteppingKeys(hub.steps)
        self.evidence = SealedEvidence(
            hub.store, self.evidence_keys, hub.keys, hub.clock, hub.random
        )
        self.registry = FakePersonRegistry(compare=FakeFaceMatcher().compare)
        self.hooks = Hooks()
        settings = parts.pop("settings", {})
        self.parts = RegistrationParts(
            **{
                "store": hub.store,
                "evidence": self.evidence,
                "policy": shipped_policy(policy),
                "passkeys": hub.policy,
                "fields": hub.fields,
                "broker": hub.broker,
                "keys": hub.keys,
                "clock": hub.clock,
                "random": hub.random,
                "registry": self.registry,
                "reader": FakeDocumentReader(),
                "matcher": FakeFaceMatcher(),
                "liveness": FakeLiveness(),
                "hooks": self.hooks,
                "settings": RegistrationSettings(**settings),
                **parts,
            }
        )
        self.registration = Registration(self.parts)

    def begin(self, browser: str = "b1", **more: Any) -> RegistrationView:
        return self.registration.begin(
            **{
                "browser": browser,
                "network": "n1",
                "language": "en",
                "statement": "2026-11",
                **more,
            }
        )

    def card(
        self, key: str, *, browser: str = "b1", purpose: Any = RegistrationPurpose.NEW, **about: Any
    ) -> RegistrationView:
        view = self.begin(browser, purpose=purpose)
        return self.registration.give_card(view.id, fake_card(key, **about), browser=browser)

    def details(self, key: str, *, browser: str = "b1", **about: Any) -> RegistrationView:
        view = self.card(key, browser=browser, **about)
        return self.registration.confirm_details(view.id, {}, browser=browser)

    def selfie(
        self, view: RegistrationView, key: str, *, browser: str = "b1", **about: Any
    ) -> RegistrationView:
        challenge = self.registration.start_liveness(view.id, browser=browser)
        return self.registration.give_selfie(
            view.id, fake_selfie(challenge, key, **about), browser=browser
        )

    def decided(self, key: str, *, browser: str = "b1", **more: Any) -> RegistrationView:
        """Through card, details and selfie."""
        return self.selfie(self.details(key, browser=browser, **more), key, browser=browser)

    def bind(
        self, view: RegistrationView, phone: SoftwareAuthenticator, *, browser: str = "b1"
    ) -> RegistrationView:
        start = self.registration.start_binding(view.id, browser=browser)
        return self.registration.finish_binding(
            view.id,
            start.id,
            phone.create(start.options, ORIGIN),
            browser=browser,
            agent="Chromium, Android",
            label="My phone",
        )

    def confirm(
        self, view: RegistrationView, phone: SoftwareAuthenticator, *, browser: str = "b1"
    ) -> Any:
        start = self.registration.start_confirmation(view.id, browser=browser)
        return self.registration.finish_confirmation(
            view.id,
            start.id,
            phone.get(start.options, ORIGIN),
            browser=browser,
            agent="Chromium, Android",
        )

    def register(
        self, key: str, phone: SoftwareAuthenticator, *, browser: str = "b1", **more: Any
    ) -> Any:
        """All of it."""
        view = self.decided(key, browser=browser, **more)
        assert view.step is STEPS.BIND, view
        return self.confirm(self.bind(view, phone, browser=browser), phone, browser=browser)

    def record(self, registration_id: str) -> Any:
        return self.hub.look("registrations", "get", registration_id)

    def current(self, browser: str = "b1") -> RegistrationView:
        view = self.registration.current(browser=browser)
        assert view is not None
        return view


@pytest.fixture
def make_desk(make_hub: Callable[..., Any]) -> Callable[..., Desk]:
    return lambda **parts: Desk(make_hub(), **parts)


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()

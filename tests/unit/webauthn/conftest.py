"""A relying party at a desk: policy, store, resident, and the moves of a ceremony."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hkeid.adapters.memory import MemoryStore
from hkeid.adapters.system import SystemRandom
from hkeid.identity.state import EidState
from hkeid.residents.records import Credential, Resident
from hkeid.testing.authenticator import SoftwareAuthenticator
from hkeid.testing.authenticator_dishonesty import HONEST, Dishonesty
from hkeid.testing.keys import MemoryKeyStore
from hkeid.webauthn import (
    CeremonyKind,
    CeremonyStart,
    NewCredential,
    VerifiedAssertion,
    WebAuthnPolicy,
    begin_authentication,
    begin_registration,
    claim_ceremony,
    verify_assertion,
    verify_registration,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ORIGIN = "https://id.example.hk"


class StandingClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass
class Desk:
    """Everything one relying party needs, with a fresh memory store."""

    policy: WebAuthnPolicy
    clock: StandingClock = field(default_factory=StandingClock)
    random: SystemRandom = field(default_factory=SystemRandom)
    store: MemoryStore = field(init=False)
    browser: str = "browser-1"
    origin: str = ORIGIN

    def __post_init__(self) -> None:
        self.store = MemoryStore(MemoryKeyStore(), self.clock, self.random)
        self.resident = self.new_resident()

    def new_resident(self) -> Resident:
        return Resident(
            id=self.random.token(16),
            user_handle=self.random.token_bytes(64),
            state=EidState.APPLICANT,
            created_at=NOW,
            updated_at=NOW,
        )

    def start_registration(
        self,
        *,
        kind: CeremonyKind = CeremonyKind.ACTIVATE,
        exclude: tuple[Credential, ...] = (),
        context: Mapping[str, str] | None = None,
    ) -> CeremonyStart:
        with self.store.transaction() as tx:
            return begin_registration(
                tx,
                self.policy,
                kind=kind,
                resident=self.resident,
                account_name="eID 7F3K",
                display_name="CHAN Tai Man",
                exclude=exclude,
                binding=self.browser,
                context=context,
                now=self.clock.now(),
                random=self.random,
            )

    def start_login(self, **others: Any) -> CeremonyStart:
        arguments = {"kind": CeremonyKind.LOGIN, "binding": self.browser, **others}
        with self.store.transaction() as tx:
            return begin_authentication(
                tx, self.policy, now=self.clock.now(), random=self.random, **arguments
            )

    def claim(self, start: CeremonyStart, *kinds: CeremonyKind, browser: str | None = None) -> Any:
        return claim_ceremony(
            self.store,
            start.id,
            kinds=kinds or tuple(CeremonyKind),
            binding=browser or self.browser,
            now=self.clock.now(),
        )

    def register_new(
        self, phone: SoftwareAuthenticator, dishonesty: Dishonesty = HONEST
    ) -> NewCredential:
        start = self.start_registration()
        answer = phone.create(start.options, self.origin, dishonesty=dishonesty)
        return verify_registration(answer, self.claim(start), self.policy)

    def register(self, phone: SoftwareAuthenticator, dishonesty: Dishonesty = HONEST) -> Credential:
        new = self.register_new(phone, dishonesty)
        return new.as_credential(self.resident.id, b"sealed", self.clock.now())

    def login(
        self,
        phone: SoftwareAuthenticator,
        credential: Credential,
        dishonesty: Dishonesty = HONEST,
        *,
        user_handle: bytes | None = None,
        **others: Any,
    ) -> VerifiedAssertion:
        start = self.start_login(**others)
        answer = phone.get(start.options, self.origin, dishonesty=dishonesty)
        handle = self.resident.user_handle if user_handle is None else user_handle
        return verify_assertion(answer, self.claim(start), credential, handle, self.policy)

    def wait(self, **amount: float) -> None:
        self.clock.moment += timedelta(**amount)

    def with_policy(self, **changes: Any) -> Desk:
        """This desk under another policy; store and resident stay."""
        other = replace(self, policy=replace(self.policy, **changes))
        other.store, other.resident = self.store, self.resident
        return other


@pytest.fixture
def policy() -> WebAuthnPolicy:
    return WebAuthnPolicy(
        rp_id="id.example.hk", rp_name="Hong Kong eID", origins=frozenset({ORIGIN})
    )


@pytest.fixture
def desk(policy: WebAuthnPolicy) -> Desk:
    return Desk(policy)


@pytest.fixture
def phone() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()

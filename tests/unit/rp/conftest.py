"""A relying party and the provider it talks to, at a fixed moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from hkeid.jose.signatures import generate, public_jwk
from hkeid.rp import RelyingParty
from hkeid.testing.fake_provider import FakeProvider


class MovableClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def forward(self, **parts: float) -> None:
        self.moment += timedelta(**parts)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def provider(clock: MovableClock) -> FakeProvider:
    return FakeProvider(clock=clock)


@pytest.fixture
def make_party(clock: MovableClock, provider: FakeProvider) -> Callable[..., RelyingParty]:
    def make(**options: object) -> RelyingParty:
        merged = {"client_id": "service", "http": provider, "clock": clock, **options}
        return RelyingParty(provider.issuer, **merged)  # type: ignore[arg-type]

    return make


@pytest.fixture
def party(make_party: Callable[..., RelyingParty]) -> RelyingParty:
    return make_party()


@pytest.fixture(scope="session")
def client_pem() -> str:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = generate("ES256")
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def client_jwk(client_pem: str) -> dict[str, object]:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    return public_jwk(load_pem_private_key(client_pem.encode(), None))  # type: ignore[arg-type]


CALLBACK = "https://service.example.hk/eid/callback"


@pytest.fixture
def callback() -> str:
    return CALLBACK

"""A key store in a fresh directory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from hkeid.adapters.keyfiles import FileKeyStore
from hkeid.adapters.system import SystemRandom
from hkeid.jose.rotation import RotationPolicy
from hkeid.kernel.secret import Secret
from hkeid.testing.fake_hub import SettableClock

POLICY = RotationPolicy(publication=timedelta(hours=1), farewell=timedelta(days=2))


@pytest.fixture
def key_clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def key_directory(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def make_keys(key_directory: Path, key_clock: SettableClock) -> Callable[..., FileKeyStore]:
    """Make the store (``new=True``) or open the one that is there."""

    def make(
        *,
        new: bool = False,
        passphrase: str | None = None,
        algorithms: tuple[str, ...] = ("ES256",),
    ) -> FileKeyStore:
        secret = None if passphrase is None else Secret(passphrase)
        random = SystemRandom()
        if new:
            return FileKeyStore.initialise(
                key_directory,
                clock=key_clock,
                random=random,
                passphrase=secret,
                policy=POLICY,
                algorithms=algorithms,
            )
        return FileKeyStore(
            key_directory, clock=key_clock, random=random, passphrase=secret, policy=POLICY
        )

    return make

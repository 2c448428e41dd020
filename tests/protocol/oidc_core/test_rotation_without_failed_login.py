"""A relying party that caches the JWKS logs people in throughout every rotation of keys."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hkeid.adapters.keyfiles import FileKeyStore
from hkeid.adapters.system import SystemRandom
from hkeid.jose import JoseRefused, verify_jwt
from hkeid.jose.rotation import RotationPolicy
from hkeid.kernel.errors import Refused
from hkeid.kernel.http import Request, Response
from hkeid.op import Profile, Provider, ProviderSettings
from hkeid.ports import KeyPurpose
from hkeid.testing.provider import ISSUER, ProviderBench

POLICY = RotationPolicy(publication=timedelta(minutes=20), farewell=timedelta(hours=1))


class CachingRelyingParty:
    """Fetches the JWKS only when what it has is older than ``max-age``."""

    def __init__(self, bench: ProviderBench) -> None:
        self._bench = bench
        self._keys: list[dict[str, Any]] = []
        self._until = bench.clock.now()
        self.fetched = 0

    def verify(self, id_token: str) -> str:
        if self._bench.clock.now() >= self._until:
            response = self._bench.provider.handle(Request(method="GET", path="/jwks"))
            assert isinstance(response, Response)
            seconds = int((response.header("Cache-Control") or "").rpartition("=")[2])
            self._until = self._bench.clock.now() + timedelta(seconds=seconds)
            self._keys = json.loads(response.body)["keys"]
            self.fetched += 1
        verified = verify_jwt(id_token, self._keys, algorithms={"ES256"}, typ={"JWT"})
        kid: str = verified.header["kid"]
        return kid


@pytest.fixture
def bench(tmp_path: Path) -> ProviderBench:
    bench = ProviderBench()
    files = FileKeyStore.initialise(
        tmp_path / "keys",
        clock=bench.clock,
        random=SystemRandom(),
        policy=POLICY,
        algorithms=("ES256",),
    )
    bench.keys = files  # type: ignore[assignment]
    bench.provider = Provider(
        ISSUER,
        bench.store,
        files,
        bench.sessions,
        bench.claims,
        bench.clock,
        SystemRandom(),
        ProviderSettings(profile=Profile.PRODUCTION),
    )
    bench.log_in()
    return bench


def test_no_login_fails(bench: ProviderBench) -> None:
    relying_party = CachingRelyingParty(bench)
    files: Any = bench.keys
    kids: dict[str, None] = {}
    rotations = logins = 0
    hint = bench.exchange(bench.code(bench.authorize()))["id_token"]
    while rotations < 12:
        bench.clock.advance(timedelta(minutes=7))
        try:
            files.rotate(KeyPurpose.TOKEN_SIGNING, "ES256")
            rotations += 1
        except Refused as refused:
            assert refused.reason == "key_not_published_long_enough"
        for _ in range(3):
            answer = bench.authorize(prompt="none", id_token_hint=hint)
            hint = bench.exchange(bench.code(answer))["id_token"]
            kids[relying_party.verify(hint)] = None
            logins += 1
    assert len(kids) >= 11
    assert relying_party.fetched < logins / 3


def test_signing_before_publication_would_fail(bench: ProviderBench) -> None:
    """The counter-test: a key withdrawn in an emergency is one that caches do not know."""
    relying_party = CachingRelyingParty(bench)
    files: Any = bench.keys
    kid = relying_party.verify(bench.exchange(bench.code(bench.authorize()))["id_token"])
    files.withdraw(KeyPurpose.TOKEN_SIGNING, kid)
    token = bench.exchange(bench.code(bench.authorize()))["id_token"]
    with pytest.raises(JoseRefused, match="jws_key_unknown"):
        relying_party.verify(token)
    bench.clock.advance(timedelta(minutes=15))
    assert relying_party.verify(token) != kid

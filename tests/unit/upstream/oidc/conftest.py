"""The hub as a client of a simulated company."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from hkeid.adapters.system import SystemRandom
from hkeid.identity.assurance import Acr
from hkeid.identity.language import Language
from hkeid.jose import public_jwks
from hkeid.kernel.http import Parameters, Request
from hkeid.ports.keys import KeyPurpose
from hkeid.testing.fake_hub import SettableClock
from hkeid.testing.fake_provider import AccountHolder
from hkeid.testing.keys import MemoryKeyStore
from hkeid.testing.upstream_provider import (
    SMART_CARD,
    TWO_FACTORS,
    CompanyProvider,
)
from hkeid.upstream import (
    AssuranceTable,
    AttributeMapping,
    Departure,
    UpstreamAuthentication,
    UpstreamRequest,
)
from hkeid.upstream.oidc import OidcUpstream, OidcUpstreamSettings

ISSUER = "https://company.example.hk"
CALLBACK = "https://id.example.hk/upstream/company/callback"
NAMES = {
    Language.ENGLISH: "Specimen Trading",
    Language.TRADITIONAL: "樣本貿易",
    Language.SIMPLIFIED: "样本贸易",
}
ASSURANCE = AssuranceTable(
    values={TWO_FACTORS: Acr.EID, SMART_CARD: Acr.EID_BOUND, "urn:hkeid:acr:eid": Acr.EID}
)
MAPPING = AttributeMapping.read(
    [
        {"claim": "name", "from": "name"},
        {"claim": "email", "from": "email"},
        {"claim": "organisation", "constant": "Specimen Trading Limited"},
        {"claim": "role", "from": "organisation.role"},
        {"claim": "groups", "from": "groups"},
    ]
)


@dataclass
class Bench:
    """One upstream and the hub's side of it, at a fixed moment."""

    options: dict[str, Any] = field(default_factory=dict)
    company_options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = SettableClock()
        self.keys = MemoryKeyStore(algorithms=("ES256",))
        jwks = public_jwks(self.keys, KeyPurpose.UPSTREAM_CLIENT)["keys"]
        self.company = CompanyProvider(
            ISSUER,
            **{
                "client_id": "hkeid",
                "client_jwk": jwks[0],
                "clock": self.clock,
                **self.company_options,
            },
        )
        settings = OidcUpstreamSettings(
            **{
                "id": "company",
                "names": NAMES,
                "issuer": ISSUER,
                "client_id": "hkeid",
                "assurance": ASSURANCE,
                "mapping": MAPPING,
                **self.options,
            }
        )
        self.upstream = OidcUpstream(
            settings, keys=self.keys, http=self.company, clock=self.clock, random=SystemRandom()
        )

    def begin(self, **changes: Any) -> Departure:
        return self.upstream.begin(
            UpstreamRequest(**{"state": SystemRandom().token(24), "callback": CALLBACK, **changes})
        )

    def finish(self, kept: bytes, back: str) -> UpstreamAuthentication:
        query = Parameters.parse(back.partition("?")[2])
        request = Request(method="GET", path="/callback", query=query)
        return self.upstream.finish(kept, request, self.clock.now())

    def log_in(self, person: AccountHolder | None = None, **changes: Any) -> UpstreamAuthentication:
        departure = self.begin(**changes)
        assert isinstance(departure.to, str)
        return self.finish(departure.kept, self.company.log_in(departure.to, person))


@pytest.fixture
def bench() -> Bench:
    return Bench()

"""An installation that serves stations, and what tests need to be one."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hkeid.adapters.system import SystemClock, SystemRandom
from hkeid.chip import hkic_specimen
from hkeid.testing.card_issuer import CardIssuer
from hkeid.testing.installation import Installation
from hkeid.testing.processes import ServerProcess
from hkeid_server.station_agent import StationAgent, StationChannel, StationFolder


@dataclass
class StationPlace:
    """A running server that serves stations from ``proxy``."""

    made: Installation
    issuer: CardIssuer
    secret: str
    proxy: str
    folder: Path
    server: ServerProcess = field(repr=False)

    @property
    def client_ca(self) -> Path:
        return self.made.folder / "stations" / "station-root.pem"

    def hkeid(self, *words: str) -> str:
        return self.made.run(*words)

    def invited(self, mode: str, name: str = "A station") -> tuple[str, str]:
        """Id and code of a new station."""
        lines = self.hkeid("stations", "add", name, "--mode", mode).splitlines()
        return lines[0].split()[1].rstrip(":"), lines[1].split()[1]

    def agent(
        self, url: str, authority: Path, mode: str = "kiosk", name: str = "A station"
    ) -> StationAgent:
        """An enrolled station's program."""
        station_id, code = self.invited(mode, name)
        kept = StationFolder(self.folder / station_id)
        kept.trust(authority.read_bytes())
        agent = StationAgent(
            StationChannel(url, kept),
            kept,
            clock=SystemClock(),
            random=SystemRandom(),
            profile=hkic_specimen(),
        )
        assert agent.enrol(code, server=url)["station"] == station_id
        return agent


@pytest.fixture(scope="module")
def card_issuer() -> CardIssuer:
    return CardIssuer()


@pytest.fixture(scope="module")
def make_place(
    tmp_path_factory: pytest.TempPathFactory, card_issuer: CardIssuer
) -> Iterator[Callable[..., StationPlace]]:
    places: list[StationPlace] = []

    def make(proxy: str, **sections: Any) -> StationPlace:
        folder = tmp_path_factory.mktemp("stations")
        secret = secrets.token_urlsafe(32)
        made = Installation.make(
            folder / "server",
            sandbox={"seed": True},
            stations={
                "enabled": True,
                "proxies": [proxy],
                "proxy_secret": secret,
                "authority": "stations",
            },
            registry={"url": "personas"},
            faces={"matcher": "none"},
            liveness={"check": "none"},
            documents={"reader": "none"},
            **sections,
        )
        signers = made.folder / "country-signers"
        signers.mkdir()
        root = x509.load_der_x509_certificate(card_issuer.root.der)
        (signers / "csca.pem").write_bytes(root.public_bytes(Encoding.PEM))
        server = made.serve()
        places.append(StationPlace(made, card_issuer, secret, proxy, folder, server))
        return places[-1]

    yield make
    for place in places:
        place.server.stop()

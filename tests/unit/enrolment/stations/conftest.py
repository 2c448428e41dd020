"""Stations on a hub of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hkeid.adapters.station_ca import StationCa, make_key, make_request
from hkeid.enrolment.stations import Seats, StationMode, Stations, StationSettings


class Yard:
    def __init__(self, hub: Any, folder: Any) -> None:
        self.hub = hub
        hub.clock.moment = datetime.now(UTC).replace(microsecond=0)
        self.ca = StationCa.create(folder / "ca", name="t", now=hub.clock.now())
        self.stations = Stations(
            hub.memory, hub.keys, hub.clock, hub.random, self.ca, StationSettings()
        )
        self.seats = Seats(hub.memory, self.stations, hub.clock, hub.random)

    def enrolled(self, mode: StationMode = StationMode.KIOSK) -> Any:
        _, code = self.stations.add("One", mode)
        return self.stations.enrol(code.reveal(), make_request(make_key()), network="n")


@pytest.fixture
def yard(hub, tmp_path) -> Yard:
    return Yard(hub, tmp_path)

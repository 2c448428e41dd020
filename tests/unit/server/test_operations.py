"""What operators rely on: admin listener, metrics, housekeeping, test persons."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from hkeid.audit.checkpointer import Checkpointer
from hkeid.identity.state import EidState
from hkeid.kernel.errors import ConfigurationError, NotFound, Unavailable
from hkeid.testing.personas import PERSONAS
from hkeid_server import metrics
from hkeid_server.admin import AdminApplication, create_admin
from hkeid_server.config import read_config
from hkeid_server.house import House
from hkeid_server.housekeeping import Housekeeper
from hkeid_server.journal import Journal
from hkeid_server.sandbox import issue_ticket, seed_sandbox, standins
from hkeid_server.wiring import make_keys, upgrade_store, upgrade_vault


def failing() -> None:
    raise Unavailable("store_busy", detail="inside")


def test_live() -> None:
    assert Client(AdminApplication({"a": failing})).get("/health/live").json == {"live": True}


def test_ready_names_what_is_not() -> None:
    answer = Client(AdminApplication({"a": failing, "b": lambda: None})).get("/health/ready")
    assert answer.status_code == 503
    assert answer.json == {"ready": False, "checks": {"a": "store_busy", "b": "ok"}}
    assert Client(AdminApplication({"b": lambda: None})).get("/health/ready").status_code == 200


def test_admin_has_nothing_else() -> None:
    client = Client(AdminApplication({}))
    assert client.get("/").status_code == 404
    assert client.post("/health/live").status_code == 404
    assert client.head("/health/live").data == b""


def test_metrics_have_routes_and_no_values(stranger: Any) -> None:
    stranger.get("/problem/internal/7F3K-9Q2M-XA4D?secret=sesame")
    metrics.count_refusal("rule_broken")
    metrics.count_login("logged_in")
    text = Client(AdminApplication({})).get("/metrics").text
    assert 'route="/problem/<kind>/<reference>"' in text
    assert 'hkeid_refusals_total{reason="rule_broken"}' in text
    assert "sesame" not in text
    assert "7F3K" not in text


class Listener(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/jwks" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_ready_looks_at_keys_store_vault_and_listener(tmp_path: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    content = {
        "profile": "sandbox",
        "issuer": "http://localhost:8000",
        "server": {"port": server.server_port},
    }
    config = read_config(content, {}, tmp_path)
    assert make_keys(config)
    assert not make_keys(config), "keys are never made anew"
    upgrade_store(config)
    upgrade_vault(config)
    client = Client(create_admin(config))
    assert client.get("/health/ready").json == {
        "ready": True,
        "checks": {"keys": "ok", "listener": "ok", "store": "ok", "vault": "ok"},
    }
    server.shutdown()
    server.server_close()
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["checks"]["listener"] == "listener_silent"


def test_ready_wants_the_schema(tmp_path: Path) -> None:
    config = read_config({"profile": "sandbox", "issuer": "http://localhost:8000"}, {}, tmp_path)
    make_keys(config)
    answer = Client(create_admin(config)).get("/health/ready")
    assert answer.json["checks"]["store"] != "ok"


def test_housekeeping_makes_checkpoints_and_sweeps(house: House, clock: Any, log: Any) -> None:
    swept: list[int] = []
    keeper = Housekeeper(
        Checkpointer(house.store, house.keys, clock),
        lambda: swept.append(1) or 3,
        Journal(clock, sink=log, level="debug"),
    )
    keeper.round()
    keeper.round()
    assert [one["count"] for one in log.events("audit:checkpoint:made")] == [1, 2]
    assert len(swept) == 2


def test_housekeeping_goes_on_after_a_failure(house: House, clock: Any, log: Any) -> None:
    def crash() -> int:
        raise ValueError("sesame")

    keeper = Housekeeper(
        Checkpointer(house.store, house.keys, clock), crash, Journal(clock, sink=log)
    )
    keeper.round()
    (line,) = log.events("server:request:crashed")
    assert line["where"] == "store:expired:swept"
    assert "sesame" not in log.getvalue()


def test_test_persons_are_registered_once(make_house: Callable[..., House]) -> None:
    house = make_house()
    entered = [persona for persona in PERSONAS.values() if persona.registered]
    assert seed_sandbox(house) == len(entered)
    assert seed_sandbox(house) == 0
    states = {one.persona.key: one.resident.state for one in standins(house)}
    assert len(states) == len(entered) >= 24
    assert "ho-sau-lan" not in states
    for persona in entered:
        expected = (
            EidState.REVOKED
            if persona.deceased
            else EidState.SUSPENDED
            if persona.state is EidState.SUSPENDED
            else EidState.APPLICANT
        )
        assert states[persona.key] is expected, persona.key


def test_tickets_are_for_test_persons(house: House) -> None:
    assert len(issue_ticket(house, "chan-tai-man").reveal()) == 14
    with pytest.raises(NotFound, match="persona_unknown"):
        issue_ticket(house, "nobody")


def test_no_test_persons_in_production(tmp_path: Path, house: House) -> None:
    from dataclasses import replace

    config = read_config(
        {"profile": "production", "issuer": "https://eid.example.hk"}, {}, tmp_path
    )
    with pytest.raises(ConfigurationError, match="sandbox_only"):
        seed_sandbox(replace(house, config=config))

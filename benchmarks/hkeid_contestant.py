"""hkeid's own server under measurement: granian, one worker, one blocking thread."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from contestants import Contestant
from flow import CLIENT_ID, REDIRECT_URI, discover
from hkeid.testing.databases import new_postgresql_database
from hkeid.testing.installation import Installation
from hkeid.testing.virtual_resident import VirtualResident

CLIENT = {
    "id": CLIENT_ID,
    "name": {"en": "Bench", "zh-Hant-HK": "測試", "zh-Hans": "测试"},
    "redirect_uris": [REDIRECT_URI],
    "auth_method": "none",
    "application_type": "native",
    "sector_identifier": "bench.example",
}


def _hkeid(name: str, stack: ExitStack, folder: Path, store: str, vault: str) -> Contestant:
    installation = Installation.make(
        folder / name,
        clients=[CLIENT],
        server={"threads": 1},
        store={"url": store},
        vault={"url": vault},
        sandbox={"seed": True},
    )
    server = stack.enter_context(installation.serve())
    resident = VirtualResident(installation.issuer)
    resident.activate(resident.ticket())
    cookies = resident.browser.cookie_header(installation.issuer)
    return Contestant(name, server, discover(installation.issuer, cookies))


def hkeid_memory(stack: ExitStack, folder: Path) -> Contestant:
    """Everything in memory, as the peers keep it."""
    return _hkeid("sso_flow", stack, folder, "memory", "memory")


def hkeid_sqlite(stack: ExitStack, folder: Path) -> Contestant:
    """The embedded default."""
    return _hkeid(
        "sso_flow_sqlite", stack, folder, "sqlite:///hkeid.sqlite", "sqlite:///vault.sqlite"
    )


def hkeid_postgresql(stack: ExitStack, folder: Path) -> Contestant:
    """On the PostgreSQL that scripts/bench starts; its own CPU is not counted."""
    return _hkeid(
        "sso_flow_postgresql", stack, folder, new_postgresql_database(), new_postgresql_database()
    )

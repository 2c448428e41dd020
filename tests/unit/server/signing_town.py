"""A server where residents sign, a relying party that asks them, and the steps of the pages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from werkzeug.test import Client

from hkeid.identity.assurance import Acr
from hkeid.identity.state import EidState
from hkeid.ports.surroundings import HttpAnswer
from hkeid.rp import RelyingParty
from hkeid.testing.papers import paper
from hkeid_server.cli import main
from hkeid_server.config import load_config
from hkeid_server.journal import Journal
from hkeid_server.sandbox import issue_ticket
from hkeid_server.wiring import build_house, close_store
from hkeid_server.wsgi import serve_house

ORIGIN = "http://localhost:8000"
BACK = "http://localhost:5001/eid/signed"

_SECTIONS = """
[certificates]
enabled = true
timestamps = true

[signing]
enabled = true
bare_hashes = true

[validation]
enabled = true
"""


class Network:
    """The relying party's way to the server, without a network."""

    def __init__(self, front: Any) -> None:
        self.client = Client(front)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Any = None,
        body: bytes | None = None,
        timeout: float = 10.0,
        limit: int = 0,
    ) -> HttpAnswer:
        del timeout, limit
        sent = dict(headers or {})
        kind = sent.pop("Content-Type", None)
        answer = self.client.open(
            urlsplit(url).path, method=method, base_url=ORIGIN, data=body, headers=sent,
            content_type=kind,
        )  # fmt: skip
        content = answer.get_data()
        answer.close()
        found = {name.lower(): value for name, value in answer.headers.items()}
        return HttpAnswer(status=answer.status_code, headers=found, body=content)


@dataclass
class Town:
    """A server with an authority, a relying party, and a way to make residents."""

    house: Any
    front: Any
    party: RelyingParty
    log: Any

    def resident(self, person: Any, persona: str, state: EidState = EidState.UPGRADED) -> Any:
        person.get("/activate")
        person.post("/activate", {"code": issue_ticket(self.house, persona).reveal()})
        assert person.ceremony().status_code == 303
        # The session is from before the upgrade: it ends, as the upgrade would end it.
        self.become(person, state)
        return person

    def become(self, person: Any, state: EidState) -> None:
        session = self.house.broker.current(
            person.cookie(self.house.pages.cookies.session), self.house.clock.now()
        )
        with self.house.store.transaction() as tx:
            known = tx.residents.get(session.authentication.resident_id)
            proofed = Acr.EID_PLUS if state is EidState.UPGRADED else known.proofed
            assert tx.residents.change(known, replace(known, state=state, proofed=proofed))

    def ask(self, **more: Any) -> Any:
        wanted = {"pdf": paper(pages=2), "document_name": "Declaration.pdf", "purpose": "To try"}
        return self.party.request_signature(redirect_uri=BACK, **{**wanted, **more})


@pytest.fixture(scope="module")
def signing_folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("signing")
    run = CliRunner().invoke
    place = "hko-suggestions=http://localhost:5001"
    done = run(main, ["init", "--sandbox", "--data", str(made), "--relying-party", place])
    assert done.exit_code == 0, done.output
    config = made / "hkeid.toml"
    config.write_text(config.read_text("utf-8") + _SECTIONS, "utf-8")
    passphrase = made / "root-passphrase"
    passphrase.write_text("of a test\n")
    words = ["--config", str(config), "--root", str(made / "root"), "--name", "SPECIMEN 樣本"]
    words += ["--root-passphrase-file", str(passphrase)]
    done = run(main, ["ca", "init", *words])
    assert done.exit_code == 0, done.output
    return made


@pytest.fixture
def town(signing_folder, tmp_path, log) -> Iterator[Town]:
    here = tmp_path / "town"
    shutil.copytree(signing_folder, here)
    config = load_config(here / "hkeid.toml")
    from hkeid.adapters.system import SystemClock

    house = build_house(config, journal=Journal(SystemClock(), sink=log, level="debug"))
    front = serve_house(house)
    party = RelyingParty(
        ORIGIN,
        client_id="hko-suggestions",
        private_key=here / "clients" / "hko-suggestions.pem",
        http=Network(front),
    )
    yield Town(house, front, party, log)
    close_store(house.store)


def sign(person: Any, url: str) -> Any:
    """Through login, certificate and the page, as far as it goes."""
    page = person.get(url)
    for _ in range(6):
        text = page.text
        if "make-certificate" in text:
            action = re.search(r'action="([^"]+/certificate)"', text)[1]
            person.post(action)
            page = person.follow()
        elif 'id="sign-now"' in text:
            person.ceremony()
            return person.follow() if person.page.status_code == 303 else person.page
        elif 'id="use-passkey"' in text:
            person.ceremony()
            page = person.follow()
        else:
            return page
    raise AssertionError(page.text)


def back_link(text: str) -> str:
    return unescape(re.search(r'id="back-to-service" href="([^"]+)"', text)[1])


def sign_page(person: Any, url: str) -> Any:
    """As far as the page with the button."""
    page = person.get(url)
    while 'id="sign-now"' not in page.text:
        if "make-certificate" in page.text:
            person.post(re.search(r'action="([^"]+/certificate)"', page.text)[1])
        else:
            person.ceremony()
        page = person.follow()
    return page

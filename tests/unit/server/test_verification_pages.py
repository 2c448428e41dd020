"""Anybody checks a signed PDF on a page; nothing of it is kept."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any

import pytest
from tests.unit.server.signing_town import back_link, sign


@pytest.fixture
def person(town, make_person) -> Any:
    return make_person(town.front)


@pytest.fixture
def anybody(town, make_person) -> Any:
    return make_person(town.front)


@pytest.fixture
def signed(town, person) -> bytes:
    town.resident(person, "chan-tai-man")
    asked = town.ask()
    link = back_link(sign(person, asked.url).text)
    content: bytes = town.party.finish_signature(asked.state, link).pdf
    return content


def send(
    who: Any, pdf: bytes, name: str = "paper.pdf", path: str = "/verify", **fields: Any
) -> Any:
    if path == "/verify":
        who.get("/verify")
    return who.post(path, {**fields, "file": (io.BytesIO(pdf), name)})


def verdict(page: Any) -> str:
    return re.search(r'id="report" data-verdict="([a-z]+)"', page.text)[1]


def hidden(page: Any) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found if name != "csrf"}


def test_what_a_resident_signed_is_valid_for_everybody(town, anybody, signed) -> None:
    page = send(anybody, signed)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert verdict(page) == "valid"
    assert "CHAN Tai Man" in page.text
    assert "Proved by a time-stamp" in page.text
    assert 'data-verdict="undetermined"' in page.text
    assert 'href="#q-government_party"' in page.text

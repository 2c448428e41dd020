"""What goes wrong is told to the log in full and to the other side not at all (law 3)."""

from __future__ import annotations

import json
import re

import pytest

REFERENCE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
INTERNALS = re.compile(
    rb"Traceback|File \"|\.py\b|line \d+, in|Error\(|ValueError|Exception|sqlite|psycopg|sqlalchemy"
    rb"|werkzeug|flask|granian|site-packages",
    re.IGNORECASE,
)
CRASHES = ("crashed page", "crashed authorize", "crashed userinfo")


@pytest.fixture(scope="session")
def lines(scene) -> list[dict]:
    text = (scene.installation.folder / "hkeid.log").read_text("utf-8")
    found = [json.loads(line) for line in text.splitlines()]
    return [line for line in found if line["event"] != "test:canary:leaked"]


def test_no_answer_shows_how_it_was_made(scene) -> None:
    for exchange in scene.exchanges:
        shown = INTERNALS.findall(exchange.body)
        assert not shown or exchange.status == 200, exchange
        for name, value in exchange.headers:
            # The server says its name, not which version of it.
            assert not INTERNALS.findall(value.encode()) or value == "granian", (name, exchange)


def test_every_answer_names_its_reference_and_the_log_knows_it(scene, lines) -> None:
    logged = {line.get("reference") for line in lines}
    for exchange in scene.exchanges:
        assert exchange.header("hkeid-reference") in logged, exchange


def test_every_error_page_shows_its_reference(scene) -> None:
    for exchange in scene.exchanges:
        if exchange.status >= 400 and b'data-problem="internal"' in exchange.body:
            assert exchange.header("hkeid-reference").encode() in exchange.body


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_tells_nothing_but_a_reference(scene, lines, name: str) -> None:
    page = scene.probes[name]
    assert page.status == 500
    reference = page.headers["hkeid-reference"]
    if page.headers["content-type"] == "application/json":
        assert page.json() == {"error": "server_error"}
    else:
        assert REFERENCE.findall(page.text) == [reference]
    (crash,) = (
        line
        for line in lines
        if line.get("reference") == reference and line["event"] == "server:request:crashed"
    )
    assert crash["level"] == "error"
    assert crash["kind"] == "ValueError"
    assert re.search(r"\w+\.\w+:\d+$", crash["way"]), "where it happened"


def test_lines_have_the_fields_that_the_code_names(lines) -> None:
    known = {
        "at", "level", "event", "reference", "reason", "detail", "kind", "where", "way", "route",
        "method", "status", "milliseconds", "logger", "message", "count",
    }  # fmt: skip
    assert {name for line in lines for name in line} <= known
    assert {line["level"] for line in lines} >= {"debug", "info", "error"}


def test_no_page_tells_other_sites_its_address(scene) -> None:
    for exchange in scene.exchanges:
        kind = exchange.header("content-type") or ""
        if "html" in kind or exchange.status in {302, 303}:
            assert exchange.header("referrer-policy") in {"same-origin", "no-referrer"}, exchange


def test_nothing_personal_is_kept_by_browsers_and_proxies(scene) -> None:
    for exchange in scene.exchanges:
        kind = exchange.header("content-type") or ""
        if "html" in kind or ("json" in kind and exchange.method == "POST"):
            assert exchange.header("cache-control") == "no-store", exchange

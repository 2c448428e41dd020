"""Documents, good and hostile, are checked in a real Chromium, with and without JavaScript."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import LANGUAGES, _environment, _free_ports, _run, _wait_for

from hkeid.adapters.pdf import engine_in_worker
from hkeid.testing.papers import paper
from hkeid.testing.pdf_attacks import ATTACKS, Bench

SMALL = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 900}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}}

_BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def papers() -> Iterator[dict[str, bytes]]:
    with engine_in_worker() as engine:
        bench = Bench(engine)
        yield {
            "valid": bench.archived,
            "changed": ATTACKS["shadow_replace_value"].make(bench),
            "undetermined": Bench(engine).archived,
            "flipped": ATTACKS["flip_in_page"].make(bench),
            "unsigned": paper(),
            "hostile": b"%PDF-1.7\n" + b"<<" * 20_000,
            "root": bench.authority.root.public_bytes(Encoding.PEM),
        }


@pytest.fixture(scope="module")
def issuer(papers: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("verification")
    public, admin = _free_ports(2)
    made = [sys.executable, "-m", "hkeid_server.cli", "init", "--sandbox", "--data", str(folder)]
    made += ["--port", str(public), "--admin-port", str(admin)]
    subprocess.run(made, check=True, env=_environment(), capture_output=True)
    (folder / "anchor.pem").write_bytes(papers["root"])
    config = folder / "hkeid.toml"
    section = '\n[validation]\nenabled = true\nanchors = ["anchor.pem"]\n'
    config.write_text(config.read_text("utf-8") + section, "utf-8")
    with ExitStack() as stack:
        words = ("-m", "hkeid_server.cli", "serve", "--config", str(config))
        _run(stack, folder / "serve.log", *words)
        _wait_for(f"http://localhost:{public}/jwks", folder / "serve.log")
        yield f"http://localhost:{public}"


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(
        viewport=SMALL, locale="en-GB", java_script_enabled=request.param, accept_downloads=True
    )
    yield context.new_page()
    context.close()


def check(page: Page, issuer: str, pdf: bytes, language: str = "en") -> None:
    page.goto(f"{issuer}/verify?lang={language}")
    page.set_input_files(
        "#file", {"name": "Paper 文件.pdf", "mimeType": "application/pdf", "buffer": pdf}
    )
    page.click("#check")
    expect(page.locator("#report")).to_be_visible(timeout=30_000)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("valid", "valid"),
        ("changed", "open"),
        ("undetermined", "open"),
        ("flipped", "invalid"),
        ("unsigned", "unsigned"),
        ("hostile", "unreadable"),
    ],
)
def test_each_kind_of_document_has_its_report(
    chromium: Browser, issuer: str, papers: Any, artefacts: Path, name: str, verdict: str
) -> None:
    context = chromium.new_context(viewport=SMALL)
    page = context.new_page()
    for language in LANGUAGES:
        check(page, issuer, papers[name], language)
        assert page.get_attribute("#report", "data-verdict") == verdict
        for size in (WIDE, SMALL):
            page.set_viewport_size(size)
            picture = f"verified-{name}-{language}-{size['width']}.png"
            page.screenshot(path=artefacts / picture, full_page=True)
    _unfold(page)
    assert page.evaluate(_BEYOND) <= 0
    page.screenshot(path=artefacts / f"verified-{name}-unfolded.png", full_page=True)
    found = Axe().run(page, options=RULES).response["violations"]
    assert [one["id"] for one in found] == []
    context.close()


def test_somebody_answers_questions_and_takes_everything_along(
    page: Page, issuer: str, papers: dict[str, bytes]
) -> None:
    check(page, issuer, papers["changed"])
    expect(page.locator("main")).to_contain_text("SPECIMEN 樣本 CHAN Tai Man")
    missing = page.locator('[data-fact="context.recipient_consents"]')
    page.check('#q-government_party input[value="no"]', force=True)
    page.select_option("#q-document_type", "contract")
    page.click("#answer")
    expect(page.locator('[data-fact="context.government_party"]')).to_have_count(0)
    expect(missing).to_have_count(1)
    page.click("#languages >> text=繁體中文")
    expect(page.locator("h1")).to_have_text("已簽署 PDF 的查核報告")
    expect(page.locator("#q-document_type")).to_have_value("contract")
    with page.expect_download() as download:
        page.click("#as-json")
    report = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert report["valid"] is False
    with page.expect_download() as download:
        page.click("#as-xml")
    assert Path(download.value.path()).read_bytes().startswith(b"<?xml")
    page.set_input_files(
        "#again", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": papers["changed"]}
    )
    with page.expect_download() as download:
        page.click("#get-revision")
    cut = Path(download.value.path()).read_bytes()
    assert papers["changed"].startswith(cut)
    assert len(cut) < len(papers["changed"])


def _unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")

"""Logging out tells the services: by the browser (OpenID Connect Front-Channel Logout 1.0), and behind its back."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

Activate = Callable[[Any, str], None]
_PICTURED = (("en", 390), ("zh-Hant-HK", 390), ("zh-Hans", 1280))
_DESCRIPTION = """
id = "{id}"
auth_method = "none"
sector_identifier = "localhost"
redirect_uris = ["{origin}/callback"]
post_logout_redirect_uris = ["{origin}/bye"]
frontchannel_logout_uri = "{origin}/{frame}"
frontchannel_logout_session_required = true
scopes = ["openid"]

[name]
en = "Swimming pools"
zh-Hant-HK = "游泳池"
zh-Hans = "游泳池"
"""


class Service:
    """A relying party that only notes which of its addresses a browser came to."""

    def __init__(self) -> None:
        visits: list[tuple[str, dict[str, list[str]]]] = []
        over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                visits.append((parts.path, parse_qs(parts.query)))
                if parts.path == "/hangs":
                    over.wait(20)
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<!doctype html><title>service</title><p>service")

            def log_message(self, *_: Any) -> None:
                """No noise."""

        self.visits, self.over = visits, over
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def came_to(self, path: str) -> list[dict[str, list[str]]]:
        return [query for seen, query in self.visits if seen == path]


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.over.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def register(places: Any, tmp_path: Any, service: Service) -> Callable[[str], str]:
    """Register the service with a front-channel address; gives its client id."""

    def do(frame: str) -> str:
        # Of this service alone: what is known of another is believed for five seconds.
        client_id = f"pools-{frame}-{service.server.server_port}"
        file = tmp_path / "client.toml"
        file.write_text(
            _DESCRIPTION.format(id=client_id, origin=service.origin, frame=frame), "utf-8"
        )
        command = [sys.executable, "-m", "hkeid_server.cli", "clients", "add", str(file)]
        subprocess.run([*command, "--config", str(places.config)], check=True, capture_output=True)
        return client_id

    return do


def log_in(
    page: Any, places: Any, service: Service, client_id: str, *, again: bool = False
) -> None:
    parameters = {
        "client_id": client_id,
        "redirect_uri": f"{service.origin}/callback",
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    page.goto(f"{places.issuer}/authorize?{urlencode(parameters)}")
    if again:
        page.click("#use-passkey")
    page.wait_for_url(f"{service.origin}/callback?**")


def ask_to_log_out(
    page: Any, places: Any, service: Service, client_id: str, lang: str = ""
) -> None:
    leave = {
        "client_id": client_id,
        "post_logout_redirect_uri": f"{service.origin}/bye",
        "state": "s-1",
    }
    page.goto(f"{places.issuer}/logout?{urlencode(leave)}")
    if lang:
        page.goto(f"{page.url}?lang={lang}")


def test_frames_are_loaded_and_the_page_goes_on(
    phone: Any, person: str, places: Any, activate: Activate, service: Service, register: Any
) -> None:
    activate(phone, person)
    client_id = register("told")
    log_in(phone.page, places, service, client_id)
    ask_to_log_out(phone.page, places, service, client_id)
    began = time.monotonic()
    phone.page.click("#logout-confirm")
    phone.page.wait_for_url(f"{service.origin}/bye?state=s-1")
    assert time.monotonic() - began < 4, "it need not wait for the limit"
    [told] = service.came_to("/told")
    assert told["iss"] == [places.issuer]
    assert len(told["sid"][0]) == 22
    phone.page.goto(f"{places.issuer}/account")
    phone.page.wait_for_url("**/login")


def test_without_scripts_too(
    phone: Any,
    person: str,
    places: Any,
    activate: Activate,
    service: Service,
    register: Any,
    chromium: Any,
) -> None:
    activate(phone, person)
    client_id = register("told")
    log_in(phone.page, places, service, client_id)
    plain = chromium.new_context(
        java_script_enabled=False, locale="en-GB", storage_state=phone.context.storage_state()
    )
    try:
        page = plain.new_page()
        ask_to_log_out(page, places, service, client_id)
        page.click("#logout-confirm")
        expect(page.locator("#farewell-onward")).to_have_text("Go on to Swimming pools")
        page.wait_for_url(f"{service.origin}/bye?state=s-1", timeout=9000)
        assert len(service.came_to("/told")) == 1
    finally:
        plain.close()


def test_a_service_that_hangs_keeps_nobody(
    phone: Any,
    person: str,
    places: Any,
    activate: Activate,
    service: Service,
    register: Any,
    artefacts: Any,
) -> None:
    activate(phone, person)
    client_id = register("hangs")
    page = phone.page
    for turn, (language, width) in enumerate(_PICTURED):
        page.set_viewport_size({"width": width, "height": 844})
        log_in(page, places, service, client_id, again=turn > 0)
        ask_to_log_out(page, places, service, client_id, language)
        began = time.monotonic()
        # The page has not loaded as long as its frame has not.
        page.click("#logout-confirm", no_wait_after=True)
        expect(page.locator("#farewell-onward")).to_be_visible()
        page.screenshot(path=artefacts / f"farewell-telling-{width}-{language}.png")
        page.wait_for_url(f"{service.origin}/bye?state=s-1", timeout=9000)
        assert 3 < time.monotonic() - began < 9
        assert len(service.came_to("/hangs")) == turn + 1


def test_logging_out_at_one_service_ends_the_session_at_the_other(
    phone: Any, person: str, places: Any, activate: Activate
) -> None:
    """Back-Channel Logout: the second service hears of it from eID, not from this browser."""
    activate(phone, person)
    page = phone.page
    for address in (places.observatory, places.tax):
        page.goto(f"{address}/eid/login")
        page.click("#agree")
        page.wait_for_url(f"{address}/**")
        page.goto(f"{address}/account")
        assert page.url == f"{address}/account"
    page.goto(places.observatory)
    page.locator("form[action='/eid/logout'] button").click()
    page.wait_for_load_state()
    for _ in range(100):
        page.goto(places.tax)
        if not page.locator("form[action='/eid/logout']").count():
            break
        time.sleep(0.05)
    assert page.locator("#log-in").count() or "/eid/login" in page.content()
    page.goto(f"{places.tax}/account")
    page.wait_for_url(f"{places.issuer}/**")

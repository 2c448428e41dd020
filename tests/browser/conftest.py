"""A real Chromium against the real servers, each on a free port of this machine."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    CDPSession,
    Page,
    Playwright,
    expect,
)

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The virtual authenticator answers a conditional request at once, before anybody clicked.
NO_AUTOFILL = (
    "if (window.PublicKeyCredential)"
    " PublicKeyCredential.isConditionalMediationAvailable = async () => false;"
)
LANGUAGES = ("en", "zh-Hant-HK", "zh-Hans")
_SIGNING = """
[certificates]
enabled = true
timestamps = true

[signing]
enabled = true
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@dataclass(frozen=True)
class Places:
    """Where everything is."""

    issuer: str
    admin: str
    observatory: str
    tax: str
    config: Path


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HKEID_")}
    sources = [ROOT / "src", *sorted((ROOT / "examples").glob("*/src"))]
    return {**kept, "PYTHONPATH": os.pathsep.join(map(str, sources)), **more}


def _run(stack: ExitStack, log: Path, *command: str, **environment: str) -> None:
    sink = stack.enter_context(log.open("wb"))
    process = subprocess.Popen(
        [sys.executable, *command], stdout=sink, stderr=sink, env=_environment(**environment)
    )
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)


def _wait_for(url: str, log: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"{url} does not answer:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("places")
    public, admin, flask_port, django_port = _free_ports(4)
    observatory, tax = f"http://localhost:{flask_port}", f"http://localhost:{django_port}"
    made = [
        *(sys.executable, "-m", "hkeid_server.cli", "init", "--sandbox"),
        *("--data", str(folder), "--port", str(public), "--admin-port", str(admin)),
        *("--relying-party", f"hko-suggestions={observatory}"),
        *("--relying-party", f"ird-etax={tax}"),
    ]
    subprocess.run(made, check=True, env=_environment(), capture_output=True)
    issuer, config = f"http://localhost:{public}", folder / "hkeid.toml"
    text = config.read_text("utf-8")
    if "[registry]" not in text:
        text = f'{text}\n[registry]\nurl = "personas"\n'
    config.write_text(text + _SIGNING, "utf-8")
    subprocess.run(made, check=True, env=_environment(), capture_output=True)
    found = Places(
        issuer=issuer,
        admin=f"http://127.0.0.1:{admin}",
        observatory=observatory,
        tax=tax,
        config=config,
    )
    with ExitStack() as stack:
        _run(
            stack, folder / "serve.log", "-m", "hkeid_server.cli", "serve", "--config", str(config)
        )
        _wait_for(f"{issuer}/jwks", folder / "serve.log")
        for module, client_id, address in (
            ("relying_party_flask", "hko-suggestions", observatory),
            ("relying_party_django", "ird-etax", tax),
        ):
            _run(
                stack,
                folder / f"{client_id}.log",
                *("-m", module),
                HKEID_ISSUER=issuer,
                HKEID_CLIENT_ID=client_id,
                HKEID_PRIVATE_KEY=str(folder / "clients" / f"{client_id}.pem"),
                RP_BASE_URL=address,
            )
            _wait_for(address, folder / f"{client_id}.log")
        yield found


@pytest.fixture(scope="session")
def artefacts() -> Path:
    folder = Path(os.environ.get("HKEID_ARTEFACTS", ROOT / "artefacts")) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("HKEID_TEST_CHROMIUM", "/usr/bin/chromium"), args=FLAGS
    )
    yield browser
    browser.close()


@dataclass
class Phone:
    """A browser with an authenticator of its own, as one person holds it."""

    context: BrowserContext
    page: Page
    cdp: CDPSession
    authenticator: str
    complaints: list[str] = field(default_factory=list)

    def set(self, command: str, **values: Any) -> Any:
        return self.cdp.send(
            f"WebAuthn.{command}", {"authenticatorId": self.authenticator, **values}
        )

    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.set("getCredentials")["credentials"]
        return found

    def lose(self) -> None:
        """The authenticator is gone, and a new, empty one takes its place."""
        self.set("removeVirtualAuthenticator")
        self.authenticator = add_authenticator(self.cdp)


def add_authenticator(cdp: CDPSession, **more: Any) -> str:
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **more,
    }
    added = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return str(added["authenticatorId"])


@pytest.fixture
def new_phone(chromium: Browser) -> Iterator[Callable[..., Phone]]:
    with ExitStack() as stack:

        def make(*, autofill: bool = False, **context_options: Any) -> Phone:
            options = {"locale": "en-GB", "viewport": {"width": 390, "height": 844}}
            context = chromium.new_context(**{**options, **context_options})
            stack.callback(context.close)
            page = context.new_page()
            if not autofill:
                page.add_init_script(NO_AUTOFILL)
            cdp = context.new_cdp_session(page)
            cdp.send("WebAuthn.enable", {"enableUI": False})
            phone = Phone(context, page, cdp, add_authenticator(cdp))
            page.on("pageerror", lambda error: phone.complaints.append(str(error)))
            page.on(
                "console",
                lambda message: (
                    phone.complaints.append(message.text)
                    if message.type == "error" and "Failed to load resource" not in message.text
                    else None
                ),
            )
            stack.callback(_check_silence, phone)
            return phone

        yield make


def _check_silence(phone: Phone) -> None:
    """Nothing a page did broke the content security policy or threw."""
    assert phone.complaints == []


@pytest.fixture
def phone(new_phone: Callable[..., Phone]) -> Phone:
    return new_phone()


@pytest.fixture(scope="session")
def persons(places: Places) -> Iterator[str]:
    """Test persons that nobody has activated yet, each handed out once."""
    with urlopen(f"{places.issuer}/sandbox?lang=en") as page:
        text = page.read().decode()
    return iter(re.findall(r'id="ticket-([a-z0-9-]+)"', text))


@pytest.fixture
def person(persons: Iterator[str]) -> str:
    found = next(persons, None)
    assert found is not None, "more tests want a person of their own than the sandbox has"
    return found


@pytest.fixture
def activate(places: Places) -> Callable[[Phone, str], None]:
    """Activate a person's eID on a phone, as people do it."""

    def act(phone: Phone, person: str) -> None:
        page = phone.page
        page.goto(f"{places.issuer}/sandbox")
        page.click(f"#ticket-{person}")
        page.click("#use-ticket")
        # The page's script takes the code out of the address; a person is never faster than that.
        expect(page.locator("#code")).not_to_have_value("")
        page.click("#continue")
        page.click("#create-passkey")
        page.wait_for_url("**/activate/done")

    return act

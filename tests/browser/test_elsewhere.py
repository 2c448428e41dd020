"""A login elsewhere in a real browser: its content security policy lets the forms lead there and back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import _environment, _free_ports, _run, _wait_for

from hkeid.testing.iam_smart_simulator import IamSmartSimulator, Registration


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IamSmartSimulator]:
    folder = tmp_path_factory.mktemp("iam-smart")
    with IamSmartSimulator(Registration.in_folder(folder)) as running:
        running.folder = folder  # type: ignore[attr-defined]
        yield running


@pytest.fixture(scope="module")
def issuer(simulator: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that knows the simulated iAM Smart."""
    folder: Path = tmp_path_factory.mktemp("elsewhere")
    public, admin = _free_ports(2)
    subprocess.run(
        [
            *(sys.executable, "-m", "hkeid_server.cli", "init", "--sandbox", "--data", str(folder)),
            *("--port", str(public), "--admin-port", str(admin)),
        ],
        check=True,
        env=_environment(),
        capture_output=True,
    )
    (folder / "upstreams").mkdir(exist_ok=True)
    (folder / "upstreams" / "iam-smart.toml").write_text(
        f'kind = "iam_smart"\nhost = "{simulator.url}"\n'
        f'client_id = "{simulator.registration.client_id}"\n'
        f'client_secret_file = "{simulator.folder / "client-secret"}"\n'
        f'encipherment_key_file = "{simulator.folder / "encipherment-key.pem"}"\n',
        "utf-8",
    )
    with ExitStack() as stack:
        log = folder / "serve.log"
        config = str(folder / "hkeid.toml")
        _run(stack, log, "-m", "hkeid_server.cli", "serve", "--config", config)
        _wait_for(f"http://localhost:{public}/jwks", log)
        yield f"http://localhost:{public}"


def test_a_resident_adds_it(new_phone: Any, issuer: str, simulator: Any) -> None:
    phone = new_phone()
    page = phone.page
    page.goto(f"{issuer}/sandbox")
    page.click("#ticket-chan-tai-man")
    page.click("#use-ticket")
    expect(page.locator("#code")).not_to_have_value("")
    page.click("#continue")
    page.click("#create-passkey")
    page.wait_for_url("**/activate/done")
    page.goto(f"{issuer}/account")
    page.click("#add-elsewhere")
    page.click("#link-iam-smart")
    page.wait_for_url(f"{simulator.url}/**")
    page.goto(simulator.approve_login(page.url, "chan-tai-man"))
    page.wait_for_url("**/account?done=linked*")
    expect(page.locator("[data-link='iam-smart']")).to_be_visible()

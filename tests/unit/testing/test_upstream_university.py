"""The simulated university, with a service of its own library in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hkeid.testing.browser import Browser, Page
from hkeid.testing.processes import free_port
from hkeid.testing.saml_service import SamlService, key_in
from hkeid.testing.small_server import SmallServer
from hkeid.testing.upstream_university import MEMBERS, UNIVERSITY, University, keys_in


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("university")


@pytest.fixture(scope="module")
def university(folder: Path) -> Iterator[tuple[str, str]]:
    """The university's address and its service's."""
    there, here = f"http://localhost:{free_port()}", f"http://localhost:{free_port()}"
    service = SamlService(here, f"{there}/saml/metadata", key_in(folder / "service.pem"))
    idp = University(there, f"{here}/metadata", keys_in(folder / "keys"))
    with (
        SmallServer(service, int(here.rpartition(":")[2])),
        SmallServer(idp, int(there.rpartition(":")[2])),
    ):
        yield there, here


def log_in(browser: Browser, here: str, decision: str = "login") -> Page:
    page = browser.get(f"{here}/login")
    assert "notice" in page.attributes
    page = browser.submit(
        page.form("/login"), {"person": "mui-lecturer"}, button=("decision", decision)
    )
    return browser.submit(page.form("form-post"))


def test_a_member_logs_in_and_is_known_the_next_time(university: tuple[str, str]) -> None:
    _, here = university
    browser = Browser()
    page = log_in(browser, here)
    assert page.url == f"{here}/"
    assert MEMBERS["mui-lecturer"]["name"].encode() in page.body
    again = browser.get(f"{here}/login")
    assert browser.submit(again.form("form-post")).url == f"{here}/"


def test_a_member_turns_back(university: tuple[str, str]) -> None:
    """The service is told so (saml-core §3.2.2.2), and nobody is logged in."""
    _, here = university
    assert "refused" in log_in(Browser(), here, "cancel").texts


def test_a_logout_there_ends_the_session_here(university: tuple[str, str]) -> None:
    there, here = university
    browser = Browser()
    log_in(browser, here)
    browser.get(f"{there}/logout")
    assert "stranger" in browser.get(f"{here}/").attributes
    assert "notice" in browser.get(f"{here}/login").attributes
    assert UNIVERSITY["en"].encode() in browser.get(f"{there}/logout").body


def test_its_keys_are_made_once(folder: Path) -> None:
    there = University("http://localhost:1", "http://localhost:2/metadata", keys_in(folder / "k"))
    again = University("http://localhost:1", "http://localhost:2/metadata", keys_in(folder / "k"))
    assert b"X509" in there.metadata() or b"RSAKeyValue" in there.metadata()
    key = there.metadata().partition(b"Modulus>")[2][:64]
    assert key
    assert key == again.metadata().partition(b"Modulus>")[2][:64]


def test_nobody_else_is_let_in(university: tuple[str, str], folder: Path) -> None:
    """A service without registration is shown an error and no login."""
    there, _ = university
    port = free_port()
    stranger = SamlService(
        f"http://localhost:{port}", f"{there}/saml/metadata", key_in(folder / "stranger.pem")
    )
    with SmallServer(stranger, port):
        page = Browser().get(f"http://localhost:{port}/login")
    assert page.url.startswith(there)
    assert page.status == 400
